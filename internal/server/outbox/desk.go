// Package outbox applies to a ledger what its trustees have signed: approvals of changes, replies, review notes, the
// heads of their custody logs, exhibits. It verifies every signature against the set in force, and refuses by name
// what belongs to another ledger or was signed twice under one number. Statements that it has applied before are
// skipped.
//
// Files in the ledger's folder:
//
//	heard/<signer>-<number>       every accepted statement, as signed; what was refused for its
//	                              number, as evidence, with -refused-<hash>
//	proposals/<hash>/text         a proposal; with it approvals/, body (the entry's, once there are enough
//	                              of them) and submitted (it is in the ledger)
package outbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
	"zapis/store"
)

// Desk applies trustees' statements to one ledger. It belongs to one goroutine.
type Desk struct {
	st   *store.Store
	dir  string
	now  func() time.Time
	with brought // what came along with the statements
}

const (
	heardDir     = "heard"
	proposalsDir = "proposals"
)

// New returns the Desk of a ledger that is open for writing.
func New(st *store.Store, now func() time.Time) *Desk {
	return &Desk{st: st, dir: st.Dir(), now: now}
}

// Outcome is the result of one statement.
type Outcome struct {
	Statement card.Signed
	From      string // the signer's name; empty where they are no trustee
	Text      string // what became of it, as a sentence without its full stop
	Known     bool   // it was applied before, and skipped
	Err       error  // why it was refused; nil where it was not
}

// handlers apply what a statement is about, by its kind. They run after the statement was verified.
var handlers = map[string]func(*Desk, context.Context, card.Signed, []byte) (string, error){
	card.KindApproval: (*Desk).approval,
	card.KindReply:    (*Desk).submitStatement,
	card.KindReview:   (*Desk).submitStatement,
	card.KindCustody:  (*Desk).submitStatement,
	card.KindExhibit:  (*Desk).exhibit,
	// Requests and grants concern the trustees alone. Their numbers are recorded, so that none is used twice.
	card.KindAsk:    (*Desk).noted,
	card.KindGrant:  (*Desk).noted,
	card.KindReseal: (*Desk).noted,

	card.KindWithdraw: (*Desk).withdrawal,
}

// Take verifies and applies a statement; content is nil where it was not included. Errors that concern this statement
// alone are in the outcome: only a failing ledger or disk is returned as an error.
func (d *Desk) Take(ctx context.Context, s card.Signed, content []byte) (Outcome, error) {
	o := Outcome{Statement: s}
	o.From, o.Known, o.Err = d.verify(s, content)
	if o.Err == nil && o.Known {
		o.Text = "known already"
	}
	if o.Err != nil || o.Known {
		return o, nil
	}
	o.Text, o.Err = handlers[s.Kind](d, ctx, s, content)
	if errors.Is(o.Err, store.ErrBroken) || errors.Is(o.Err, store.ErrClosed) || errors.Is(o.Err, context.Canceled) {
		return o, o.Err
	}
	if o.Err != nil {
		return o, nil
	}
	return o, d.keep(d.appliedName(s), s.Marshal())
}

// verify returns the signer, and whether the statement was applied before.
func (d *Desk) verify(s card.Signed, content []byte) (from string, known bool, err error) {
	index, set := d.st.SetInForce()
	if ledger.Hash(s.Ledger) != ledger.Hash(d.st.Card().Genesis) {
		return "", false, refuse("it is for another ledger")
	}
	if content != nil && ledger.Sum(content) != s.Subject {
		return "", false, refuse("it is about another content")
	}
	if known, err := d.applied(s); known || err != nil {
		return d.nameOf(s.Signer), known, err
	}
	if s.Kind == card.KindApproval && d.enough(s.Subject) {
		return d.nameOf(s.Signer), true, nil // one more than was needed
	}
	if _, takes := handlers[s.Kind]; !takes {
		return "", false, refuse("nobody takes statements of the kind %s here", s.Kind)
	}
	at := set.Position(s.Signer)
	if at == 0 {
		return "", false, refuse("its signer %s is not among the trustees", s.Signer)
	}
	from = set.Trustees[at-1].Name
	if err := s.Verify(set.Trustees[at-1].SSH); err != nil {
		return from, false, refuse("%w", err)
	}
	if err := d.follows(s); err != nil {
		return from, false, err
	}
	switch {
	case s.Trustees != index:
		return from, false, exit.New(exit.Failed, "let them import a newer carry file, and sign it again",
			"it was made under the trustees of entry %d, and those of entry %d are in force", s.Trustees, index)
	case s.ExpiredAt(d.now()):
		return from, false, exit.New(exit.Failed, "let them sign it again", "it counted until %s", s.Expires.Format("2006-01-02"))
	}
	return from, false, nil
}

