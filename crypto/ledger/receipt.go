package ledger

import (
	"bytes"
	"crypto/sha256"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/canonical"
)

// Receipt is the proof that one entry is in the ledger under a checkpoint, as
// a C2SP tlog-proof whose extra is the whole entry:
//
//	c2sp.org/tlog-proof@v1
//	extra <base64 of the entry>
//	index 42
//	<base64 of a hash>
//	…
//
//	<the checkpoint, with its signatures>
type Receipt struct {
	Entry      Entry
	Text       []byte // the entry's exact bytes
	Leaf       Hash
	Checkpoint Checkpoint
	Note       []byte           // the checkpoint's exact bytes
	Others     []note.Signature // of the checkpoint: witnesses', not verified
}

// MaxReceipt is the most bytes a receipt may have.
const MaxReceipt = MaxNote + 16<<10

// MakeReceipt makes the receipt of an entry under a signed checkpoint, with the
// stored hashes (golang.org/x/mod/sumdb/tlog) of the ledger. It does not verify
// the checkpoint's signatures.
func MakeReceipt(entry, checkpoint []byte, r tlog.HashReader) ([]byte, error) {
	e, err := ParseEntry(entry)
	if err != nil {
		return nil, err
	}
	c, err := ParseNote(checkpoint)
	if err != nil {
		return nil, err
	}
	path, err := ProveEntry(c.Size, e.Index, r)
	if err != nil {
		return nil, err
	}
	p := proof.TLogProof{Index: e.Index, Checkpoint: checkpoint, ExtraData: entry}
	for _, h := range path {
		p.Hashes = append(p.Hashes, [sha256.Size]byte(h))
	}
	return p.Marshal(), nil
}

// SplitReceipt splits a receipt without verifying it: the entry's and the checkpoint's exact bytes, the index and the
// path. It refuses every encoding but one.
func SplitReceipt(receipt []byte) (entry, checkpoint []byte, index uint64, path []Hash, err error) {
	if len(receipt) > MaxReceipt {
		return nil, nil, 0, nil, canonical.Refuse("receipt: it has %d bytes, and at most %d are allowed", len(receipt), MaxReceipt)
	}
	var p proof.TLogProof
	if err := p.Unmarshal(receipt); err != nil {
		return nil, nil, 0, nil, canonical.Refuse("receipt: %w", err)
	}
	if again := p.Marshal(); !bytes.Equal(again, receipt) {
		return nil, nil, 0, nil, canonical.Refuse("receipt: line %d: not the one way to write it",
			1+differingLine(string(again), string(receipt)))
	}
	if len(p.ExtraData) == 0 {
		return nil, nil, 0, nil, canonical.Refuse("receipt: line 2: it must be %q", "extra <the entry>")
	}
	for _, h := range p.Hashes {
		path = append(path, Hash(h))
	}
	return p.ExtraData, p.Checkpoint, p.Index, path, nil
}

// OpenReceipt verifies a receipt: its encoding, the entry's, both of the log's
// signatures, that the entry is of this ledger and at this index, and that it
// is in the tree.
func (v *Verifier) OpenReceipt(receipt []byte) (Receipt, error) {
	entry, checkpoint, index, path, err := SplitReceipt(receipt)
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{Text: entry, Leaf: LeafHash(entry), Note: checkpoint}
	if r.Entry, err = ParseEntry(entry); err != nil {
		return Receipt{}, canonical.Refuse("receipt: %w", err)
	}
	if r.Checkpoint, r.Others, err = v.OpenWitnessed(checkpoint); err != nil {
		return Receipt{}, canonical.Refuse("receipt: %w", err)
	}
	if err := v.checkPlace(r, index, path); err != nil {
		return Receipt{}, err
	}
	return r, nil
}

// OpenReceiptUnder is OpenReceipt where the checkpoint has been verified before: c is the result of v.OpenWitnessed
// for note, and the receipt must end in those very bytes. Many receipts under one checkpoint then cost no signature
// each.
func (v *Verifier) OpenReceiptUnder(receipt, note []byte, c Checkpoint) (Receipt, error) {
	entry, checkpoint, index, path, err := SplitReceipt(receipt)
	if err != nil {
		return Receipt{}, err
	}
	if !bytes.Equal(checkpoint, note) {
		return Receipt{}, canonical.Refuse("receipt: it ends in another checkpoint")
	}
	r := Receipt{Text: entry, Leaf: LeafHash(entry), Note: checkpoint, Checkpoint: c}
	if r.Entry, err = ParseEntry(entry); err != nil {
		return Receipt{}, canonical.Refuse("receipt: %w", err)
	}
	if err := v.checkPlace(r, index, path); err != nil {
		return Receipt{}, err
	}
	return r, nil
}

// checkPlace verifies that the entry is of this ledger, and at its index in the tree.
func (v *Verifier) checkPlace(r Receipt, index uint64, path []Hash) error {
	if r.Entry.Origin != v.origin {
		return canonical.Refuse("receipt: the entry is of %s, and the checkpoint of %s", r.Entry.Origin, v.origin)
	}
	if r.Entry.Index != index {
		return canonical.Refuse("receipt: the entry says index %d, and the proof %d", r.Entry.Index, index)
	}
	if err := CheckInclusion(r.Checkpoint, index, r.Leaf, path); err != nil {
		return canonical.Refuse("receipt: %w", err)
	}
	return nil
}
