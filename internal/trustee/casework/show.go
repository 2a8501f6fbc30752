package casework

import (
	"errors"
	"fmt"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/ledgercopy"
)

// OpenedCase is a case with everything that its trustee can open, alone or by what others have granted. It holds a person's words: it is
// shown, or made into a bundle, and never kept.
type OpenedCase struct {
	Summary
	Submissions []OpenedSubmission
	Reviews     []Review // what trustees wrote about it
	Fits        bool     // everything opened is what the entries committed to
	Faults      []error  // what is not, or does not open and should
}

// OpenedSubmission is one report or follow-up of an opened case.
type OpenedSubmission struct {
	ledgercopy.Submission
	Statement *seal.StatementPart
	Identity  *seal.IdentityPart // nil where it stays closed
	Closed    string             // why it does, as a sentence without its full stop
	Exhibits  []Exhibit
	Collector *card.Card // the trustee who has signed for it, where it is an exhibit; nil where none has
	Author    Authorship // whether the reporter's key signed it
	OffSlot   string     // why its time of receipt can't be that of its slot, as a clause; empty where it can
}

// Exhibit is an attachment of a case.
type Exhibit struct {
	Name   string                // A01 …, over the whole case
	Part   ledger.Part           // the sealed file
	Value  *seal.AttachmentValue // what was committed for it; nil while the identity part is closed
	Closed string                // why the file can't be opened; empty where it can

	of ledgercopy.Submission
}

// Show opens a case: its statements, and what else its trustee may open. Each opening is recorded before.
func (v *Trustee) Show(c *Case) (*OpenedCase, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	out := &OpenedCase{Summary: c.Summary(), Fits: true}
	count := 0
	for _, f := range c.subs {
		o, err := v.openSubmission(c, f.Submission, out)
		if err != nil {
			return nil, err
		}
		o.Collector, o.Author = f.by, c.authorship(f)
		if !f.Waiting {
			if o.OffSlot, err = v.Copy().OffSlot(f.Index, f.entry.Received, f.entry.Act == actExhibit); err != nil {
				return nil, err
			}
		}
		counted := &count
		if f.entry.Act == actExhibit {
			counted = new(int) // the reporter's are numbered without ours
		}
		if err := v.exhibits(o, counted, out); err != nil {
			return nil, err
		}
		out.Submissions = append(out.Submissions, *o)
	}
	out.unique()
	var err error
	if out.Reviews, err = v.Reviews(c); err != nil {
		return nil, err
	}
	_, err = v.Custody.Record(custody.Deed{By: v.By(), Act: custody.Viewed, Case: c.ID, Subject: "the case"})
	return out, err
}

// fault notes that something does not fit.
func (o *OpenedCase) fault(err error) { o.Fits, o.Faults = false, append(o.Faults, err) }

func (v *Trustee) recordOpening(c *Case, s ledgercopy.Submission, kind string) error {
	p, _ := ledgercopy.PartOf(s.Body, kind)
	_, err := v.Custody.Record(custody.Deed{By: v.By(), Act: custody.Opened, Case: c.ID, In: p.Hash.String(),
		Subject: fmt.Sprintf("%s of %s", kind, s.Where())})
	return err
}

func (v *Trustee) openSubmission(c *Case, s ledgercopy.Submission, out *OpenedCase) (*OpenedSubmission, error) {
	if err := v.recordOpening(c, s, ledger.PartStatement); err != nil {
		return nil, err
	}
	o := &OpenedSubmission{Submission: s}
	st, fits, err := v.openStatement(s)
	if err != nil {
		return nil, err
	}
	o.Statement = st
	if fits != nil {
		out.fault(fits)
	}
	return o, v.openIdentity(c, o, out)
}

