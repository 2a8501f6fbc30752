// Package casefile is the one model of a case: what a trustee's index has of it (Summary), what opening it returns
// (Case), and the rules for its recipients. List, show, bundle, letter, conversion and desk read the same types.
//
// It is pure: no disk, no clock. Package casework reads cases from a vault; package release releases them.
package casefile

import (
	"maps"
	"slices"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/evidence/filekind"
	"zapis/internal/incident"
	"zapis/internal/trustee/review"
)

// Case is an opened case: everything that its trustee can open, alone or with granted shares. It holds a person's
// words: it is shown or converted, and never stored.
type Case struct {
	ID      string // c and ten hex digits
	Ledger  string // the ledger card's line
	Summary Summary

	Allowed     Allowed
	Submissions []Submission  // the first report, then what followed
	Exhibits    []Exhibit     // of all of them, in order
	Reviews     []Review      // what trustees wrote about it, the owner's private notes last
	Translation []Translation // those that trustees share

	Nexus       string // the newest shared grade of each kind; empty where there is none
	Source      string
	Information string

	Custody []custody.Event // those that concern the case, by number; read only for formats that contain them

	Fits   bool    // everything opened is what the entries committed to
	Faults []error // what is not, or does not open and should
}

// Fault records that something does not verify.
func (c *Case) Fault(err error) { c.Fits, c.Faults = false, append(c.Faults, err) }

// Submission is a report, a follow-up or an exhibit of a trustee.
type Submission struct {
	Hash      ledger.Hash         // of the entry's body
	Index     *uint64             // of the entry; nil while it waits
	Place     string              // "entry 42", or "waiting submission 0123456789ab"
	Body      string              // Hash in hex
	Act       string              // report, follow-up, consent, stop, delete, exhibit
	Received  time.Time           // by the server's clock
	Answers   map[string][]string // by field, without the identity's
	Identity  map[string][]string // contact, contact_when and name, where answered; nil where closed
	Closed    string              // why it is closed; empty where it is open
	NotSigned bool                // the case names a key, and the reporter did not sign the submission with it: it has no effect
	Statement Sealed
	Collector *card.Card // the trustee who has signed for the exhibit; nil where none has

	Author  Authorship // whether the reporter's key signed it
	OffSlot string     // the reason why its time of receipt can't be that of its slot, as a clause; empty where it can

	// The opened parts, with every disclosure line.
	Lines         *seal.StatementPart
	IdentityLines *seal.IdentityPart // nil where it stays closed
}

// Line returns a field's disclosure line, from the statement or from the opened identity part.
func (s Submission) Line(field string) (l seal.Line, found bool) {
	if s.Lines == nil {
		return l, false
	}
	if l, found = s.Lines.Line(field); !found && s.IdentityLines != nil {
		l, found = s.IdentityLines.Line(field)
	}
	return l, found
}

// Read fills in the answers of what was opened.
func (s *Submission) Read() {
	s.Answers = make(map[string][]string)
	for _, f := range incident.Fields() {
		if l, ok := s.Lines.Line(f.Name); ok && !f.Identity {
			if given := Texts(l); given != nil {
				s.Answers[f.Name] = given
			}
		}
	}
	if s.IdentityLines == nil {
		return
	}
	s.Identity = make(map[string][]string)
	for _, name := range incident.IdentityNames() {
		if l, ok := s.IdentityLines.Line(name); ok {
			if given := Texts(l); given != nil {
				s.Identity[name] = given
			}
		}
	}
}

// Review is what a trustee wrote about a case.
type Review struct {
	review.Review
	By    card.Card
	Index *uint64 // of its entry; nil where it has none
	Where string  // "entry 9", or why it has none
	Sent  string  // of an answer's copy: the state of the answer; empty where it was not signed
}

// PrivateNote is the Where of a note that is in the owner's vault only.
const PrivateNote = "private"

// Private reports whether the review is in the owner's vault only.
func (r Review) Private() bool { return r.Where == PrivateNote }

// AddReviews adds reviews, and sets shared translations and grades from them.
func (c *Case) AddReviews(list []Review) {
	c.Reviews = append(c.Reviews, list...)
	for _, r := range list {
		switch {
		case r.Private():
		case r.Kind == review.Translation:
			by := r.Translator
			if by == "" {
				by = r.By.Name
			}
			c.Translation = append(c.Translation, Translation{Of: r.Of.String(), Language: r.Language, Translator: by, Text: r.Text})
		case r.Kind == review.Grade:
			c.Nexus, c.Source, c.Information = Newer(c.Nexus, r.Nexus), Newer(c.Source, r.Source), Newer(c.Information, r.Information)
		}
	}
}

// Newer returns given, or old where given is empty.
func Newer(old, given string) string {
	if given == "" {
		return old
	}
	return given
}

