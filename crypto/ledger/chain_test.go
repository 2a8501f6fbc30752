package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
)

// follow verifies a ledger from its first entry to its last, bodies and
// checkpoints too.
func follow(b *ledgertest.Builder, c *card.LedgerCard) (*ledger.Chain, error) {
	chain := ledger.NewChain(c)
	for _, n := range b.Checkpoints {
		if err := mark(chain, n); err != nil {
			return nil, err
		}
	}
	for _, text := range b.Entries {
		if err := step(chain, b, text); err != nil {
			return nil, err
		}
	}
	return chain, finish(chain, b)
}

func mark(chain *ledger.Chain, note []byte) error {
	text, err := ledger.NoteText(note)
	if err != nil {
		return err
	}
	cp, err := ledger.ParseCheckpointText(text)
	if err != nil {
		return err
	}
	return chain.Mark(cp.Size)
}

func step(chain *ledger.Chain, b *ledgertest.Builder, text []byte) error {
	e, err := chain.Add(text)
	if err != nil {
		return err
	}
	if !e.Body.Kind.HasParts() {
		if body, ok := b.Files[e.Body.Parts[0].Hash]; ok {
			return chain.AddBody(e, body)
		}
	}
	return nil
}

func finish(chain *ledger.Chain, b *ledgertest.Builder) error {
	if err := chain.Settled(); err != nil {
		return err
	}
	for _, n := range b.Checkpoints {
		if _, err := chain.CheckCheckpoint(n); err != nil {
			return err
		}
	}
	return nil
}

func TestChain(t *testing.T) {
	b := ledgertest.Everything()
	c := card.LedgerCard{Origin: origin, Genesis: b.Genesis}
	for _, with := range []*card.LedgerCard{nil, &c} {
		chain, err := follow(b, with)
		must(t, err)
		root, err := ledger.RootAt(b.Size(), b)
		must(t, err)
		if chain.Size() != b.Size() || chain.Root() != root || chain.Last() != b.Last || chain.Card() != c || chain.After() != b.After || chain.Origin() != origin {
			t.Errorf("followed to %+v", chain.State())
		}
		at, set, err := chain.SetInForce()
		if err != nil || at != b.SetIndex || len(set.Trustees) != 3 || set.Trustees[2].Name != "dora" {
			t.Errorf("in force is the set of entry %d, %+v, %v", at, set, err)
		}
		old, err := chain.SetAt(0)
		if err != nil || old.Trustees[1].Name != "boris" {
			t.Errorf("the genesis has the set %+v, %v", old, err)
		}
		_, err = chain.SetAt(1)
		refused(t, err, "entry 1 names no trustees")
		for size, key := range map[uint64]byte{1: 1, 8: 1, 9: 2, 12: 2} {
			v, err := chain.Verifier(size)
			if err != nil || v.Keys() != ledgertest.Key(key).Keys() {
				t.Errorf("at %d entries another key than %d is in force, %v", size, key, err)
			}
		}
	}
}

// A ledger that continues another names its checkpoint.
func TestContinues(t *testing.T) {
	g := ledgertest.Genesis()
	chain := ledger.NewChain(nil)
	if chain.Continues() != nil {
		t.Error("an empty chain continues something")
	}
	g.Continues = &ledger.Continued{Origin: "example.net/old", Genesis: ledger.Sum(nil), Size: 64, Root: ledger.Sum([]byte("r"))}
	e, err := chain.Add(g.Entry().Marshal())
	must(t, err)
	must(t, chain.AddBody(e, g.Marshal()))
	if c := chain.Continues(); c == nil || *c != *g.Continues {
		t.Errorf("it continues %+v", c)
	}
}

// markAfter marks the checkpoints of more entries than size: those up to it were marked before.
func markAfter(t *testing.T, chain *ledger.Chain, b *ledgertest.Builder, size uint64) {
	t.Helper()
	for _, n := range b.Checkpoints {
		text, err := ledger.NoteText(n)
		must(t, err)
		c, err := ledger.ParseCheckpointText(text)
		must(t, err)
		if c.Size > size {
			must(t, chain.Mark(c.Size))
		}
	}
}

