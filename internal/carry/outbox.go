package carry

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

const (
	outboxHeader = "zapis/outbox/v1"
	outboxName   = "outbox.txt"

	// MaxStatements is the most signed statements in one outbox.
	MaxStatements = 10000
)

// OutboxHeader is the first member of an outbox, outbox.txt:
//
//	zapis/outbox/v1
//	ledger <leaf hash of entry 0>
//	statements 3
//	bodies 2
//	parts 0
type OutboxHeader struct {
	Ledger     ledger.Hash
	Statements uint64
	Bodies     uint64
	Parts      uint64
}

// Marshal writes outbox.txt.
func (h OutboxHeader) Marshal() []byte {
	u := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return []byte(outboxHeader + "\nledger " + h.Ledger.String() + "\nstatements " + u(h.Statements) +
		"\nbodies " + u(h.Bodies) + "\nparts " + u(h.Parts) + "\n")
}

// ParseOutboxHeader reads outbox.txt.
func ParseOutboxHeader(text []byte) (OutboxHeader, error) {
	r := canonical.Begin(text, maxHeaderTxt, outboxHeader)
	var h OutboxHeader
	h.Ledger = r.Hash(r.Word("ledger"))
	h.Statements = r.Decimal(r.Word("statements"), MaxStatements)
	if h.Statements == 0 {
		r.Fail("an outbox without statements says nothing")
	}
	h.Bodies = r.Decimal(r.Word("bodies"), h.Statements)
	h.Parts = r.Decimal(r.Word("parts"), h.Bodies*(3+ledger.MaxAttachments))
	return h, r.End()
}

func statementName(s card.Signed) string {
	return "statements/" + card.ShortFingerprint(s.Signer) + "-" + strconv.FormatUint(s.Number, 10)
}

func bodyName(h ledger.Hash) string { return "bodies/" + h.String() }

// outCourse checks the order of the members of an outbox, for OutboxWriter and
// OutboxReader.
type outCourse struct {
	h          OutboxHeader
	stage      stage
	last       card.Signed
	statements uint64
	subjects   []card.Statement // one for each subject, in the order of the statements
	seen       map[ledger.Hash]bool
	subject    int
	bodies     uint64
	parts      []ledger.Part // that exhibits name
	named      map[ledger.Hash]bool
	part       int
}

func newOutCourse(h OutboxHeader) *outCourse {
	return &outCourse{h: h, seen: map[ledger.Hash]bool{}, named: map[ledger.Hash]bool{}}
}

func (c *outCourse) takeStatement(s card.Signed) error {
	if c.stage != atCheckpoints || c.statements == c.h.Statements {
		return fmt.Errorf("a statement that has no place here")
	}
	if ledger.Hash(s.Ledger) != c.h.Ledger {
		return fmt.Errorf("it is for another ledger than %s says", outboxName)
	}
	if c.statements > 0 {
		by := strings.Compare(card.ShortFingerprint(c.last.Signer), card.ShortFingerprint(s.Signer))
		if by > 0 || by == 0 && c.last.Number >= s.Number {
			return fmt.Errorf("statements stand in the order of their signers, then of their numbers, each once")
		}
	}
	if !c.seen[s.Subject] {
		c.seen[s.Subject] = true
		c.subjects = append(c.subjects, s.Statement)
	}
	c.last = s
	c.statements++
	return nil
}

// takeBody finds the statement that a body belongs to. Bodies may be missing:
// an approval may be about a proposal that is already known.
func (c *outCourse) takeBody(h ledger.Hash) (card.Statement, error) {
	if err := c.statementsDone(); err != nil {
		return card.Statement{}, err
	}
	if c.stage != atEntries || c.bodies == c.h.Bodies {
		return card.Statement{}, fmt.Errorf("a body that has no place here")
	}
	for i := c.subject; i < len(c.subjects); i++ {
		if c.subjects[i].Subject == h {
			c.subject = i + 1
			c.bodies++
			return c.subjects[i], nil
		}
	}
	if c.seen[h] {
		return card.Statement{}, fmt.Errorf("it stands after the place where the statements name it, or twice")
	}
	return card.Statement{}, fmt.Errorf("no statement is about it")
}