// Sealed is a part as the ledger has it.
type Sealed struct {
	SHA256 string // of the ciphertext, hex
	Size   int64  // of the ciphertext, bytes
}

// Exhibit is an attachment.
type Exhibit struct {
	Name       string      // A01 …
	Place      string      // of its submission
	Of         ledger.Hash // body of its submission
	Index      *uint64     // of that one's entry; nil while it waits
	Part       ledger.Part // the sealed file
	Slot       string      // attachment-1 …, the field that describes it
	Sealed     Sealed
	Identifies bool   // the reporter marked it as showing who they are
	Closed     string // why the file can't be opened; empty where it can

	// Of the original; empty where its description is in a closed identity part.
	File      string // our name with its ending: A01.jpg
	Original  string // as the reporter's device called it
	MediaType string
	Size      int64
	SHA256    string // hex
}

// Describe sets the committed description of the exhibit. The extension of our file name is derived from its type;
// that of the reporter's file name is used only where the container can be several types.
func (e *Exhibit) Describe(v seal.AttachmentValue) {
	e.Name, e.Original, e.MediaType, e.Size, e.SHA256 = v.Exhibit, v.Name, v.MediaType, v.Size, v.SHA256
	e.File = e.Name + "." + filekind.Extension(v.MediaType, v.Name)
}

// Described reports whether the committed description of the exhibit is open.
func (e Exhibit) Described() bool { return e.SHA256 != "" }

// Translation is a translation that a trustee has added.
type Translation struct {
	Of         string // body hash of the submission
	Language   string
	Translator string // the person or tool that made it; the trustee where empty
	Text       string
}

// FromReporter reports whether a submission is the reporter's own: neither an exhibit of a trustee, nor one that the
// reporter's key should have signed and did not.
func (s Submission) FromReporter() bool { return s.Act != "exhibit" && !s.NotSigned }

// Newest returns the newest answer of the reporter to a question that takes one; empty where there is none.
func (c Case) Newest(field string) string {
	for _, s := range slices.Backward(c.Submissions) {
		if given := s.Answers[field]; s.FromReporter() && len(given) > 0 {
			return given[0]
		}
	}
	return ""
}

// All returns every code that the reporter has given to a question that takes several, in the vocabulary's order;
// unknown codes come last.
func (c Case) All(field string) []string {
	given := make(map[string]bool)
	for _, s := range c.Submissions {
		for _, code := range s.Answers[field] {
			if s.FromReporter() {
				given[code] = true
			}
		}
	}
	var out []string
	if f, ok := incident.FieldByName(field); ok {
		for _, code := range f.Codes {
			if given[code] {
				out = append(out, code)
				delete(given, code)
			}
		}
	}
	return append(out, slices.Sorted(maps.Keys(given))...)
}

// First returns the first report.
func (c Case) First() Submission {
	if len(c.Submissions) == 0 {
		return Submission{}
	}
	return c.Submissions[0]
}

// Narrative returns the reporter's narratives in order, with a blank line between.
func (c Case) Narrative() string {
	var texts []string
	for _, s := range c.Submissions {
		if given := s.Answers["narrative"]; s.FromReporter() && len(given) > 0 {
			texts = append(texts, given[0])
		}
	}
	return strings.Join(texts, "\n\n")
}

// Translations returns the newest translation of each submission into a language, in the order of the submissions.
func (c Case) Translations(language string) []Translation {
	var out []Translation
	for _, s := range c.Submissions {
		for _, t := range slices.Backward(c.Translation) {
			if t.Of == s.Body && t.Language == language {
				out = append(out, t)
				break
			}
		}
	}
	return out
}

// Year returns the year of the event; empty where it is unknown.
func (c Case) Year() string {
	when := c.Newest("when")
	if len(when) < 4 {
		return ""
	}
	return when[:4]
}

// Exhibit finds an exhibit by its name.
func (c Case) Exhibit(name string) (Exhibit, bool) {
	i := slices.IndexFunc(c.Exhibits, func(e Exhibit) bool { return e.Name == name })
	if i < 0 {
		return Exhibit{}, false
	}
	return c.Exhibits[i], true
}

// ExhibitsOf lists the exhibits of a submission, in the order of their slots.
func (c Case) ExhibitsOf(s Submission) []Exhibit {
	var list []Exhibit
	for _, e := range c.Exhibits {
		if e.Of == s.Hash {
			list = append(list, e)
		}
	}
	return list
}

// Identity returns the newest answers of the opened identity parts, by field.
func (c Case) Identity() map[string]string {
	out := make(map[string]string)
	for _, s := range c.Submissions {
		for field, given := range s.Identity {
			if s.FromReporter() && len(given) > 0 {
				out[field] = given[0]
			}
		}
	}
	return out
}

// CaseID returns the id of a case from the body hash of its first report, whether an entry or waiting.
func CaseID(first ledger.Hash) string { return "c" + first.String()[:10] }
