package store

import (
	"errors"
	"slices"
	"testing"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// A part that can't be read is a fault of its own and does not end the check. Those beside it are verified, and one whose
// content is not what its key says is not among them: it is left to the engine's own reading.
func TestPartThatCannotBeRead(t *testing.T) {
	good, other, altered := random(200_000), random(5), random(7)
	broken := errors.New("input/output error")
	unread := ledger.Sum(random(3))
	c := &checker{ctx: t.Context(), share: &share{Piece: Piece{1, 1}}}
	sealed := &c.sealed
	var chunk kv.Chunk = func(_ *[]byte, visit func(key, value []byte, err error)) {
		for _, value := range [][]byte{good, other} {
			h := ledger.Sum(value)
			visit(h[:], value, nil)
		}
		h := ledger.Sum(altered)
		visit(h[:], flipped(altered, 3), nil)
		visit(unread[:], nil, broken)
	}
	if n := sealed.add(chunk, new([]byte)); n != 200_012 {
		t.Errorf("%d bytes", n)
	}
	slices.SortFunc(sealed.verified, func(a, b verifiedPart) int { return compareHashes(a.hash, b.hash) })
	for _, value := range [][]byte{good, other} {
		if p := sealed.find(ledger.Sum(value)); p == nil || p.size != uint32(len(value)) {
			t.Errorf("a part of %d bytes: %v", len(value), p)
		}
	}
	if sealed.find(ledger.Sum(altered)) != nil {
		t.Error("an altered part counts as verified")
	}

	statement := func(h ledger.Hash, size int) ledger.Part {
		return ledger.Part{Kind: ledger.PartStatement, Hash: h, Size: int64(size)}
	}
	for _, p := range []sealedPart{
		{part: statement(ledger.Sum(good), len(good)), entry: 0},
		{part: statement(unread, 3), entry: 1},
		{part: statement(unread, 3), entry: -1, waits: "waiting x"},
	} {
		if !c.checkSealed(p) {
			t.Errorf("entry %d: missing", p.entry)
		}
	}
	want := []Fault{
		{1, "statement " + unread.String(), "it can't be read: input/output error"},
		{-1, "waiting x", "its statement " + unread.String() + " can't be read: input/output error"},
	}
	if got := c.sorted(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if !c.sealed.named(ledger.Sum(good)) || c.sealed.named(ledger.Sum(other)) || !c.sealed.named(unread) {
		t.Error("which parts are named is wrong")
	}
}
