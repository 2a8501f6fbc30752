package casework

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/carry"
	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// Outgoing is the content of an outbox.
type Outgoing struct {
	Statements []ledger.SignedBody
	Lost       []string // what can't be applied any more, and must be done again, as sentences without full stop

	v *Trustee
}

// outgoing are the kinds of statement that the operator applies, in the order of their words. Requests and grants
// concern trustees only, so an outbox leaves them out.
var outgoing = map[string]string{
	card.KindReply: "answer", card.KindReview: "review", card.KindCustody: "custody head", card.KindExhibit: "exhibit", card.KindApproval: "approval",
	card.KindWithdraw: "withdrawal",
}

// Outbox collects what the owner has signed and is not in the ledger. What could not be applied as it was signed is
// signed again: a reply whose tag another one has meanwhile, and what was signed for trustees who are no longer in
// force. The head of the custody log is last, unless an outbox had it before. A second call changes nothing.
func (v *Trustee) Outbox() (*Outgoing, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	index, set, err := v.Copy().Chain().SetInForce()
	if err != nil {
		return nil, err
	}
	if !ledgercopy.IsTrustee(set, v.Key().Card) {
		return nil, v.leftOut()
	}
	if err := v.packDesk(); err != nil {
		return nil, err
	}
	applied, err := v.statementsApplied()
	if err != nil {
		return nil, err
	}
	out := &Outgoing{v: v}
	if err := v.renew(applied, index, out); err != nil {
		return nil, err
	}
	if err := v.signHead(index); err != nil {
		return nil, err
	}
	own, err := v.SignedStatements()
	if err != nil {
		return nil, err
	}
	for _, signed := range own {
		if applied.still(v, signed, index) {
			out.Statements = append(out.Statements, signed)
		}
	}
	if len(out.Statements) > carry.MaxStatements {
		out.Statements = out.Statements[:carry.MaxStatements]
	}
	return out, v.removeCollected(out.Statements)
}

// applied is what is in the ledger, or waits for its slot.
type applied struct {
	approvals map[[32]byte]bool        // by the hash of the statement
	tags      map[ledger.Hash][32]byte // the statement that has a reply's tag
}