// A chain is stored and resumed anywhere, and comes to the same end.
func TestResume(t *testing.T) {
	shorttest.Skip(t, "not tested: a verification that goes on from each entry")
	b := ledgertest.Everything()
	for at := range b.Size() {
		chain := ledger.NewChain(nil)
		markAfter(t, chain, b, 0)
		for _, text := range b.Entries[:at] {
			must(t, step(chain, b, text))
		}
		stored, err := json.Marshal(chain.State())
		must(t, err)
		var state ledger.State
		must(t, json.Unmarshal(stored, &state))
		again, err := ledger.ResumeChain(state)
		must(t, err)
		markAfter(t, again, b, at)
		for _, text := range b.Entries[at:] {
			must(t, step(again, b, text))
		}
		must(t, again.Settled())
		_, err = again.CheckCheckpoint(b.Checkpoints[2])
		must(t, err)
		whole, err := follow(b, nil)
		must(t, err)
		whole.ForgetRoots()
		again.ForgetRoots()
		x, err := json.Marshal(timeless(whole.State()))
		must(t, err)
		y, err := json.Marshal(timeless(again.State()))
		must(t, err)
		if !bytes.Equal(x, y) {
			t.Errorf("resumed at %d: another state than the whole's, of %d and %d bytes", at, len(y), len(x))
		}
	}
	const sentence = "chain: the stored state contradicts itself"
	for _, bad := range []ledger.State{
		{Size: 3, Origin: origin, Sets: []ledger.SetAt{{}}, Range: make([]ledger.Hash, 1)},
		{Size: 1, Origin: origin, Range: make([]ledger.Hash, 1)},
		{Size: 1, Sets: []ledger.SetAt{{}}, Range: make([]ledger.Hash, 1)},
		{Size: 1, Origin: origin, Genesis: ledger.Sum(nil), Sets: []ledger.SetAt{{}}, Range: make([]ledger.Hash, 1)},
	} {
		_, err := ledger.ResumeChain(bad)
		refused(t, err, sentence)
	}
}

// timeless is a state without the times of checkpoints: only one of the two chains
// was shown the earlier ones.
func timeless(s ledger.State) ledger.State {
	for i := range s.Keys {
		s.Keys[i].Since = time.Time{}
	}
	return s
}

// The root that a chain computes is the tree's, at every size.
func TestRootsWhileFollowing(t *testing.T) {
	b := ledgertest.New()
	chain := ledger.NewChain(nil)
	if chain.Root() != (ledger.Hash{}) {
		t.Error("an empty chain has a root")
	}
	for i := range 130 {
		must(t, step(chain, b, b.Entries[i]))
		root, err := ledger.RootAt(uint64(i+1), b)
		must(t, err)
		if chain.Root() != root {
			t.Fatalf("after entry %d the root is %s, want %s", i, chain.Root(), root)
		}
		b.Filler()
	}
}

func TestChainRefuses(t *testing.T) {
	base := func() *ledgertest.Builder {
		b := ledgertest.New()
		b.Report("one", 0)
		b.Report("two", 0)
		return b
	}
	tests := []struct {
		name  string
		build func(b *ledgertest.Builder)
		want  string
	}{
		{"no entry", func(b *ledgertest.Builder) { b.AddText([]byte("x\n")) }, `entry 3: entry: line 1: it must be "zapis/entry/v1"`},
		{"index skipped", func(b *ledgertest.Builder) {
			b.AddText(ledger.Entry{Origin: origin, Index: 4, Previous: b.Last, Body: report("x", 0)}.Marshal())
		}, "entry 3: it says index 4"},
		{"another origin", func(b *ledgertest.Builder) {
			b.AddText(ledger.Entry{Origin: "example.net", Index: 3, Previous: b.Last, Body: report("x", 0)}.Marshal())
		}, "entry 3: it is of example.net, and this is the ledger example.org/ledger"},
		{"another previous", func(b *ledgertest.Builder) {
			b.AddText(ledger.Entry{Origin: origin, Index: 3, Previous: b.Genesis, Body: report("x", 0)}.Marshal())
		}, "entry 3: its previous is @genesis, and entry 2 has the leaf hash @last"},
		{"trustees of no set", func(b *ledgertest.Builder) {
			body := report("x", 0)
			body.Trustees = 1
			b.Add(body)
		}, "entry 3: it goes by the trustees of entry 1, which is neither the genesis nor a trustees entry"},
		{"governed by an old set", func(b *ledgertest.Builder) {
			people := ledgertest.Trustees()
			b.NewTrustees(people[0], people[3])
			b.SetIndex = 0
			b.Erase(1, ledger.Sum(nil))
		}, "entry 4: it goes by the trustees of entry 0, and those of entry 3 are in force"},
		{"a second genesis", func(b *ledgertest.Builder) {
			b.Add(ledger.BodyOf(ledger.KindGenesis, 0, b.File(ledgertest.Genesis().Marshal())))
		}, "entry 3: entry: line 5: entry 0 is the genesis, and no other is"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := base()
			last := b.Last
			test.build(b)
			want := bytes.ReplaceAll([]byte(test.want), []byte("@genesis"), []byte(b.Genesis.String()))
			want = bytes.ReplaceAll(want, []byte("@last"), []byte(last.String()))
			_, err := follow(b, nil)
			refused(t, err, string(want))
		})
	}
	b := base()
	_, err := follow(b, &card.LedgerCard{Origin: origin, Genesis: ledger.Sum(nil)})
	refused(t, err, fmt.Sprintf("entry 0: its leaf hash is %s, and the ledger card names %s", b.Genesis, ledger.Sum(nil)))
	_, err = follow(b, &card.LedgerCard{Origin: "example.net", Genesis: b.Genesis})
	refused(t, err, "entry 0: it is of example.org/ledger, and this is the ledger example.net")
}

