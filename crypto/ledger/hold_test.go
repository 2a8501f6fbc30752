package ledger_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
)

func holdOf(nonce string, entries ...uint64) ledger.Hold {
	return ledger.Hold{Origin: origin, Nonce: ledger.Sum([]byte(nonce)), Reason: ledger.HoldOrder, Entries: entries}
}

// keep appends a hold or a release, approved by these.
func keep(b *ledgertest.Builder, text []byte, by ...ledgertest.Trustee) ledger.Hash {
	return b.Change(ledger.KindTombstone, b.Approve(text, nil, by...))
}

func TestHoldTexts(t *testing.T) {
	h := holdOf("x", 1, 7, 1000)
	again, err := ledger.ParseHold(h.Marshal())
	if err != nil || !reflect.DeepEqual(again, h) {
		t.Errorf("%+v, %v", again, err)
	}
	r := ledger.Release{Origin: origin, Hold: 9, Leaf: ledger.Sum(nil)}
	released, err := ledger.ParseRelease(r.Marshal())
	if err != nil || released != r {
		t.Errorf("%+v, %v", released, err)
	}
	crowd := holdOf("x")
	for i := range uint64(ledger.MaxHeld + 1) {
		crowd.Entries = append(crowd.Entries, i+1)
	}
	hold := string(h.Marshal())
	for _, test := range []struct{ text, want string }{
		{strings.Replace(hold, "order", "because", 1), "hold: line 4: a reason is proceedings, order or asked"},
		{strings.Replace(hold, "entry 7", "entry 1", 1), "hold: line 6: entries stand in the order of their indexes, each once"},
		{strings.Replace(hold, "entry 7", "entry 07", 1), "hold: line 6: not a decimal number without leading zeros"},
		{string(holdOf("x").Marshal()), "hold: line 5: the text ends here, and more lines must follow"},
		{string(crowd.Marshal()), "hold: line 1005: more than 1000 entries"},
		{hold + "x\n", `hold: line 8: it must begin with "entry "`},
		{strings.Replace(hold, "hold/v1", "hold/v2", 1), `hold: line 1: it must be "zapis/hold/v1"`},
	} {
		_, err := ledger.ParseHold([]byte(test.text))
		refused(t, err, test.want)
	}
	release := string(r.Marshal())
	for _, test := range []struct{ text, want string }{
		{strings.Replace(release, "hold 9 ", "hold ", 1), `release: line 3: 2 values must follow "hold"`},
		{release + "hold 9 x\n", "release: line 4: nothing may follow here"},
		{strings.Replace(release, "origin "+origin, "origin X", 1), ""},
	} {
		_, err := ledger.ParseRelease([]byte(test.text))
		if test.want == "" {
			if err == nil {
				t.Error("a release for nobody was read")
			}
			continue
		}
		refused(t, err, test.want)
	}
	for _, text := range [][]byte{h.Marshal(), r.Marshal()} {
		if parts, err := ledger.ErasedBy(text); err != nil || len(parts) > 0 {
			t.Errorf("it erases %v, %v", parts, err)
		}
	}
}

// What is held is not erased, whatever the approvals; a release needs as many as a tombstone.
func TestHoldInChain(t *testing.T) {
	b := ledgertest.New()
	b.Report("one", 1)
	b.Report("two", 1)
	part := entry(t, b, 1).Body.Parts[3].Hash
	other := entry(t, b, 2).Body.Parts[3].Hash
	vera := b.People[2]
	leaf := keep(b, holdOf("x", 1).Marshal(), vera)
	b.Erase(2, other)
	chain, err := follow(b, nil)
	must(t, err)
	held := chain.Held()
	if len(held) != 1 || held[0].Index != 3 || held[0].Leaf != leaf || held[0].Reason != ledger.HoldOrder {
		t.Fatalf("held: %+v", held)
	}
	if h, is := chain.State().HeldBy(1); !is || h.Index != 3 {
		t.Error("entry 1 is not held")
	}
	if _, is := chain.State().HeldBy(2); is {
		t.Error("entry 2 is held")
	}
	keep(b, ledger.Release{Origin: origin, Hold: 3, Leaf: leaf}.Marshal(), b.People[:2]...)
	b.Erase(1, part)
	chain, err = follow(b, nil)
	must(t, err)
	if len(chain.Held()) != 0 {
		t.Error("it is still held")
	}
}

