package ledger_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
)

// rules2 begins a ledger under the second rules, with a report and a checkpoint.
func rules2(delay, identity int) *ledgertest.Builder {
	g := ledgertest.Genesis()
	g.Rules, g.Delay, g.SlotSize, g.Set.Quorum.Identity = ledger.Rules2, delay, ledger.SlotSize, identity
	b := ledgertest.NewOf(g)
	b.Expires = time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	b.Checkpoint()
	b.Report("one", 0)
	b.Checkpoint()
	return b
}

// slots closes so many slots, each with a filler.
func slots(b *ledgertest.Builder, n int) {
	for range n {
		b.Filler()
		b.Checkpoint()
	}
}

// notice announces a change, approved by these.
func notice(b *ledgertest.Builder, text []byte, by ...ledgertest.Trustee) ledger.Hash {
	a := ledger.Approved{Text: ledger.NoticeText(text), Approvals: approvalsOf(b, text, by...)}
	return b.Change(ledger.KindTombstone, a.Marshal())
}

func approvalsOf(b *ledgertest.Builder, text []byte, by ...ledgertest.Trustee) []card.Signed {
	a, err := ledger.ParseApproved(b.Approve(text, nil, by...))
	if err != nil {
		panic(err)
	}
	return a.Approvals
}

func newSet(b *ledgertest.Builder, people ...ledgertest.Trustee) []byte {
	return ledger.TrusteesChange{Origin: origin, After: b.After, Set: ledgertest.Set(people...)}.Marshal()
}

func erasing(b *ledgertest.Builder, after ledger.Hash) []byte {
	e, err := ledger.ParseEntry(b.Entries[1])
	if err != nil {
		panic(err)
	}
	return ledger.Tombstone{Origin: origin, After: after, Reason: ledger.EraseAsked, Parts: []ledger.Erased{{Index: 1, Hash: e.Body.Parts[0].Hash}}}.Marshal()
}