func TestCheckpointsOfAChain(t *testing.T) {
	b := ledgertest.New()
	b.Report("one", 0)
	chain, err := follow(b, nil)
	must(t, err)
	refused(t, chain.Mark(0), "chain: no checkpoint has the size 0")
	refused(t, chain.Mark(1), "chain: entry 1 is already added, and the root of 1 was not kept")
	must(t, chain.Mark(2))
	must(t, chain.Mark(2))
	good := b.Checkpoint()
	if cp, err := chain.CheckCheckpoint(good); err != nil || cp.Size != 2 || !cp.Time.Equal(slot) {
		t.Errorf("%+v, %v", cp, err)
	}
	_, err = chain.CheckCheckpoint([]byte("x"))
	refused(t, err, "note: no blank line before signatures")
	_, err = chain.CheckCheckpoint(replace(good, "\n2\n", "\n3\n"))
	refused(t, err, "checkpoint 3: there are only 2 entries")
	_, err = chain.CheckCheckpoint(replace(good, "\n2\n", "\n1\n"))
	refused(t, err, "checkpoint 1: checkpoint: the Ed25519 signature does not fit the text")
	one, err := b.Key.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: 1, Root: b.Genesis, Time: slot})
	must(t, err)
	_, err = chain.CheckCheckpoint(one)
	refused(t, err, "checkpoint 1: the root at this size was not asked for")
	// Signed by the log itself, over another history: a fork.
	fork, err := b.Key.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: 2, Root: ledger.Sum(nil), Time: slot})
	must(t, err)
	_, err = chain.CheckCheckpoint(fork)
	refused(t, err, fmt.Sprintf("checkpoint 2: its root is %s, and the entries have %s", ledger.Sum(nil), chain.Root()))
	other, err := ledgertest.Key(2).SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: 2, Root: chain.Root(), Time: slot})
	must(t, err)
	_, err = chain.CheckCheckpoint(other)
	refused(t, err, "checkpoint 2: checkpoint: it is not signed by the keys of example.org/ledger")

	// Times run with the sizes; equal ones are those of a log without slots.
	b.Filler()
	must(t, chain.Mark(3))
	_, err = chain.Add(b.Entries[2])
	must(t, err)
	must(t, chain.AddBody(lastOf(t, b), b.Files[lastOf(t, b).Body.Parts[0].Hash]))
	at := func(d time.Duration) []byte {
		note, err := b.Key.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: 3, Root: chain.Root(), Time: slot.Add(d)})
		must(t, err)
		return note
	}
	_, err = chain.CheckCheckpoint(at(-time.Second))
	refused(t, err, "checkpoint 3: its time 2026-11-21T23:59:59Z is before that of checkpoint 2, which is 2026-11-22T00:00:00Z")
	for _, d := range []time.Duration{0, time.Second} {
		if _, err = chain.CheckCheckpoint(at(d)); err != nil {
			t.Error(err)
		}
	}
	early, err := b.Key.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: 2, Root: mustRoot(t, b, 2), Time: slot.Add(2 * time.Second)})
	must(t, err)
	_, err = chain.CheckCheckpoint(early)
	refused(t, err, "checkpoint 3: its time 2026-11-22T00:00:00Z is before that of checkpoint 2, which is 2026-11-22T00:00:02Z")

	empty := ledger.NewChain(nil)
	_, _, err = empty.SetInForce()
	refused(t, err, "there is no entry yet")
	_, err = empty.Verifier(1)
	refused(t, err, "no log key is in force at 1 entries")
	_, err = empty.Add(b.Entries[0])
	must(t, err)
	_, err = empty.CheckCheckpoint(one)
	refused(t, err, "checkpoint 1: entry 0 (genesis): its body is missing")
	_, _, err = empty.SetInForce()
	refused(t, err, "the body of entry 0, which names the trustees, must be known first")
	refused(t, empty.Settled(), "entry 0 (genesis): its body is missing")
}

