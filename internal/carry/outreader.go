package carry

import (
	"fmt"
	"io"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// OutItemKind is the kind of a member of an outbox.
type OutItemKind int

const (
	OutStatement OutItemKind = iota + 1 // Signed
	OutBody                             // Hash, Text, About
	OutPart                             // Part, Content
)

// OutItem is one member of an outbox.
type OutItem struct {
	Kind    OutItemKind
	Name    string
	Signed  card.Signed
	Hash    ledger.Hash    // of a body: the subject of the statements about it
	Text    []byte         // a body's bytes
	About   card.Statement // the first statement about it
	Part    ledger.Part
	Content io.Reader // as an Item's
	At      int64     // where the member's bytes begin in the outbox
}

// OutboxReader reads an outbox, member by member. It verifies the file's form
// and every hash. The caller verifies the statements' signatures against the
// set of trustees in force: card.Signed.Verify.
type OutboxReader struct {
	t *tarReader
	c *outCourse
}

// NewOutboxReader reads outbox.txt.
func NewOutboxReader(r io.Reader) (*OutboxReader, error) {
	t, h, err := outboxFormat.open(r)
	if err != nil {
		return nil, err
	}
	return &OutboxReader{t: t, c: newOutCourse(h)}, nil
}

// Header returns the content of outbox.txt.
func (r *OutboxReader) Header() OutboxHeader { return r.c.h }

// Next returns the next member, or io.EOF after the last.
func (r *OutboxReader) Next() (OutItem, error) {
	return nextItem(r.t, r.c.end, func(name string, size int64) (OutItem, error) {
		it, err := r.member(name, size)
		it.Name, it.At = name, r.t.at
		return it, err
	})
}

func (r *OutboxReader) member(name string, size int64) (OutItem, error) {
	bad := func(err error) (OutItem, error) { return OutItem{}, r.t.refuse(name, "%w", err) }
	folder, rest, _ := strings.Cut(name, "/")
	switch folder {
	case "statements":
		text, err := r.t.bytes(card.MaxSigned)
		if err != nil {
			return OutItem{}, err
		}
		s, err := card.ParseSigned(text)
		if err == nil && name != statementName(s) {
			err = fmt.Errorf("the statement in it is number %d of %s", s.Number, s.Signer)
		}
		if err == nil {
			err = r.c.takeStatement(s)
		}
		if err != nil {
			return bad(err)
		}
		return OutItem{Kind: OutStatement, Signed: s}, nil
	case "bodies":
		h, err := ledger.ParseHash(rest)
		if err != nil {
			return bad(err)
		}
		text, err := r.t.bytes(ledger.MaxSmall)
		if err != nil {
			return OutItem{}, err
		}
		if got := ledger.Sum(text); got != h {
			return bad(fmt.Errorf("its bytes have the hash %s", got))
		}
		s, err := r.c.takeBody(h)
		if err == nil {
			err = r.c.sawBody(s, text)
		}
		if err != nil {
			return bad(err)
		}
		return OutItem{Kind: OutBody, Hash: h, Text: text, About: s}, nil
	case "parts":
		h, err := ledger.ParseHash(rest)
		if err != nil {
			return bad(err)
		}
		p, err := r.c.takePart(h)
		if err == nil && size != p.Size {
			err = fmt.Errorf("it has %d bytes, and %d are named", size, p.Size)
		}
		if err != nil {
			return bad(err)
		}
		return OutItem{Kind: OutPart, Part: p, Content: r.t.part(p.Hash)}, nil
	case outboxName:
		return bad(fmt.Errorf("it is there twice"))
	}
	return bad(fmt.Errorf("no such member belongs in an outbox"))
}
