// Package review encodes what trustees write for each other about a case: notes, grades, translations, copies of
// replies, and who collected an exhibit. It is pure: text in, text out.
//
// Each is the content of an age file that is sealed to the trustees in force and is, signed, in a review entry; a
// private one is in its author's vault only. docs/spec/review.md specifies the texts.
package review

import (
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
)

const (
	header = "zapis/review/v1"

	// MaxText bounds the text of one review, in bytes: the limit of a narrative.
	MaxText = 40_000
	// MaxDesk bounds the events of the desk in one, in bytes: what a message part holds beside the lines above them.
	MaxDesk = 65_000
	// maxFile bounds the whole text, in bytes: the limit of a message part.
	maxFile = 65_528

	timeLayout = "2006-01-02T15:04:05Z"
)

// Kind is the kind of a review.
type Kind string

const (
	Note        Kind = "note"
	Grade       Kind = "grade"       // Nexus, Source and Information; the words say why
	Translation Kind = "translation" // of the narrative of the submission Of
	Reply       Kind = "reply"       // a copy of what the reporter was answered
	Exhibit     Kind = "exhibit"     // who signed collected the exhibit Of
	Desk        Kind = "desk"        // events of the desk, a line each (docs/spec/desk.md)
)

// Review is one text that a trustee wrote about a case:
//
//	zapis/review/v1
//	case <64 hex>                     body hash of the case's first report
//	at 2026-11-22T09:00:00Z           the author's clock
//	kind grade
//	nexus proxy
//	source B
//	information 2
//	                                  a blank line, then the words, where there are any
//	The letter is on the ministry's paper.
//
// In place of the three lines, a translation has `of <body hash>`, `language en` and `translator <line>`, a
// reply `message <hash of its age file>`, an exhibit `of <body hash>`, and a note and events of the desk nothing.
type Review struct {
	Case ledger.Hash
	At   time.Time // UTC, whole seconds
	Kind Kind

	Nexus       string      // of a grade; empty where it does not say
	Source      string      // also: A to F
	Information string      // also: 1 to 6
	Of          ledger.Hash // of a translation and an exhibit: the submission's body
	Language    string      // of a translation: what it is in
	Translator  string      // who or what made it, one line; empty where the author did
	Message     ledger.Hash // of a reply: the age file that the reporter gets

	Text string
}

// Marshal writes the review's text.
func (r Review) Marshal() []byte {
	var b strings.Builder
	b.WriteString(header + "\ncase " + r.Case.String() + "\nat " + r.At.UTC().Format(timeLayout) + "\nkind " + string(r.Kind) + "\n")
	switch r.Kind {
	case Grade:
		b.WriteString("nexus " + canonical.Dash(r.Nexus) + "\nsource " + canonical.Dash(r.Source) + "\ninformation " + canonical.Dash(r.Information) + "\n")
	case Translation:
		b.WriteString("of " + r.Of.String() + "\nlanguage " + r.Language + "\ntranslator " + canonical.Dash(r.Translator) + "\n")
	case Reply:
		b.WriteString("message " + r.Message.String() + "\n")
	case Exhibit:
		b.WriteString("of " + r.Of.String() + "\n")
	}
	if r.Text != "" {
		b.WriteString("\n" + r.Text)
	}
	return []byte(b.String())
}

// Parse reads a review. An error names the line and is a canon.ErrMismatch.
func Parse(text []byte) (Review, error) {
	if len(text) > maxFile {
		return Review{}, canonical.Refuse("review: it has %d bytes, and at most %d are allowed", len(text), maxFile)
	}
	head, words, parted := strings.Cut(string(text), "\n\n")
	if parted {
		head += "\n"
	}
	c := canonical.Begin([]byte(head), maxFile, header)
	r := Review{Case: c.Hash(c.Word("case")), Text: words}
	at := c.Word("at")
	var err error
	if r.At, err = time.Parse(timeLayout, at); err != nil || r.At.Format(timeLayout) != at {
		c.Fail("not a time in UTC to the second (2006-01-02T15:04:05Z)")
	}
	r.Kind = Kind(c.Word("kind"))
	r.readKind(c)
	if err := c.End(); err != nil {
		return Review{}, canonical.Refuse("review: %w", err)
	}
	if parted && words == "" {
		return Review{}, canonical.Refuse("review: nothing follows its blank line")
	}
	return r, r.Check()
}

