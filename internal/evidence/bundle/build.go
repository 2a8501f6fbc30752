package bundle

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/exit"
	"zapis/internal/incident"
)

// A place is the position of a submission in the ledger, or the promise of one.
type place struct {
	Entry *ledger.Entry   // nil while it waits
	Wait  *ledger.Promise // nil once it has an entry
	Body  ledger.Body
}

// caseID returns the id of a case from the body of its first report, so that it does not change when that becomes an
// entry.
func caseID(first ledger.Body) string { return "c" + first.Hash().String()[:10] }

// A disclosure is what a bundle shows of one submission: its listing, and the shown lines by field.
type disclosure struct {
	Listing seal.Listing
	Lines   map[string]seal.Line
}

// assemble builds the record of one submission and lists the exhibits that it shows. Write and Check both call it, so
// that a record can't differ from the lines. pathOf returns the path of an original.
func assemble(n int, p place, act, received string, d disclosure, why map[string]Reason, pathOf func(seal.AttachmentValue) string) (submission, error) {
	hash := p.Body.Hash()
	s := submission{
		Act:         act,
		ReceivedAt:  received,
		Body:        hash.String(),
		Disclosure:  strings.TrimSuffix(disclosureFolder(n), "/"),
		Answers:     answers{},
		Attachments: []exhibit{},
		Withheld:    []withheld{},
	}
	if p.Entry != nil {
		s.Entry = &p.Entry.Index
	} else {
		slot := p.Wait.Slot.UTC().Format(timeLayout)
		s.PromisedFor = &slot
	}
	for _, c := range d.Listing {
		l, shown := d.Lines[c.Field]
		_, question := incident.FieldByName(c.Field)
		switch {
		case shown && seal.IsHead(c.Field): // in the record itself, and compared with these lines
		case !shown:
			s.Withheld = append(s.Withheld, withheld{c.Field, why[c.Field]})
		case question:
			value := l.Value
			if l.Null() {
				value = []byte("null")
			}
			s.Answers = append(s.Answers, answer{c.Field, value})
		case !l.Null():
			a, err := seal.ParseAttachment(l.Value)
			if err != nil {
				return submission{}, fmt.Errorf("%s: %w", c.Field, err)
			}
			s.Attachments = append(s.Attachments, exhibit{a.Exhibit, pathOf(a), a.SHA256, a.Size, a.MediaType, a.Name})
		}
	}
	return s, nil
}

// choose divides the fields of a submission into those shown and those withheld with a reason.
func choose(in *Input, s Submission, listing seal.Listing) (disclosure, map[string]Reason, error) {
	committed := make(map[string][32]byte, len(listing))
	for _, c := range listing {
		committed[c.Field] = c.Hash
	}
	d := disclosure{Listing: listing, Lines: make(map[string]seal.Line)}
	why := make(map[string]Reason)
	exhibits := make(map[string]string) // exhibit -> field
	take := func(texts [][]byte, show bool) error {
		for _, text := range texts {
			l, err := seal.ParseLine(text)
			if err != nil {
				return err
			}
			if sum, ok := committed[l.Field]; !ok || sha256.Sum256(text) != sum {
				return exit.New(exit.Mismatch, "", "the disclosure line of %s is not the one that was committed", printable(l.Field))
			}
			if _, twice := d.Lines[l.Field]; twice {
				return fmt.Errorf("the disclosure line of %s is there twice", l.Field)
			}
			if _, question := incident.FieldByName(l.Field); !question && !seal.IsHead(l.Field) && !l.Null() {
				a, err := seal.ParseAttachment(l.Value)
				if err != nil {
					return fmt.Errorf("%s: %w", l.Field, err)
				}
				exhibits[a.Exhibit] = l.Field
			}
			if show {
				d.Lines[l.Field] = l
			} else {
				why[l.Field] = ReasonIdentity
			}
		}
		return nil
	}
	if err := take(s.Lines, true); err != nil {
		return disclosure{}, nil, err
	}
	if err := take(s.Identity, in.IncludeIdentity); err != nil {
		return disclosure{}, nil, err
	}
	for _, c := range in.Withhold {
		field := c.Item
		if e, ok := exhibits[c.Item]; ok {
			field = e
		}
		if _, ok := committed[field]; !ok {
			continue
		}
		// A question that a follow-up leaves empty has nothing to withhold. An empty field of the identity part is
		// withheld all the same: that it is empty says something about the reporter.
		if l, shown := d.Lines[field]; shown && l.Null() && s.Act != string(incident.ActReport) && !slices.Contains(incident.IdentityNames(), field) {
			continue
		}
		if seal.IsHead(field) {
			return disclosure{}, nil, errHeadWithheld(field)
		}
		delete(d.Lines, field)
		why[field] = c.reason()
	}
	for _, c := range listing {
		if _, shown := d.Lines[c.Field]; !shown && why[c.Field] == "" {
			why[c.Field] = ReasonClosed
		}
	}
	return d, why, nil
}

func (c Choice) reason() Reason {
	if c.Reason == "" {
		return ReasonUnstated
	}
	return c.Reason
}

// checkChoices refuses to withhold an item that does not exist: a typing error must not lead to a bundle that shows
// what it was meant to hide.
func checkChoices(in *Input) error {
	known := incident.Newest().FieldNames()
	for _, s := range in.Submissions {
		for _, a := range s.Attachments {
			known = append(known, a.Exhibit)
		}
		for _, text := range slices.Concat(s.Lines, s.Identity) {
			if l, err := seal.ParseLine(text); err == nil && strings.HasPrefix(l.Field, "attachment-") && !l.Null() {
				if a, err := seal.ParseAttachment(l.Value); err == nil {
					known = append(known, a.Exhibit)
				}
			}
		}
	}
	for _, c := range in.Withhold {
		if !slices.Contains(known, c.Item) {
			return exit.New(exit.Usage, "name a field, or an exhibit like A03; exhibits of an identity part that is not opened are withheld anyway",
				"nothing in this case is called %s", printable(c.Item))
		}
		if !c.reason().Valid() {
			return exit.New(exit.Usage, "one of: "+reasonList(), "%s is no reason for withholding", printable(string(c.Reason)))
		}
	}
	return nil
}

func reasonList() string {
	var names []string
	for _, r := range Reasons() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}
