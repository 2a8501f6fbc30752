package casework

import (
	"errors"
	"fmt"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/evidence/filekind"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
)

// Show opens a case: its statements, and what else its trustee may open. It records each opening first.
func (v *Trustee) Show(c *Case) (*casefile.Case, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	r := reader{v: v, c: c, record: v.recordOpening}
	out, err := r.read()
	if err != nil {
		return nil, err
	}
	notes, err := v.Reviews(c)
	if err != nil {
		return nil, err
	}
	out.AddReviews(notes)
	_, err = v.Custody.Record(custody.Record{By: v.By(), Act: custody.Viewed, Case: c.ID, Subject: "the case"})
	return out, err
}

// BatchReader opens many cases for one export. One event has recorded the opening of their statements.
type BatchReader struct {
	v        *Trustee
	identity bool
	sent     map[ledger.Hash]string
}

// OpenBatch records in one event that the statements of many cases, and the reviews that trustees shared about them,
// will be opened. Identity parts stay closed unless identity is set; each of these is recorded when it is opened.
func (v *Trustee) OpenBatch(cases []*Case, identity bool) (*BatchReader, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	var all []ledgercopy.Submission
	for _, c := range cases {
		all = append(all, c.submissions()...)
	}
	sortSubmissions(all)
	if err := v.recordBatch(all); err != nil {
		return nil, err
	}
	sent, err := v.sent()
	return &BatchReader{v, identity, sent}, err
}

// Read opens one of the cases.
func (b *BatchReader) Read(c *Case) (*casefile.Case, error) {
	record := func(c *Case, s ledgercopy.Submission, kind string) error {
		if kind == ledger.PartStatement {
			return nil
		}
		return b.v.recordOpening(c, s, kind)
	}
	r := reader{v: b.v, c: c, keepClosed: !b.identity, record: record}
	out, err := r.read()
	if err != nil {
		return nil, err
	}
	notes, err := b.v.openReviews(c, b.sent)
	out.AddReviews(notes)
	return out, err
}

// reader opens one case.
type reader struct {
	v          *Trustee
	c          *Case
	record     func(*Case, ledgercopy.Submission, string) error // called before each opening
	keepClosed bool                                             // open no identity part
	out        *casefile.Case
}

func (r *reader) read() (*casefile.Case, error) {
	summary := r.c.Summary()
	r.out = &casefile.Case{ID: r.c.ID, Ledger: r.v.Ledger().String(), Summary: summary, Allowed: summary.Allowed(), Fits: true}
	count := 0
	for _, f := range r.c.subs {
		s, err := r.submission(f.Submission)
		if err != nil {
			return nil, err
		}
		s.Collector, s.Author = f.by, r.c.authorship(f)
		s.NotSigned = !s.Author.Counts() && s.Author != casefile.AuthorCollect
		if !f.Waiting {
			if s.OffSlot, err = r.v.Copy().OffSlot(f.Index, f.entry.Received, f.entry.Act == actExhibit); err != nil {
				return nil, err
			}
		}
		counted := &count
		if f.entry.Act == actExhibit {
			counted = new(int) // the reporter's are numbered without ours
		}
		if err := r.exhibits(s, f.Submission, counted); err != nil {
			return nil, err
		}
		s.Read()
		r.out.Submissions = append(r.out.Submissions, *s)
	}
	r.unique()
	return r.out, nil
}

func (v *Trustee) recordOpening(c *Case, s ledgercopy.Submission, kind string) error {
	p, _ := ledgercopy.PartOf(s.Body, kind)
	record := custody.Record{By: v.By(), Act: custody.Opened, Case: c.ID, In: p.Hash.String(), Subject: fmt.Sprintf("%s of %s", kind, s.Where())}
	if v.misdealt {
		record.Why = "opened even if the shares were dealt wrongly, as the trustee asked"
	}
	_, err := v.Custody.Record(record)
	return err
}

func (r *reader) submission(s ledgercopy.Submission) (*casefile.Submission, error) {
	if err := r.record(r.c, s, ledger.PartStatement); err != nil {
		return nil, err
	}
	p, _ := s.Part(ledger.PartStatement)
	o := &casefile.Submission{Hash: s.Hash, Place: s.Where(), Body: s.Hash.String(), Statement: casefile.Sealed{SHA256: p.Hash.String(), Size: p.Size}}
	if !s.Waiting {
		o.Index = &s.Index
	}
	st, fits, err := r.v.openStatement(s)
	if err != nil {
		return nil, err
	}
	o.Lines, o.Act, o.Received = st, st.Act, st.Received
	if fits != nil {
		r.out.Fault(fits)
	}
	return o, r.identity(o, s)
}