func TestHoldRefused(t *testing.T) {
	shorttest.Skip(t, "not tested: holds that are refused")
	for _, test := range []struct {
		name  string
		build func(b *ledgertest.Builder, hold ledger.Hash)
		want  string
	}{
		{"erased under it", func(b *ledgertest.Builder, _ ledger.Hash) { b.Erase(1, ledger.Sum(nil)) },
			"entry 4 (tombstone): it erases a part of entry 1, and the hold of entry 3 forbids that"},
		{"the hold itself erased", func(b *ledgertest.Builder, _ ledger.Hash) { b.Erase(3, ledger.Sum(nil)) },
			"entry 4 (tombstone): it erases the body of entry 3, by which the ledger is governed"},
		{"by nobody", func(b *ledgertest.Builder, _ ledger.Hash) { keep(b, append(holdOf("y", 1).Marshal(), '\n')) },
			"entry 4 (tombstone): approved body: approval 1: statement: no blank line before a signature"},
		{"by a stranger", func(b *ledgertest.Builder, _ ledger.Hash) {
			keep(b, holdOf("y", 1).Marshal(), ledgertest.Trustees()[3])
		}, "entry 4 (tombstone): approval 1: its signer " + ledgertest.Trustees()[3].Card.Fingerprint() + " is not among the trustees"},
		{"of the future", func(b *ledgertest.Builder, _ ledger.Hash) { keep(b, holdOf("y", 1, 4).Marshal(), b.People[0]) },
			"entry 4 (tombstone): it holds entry 4, which is not before it"},
		{"put in twice", func(b *ledgertest.Builder, _ ledger.Hash) { keep(b, holdOf("x", 1).Marshal(), b.People[0]) },
			"entry 4 (tombstone): it is the hold of entry 3 once more"},
		{"for another ledger", func(b *ledgertest.Builder, _ ledger.Hash) {
			h := holdOf("y", 1)
			h.Origin = "example.net"
			keep(b, h.Marshal(), b.People[0])
		}, "entry 4 (tombstone): the proposal is for example.net"},
		{"released by one", func(b *ledgertest.Builder, hold ledger.Hash) {
			keep(b, ledger.Release{Origin: origin, Hold: 3, Leaf: hold}.Marshal(), b.People[0])
		}, "entry 4 (tombstone): 1 approvals, and 2 are needed"},
		{"another released", func(b *ledgertest.Builder, hold ledger.Hash) {
			keep(b, ledger.Release{Origin: origin, Hold: 2, Leaf: hold}.Marshal(), b.People[:2]...)
		}, "entry 4 (tombstone): it releases a hold of entry 2, and there is none"},
		{"released twice", func(b *ledgertest.Builder, hold ledger.Hash) {
			r := ledger.Release{Origin: origin, Hold: 3, Leaf: hold}.Marshal()
			keep(b, r, b.People[:2]...)
			keep(b, r, b.People[:2]...)
		}, "entry 5 (tombstone): it releases the hold of entry 3, which is released already"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := ledgertest.New()
			b.Report("one", 0)
			b.Report("two", 0)
			test.build(b, keep(b, holdOf("x", 1).Marshal(), b.People[2]))
			_, err := follow(b, nil)
			refused(t, err, test.want)
		})
	}
	if got := fmt.Sprint((&ledger.State{}).Needed(ledgertest.Genesis().Set, holdOf("x", 1).Marshal())); got != "1" {
		t.Errorf("a hold needs %s", got)
	}
}
