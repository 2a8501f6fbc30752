package ledgercopy

import (
	"errors"
	"os"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// Waits is the position of a statement that is not an entry yet.
const Waits = "waiting"

// EachBody visits the entries that have one body, and the waiting submissions, of the kinds that want accepts. file returns the body, verified again,
// or nil where it was erased.
func (c *Copy) EachBody(want func(ledger.Kind) bool, visit func(b ledger.Body, index *uint64, where string, file func() ([]byte, error)) error) error {
	for _, e := range c.Bare(want) {
		i := e.Index
		at, p := EntryName(i), e.Body.Parts[0]
		err := visit(e.Body, &e.Index, at, func() ([]byte, error) {
			f, err := c.OpenEntryPart(e.Index, p.Hash)
			return readBody(f, err, p, at)
		})
		if err != nil {
			return err
		}
	}
	for _, w := range c.waiting {
		if w.Body.Kind.HasParts() || !want(w.Body.Kind) {
			continue
		}
		p := w.Body.Parts[0]
		if err := visit(w.Body, nil, Waits, func() ([]byte, error) {
			f, err := w.OpenPart(p.Hash)
			return readBody(f, err, p, Waits)
		}); err != nil {
			return err
		}
	}
	return nil
}

// readBody reads the body that p names and closes its file; nil where the file is missing.
func readBody(f *PartFile, err error, p ledger.Part, where string) ([]byte, error) {
	var text []byte
	if err == nil {
		text, err = f.readAll()
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil && ledger.Sum(text) != p.Hash {
		return nil, Damaged("%s: its body is not the one that the ledger names", where)
	}
	return text, err
}

// SignedAt returns the statement that an entry holds. Status Mismatch where the entry holds none, or it was erased.
func (c *Copy) SignedAt(index uint64) (ledger.SignedBody, error) {
	if index >= c.Size() || kindOf(c.texts[index]).HasParts() {
		return ledger.SignedBody{}, Damaged("%s holds no statement", EntryName(index))
	}
	p := c.Entry(index).Body.Parts[0]
	f, err := c.OpenEntryPart(index, p.Hash)
	text, err := readBody(f, err, p, EntryName(index))
	if err == nil && text == nil {
		err = Damaged("%s: its body was erased", EntryName(index))
	}
	if err != nil {
		return ledger.SignedBody{}, err
	}
	signed, err := ledger.ParseSignedBody(text)
	if err != nil {
		return ledger.SignedBody{}, Damaged("%s: %w", EntryName(index), err)
	}
	return signed, nil
}

// EachSigned visits the statements, with their content, that are entries of a kind, or wait. Erased ones are left out.
func (c *Copy) EachSigned(kind ledger.Kind, visit func(signed ledger.SignedBody, index *uint64, where string) error) error {
	return c.EachBody(func(k ledger.Kind) bool { return k == kind }, func(_ ledger.Body, index *uint64, where string, file func() ([]byte, error)) error {
		text, err := file()
		if err != nil || text == nil {
			return err
		}
		signed, err := ledger.ParseSignedBody(text)
		if err != nil {
			return Damaged("%s: %w", where, err)
		}
		return visit(signed, index, where)
	})
}

// EachStatement visits the signed statements that are entries, or wait for their slot.
func (c *Copy) EachStatement(visit func(where string, s card.Signed) error) error {
	signed := func(k ledger.Kind) bool { return k.Signed() || k.Governs() && k != ledger.KindGenesis }
	return c.EachBody(signed, func(b ledger.Body, _ *uint64, where string, file func() ([]byte, error)) error {
		body, err := file()
		if err != nil || body == nil {
			return err
		}
		var list []card.Signed
		if b.Kind.Governs() {
			a, err := ledger.ParseApproved(body)
			if err != nil {
				return err
			}
			list = a.Approvals
		} else {
			signed, err := ledger.ParseSignedBody(body)
			if err != nil {
				return err
			}
			list = []card.Signed{signed.Statement}
		}
		for _, s := range list {
			if err := visit(where, s); err != nil {
				return err
			}
		}
		return nil
	})
}