// identity opens the identity part where its trustee may: alone, or with enough granted shares.
func (r *reader) identity(o *casefile.Submission, s ledgercopy.Submission) error {
	p, ok := s.Part(ledger.PartIdentity)
	if !ok {
		return fmt.Errorf("%s has no identity part", o.Place)
	}
	if r.keepClosed {
		o.Closed = "it was not asked for"
		return nil
	}
	var err error
	if o.Closed, err = r.closed(s, p); err != nil || o.Closed != "" {
		return err
	}
	if err := r.record(r.c, s, ledger.PartIdentity); err != nil {
		return err
	}
	fields, err := r.v.fieldsOf(s)
	if err != nil {
		return err
	}
	content, err := r.v.open(s, ledger.PartIdentity)
	if err == nil {
		defer clear(content)
		o.IdentityLines, err = seal.ParseIdentity(content, fields)
		if err != nil {
			err = exit.New(exit.Mismatch, "", "%s: identity: %w", o.Place, err)
		}
	}
	if err != nil {
		if exit.StatusOf(err) != exit.Mismatch {
			return err
		}
		o.Closed = "it does not verify"
		r.out.Fault(err)
		return nil
	}
	if err := seal.CheckStatement(o.Lines, o.IdentityLines, s.Body.Commitments, fields); err != nil {
		r.out.Fault(exit.New(exit.Mismatch, "", "%s: %w", o.Place, err))
	}
	return nil
}

// closed is closedBy for a case that is shown in any case: a part that does not verify stays closed, and is a fault.
func (r *reader) closed(s ledgercopy.Submission, p ledger.Part) (string, error) {
	why, err := r.v.closedBy(s, p)
	switch {
	case errors.Is(err, errErased):
		return "it was erased", nil
	case err != nil && exit.StatusOf(err) == exit.Mismatch:
		r.out.Fault(err)
		return "it does not verify", nil
	}
	return why, err
}

// exhibits matches a submission's attachments with their commitments: the n-th with slot n. count is the number of
// earlier exhibits of the case.
func (r *reader) exhibits(o *casefile.Submission, s ledgercopy.Submission, count *int) error {
	parts := attachmentsOf(s.Body)
	for n := 1; n <= incident.Slots; n++ {
		slot := incident.SlotName(n)
		l, found := o.Line(slot)
		if n > len(parts) {
			if found && !l.Null() {
				r.out.Fault(exit.New(exit.Mismatch, "", "%s: %s is described, and there is no such part", o.Place, slot))
			}
			continue
		}
		*count++
		_, inStatement := o.Lines.Line(slot)
		p := parts[n-1]
		e := casefile.Exhibit{Name: incident.ExhibitName(*count), Place: o.Place, Of: s.Hash, Index: o.Index, Part: p, Slot: slot,
			Sealed: casefile.Sealed{SHA256: p.Hash.String(), Size: p.Size}, Identifies: !inStatement}
		switch {
		case !found:
			e.Closed = o.Closed
		case l.Null():
			e.Closed = "its description is empty"
			r.out.Fault(exit.New(exit.Mismatch, "", "%s: attachment %d is there, and its description is empty", o.Place, n))
		default:
			value, err := seal.ParseAttachment(l.Value)
			if err != nil {
				e.Closed = "its description does not verify"
				r.out.Fault(exit.New(exit.Mismatch, "", "%s: %s: %w", o.Place, slot, err))
				break
			}
			e.Describe(value)
			if e.Closed, err = r.closed(s, e.Part); err != nil {
				return err
			}
		}
		if by, erased := r.v.Copy().ErasedBy(e.Part.Hash); erased {
			e.Closed = fmt.Sprintf("it was erased by the tombstone of entry %d", by)
		}
		r.out.Exhibits = append(r.out.Exhibits, e)
	}
	return nil
}

// unique makes the names of exhibits unique. Two of one name are a fault of the intake; both are kept.
func (r *reader) unique() {
	seen := make(map[string]bool)
	for i := range r.out.Exhibits {
		e := &r.out.Exhibits[i]
		if seen[e.Name] {
			r.out.Fault(exit.New(exit.Mismatch, "", "%s: a second attachment of the case is called %s", e.Place, e.Name))
			e.Name += "-" + e.Part.Hash.String()[:8]
			e.File = e.Name + "." + filekind.Extension(e.MediaType, e.Original)
		}
		seen[e.Name] = true
	}
}
