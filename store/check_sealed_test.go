package store

import (
	"errors"
	"slices"
	"testing"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// A part that can't be read is a fault of its own and does not end the check, and one that lies elsewhere is left to the
// engine's own reading. The parts beside them are verified, with the same buffer.
func TestPartThatCannotBeRead(t *testing.T) {
	content := random(200_000)
	good := ledger.Part{Kind: ledger.PartStatement, Hash: ledger.Sum(content), Size: int64(len(content))}
	gives := func(b []byte, err error) kv.Read {
		return func(buf []byte) ([]byte, error) {
			if len(buf) < len(content)+kv.ReadSlack {
				t.Errorf("a buffer of %d bytes for a part of %d", len(buf), len(content))
			}
			return buf[:copy(buf, b)], err
		}
	}
	broken := errors.New("input/output error")
	c := &checker{ctx: t.Context()}
	c.verifyBatch(new(room), []sealedPart{
		{part: good, entry: 1, read: gives(nil, broken)},
		{part: good, entry: 2, read: gives(nil, kv.ErrIrregular)},
		{part: good, entry: -1, waits: "waiting x", read: gives(nil, broken)},
		{part: good, entry: 3, read: gives(flipped(content, 5), nil)},
		{part: good, entry: 4, read: gives(content, nil)},
	})
	want := []Fault{
		{1, "statement " + good.Hash.String(), "it can't be read: input/output error"},
		{3, "statement " + good.Hash.String(), "its 200000 bytes do not have this hash, or not the size 200000"},
		{-1, "waiting x", "its statement " + good.Hash.String() + " can't be read: input/output error"},
	}
	if got := c.sorted(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if len(c.irregular) != 1 || c.irregular[0].entry != 2 {
		t.Errorf("left to the engine: %v", c.irregular)
	}
}