func TestAChangeIsAnnouncedSomeSlotsBefore(t *testing.T) {
	shorttest.Skip(t, "not tested: a change that is announced")
	four := ledgertest.Trustees()
	for _, tt := range []struct {
		name  string
		delay int
		build func(b *ledgertest.Builder)
		want  string
	}{
		{"after three slots", 3, func(b *ledgertest.Builder) {
			text := newSet(b, four[1:]...)
			notice(b, text, b.People[:2]...)
			slots(b, 3)
			b.Change(ledger.KindTrustees, b.Approve(text, nil, b.People[:2]...))
		}, ""},
		{"after two", 3, func(b *ledgertest.Builder) {
			text := newSet(b, four[1:]...)
			notice(b, text, b.People[:2]...)
			slots(b, 2)
			b.Change(ledger.KindTrustees, b.Approve(text, nil, b.People[:2]...))
		}, "entry 5 (trustees): it was announced by entry 2, 2 slots before, and must be 3"},
		{"without a notice", 3, func(b *ledgertest.Builder) {
			b.Change(ledger.KindTrustees, b.Approve(newSet(b, four[1:]...), nil, b.People[:2]...))
		}, "entry 2 (trustees): it was not announced, or somebody objected: under this ledger's rules a change is announced 3 slots before"},
		{"another change than was announced", 1, func(b *ledgertest.Builder) {
			notice(b, newSet(b, four[1:]...), b.People[:2]...)
			slots(b, 2)
			b.Change(ledger.KindTrustees, b.Approve(newSet(b, four[:2]...), nil, b.People[:2]...))
		}, "entry 5 (trustees): it was not announced, or somebody objected"},
		{"too late", 1, func(b *ledgertest.Builder) {
			text := newSet(b, four[1:]...)
			notice(b, text, b.People[:2]...)
			slots(b, 9)
			b.Change(ledger.KindTrustees, b.Approve(text, nil, b.People[:2]...))
		}, "entry 12 (trustees): it was not announced, or somebody objected"},
		{"at once, where the delay is 0", 0, func(b *ledgertest.Builder) {
			b.Change(ledger.KindTrustees, b.Approve(newSet(b, four[1:]...), nil, b.People[:2]...))
		}, ""},
		{"a notice where the delay is 0", 0, func(b *ledgertest.Builder) {
			notice(b, newSet(b, four[1:]...), b.People[:2]...)
		}, "entry 2 (tombstone): this ledger's changes take effect at once, and are not announced"},
		{"a notice with too few approvals", 3, func(b *ledgertest.Builder) {
			notice(b, newSet(b, four[1:]...), b.People[0])
		}, "entry 2 (tombstone): 1 approvals, and 2 are needed"},
		{"a notice twice", 3, func(b *ledgertest.Builder) {
			text := newSet(b, four[1:]...)
			notice(b, text, b.People[:2]...)
			notice(b, text, b.People[1:]...)
		}, "entry 3 (tombstone): entry 2 has announced it already"},
		{"a notice of a key change", 3, func(b *ledgertest.Builder) {
			notice(b, b.KeyChangeTo(ledgertest.Key(2), ledger.ReasonCompromised).Marshal(), b.People[:2]...)
		}, "entry 2 (tombstone): notice: line 2: it announces a change of trustees, an erasure or a release, and nothing else"},
		{"new keys, at once", 3, func(b *ledgertest.Builder) { b.NewKey(ledgertest.Key(2)) }, ""},
		{"an erasure", 2, func(b *ledgertest.Builder) {
			text := erasing(b, b.After)
			notice(b, text, b.People[:2]...)
			slots(b, 2)
			b.Change(ledger.KindTombstone, b.Approve(text, nil, b.People[:2]...))
		}, ""},
		{"an erasure without a notice", 2, func(b *ledgertest.Builder) {
			b.Change(ledger.KindTombstone, b.Approve(erasing(b, b.After), nil, b.People[:2]...))
		}, "entry 2 (tombstone): it was not announced"},
		{"an erasure that names nothing it follows", 0, func(b *ledgertest.Builder) {
			b.Change(ledger.KindTombstone, b.Approve(erasing(b, ledger.Hash{}), nil, b.People[:2]...))
		}, "entry 2 (tombstone): under this ledger's rules a tombstone is of version 2"},
		{"an erasure from before another change", 0, func(b *ledgertest.Builder) {
			old := b.After
			b.Change(ledger.KindTrustees, b.Approve(newSet(b, four[:3]...), nil, b.People[:2]...))
			b.SetIndex = 2
			b.Change(ledger.KindTombstone, b.Approve(erasing(b, old), nil, b.People[:2]...))
		}, "entry 3 (tombstone): the tombstone comes after "},
		{"a hold, at once", 3, func(b *ledgertest.Builder) { keep(b, holdOf("x", 1).Marshal(), b.People[0]) }, ""},
		{"an erasure that was announced, and held since", 1, func(b *ledgertest.Builder) {
			text := erasing(b, b.After)
			notice(b, text, b.People[:2]...)
			slots(b, 1)
			keep(b, holdOf("x", 1).Marshal(), b.People[2])
			b.Change(ledger.KindTombstone, b.Approve(text, nil, b.People[:2]...))
		}, "entry 5 (tombstone): it erases a part of entry 1, and the hold of entry 4 forbids that"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := rules2(tt.delay, 2)
			tt.build(b)
			_, err := follow(b, nil)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			begins(t, err, tt.want)
		})
	}
}