func (r *Review) readKind(c *canonical.Reader) {
	switch r.Kind {
	case Note, Desk:
	case Grade:
		r.Nexus, r.Source, r.Information = canonical.Undash(c.Word("nexus")), canonical.Undash(c.Word("source")), canonical.Undash(c.Word("information"))
	case Translation:
		r.Of, r.Language, r.Translator = c.Hash(c.Word("of")), c.Word("language"), canonical.Undash(c.Value("translator"))
	case Reply:
		r.Message = c.Hash(c.Word("message"))
	case Exhibit:
		r.Of = c.Hash(c.Word("of"))
	default:
		c.Fail("there is no review of this kind")
	}
}

// Check refuses what Parse would refuse, with the reason as a sentence.
func (r Review) Check() error {
	if err := r.checkWords(); err != nil {
		return err
	}
	switch r.Kind {
	case Grade:
		return checkGrade(r)
	case Translation:
		if !isLanguage(r.Language) {
			return canonical.Refuse("a language is a tag like en or be-tarask")
		}
		return checkLine(r.Translator)
	}
	return nil
}

func (r Review) checkWords() error {
	switch needs := r.Kind == Note || r.Kind == Translation || r.Kind == Reply || r.Kind == Desk; {
	case r.Kind == Desk && len(r.Text) > MaxDesk:
		return canonical.Refuse("the events have %d bytes, and at most %d are allowed", len(r.Text), MaxDesk)
	case r.Kind == Desk && r.Text != "":
		return checkLetters(r.Text)
	case r.Kind == Exhibit && r.Text != "":
		return canonical.Refuse("a review of the kind %s has no words of its own", r.Kind)
	case needs && strings.TrimSpace(r.Text) == "":
		return canonical.Refuse("there are no words in it")
	}
	return CheckText(r.Text)
}

// CheckText refuses a text that is not UTF-8, too long, or has control characters other than tab and line feed.
func CheckText(s string) error {
	if len(s) > MaxText {
		return canonical.Refuse("the words have %d bytes, and at most %d are allowed", len(s), MaxText)
	}
	return checkLetters(s)
}

func checkLetters(s string) error {
	switch {
	case !utf8.ValidString(s):
		return canonical.Refuse("the words are not UTF-8")
	case strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\n' && c != '\t' || c == 0x7f }):
		return canonical.Refuse("the words have control characters in them")
	}
	return nil
}

const maxLine = 200

// checkLine refuses a value that does not fit into one line.
func checkLine(s string) error {
	switch {
	case len(s) > maxLine:
		return canonical.Refuse("who translated it takes at most %d bytes", maxLine)
	case s == "-", strings.TrimSpace(s) != s, !utf8.ValidString(s), strings.ContainsFunc(s, canonical.Hidden):
		return canonical.Refuse("who translated it is one line of words")
	}
	return nil
}

// isLanguage accepts the letters and form of a BCP 47 tag.
func isLanguage(s string) bool {
	if len(s) < 2 || len(s) > 35 {
		return false
	}
	for i, part := range strings.Split(s, "-") {
		if part == "" || len(part) > 8 || i == 0 && len(part) > 3 || strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
			return false
		}
	}
	return true
}

// CheckLanguage refuses a tag that is not of BCP 47, or has a subtag that its registry does not know. Parse takes every
// well-formed tag: the registry grows.
func CheckLanguage(tag string) error {
	if !isLanguage(tag) {
		return canonical.Refuse("a language is a tag like en or be-tarask")
	}
	if _, err := language.Parse(tag); err != nil {
		return canonical.Refuse("%q names no language: %w", tag, err)
	}
	return nil
}

// CaseID names a case as trustees call it, by the body hash of its first report.
func (r Review) CaseID() string { return "c" + hex.EncodeToString(r.Case[:5]) }
