package ledger

import (
	"strconv"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
)

const entryHeader = "zapis/entry/v1"

// Entry is one record of the ledger, a leaf of its tree and a link of its
// chain: the head, which is its place, and the body.
//
//	zapis/entry/v1
//	origin example.org/ledger
//	index 42
//	previous <hex>          leaf hash of entry 41; 64 zeros for entry 0
//	kind report             the body starts here
//	…
type Entry struct {
	Origin   string
	Index    uint64
	Previous Hash
	Body     Body
}

// Head writes the lines of an entry that come before its body.
func Head(origin string, index uint64, previous Hash) []byte {
	return AppendHead(make([]byte, 0, MaxEntry/2), origin, index, previous)
}

// AppendHead is Head, appended to dst.
func AppendHead(dst []byte, origin string, index uint64, previous Hash) []byte {
	dst = append(dst, entryHeader+"\norigin "...)
	dst = append(dst, origin...)
	dst = append(dst, "\nindex "...)
	dst = strconv.AppendUint(dst, index, 10)
	dst = append(dst, "\nprevious "...)
	dst = append(dst, previous.String()...)
	return append(dst, '\n')
}

// Marshal writes the entry. It does not check what it writes.
func (e Entry) Marshal() []byte {
	return e.Body.append(Head(e.Origin, e.Index, e.Previous))
}

// LeafHash returns SHA-256(0x00 || entry).
func (e Entry) LeafHash() Hash { return LeafHash(e.Marshal()) }

// ParseEntry reads an entry. An error names the line and is an ErrMismatch.
func ParseEntry(text []byte) (Entry, error) {
	r := canonical.NewReader(text, MaxEntry)
	var e Entry
	r.Exact(entryHeader)
	e.Origin = r.Word("origin")
	r.Check(card.CheckOrigin(e.Origin))
	e.Index = r.Decimal(r.Word("index"), MaxIndex)
	e.Previous = r.Hash(r.Word("previous"))
	if (e.Previous == Hash{}) != (e.Index == 0) {
		r.Fail("previous is zeros for entry 0, and only for it")
	}
	readKind(r, &e.Body)
	if (e.Body.Kind == KindGenesis) != (e.Index == 0) {
		r.Fail("entry 0 is the genesis, and no other is")
	}
	readTrustees(r, &e.Body)
	if e.Index > 0 && e.Body.Trustees >= e.Index || e.Index == 0 && e.Body.Trustees != 0 {
		r.Fail("trustees must name an earlier entry")
	}
	readParts(r, &e.Body)
	return canonical.Done(r, "entry", e)
}

// PromiseFits reports whether a body, put at this place, is the leaf at that
// place. A holder of a promise needs only the public hashes to find their
// entry: leaf i-1 and leaf i.
func PromiseFits(origin string, index uint64, previous Hash, body []byte, leaf Hash) bool {
	return LeafHash(append(Head(origin, index, previous), body...)) == leaf
}
