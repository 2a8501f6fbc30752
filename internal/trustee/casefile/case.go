// Package dossier is a case as plain data on its way out of the vault, and the rules for whom it may reach: what
// a reporter has to have allowed before it is converted for somebody, or a letter to them is drafted.
//
// It is pure. Who reads the case out of a vault, and who writes the file, is not its business.
package casefile

import (
	"slices"
	"strings"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
	"zapis/internal/incident"
)

// Case is what an opened case holds. Where it came with words of the reporter, it is written once and never kept.
type Case struct {
	ID     string // c and ten hex digits
	Ledger string // the ledger card's line

	Standing    Standing
	Submissions []Submission // the first report, then what followed
	Exhibits    []Exhibit    // of all of them, in order
	Translation []Translation

	Nexus       string // the newest grade of each kind; empty where none was given
	Source      string
	Information string

	Custody []custody.Event // those that concern the case, by number
}

// Submission is a report, a follow-up or what a trustee collected.
type Submission struct {
	Place     string              // "entry 42", or "waiting submission 0123456789ab"
	Body      string              // hex SHA-256 of the entry's body
	Act       string              // report, follow-up, consent, stop, delete, exhibit
	Received  time.Time           // by the server's clock
	Answers   map[string][]string // by field, without the identity's
	Identity  map[string][]string // contact, contact_when and name, where given; nil where closed
	Closed    string              // why it is closed; empty where it is open
	NotSigned bool                // the case names a key, and the reporter's did not sign it: it counts for nothing
	Statement Sealed
}

// Sealed is a part as the ledger has it.
type Sealed struct {
	SHA256 string // of the ciphertext, hex
	Size   int64  // of the ciphertext, bytes
}

// Exhibit is an attachment.
type Exhibit struct {
	Name       string // A01 …
	Place      string // of its submission
	Sealed     Sealed
	Identifies bool   // the reporter said that it shows who they are
	Closed     string // why the file can't be opened; empty where it can

	// Of the original; empty where its description stands in a closed identity part.
	File      string // our name with its ending: A01.jpg
	MediaType string
	Size      int64
	SHA256    string // hex
}

// Translation is one that a trustee has added.
type Translation struct {
	Of         string // body hash of the submission
	Language   string
	Translator string // who or what made it; the trustee where empty
	Text       string
}

// fromReporter says that a submission is the reporter's own: neither what a trustee has collected, nor what the
// reporter's key should have signed and did not.
func (s Submission) fromReporter() bool { return s.Act != "exhibit" && !s.NotSigned }

// Newest gives the newest answer of the reporter to a question that takes one; empty where there is none.
func (c Case) Newest(field string) string {
	for _, s := range slices.Backward(c.Submissions) {
		if given := s.Answers[field]; s.fromReporter() && len(given) > 0 {
			return given[0]
		}
	}
	return ""
}

// All gives every code that the reporter has ever given to a question that takes several, in the vocabulary's
// order; codes that this vocabulary does not know come last.
func (c Case) All(field string) []string {
	given := make(map[string]bool)
	for _, s := range c.Submissions {
		for _, code := range s.Answers[field] {
			if s.fromReporter() {
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
	var unknown []string
	for code := range given {
		unknown = append(unknown, code)
	}
	slices.Sort(unknown)
	return append(out, unknown...)
}

// First is the first report.
func (c Case) First() Submission {
	if len(c.Submissions) == 0 {
		return Submission{}
	}
	return c.Submissions[0]
}

// Narrative is what the reporter wrote, in the order in which it came, with a blank line between.
func (c Case) Narrative() string {
	var texts []string
	for _, s := range c.Submissions {
		if given := s.Answers["narrative"]; s.fromReporter() && len(given) > 0 {
			texts = append(texts, given[0])
		}
	}
	return strings.Join(texts, "\n\n")
}

// Translations gives, in the order of the submissions, the newest translation of each into a language.
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

// Year is the year in which it happened, as far as the reporter knows; empty where they do not.
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

// Identity gives the newest answers of the opened identity parts, by field.
func (c Case) Identity() map[string]string {
	out := make(map[string]string)
	for _, s := range c.Submissions {
		for field, given := range s.Identity {
			if s.fromReporter() && len(given) > 0 {
				out[field] = given[0]
			}
		}
	}
	return out
}

// CaseID names a case by the body hash of its first report, waiting or not.
func CaseID(first ledger.Hash) string { return "c" + first.String()[:10] }