func TestOneTrusteesObjectionStopsAChange(t *testing.T) {
	four := ledgertest.Trustees()
	object := func(b *ledgertest.Builder, index uint64, leaf ledger.Hash, by ledgertest.Trustee) {
		b.Change(ledger.KindTombstone, b.Approve(ledger.Objection{Origin: origin, Notice: index, Leaf: leaf}.Marshal(), nil, by))
	}
	for _, tt := range []struct {
		name  string
		build func(b *ledgertest.Builder)
		want  string
	}{
		{"stopped", func(b *ledgertest.Builder) {
			text := newSet(b, four[1:]...)
			leaf := notice(b, text, b.People[0], b.People[1])
			slots(b, 1)
			object(b, 2, leaf, b.People[0])
			slots(b, 2)
			b.Change(ledger.KindTrustees, b.Approve(text, nil, b.People[:2]...))
		}, "entry 7 (trustees): it was not announced, or somebody objected"},
		{"by a stranger", func(b *ledgertest.Builder) {
			leaf := notice(b, newSet(b, four[1:]...), b.People[:2]...)
			object(b, 2, leaf, four[3])
		}, "entry 3 (tombstone): approval 1: its signer "},
		{"to nothing", func(b *ledgertest.Builder) { object(b, 1, ledger.Sum(nil), b.People[0]) },
			"entry 2 (tombstone): it objects to a change that entry 1 announced, and there is none"},
		{"to what was made", func(b *ledgertest.Builder) {
			text := newSet(b, four[:3]...)
			leaf := notice(b, text, b.People[:2]...)
			slots(b, 3)
			b.Change(ledger.KindTrustees, b.Approve(text, nil, b.People[:2]...))
			b.SetIndex = 6
			object(b, 2, leaf, b.People[0])
		}, "entry 7 (tombstone): it objects to the change that entry 2 announced, which entry 6 has made"},
		{"by the one whom all others replace", func(b *ledgertest.Builder) {
			leaf := notice(b, newSet(b, four[:2]...), b.People[:2]...)
			object(b, 2, leaf, b.People[2])
		}, ""},
		{"twice", func(b *ledgertest.Builder) {
			leaf := notice(b, newSet(b, four[1:]...), b.People[:2]...)
			object(b, 2, leaf, b.People[0])
			object(b, 2, leaf, b.People[1])
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := rules2(3, 2)
			tt.build(b)
			chain, err := follow(b, nil)
			if tt.want != "" {
				begins(t, err, tt.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := chain.Notices(); len(n) != 1 || n[0].Open() || n[0].Stopped != 3 {
				t.Errorf("%+v", n)
			}
		})
	}
}

func TestChangesNeedAsManyAsOpenAnIdentity(t *testing.T) {
	four := ledgertest.Trustees()
	b := rules2(0, 3)
	b.Change(ledger.KindTrustees, b.Approve(newSet(b, four[1:]...), nil, b.People[:2]...))
	_, err := follow(b, nil)
	begins(t, err, "entry 2 (trustees): 2 approvals, and 3 are needed")
	b = rules2(0, 3)
	b.Change(ledger.KindTrustees, b.Approve(newSet(b, four[1:]...), nil, b.People...))
	if _, err := follow(b, nil); err != nil {
		t.Error(err)
	}
	// Under the first rules the set's own number counts.
	g := ledgertest.Genesis()
	g.Set.Quorum.Identity = 3
	b = ledgertest.NewOf(g)
	b.Change(ledger.KindTrustees, b.Approve(newSet(b, four[1:]...), nil, b.People[:2]...))
	if _, err := follow(b, nil); err != nil {
		t.Error(err)
	}
}

func TestApprovalsEndUnderTheSecondRules(t *testing.T) {
	b := rules2(0, 2)
	b.Expires = time.Time{}
	b.Change(ledger.KindTrustees, b.Approve(newSet(b, ledgertest.Trustees()[1:]...), nil, b.People[:2]...))
	_, err := follow(b, nil)
	begins(t, err, "entry 2 (trustees): approval 1: it never expires, and under this ledger's rules it must")
}

func TestOneTrusteeHoldsOnce(t *testing.T) {
	b := rules2(0, 2)
	leaf := keep(b, holdOf("x", 1).Marshal(), b.People[2])
	keep(b, ledger.Release{Origin: origin, Hold: 2, Leaf: leaf}.Marshal(), b.People[:2]...)
	again := *b
	keep(b, holdOf("y", 1).Marshal(), b.People[2])
	_, err := follow(b, nil)
	begins(t, err, "entry 4 (tombstone): 1 approvals, and 2 are needed")
	keep(&again, holdOf("y", 1).Marshal(), b.People[:2]...)
	if _, err := follow(&again, nil); err != nil {
		t.Error(err)
	}
}

func TestAVocabularyIsNeverTakenBack(t *testing.T) {
	g := ledgertest.Genesis()
	g.Set.Vocabulary = 2
	b := ledgertest.NewOf(g)
	b.Change(ledger.KindTrustees, b.Approve(newSet(b, ledgertest.Trustees()[1:]...), nil, b.People[:2]...))
	_, err := follow(b, nil)
	begins(t, err, "entry 1 (trustees): it goes back to vocabulary 1, and 2 is in force")
}

func TestGenesisOfTheSecondRules(t *testing.T) {
	g := ledgertest.Genesis()
	g.Rules, g.Delay, g.SlotSize = ledger.Rules2, 3, 256
	text := string(g.Marshal())
	again, err := ledger.ParseGenesis([]byte(text))
	if err != nil || again.Rules != ledger.Rules2 || again.Delay != 3 || again.SlotSize != 256 || string(again.Marshal()) != text {
		t.Fatalf("%+v, %v", again, err)
	}
	for _, tt := range []struct{ text, want string }{
		{strings.Replace(text, "delay 3", "delay 03", 1), "genesis: line 6: not a decimal number without leading zeros"},
		{strings.Replace(text, "delay 3", "delay 91", 1), "genesis: line 6: "},
		{strings.Replace(text, "delay 3\n", "", 1), `genesis: line 6: it must begin with "delay "`},
		{strings.Replace(text, "slot-size 256", "slot-size 65537", 1), "genesis: line 7: "},
		{strings.Replace(text, "slot-size 256\n", "", 1), `genesis: line 7: it must begin with "slot-size "`},
		{strings.Replace(text, "genesis/v2", "genesis/v1", 1), `genesis: line 6: it must begin with "vocabulary "`},
		{strings.Replace(text, "genesis/v2", "genesis/v3", 1), `genesis: line 1: it must be "zapis/genesis/v1"`},
	} {
		_, err := ledger.ParseGenesis([]byte(tt.text))
		begins(t, err, tt.want)
	}
}

// TestSlotsAreCountedAlikeInPieces: a chain that is resumed counts on.
func TestSlotsAreCountedAlikeInPieces(t *testing.T) {
	b := rules2(3, 2)
	text := newSet(b, ledgertest.Trustees()[1:]...)
	notice(b, text, b.People[:2]...)
	slots(b, 1)
	chain, err := follow(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := stateOf(chain).Announced(); len(got) != 1 || len(stateOf(chain).Due()) != 0 {
		t.Errorf("%+v", got)
	}
	if chain.Slots() != 3 {
		t.Errorf("%d slots", chain.Slots())
	}
	again, err := ledger.ResumeChain(chain.State())
	if err != nil || again.Slots() != 3 {
		t.Errorf("resumed: %d slots, %v", again.Slots(), err)
	}
	slots(b, 2)
	if chain, err = follow(b, nil); err != nil {
		t.Fatal(err)
	}
	if due := stateOf(chain).Due(); len(due) != 1 || due[0].Index != 2 || due[0].Kind() != ledger.KindTrustees {
		t.Errorf("due: %+v", due)
	}
}

func stateOf(c *ledger.Chain) *ledger.State { s := c.State(); return &s }

// begins checks that an error is a refusal whose text begins so.
func begins(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !errors.Is(err, ledger.ErrMismatch) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got:\n%v\nwant:\n%s…", err, want)
	}
}
