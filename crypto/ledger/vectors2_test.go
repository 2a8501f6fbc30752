package ledger_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
)

// announcedBase is the ledger that the vectors of the second rules are judged in: a genesis
// of version 2, a report, the notice of a set without anna, and three slots of a filler each. Checkpoints have 1, 2, 4, 5 and 6
// entries, dated day by day from ledgertest.Slot on.
func announcedBase() (b *ledgertest.Builder, proposal []byte) {
	b = rules2(3, 2)
	b.Expires = ledgertest.Slot.AddDate(0, 0, 30)
	proposal = newSet(b, ledgertest.Trustees()[1:]...)
	notice(b, proposal, b.People[:2]...)
	slots(b, 3)
	return b, proposal
}

// judgeGovernance reads a genesis, or puts a body behind the announced base, closes its slot and follows.
func judgeGovernance(body []byte) (string, error) {
	if bytes.HasPrefix(body, []byte("zapis/genesis/")) {
		g, err := ledger.ParseGenesis(body)
		if err == nil && !bytes.Equal(g.Marshal(), body) {
			err = fmt.Errorf("it is written again in another way")
		}
		return fmt.Sprintf("%s delay %d slot-size %d", g.Card(), g.Delay, g.SlotSize), err
	}
	b, _ := announcedBase()
	kind := ledger.KindTombstone
	if bytes.HasPrefix(body, []byte("zapis/trustees/")) {
		kind = ledger.KindTrustees
	}
	b.Add(ledger.BodyOf(kind, 0, b.File(body)))
	b.Checkpoint()
	chain, err := follow(b, nil)
	if err != nil {
		return "", err
	}
	state := chain.State()
	_, set, err := chain.SetInForce()
	return fmt.Sprintf("%s: %d slots, %d announced, trustee 1 is %s", kind, state.Slots, len(state.Announced()), set.Trustees[0].Name), err
}

func governanceVectors(t *testing.T) vectors {
	b, proposal := announcedBase()
	p, at := b.People, entry(t, b, 2)
	day := func(n int) { b.Expires = ledgertest.Slot.AddDate(0, 0, n) }
	two := func(text []byte) []byte { return b.Approve(text, nil, p[:2]...) }
	announced := func(text []byte) []byte {
		return ledger.Approved{Text: ledger.NoticeText(text), Approvals: approvalsOf(b, text, p[:2]...)}.Marshal()
	}
	objection := ledger.Objection{Origin: origin, Notice: 2, Leaf: at.LeafHash()}
	object := func(o ledger.Objection) []byte { return b.Approve(o.Marshal(), nil, p[2]) }
	hold := func() []byte {
		return b.Approve(ledger.Hold{Origin: origin, Nonce: ledger.Sum(nil), Reason: ledger.HoldOrder, Entries: []uint64{1}}.Marshal(), nil, p[2])
	}
	another := objection
	another.Notice = 3
	stone := erasing(b, b.After)
	genesis := b.Files[entry(t, b, 0).Body.Parts[0].Hash]
	v := func(file, class string, content []byte) ledgertest.Vector {
		return ledgertest.Vector{File: file, Class: class, Content: content}
	}
	day(30)
	all := vectors{
		v("genesis.txt", "ok", genesis),
		bad("genesis-of-version-1.txt", "canonical", genesis, "genesis/v2", "genesis/v1"),
		bad("genesis-delay-too-long.txt", "canonical", genesis, "delay 3", "delay 91"),
		bad("genesis-slot-size-too-large.txt", "canonical", genesis, "slot-size 256", "slot-size 65537"),
		bad("genesis-without-slot-size.txt", "canonical", genesis, "slot-size 256\n", ""),
		v("change.txt", "ok", two(proposal)),
		v("change-not-announced.txt", "right", two(newSet(b, ledgertest.Trustees()[0], p[1], ledgertest.Trustees()[3]))),
		v("objection.txt", "ok", object(objection)),
		v("objection-to-nothing.txt", "place", object(another)),
		v("objection-by-nobody.txt", "canonical", objection.Marshal()),
		v("notice.txt", "ok", announced(stone)),
		v("notice-again.txt", "right", announced(proposal)),
		v("notice-of-a-hold.txt", "canonical", ledgertest.Edit(announced(stone), "zapis/tombstone/v2", "zapis/hold/v1")),
		v("tombstone-2-not-announced.txt", "right", two(stone)),
		v("tombstone-1.txt", "right", announced(erasing(b, ledger.Hash{}))),
		v("tombstone-2-after-another.txt", "right", announced(erasing(b, ledger.Sum(nil)))),
	}
	// The newest checkpoint before the entry is of the fourth day after the first.
	day(3)
	all = append(all, v("approval-a-day-too-old.txt", "right", hold()))
	day(4)
	all = append(all, v("approval-on-its-last-day.txt", "ok", hold()))
	b.Expires = time.Time{}
	return append(all, v("approval-without-end.txt", "right", hold()))
}

