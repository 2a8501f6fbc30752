// Package check judges what Zapis gives to third parties: a bundle, a receipt,
// a promise or a checkpoint. It is all that zapis-verify and the page
// verify.html have in common: bytes in, sentences out. It opens no file and no
// connection, unpacks nothing and runs nothing.
package check

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/evidence/bundle"
	"zapis/internal/exit"
)

// The kinds of file, by how they begin.
var (
	magicZip     = []byte("PK\x03\x04")
	magicReceipt = []byte("c2sp.org/tlog-proof@v1\n")
	magicPromise = []byte("zapis/promise/v1\n")
)

// File judges one file of so many bytes. Tiles are a copy of the ledger's
// public tiles, or nil. An error says that the file could not be judged, with
// what to do: it is no such thing, or the keys to verify it with are not known.
func File(name string, r io.ReaderAt, size int64, known *Known, tiles fs.FS) (Verdict, error) {
	begin := make([]byte, cli.Sniffed)
	n, err := r.ReadAt(begin, 0)
	if err != nil && err != io.EOF {
		return Verdict{}, err
	}
	begin = begin[:n]
	if bytes.HasPrefix(begin, magicZip) {
		if tiles != nil {
			return Verdict{}, exit.New(exit.Usage, "check the bundle without tiles; then take the receipt out of it, data/ledger/receipt, and check that with them",
				"--tiles is for promises, receipts and checkpoints, and %s is a bundle", name)
		}
		report, err := bundle.Check(r, size, known.options)
		return Verdict{report, known.anchor()}, err
	}
	if err := known.genesisBeside(tiles); err != nil {
		return Verdict{}, err
	}
	text, err := io.ReadAll(io.NewSectionReader(r, 0, ledger.MaxReceipt+1))
	if err != nil {
		return Verdict{}, err
	}
	switch _, checkpoint := isCheckpoint(text); {
	case bytes.HasPrefix(begin, magicReceipt):
		return checkReceipt(text, known, tiles)
	case bytes.HasPrefix(begin, magicPromise):
		return checkPromise(text, known, tiles)
	case checkpoint:
		return checkCheckpoint(text, known, tiles)
	}
	return Verdict{}, other(name, begin)
}

// A Verdict is a report and how it is told.
type Verdict struct {
	bundle.Report
	anchor anchor
}

// An anchor is what the check was tied to that was known beforehand.
type anchor int

const (
	anchorNone anchor = iota
	anchorKeys
	anchorLedger
)

// refused returns a verdict of one fault.
func refused(err error) Verdict {
	return Verdict{Report: bundle.Report{Proved: []string{}, Withheld: []string{}, NotProved: []string{}, Faults: []string{err.Error()}}}
}

// accepted returns a verdict without one. c is nil where only the log's keys
// were known, and not the ledger's card.
func accepted(c *card.LedgerCard, proved, notProved []string) Verdict {
	v := Verdict{Report: bundle.Report{OK: true, Proved: proved, Withheld: []string{}, NotProved: notProved, Faults: []string{}}, anchor: anchorLedger}
	if c == nil {
		v.anchor = anchorKeys
		v.NotProved = append([]string{"Whose ledger this is: you gave its log's keys, and no ledger card."}, notProved...)
	}
	return v
}

// Unjudged returns the report that an error of File amounts to; false where
// the file could not be read at all.
func Unjudged(err error) (bundle.Report, bool) {
	r := bundle.Report{Proved: []string{}, Withheld: []string{}, NotProved: []string{}, Faults: []string{}}
	switch exit.StatusOf(err) {
	case exit.Mismatch:
		r.Faults = append(r.Faults, err.Error())
	case exit.KeyMissing:
		r.NotProved = append(r.NotProved, err.Error())
	default:
		return r, false
	}
	return r, true
}

// First returns the first line of the verdict.
func (v Verdict) First() string {
	switch {
	case !v.OK:
		return "does NOT verify"
	case v.anchor == anchorLedger:
		return "consistent, and of a ledger that you trust"
	case v.anchor == anchorKeys:
		return "consistent, and signed with keys that you trust; whose ledger this is was NOT proved"
	}
	return bundle.Unproved
}

// Trusted reports whether it is good, and of a ledger that was known
// beforehand.
func (v Verdict) Trusted() bool { return v.OK && v.anchor == anchorLedger }

// A List is one part of what is told.
type List struct {
	Title     string   `json:"title"`
	Sentences []string `json:"sentences"` // escaped: they can be shown as they are
}

// Lists returns what is told below the first line, without those that are
// empty.
func (v Verdict) Lists() []List {
	var all []List
	for _, l := range []List{{"What does not fit", v.Faults}, {"Proved", v.Proved}, {"Withheld", v.Withheld}, {"NOT proved", v.NotProved}} {
		if len(l.Sentences) == 0 {
			continue
		}
		shown := List{Title: l.Title}
		for _, s := range l.Sentences {
			shown.Sentences = append(shown.Sentences, escape.Text(s))
		}
		all = append(all, shown)
	}
	return all
}

// Refusal returns the error of a verdict that is bad, and nil of one that is
// good.
func (v Verdict) Refusal(name string) error {
	if v.OK {
		return nil
	}
	hint := "keep the file as it is, and tell the person who gave it to you"
	switch kind, _, _ := strings.Cut(v.Faults[0], ":"); kind {
	case "zip":
		hint += "; if it was unpacked and packed again on the way, ask for the one that was not: a bundle is one file, and stays as it was made"
	case "receipt", "promise", "checkpoint":
		hint += "; if it was pasted into a mail or a document on the way, have the file itself sent: pasting changes a text"
	}
	return exit.New(exit.Mismatch, hint, "%s does not verify", name)
}

// Unreadable returns an error of the system in words for the user who named
// the file.
func Unreadable(what, name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return exit.New(exit.StatusOf(err), "look at how it is written, and in which folder you are; a name with spaces in it takes quotation marks",
			"%s%s is not there", what, name)
	case errors.Is(err, fs.ErrPermission):
		return exit.New(exit.StatusOf(err), "ask the person who owns it, or looks after this computer, to let you read it",
			"%s%s may not be read by you: the system refuses it", what, name)
	}
	return exit.New(exit.StatusOf(err), "copy it to another disk or stick first: this one may be failing", "%s%s can't be read: %w", what, name, err)
}