func refuse(format string, args ...any) error { return exit.New(exit.Mismatch, "", format, args...) }

func (d *Desk) nameOf(signer string) string {
	_, set := d.st.SetInForce()
	if at := set.Position(signer); at > 0 {
		return set.Trustees[at-1].Name
	}
	return ""
}

func (d *Desk) appliedName(s card.Signed) string {
	return filepath.Join(heardDir, fmt.Sprintf("%s-%08d", card.ShortFingerprint(s.Signer), s.Number))
}

// applied reports whether a statement was applied before. It refuses another one of the same number, and keeps it as
// evidence if its signature verifies.
func (d *Desk) applied(s card.Signed) (bool, error) {
	name := d.appliedName(s)
	file, err := os.ReadFile(filepath.Join(d.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	before, err := card.ParseSigned(file)
	if err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	if before.Signer != s.Signer {
		return false, nil // only the beginning of the fingerprints is the same
	}
	if before.Hash() == s.Hash() {
		return true, nil
	}
	_, set := d.st.SetInForce()
	if at := set.Position(s.Signer); at == 0 || s.Verify(set.Trustees[at-1].SSH) != nil {
		return false, refuse("its number %d is taken, and its signature does not hold", s.Number)
	}
	if err := d.keep(name+"-refused-"+ledger.Hash(s.Hash()).String()[:12], s.Marshal()); err != nil {
		return false, err
	}
	return false, exit.New(exit.Mismatch, "both are kept under heard/: somebody else may have that trustee's key",
		"its signer has signed another statement of the number %d before", s.Number)
}

// follows refuses a statement that names another predecessor than the one recorded here.
func (d *Desk) follows(s card.Signed) error {
	before := s
	before.Number--
	name := d.appliedName(before)
	file, err := os.ReadFile(filepath.Join(d.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil // it was not for the ledger, or was refused
	}
	if err != nil {
		return err
	}
	known, err := card.ParseSigned(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if known.Signer != s.Signer || known.Hash() == s.Previous {
		return nil
	}
	if err := d.keep(d.appliedName(s)+"-refused-"+ledger.Hash(s.Hash()).String()[:12], s.Marshal()); err != nil {
		return err
	}
	return exit.New(exit.Mismatch, "both are kept under heard/: somebody else may have that trustee's key",
		"it says that its signer's statement %d was another one than was taken here", before.Number)
}

// noted records a statement's number and does nothing else.
func (d *Desk) noted(_ context.Context, s card.Signed, _ []byte) (string, error) {
	return "noted: statement " + fmt.Sprint(s.Number), nil
}

// submitStatement submits the statement as an entry.
func (d *Desk) submitStatement(ctx context.Context, s card.Signed, content []byte) (string, error) {
	if content == nil {
		return "", exit.New(exit.Failed, "hand in the whole outbox", "what it is about did not come along")
	}
	return d.submit(ctx, ledger.Kind(s.Kind), s.Trustees, ledger.SignedBody{Statement: s, Content: content}.Marshal())
}

// submit passes a body to the ledger, and returns when it will be an entry.
func (d *Desk) submit(ctx context.Context, kind ledger.Kind, set uint64, body []byte) (string, error) {
	return d.hand(ctx, store.Submission{Body: ledger.BodyOf(kind, set, body), Small: [][]byte{body}})
}

func (d *Desk) hand(ctx context.Context, sub store.Submission) (string, error) {
	_, err := d.st.Submit(ctx, sub)
	switch {
	case errors.Is(err, store.ErrDuplicate):
	case errors.Is(err, store.ErrTagTaken):
		// Another trustee answered the same reporter first.
		return "", exit.New(exit.Failed, "import a newer carry file, and make another outbox: it is signed again under the next tag",
			"another answer has its tag already")
	case errors.Is(err, store.ErrRefused), errors.Is(err, store.ErrPartTaken), errors.Is(err, store.ErrOldSet), errors.Is(err, canonical.ErrMismatch):
		return "", exit.New(exit.Mismatch, "", "%w", err)
	case err != nil:
		return "", err
	}
	index, err := d.st.Find(sub.Body.Hash())
	if errors.Is(err, store.ErrWaiting) {
		return "taken: it waits for its slot", nil
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("taken: entry %d", index), nil
}

// keep writes a file of the desk atomically.
func (d *Desk) keep(name string, content []byte) error {
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := atomicfile.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	for folder := filepath.Dir(path); len(folder) > len(d.dir); {
		folder = filepath.Dir(folder) // the folder was created too, so its parent is synced
		if err := atomicfile.SyncFolder(folder); err != nil {
			return err
		}
	}
	return nil
}