// sawBody records a body: an exhibit's names the parts that follow.
func (c *outCourse) sawBody(s card.Statement, body []byte) error {
	if s.Kind != card.KindExhibit {
		return nil
	}
	b, err := ledger.ParseBody(body)
	if err != nil {
		return err
	}
	if b.Kind != ledger.KindExhibit {
		return fmt.Errorf("it is the body of a %s, and its statement says exhibit", b.Kind)
	}
	for _, p := range b.Parts {
		if c.named[p.Hash] {
			return fmt.Errorf("it names the part %s, as another exhibit does", p.Hash)
		}
		c.named[p.Hash] = true
		c.parts = append(c.parts, p)
	}
	return nil
}

func (c *outCourse) statementsDone() error {
	if c.stage > atCheckpoints {
		return nil
	}
	if c.statements != c.h.Statements {
		return fmt.Errorf("%d statements are before it, and %s says %d", c.statements, outboxName, c.h.Statements)
	}
	c.stage = atEntries
	return nil
}

func (c *outCourse) bodiesDone() error {
	if err := c.statementsDone(); err != nil {
		return err
	}
	if c.stage > atEntries {
		return nil
	}
	if c.bodies != c.h.Bodies {
		return fmt.Errorf("%d bodies are before it, and %s says %d", c.bodies, outboxName, c.h.Bodies)
	}
	if uint64(len(c.parts)) != c.h.Parts {
		return fmt.Errorf("the exhibits have %d parts, and %s says %d", len(c.parts), outboxName, c.h.Parts)
	}
	c.stage = atParts
	return nil
}

func (c *outCourse) takePart(h ledger.Hash) (ledger.Part, error) {
	if err := c.bodiesDone(); err != nil {
		return ledger.Part{}, err
	}
	if c.part == len(c.parts) || c.parts[c.part].Hash != h {
		return ledger.Part{}, fmt.Errorf("it is not the part that comes next of an exhibit")
	}
	c.part++
	return c.parts[c.part-1], nil
}

func (c *outCourse) end() error {
	if err := c.bodiesDone(); err != nil {
		return err
	}
	if c.part != len(c.parts) {
		return fmt.Errorf("the part %s is missing before it", c.parts[c.part].Hash)
	}
	c.stage = atEnd
	return nil
}

// OutboxWriter writes an outbox: statements by signer and number, bodies in the
// order in which statements are first about them, parts in the order in which
// exhibits name them. It does not close what it writes to.
type OutboxWriter struct {
	t tarWriter
	c *outCourse
}

// NewOutboxWriter writes outbox.txt.
func NewOutboxWriter(w io.Writer, h OutboxHeader) (*OutboxWriter, error) {
	t, err := outboxFormat.create(w, h)
	return &OutboxWriter{t, newOutCourse(h)}, err
}

// Statement writes a signed statement.
func (w *OutboxWriter) Statement(s card.Signed) error {
	if _, err := card.ParseSigned(s.Marshal()); err != nil {
		return w.t.misuse(err)
	}
	if err := w.c.takeStatement(s); err != nil {
		return w.t.misuse(err)
	}
	return w.t.bytes(statementName(s), s.Marshal())
}

// Body writes the content of one or more statements.
func (w *OutboxWriter) Body(body []byte) error {
	h := ledger.Sum(body)
	if len(body) > ledger.MaxSmall {
		return w.t.misuse(fmt.Errorf("%s has %d bytes, and at most %d are allowed", bodyName(h), len(body), ledger.MaxSmall))
	}
	s, err := w.c.takeBody(h)
	if err == nil {
		err = w.c.sawBody(s, body)
	}
	if err != nil {
		return w.t.misuse(fmt.Errorf("%s: %w", bodyName(h), err))
	}
	return w.t.bytes(bodyName(h), body)
}

// Part writes the next part of an exhibit, from r.
func (w *OutboxWriter) Part(h ledger.Hash, r io.Reader) error {
	p, err := w.c.takePart(h)
	if err != nil {
		return w.t.misuse(fmt.Errorf("%s: %w", partName(h), err))
	}
	return w.t.misuse(w.t.part(partName(h), p, r))
}

// Close ends the archive. It fails if a member is missing.
func (w *OutboxWriter) Close() error {
	return w.t.close(w.c.end)
}