// openIdentity opens the identity part where its trustee may: alone, or because enough others have granted
// their shares.
func (v *Trustee) openIdentity(c *Case, o *OpenedSubmission, out *OpenedCase) error {
	p, ok := ledgercopy.PartOf(o.Body, ledger.PartIdentity)
	if !ok {
		return fmt.Errorf("%s has no identity part", o.Where())
	}
	var err error
	if o.Closed, err = v.tellClosed(o.Submission, p, out); err != nil || o.Closed != "" {
		return err
	}
	if err := v.recordOpening(c, o.Submission, ledger.PartIdentity); err != nil {
		return err
	}
	fields, err := v.fieldsOf(o.Submission)
	if err != nil {
		return err
	}
	content, err := v.open(o.Submission, ledger.PartIdentity)
	if err == nil {
		defer clear(content)
		o.Identity, err = seal.ParseIdentity(content, fields)
		if err != nil {
			err = exit.New(exit.Mismatch, "", "%s: identity: %w", o.Where(), err)
		}
	}
	if err != nil {
		if exit.StatusOf(err) != exit.Mismatch {
			return err
		}
		o.Closed = "it does not verify"
		out.fault(err)
		return nil
	}
	if err := seal.CheckStatement(o.Statement, o.Identity, o.Body.Commitments, fields); err != nil {
		out.fault(exit.New(exit.Mismatch, "", "%s: %w", o.Where(), err))
	}
	return nil
}

// tellClosed is closedBy for a case that is shown all the same: what does not verify stays closed, and is a fault.
func (v *Trustee) tellClosed(s ledgercopy.Submission, p ledger.Part, out *OpenedCase) (string, error) {
	why, err := v.closedBy(s, p)
	switch {
	case errors.Is(err, errErased):
		return "it was erased", nil
	case err != nil && exit.StatusOf(err) == exit.Mismatch:
		out.fault(err)
		return "it does not verify", nil
	}
	return why, err
}

// line finds a field's disclosure line, in the statement or in the identity part.
func (o *OpenedSubmission) line(field string) (l seal.Line, found bool) {
	if l, found = o.Statement.Line(field); !found && o.Identity != nil {
		l, found = o.Identity.Line(field)
	}
	return l, found
}

// exhibits matches a submission's attachments with what was committed for them: the n-th with slot n. count
// is how many the case has had before.
func (v *Trustee) exhibits(o *OpenedSubmission, count *int, out *OpenedCase) error {
	parts := attachmentsOf(o.Body)
	for n := 1; n <= incident.Slots; n++ {
		l, found := o.line(incident.SlotName(n))
		if n > len(parts) {
			if found && !l.Null() {
				out.fault(exit.New(exit.Mismatch, "", "%s: %s is described, and there is no such part", o.Where(), incident.SlotName(n)))
			}
			continue
		}
		*count++
		e := Exhibit{Name: incident.ExhibitName(*count), Part: parts[n-1], of: o.Submission}
		switch {
		case !found:
			e.Closed = o.Closed
		case l.Null():
			e.Closed = "its description is empty"
			out.fault(exit.New(exit.Mismatch, "", "%s: attachment %d is there, and its description is empty", o.Where(), n))
		default:
			value, err := seal.ParseAttachment(l.Value)
			if err != nil {
				e.Closed = "its description does not verify"
				out.fault(exit.New(exit.Mismatch, "", "%s: %s: %w", o.Where(), incident.SlotName(n), err))
				break
			}
			e.Value, e.Name = &value, value.Exhibit
			if e.Closed, err = v.tellClosed(o.Submission, e.Part, out); err != nil {
				return err
			}
		}
		if by, erased := v.Copy().ErasedBy(e.Part.Hash); erased {
			e.Closed = fmt.Sprintf("it was erased by the tombstone of entry %d", by)
		}
		o.Exhibits = append(o.Exhibits, e)
	}
	return nil
}

// unique gives every exhibit a name of its own. Two of one name are a fault of the intake, and no reason to
// lose one of them.
func (o *OpenedCase) unique() {
	seen := make(map[string]bool)
	for i := range o.Submissions {
		s := &o.Submissions[i]
		for j := range s.Exhibits {
			e := &s.Exhibits[j]
			if seen[e.Name] {
				o.fault(exit.New(exit.Mismatch, "", "%s: a second attachment of the case is called %s", s.Where(), e.Name))
				e.Name += "-" + e.Part.Hash.String()[:8]
			}
			seen[e.Name] = true
		}
	}
}

// Exhibits lists all attachments of the case.
func (o *OpenedCase) Exhibits() []Exhibit {
	var list []Exhibit
	for _, s := range o.Submissions {
		list = append(list, s.Exhibits...)
	}
	return list
}