func (v *Trustee) statementsApplied() (*applied, error) {
	t := &applied{make(map[[32]byte]bool), make(map[ledger.Hash][32]byte)}
	err := v.Copy().EachStatement(func(_ string, s card.Signed) error {
		if s.Kind == card.KindApproval {
			t.approvals[s.Hash()] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t, v.Copy().EachSigned(ledger.KindReply, func(signed ledger.SignedBody, _ *uint64, where string) error {
		r, err := ledger.ParseReply(signed.Content)
		if err != nil {
			return ledgercopy.Damaged("%s: %w", where, err)
		}
		t.tags[r.Tag] = signed.Statement.Hash()
		return nil
	})
}

// has reports whether a statement is in the ledger.
func (t *applied) has(v *Trustee, signed ledger.SignedBody) bool {
	return v.InLedger(signed) || t.approvals[signed.Statement.Hash()]
}

// still reports whether a statement is for the operator, is not in the ledger, and can still be applied.
func (t *applied) still(v *Trustee, signed ledger.SignedBody, set uint64) bool {
	s := signed.Statement
	if outgoing[s.Kind] == "" || t.has(v, signed) || s.Trustees != set || s.ExpiredAt(v.Clock()) {
		return false
	}
	return !t.tagUsed(signed)
}

// tagUsed reports whether a reply's tag is in the ledger under another statement.
func (t *applied) tagUsed(signed ledger.SignedBody) bool {
	if signed.Statement.Kind != card.KindReply {
		return false
	}
	r, err := ledger.ParseReply(signed.Content)
	by, used := t.tags[r.Tag]
	return err == nil && used && by != signed.Statement.Hash()
}

// signHead signs the head of the custody log, unless that was done before for the trustees in force. The head proves
// that it extends the newest one of this log in the ledger, and those that were signed after that.
func (v *Trustee) signHead(set uint64) error {
	if v.Custody.Len() == 0 {
		return nil
	}
	own, err := v.SignedStatements()
	if err != nil {
		return err
	}
	extends, err := v.extendedHeads(own)
	if err != nil {
		return err
	}
	head, err := v.Custody.TreeHead(extends)
	if err != nil {
		return err
	}
	content := head.Marshal()
	for _, signed := range slices.Backward(own) {
		if signed.Statement.Kind == card.KindCustody && signed.Statement.Trustees == set {
			if before, err := ledger.ParseCustodyHead(signed.Content); err == nil && before.Events == head.Events && before.Root == head.Root {
				return nil
			}
			break
		}
	}
	return v.keepingCases(func() error {
		_, err := v.Sign(card.KindCustody, content, time.Time{})
		return err
	})
}

// extendedHeads returns the numbers of events, ascending, of this log's heads that the next one must extend: the
// newest in the ledger, and those that were signed since and are not there yet.
func (v *Trustee) extendedHeads(own []ledger.SignedBody) ([]uint64, error) {
	heads, err := v.LedgerHeads()
	if err != nil {
		return nil, err
	}
	var newest, number uint64
	for _, h := range heads {
		if h.Statement.Signer == v.Key().Signer.Fingerprint() && h.Head.HasRoot() && v.HeadMismatch(h) == "" {
			newest, number = h.Head.Events, h.Statement.Number
		}
	}
	list := []uint64{newest}
	for _, signed := range own {
		if signed.Statement.Kind != card.KindCustody || signed.Statement.Number <= number {
			continue
		}
		if head, err := ledger.ParseCustodyHead(signed.Content); err == nil && head.HasRoot() && v.HoldsHead(head) {
			list = append(list, head.Events)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if list[0] == 0 {
		list = list[1:]
	}
	return list[max(0, len(list)-ledger.MaxExtended):], nil
}

// removeCollected removes the parts of exhibits that are in the ledger, and those of an interrupted Collect.
func (v *Trustee) removeCollected(still []ledger.SignedBody) error {
	keep := make(map[string]bool)
	for _, signed := range still {
		if signed.Statement.Kind != card.KindExhibit {
			continue
		}
		b, err := ledger.ParseBody(signed.Content)
		if err != nil {
			return err
		}
		for _, p := range b.Parts {
			keep[p.Hash.String()] = true
		}
	}
	files, err := os.ReadDir(filepath.Join(v.Dir(), collectedDir))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		if !keep[f.Name()] {
			if err := os.Remove(filepath.Join(v.Dir(), collectedDir, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Words counts the content of an outbox: "2 answers, 1 custody head".
func (o *Outgoing) Words() string {
	var words []string
	for _, kind := range []string{card.KindReply, card.KindReview, card.KindExhibit, card.KindApproval, card.KindWithdraw, card.KindCustody} {
		n := 0
		for _, signed := range o.Statements {
			if signed.Statement.Kind == kind {
				n++
			}
		}
		switch {
		case n == 1:
			words = append(words, "1 "+outgoing[kind])
		case n > 1:
			words = append(words, fmt.Sprintf("%d %ss", n, outgoing[kind]))
		}
	}
	return strings.Join(words, ", ")
}

// Write writes the outbox, and stores a record of it. The same statements give the same bytes.
func (o *Outgoing) Write(dst io.Writer) error {
	bodies, exhibits, parts := o.bodies()
	sum := sha256.New()
	w, err := carry.NewOutboxWriter(io.MultiWriter(dst, sum), carry.OutboxHeader{Ledger: o.v.Ledger().Genesis,
		Statements: uint64(len(o.Statements)), Bodies: uint64(len(bodies)), Parts: uint64(parts)})
	if err != nil {
		return err
	}
	for _, signed := range o.Statements {
		if err := w.Statement(signed.Statement); err != nil {
			return err
		}
	}
	for _, body := range bodies {
		if err := w.Body(body); err != nil {
			return err
		}
	}
	for _, b := range exhibits {
		for _, p := range b.Parts {
			if err := o.part(w, p); err != nil {
				return err
			}
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return o.remember([32]byte(sum.Sum(nil)))
}

func (o *Outgoing) bodies() (bodies [][]byte, exhibits []ledger.Body, parts int) {
	seen := make(map[[32]byte]bool)
	for _, signed := range o.Statements {
		if seen[signed.Statement.Subject] {
			continue
		}
		seen[signed.Statement.Subject] = true
		bodies = append(bodies, signed.Content)
		if signed.Statement.Kind != card.KindExhibit {
			continue
		}
		if b, err := ledger.ParseBody(signed.Content); err == nil {
			exhibits = append(exhibits, b)
			parts += len(b.Parts)
		}
	}
	return bodies, exhibits, parts
}

func (o *Outgoing) part(w *carry.OutboxWriter, p ledger.Part) error {
	f, err := os.Open(filepath.Join(o.v.Dir(), collectedDir, p.Hash.String()))
	if errors.Is(err, os.ErrNotExist) {
		return ledgercopy.Damaged("a part of an exhibit that the operator has not taken in is missing: %s/%s", collectedDir, p.Hash)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return w.Part(p.Hash, f)
}

// Records of outboxes are in outboxes/, one file per outbox, sealed to the owner:
//
//	zapis/outboxes/v1
//	at 2026-11-22T09:00:00Z
//	sha256 <64 hex>               of the outbox
//	statement 3                   for each one in it
const (
	outboxesDir    = "outboxes"
	outboxesHeader = "zapis/outboxes/v1"
)

// remember stores the record of an outbox, unless the last outbox was the same.
func (o *Outgoing) remember(sum [32]byte) error {
	var last sentOut
	err := o.v.eachSent(func(s sentOut) { last = s })
	if err != nil {
		return err
	}
	if last.sum == sum {
		return nil
	}
	text := fmt.Appendf(nil, "%s\nat %s\nsha256 %s\n", outboxesHeader, o.v.Now().Format(time.RFC3339), custody.Hex(sum))
	for _, signed := range o.Statements {
		text = fmt.Appendf(text, "statement %d\n", signed.Statement.Number)
	}
	return o.v.WriteSealed(filepath.Join(outboxesDir, vault.NumberName(last.number+1)), text)
}

// sentOut is the record of one outbox.
type sentOut struct {
	number     uint64
	at         time.Time
	sum        [32]byte
	statements []uint64
}

// eachSent calls visit for the records of outboxes, in order.
func (v *Trustee) eachSent(visit func(sentOut)) error {
	names, err := v.Names(outboxesDir)
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := v.ReadSealed(filepath.Join(outboxesDir, name))
		if err != nil {
			return err
		}
		s, err := parseSent(text)
		if err == nil {
			_, err = fmt.Sscanf(name, "%d", &s.number)
		}
		if err != nil {
			return ledgercopy.Damaged("%s/%s: %w", outboxesDir, name, err)
		}
		visit(s)
	}
	return nil
}

func parseSent(text []byte) (s sentOut, err error) {
	r := canonical.NewReader(text, 1<<20)
	r.Exact(outboxesHeader)
	s.at, err = time.Parse(time.RFC3339, r.Word("at"))
	r.Check(err)
	s.sum = r.Hash(r.Word("sha256"))
	for r.More() {
		s.statements = append(s.statements, r.Decimal(r.Word("statement"), ledger.MaxIndex))
	}
	return s, r.End()
}
