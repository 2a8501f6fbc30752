package ledgercopy

import (
	"errors"
	"os"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// Waits is the position of a statement that is not an entry yet.
const Waits = "waiting"

// EachBody visits the entries that have one body, and the waiting submissions. file returns the body, verified again,
// or nil where it was erased.
func (c *Copy) EachBody(visit func(b ledger.Body, index *uint64, where string, file func() ([]byte, error)) error) error {
	read := func(f *PartFile, err error, p ledger.Part, where string) ([]byte, error) {
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
	for i, e := range c.entries {
		if e.Body.Kind.HasParts() {
			continue
		}
		at, p := EntryName(e.Index), e.Body.Parts[0]
		err := visit(e.Body, &c.entries[i].Index, at, func() ([]byte, error) {
			f, err := c.OpenEntryPart(e.Index, p.Hash)
			return read(f, err, p, at)
		})
		if err != nil {
			return err
		}
	}
	for _, w := range c.waiting {
		if w.Body.Kind.HasParts() {
			continue
		}
		p := w.Body.Parts[0]
		if err := visit(w.Body, nil, Waits, func() ([]byte, error) {
			f, err := w.OpenPart(p.Hash)
			return read(f, err, p, Waits)
		}); err != nil {
			return err
		}
	}
	return nil
}

// EachSigned visits the statements, with their content, that are entries of a kind, or wait. Erased ones are left out.
func (c *Copy) EachSigned(kind ledger.Kind, visit func(signed ledger.SignedBody, index *uint64, where string) error) error {
	return c.EachBody(func(b ledger.Body, index *uint64, where string, file func() ([]byte, error)) error {
		if b.Kind != kind {
			return nil
		}
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
	return c.EachBody(func(b ledger.Body, _ *uint64, where string, file func() ([]byte, error)) error {
		switch b.Kind {
		case ledger.KindReply, ledger.KindReview, ledger.KindCustody, ledger.KindTrustees, ledger.KindKey, ledger.KindTombstone:
		default:
			return nil
		}
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