// The vectors of the second rules of governance, written by
//
//	go test ./crypto/ledger -run VectorsOfTheSecondRules -update
func TestVectorsOfTheSecondRules(t *testing.T) {
	shorttest.Skip(t, "the vectors of the second rules are not read")
	folder := dir("governance")
	if *update {
		must(t, ledgertest.WriteVectors(folder, judgeGovernance, governanceVectors(t)...))
		b, _ := announcedBase()
		for i, text := range b.Entries {
			must(t, os.WriteFile(fmt.Sprintf("%s/key-entry-%d.txt", folder, i), text, 0o666))
		}
	}
	ledgertest.CheckVectors(t, folder, judgeGovernance)
	b, _ := announcedBase()
	for i, text := range b.Entries {
		if !bytes.Equal(read(t, fmt.Sprintf("governance/key-entry-%d.txt", i)), text) {
			t.Errorf("governance/key-entry-%d.txt is not entry %d", i, i)
		}
	}
}

// An approval counts on the whole of its last day, and not after: by the checkpoints, which is all that a reader has.
func TestTheLastDayOfAnApproval(t *testing.T) {
	shorttest.Skip(t, "not tested: the last day of an approval")
	for _, tt := range []struct {
		name    string
		expires int // days after the first checkpoint's
		want    string
	}{
		{"the day after the newest checkpoint", 5, ""},
		{"the day of the newest checkpoint", 4, ""},
		{"the day before", 3, "entry 6: approval 1: its last day was "},
	} {
		for _, atOnce := range []bool{false, true} {
			b, _ := announcedBase()
			b.Expires = ledgertest.Slot.AddDate(0, 0, tt.expires)
			b.Change(ledger.KindTombstone, b.Approve(ledger.Hold{Origin: origin, Nonce: ledger.Sum(nil), Reason: ledger.HoldOrder, Entries: []uint64{1}}.Marshal(), nil, b.People[2]))
			b.Checkpoint()
			err := followChecking(t, b, atOnce)
			if tt.want == "" && err != nil || tt.want != "" && err == nil {
				t.Errorf("%s, checked at once %v: %v", tt.name, atOnce, err)
			} else if err != nil {
				want := tt.want
				if atOnce {
					want = strings.Replace(want, "entry 6:", "entry 6 (tombstone):", 1)
				}
				begins(t, err, want)
			}
		}
	}
	// An entry that makes an announced change has the approvals of its notice, whose days may be over by then.
	b, proposal := announcedBase()
	b.Expires = ledgertest.Slot.AddDate(0, 0, 2)
	b.Change(ledger.KindTrustees, b.Approve(proposal, nil, b.People[:2]...))
	b.Checkpoint()
	if err := followChecking(t, b, true); err != nil {
		t.Errorf("a change whose approvals were used in time: %v", err)
	}
}

// followChecking follows a ledger and checks the checkpoints as soon as their entries are there, or all at the end.
func followChecking(t *testing.T, b *ledgertest.Builder, atOnce bool) error {
	if !atOnce {
		_, err := follow(b, nil)
		return err
	}
	chain := ledger.NewChain(nil)
	next := 0
	for i, text := range b.Entries {
		if err := step(chain, b, text); err != nil {
			return err
		}
		note, err := ledger.NoteText(b.Checkpoints[next])
		must(t, err)
		if cp, err := ledger.ParseCheckpointText(note); err != nil || cp.Size != uint64(i)+1 {
			continue
		}
		must(t, mark(chain, b.Checkpoints[next]))
		if _, err := chain.CheckCheckpoint(b.Checkpoints[next]); err != nil {
			return err
		}
		next++
	}
	return nil
}