// The chain or the checkpoint detects any one entry left out, doubled, swapped
// or changed in one bit.
func TestEveryEditIsSeen(t *testing.T) {
	b := ledgertest.Everything()
	rapid.Check(t, func(t *rapid.T) {
		edited := *b
		edited.Entries = append([][]byte{}, b.Entries...)
		i := rapid.IntRange(0, len(b.Entries)-1).Draw(t, "entry")
		switch rapid.SampledFrom([]string{"bit", "omit", "double", "swap", "cut"}).Draw(t, "edit") {
		case "bit":
			text := bytes.Clone(b.Entries[i])
			text[rapid.IntRange(0, len(text)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			edited.Entries[i] = text
		case "omit":
			edited.Entries = append(edited.Entries[:i:i], b.Entries[i+1:]...)
		case "double":
			edited.Entries = append(edited.Entries[:i+1:i+1], b.Entries[i:]...)
		case "swap":
			j := rapid.IntRange(0, len(b.Entries)-1).Draw(t, "with")
			if i == j {
				return
			}
			edited.Entries[i], edited.Entries[j] = b.Entries[j], b.Entries[i]
		case "cut":
			edited.Entries = edited.Entries[:i]
		}
		if _, err := follow(&edited, &card.LedgerCard{Origin: origin, Genesis: b.Genesis}); err == nil {
			t.Fatal("accepted")
		}
	})
}

func lastOf(t *testing.T, b *ledgertest.Builder) ledger.Entry {
	t.Helper()
	e, err := ledger.ParseEntry(b.Entries[len(b.Entries)-1])
	must(t, err)
	return e
}

func mustRoot(t *testing.T, b *ledgertest.Builder, size uint64) ledger.Hash {
	t.Helper()
	root, err := ledger.RootAt(size, b)
	must(t, err)
	return root
}

// A promise counts by the keys of its own time: one that retired keys have signed
// for a slot after the change is refused with words of its own.
func TestPromiseByRetiredKey(t *testing.T) {
	b := ledgertest.New()
	b.Report("first", 0)
	text := b.KeyChangeTo(ledgertest.Key(2), ledger.ReasonCompromised).Marshal()
	b.Change(ledger.KindKey, b.Approve(text, ledgertest.KeyLines(text, ledgertest.Key(2)), b.People[:2]...))
	b.Key = ledgertest.Key(2)
	chain, err := follow(b, nil)
	must(t, err)
	must(t, chain.Mark(3))
	body := ledger.BodyOf(ledger.KindReply, 0, []byte("never sent"))
	promise := func(key byte, at time.Time) []byte {
		note, err := ledgertest.Key(key).SignPromise(body.Hash(), at)
		must(t, err)
		return ledger.PromiseFile(note, body.Marshal())
	}
	late := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	// The time of the change is unknown yet.
	_, err = chain.OpenPromise(promise(1, late))
	must(t, err)
	_, err = chain.CheckCheckpoint(b.Checkpoint())
	must(t, err)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"by the keys in force":               {promise(2, late), ""},
		"by the old, for a slot before":      {promise(1, slot.Add(-24*time.Hour)), ""},
		"by the old, for the change's slot":  {promise(1, slot), ""},
		"by the old, for a slot after":       {promise(1, late), "promise: it is signed by a log key that was retired: entry 2 replaced it, at 2026-11-22T00:00:00Z at the latest, and the promise is for the slot of 2031-01-01T00:00:00Z. It proves nothing against the log: anybody who has the old key can sign one"},
		"by the old, for the slot after":     {promise(1, slot.Add(24*time.Hour)), "promise: it is signed by a log key that was retired: entry 2 replaced it, at 2026-11-22T00:00:00Z at the latest, and the promise is for the slot of 2026-11-23T00:00:00Z. It proves nothing against the log: anybody who has the old key can sign one"},
		"by keys that were never the log's":  {promise(3, slot), "promise: it is not signed by the keys of example.org/ledger"},
		"by the keys in force, before these": {promise(2, slot.Add(-24*time.Hour)), ""},
	} {
		p, err := chain.OpenPromise(c.file)
		switch {
		case c.want == "" && (err != nil || p.Body != body.Hash()):
			t.Errorf("%s: %v", name, err)
		case c.want != "":
			refused(t, err, c.want)
			if p.Text != nil || strings.Contains(c.want, "retired") != errors.Is(err, ledger.ErrRetiredKey) {
				t.Errorf("%s: %+v, %v", name, p, err)
			}
		}
	}
	again, err := ledger.ResumeChain(chain.State())
	must(t, err)
	if _, err := again.OpenPromise(promise(1, late)); !errors.Is(err, ledger.ErrRetiredKey) {
		t.Errorf("after a stop: %v", err)
	}
}
