// Command zapis-verify checks what Zapis gives to third parties: a bundle, a
// receipt, a promise or a checkpoint. It reads files, says in plain sentences what they
// prove and what they do not, and does nothing else: it opens no connection,
// unpacks nothing and runs nothing.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"zapis/crypto/ledger"
	"zapis/internal/bundle"
	"zapis/internal/command"
	"zapis/internal/fault"
	"zapis/internal/offline"
)

const about = `Check a bundle, a receipt, a promise or a checkpoint, offline.

Says what was proved, what was withheld and what was not proved. Exit status: 0 it fits together; 1 it could
not be read; 2 wrong usage; 3 it does not verify; 4 the keys to verify it with are not known.`

type grammar struct {
	File  string   `arg:"" help:"A bundle (.zip), a receipt, a promise or a checkpoint."`
	Trust []string `placeholder:"CARD|DIR" help:"What you know from elsewhere: a ledger card, or a file or folder of ledger cards, trustees' cards, a genesis, keys of the log or of witnesses, root certificates of time-stamping authorities (PEM), and older checkpoints or receipts to compare with. May be repeated."`
	Tiles string   `placeholder:"DIR" help:"A copy of the ledger's public tiles, with its checkpoint, as zapisd mirror keeps it. Not for bundles."`
	JSON  bool     `name:"json" help:"Print the result as JSON."`
}

func main() {
	offline.Drop()
	os.Exit(int(command.Program{Name: "zapis-verify", About: about, Grammar: new(grammar)}.Main()))
}

// The kinds of file, by how they begin.
var (
	magicZip     = []byte("PK\x03\x04")
	magicReceipt = []byte("c2sp.org/tlog-proof@v1\n")
	magicPromise = []byte("zapis/promise/v1\n")
	magicAge     = []byte("age-encryption.org/v1\n")
)

// Run checks the one file.
func (g *grammar) Run(ctx context.Context, s *command.Streams) error {
	known, err := readTrust(g.Trust, s.Err)
	if err != nil {
		return err
	}
	f, err := os.Open(g.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fault.New(fault.Usage, "give the zip file itself, not the folder it was unpacked into", "%s is not a file", g.File)
	}
	begin := make([]byte, 32)
	n, err := f.ReadAt(begin, 0)
	if err != nil && err != io.EOF {
		return err
	}
	begin = begin[:n]
	if g.Tiles != "" && bytes.HasPrefix(begin, magicZip) {
		return fault.New(fault.Usage, "take the receipt out of the bundle: data/ledger/receipt", "--tiles is for promises, receipts and checkpoints, and %s is a bundle", g.File)
	}
	var v verdict
	switch {
	case bytes.HasPrefix(begin, magicZip):
		v, err = g.checkBundle(f, info.Size(), known, s)
	case bytes.HasPrefix(begin, magicReceipt):
		v, err = withText(f, func(text []byte) (verdict, error) { return checkReceipt(text, known, g.Tiles) })
	case bytes.HasPrefix(begin, magicPromise):
		v, err = withText(f, func(text []byte) (verdict, error) { return checkPromise(text, known, g.Tiles) })
	case bytes.HasPrefix(begin, magicAge):
		err = fault.New(fault.KeyMissing, "open it first: age -d -o FILE.zip "+g.File, "%s is sealed with age", g.File)
	default:
		v, err = withText(f, func(text []byte) (verdict, error) {
			if _, ok := isCheckpoint(text); !ok {
				return verdict{}, fault.New(fault.Mismatch, "", "%s is neither a bundle, nor a receipt, nor a promise, nor a checkpoint", g.File)
			}
			return checkCheckpoint(text, known, g.Tiles)
		})
	}
	if err != nil {
		return g.refuse(s.Out, err)
	}
	if err := v.print(s.Out, g.JSON); err != nil {
		return err
	}
	if !v.OK {
		return fault.New(fault.Mismatch, "keep the file as it is, and tell whoever gave it to you", "%s does not verify", g.File)
	}
	return nil
}

// refuse gives a program the one object that it waits for also where nothing could be checked: because the file is
// no such thing, or the keys are not known.
func (g *grammar) refuse(w io.Writer, err error) error {
	r := bundle.Report{Proved: []string{}, Withheld: []string{}, NotProved: []string{}, Faults: []string{}}
	switch fault.StatusOf(err) {
	case fault.Mismatch:
		r.Faults = append(r.Faults, err.Error())
	case fault.KeyMissing:
		r.NotProved = append(r.NotProved, err.Error())
	default:
		return err
	}
	if !g.JSON {
		return err
	}
	if failed := (verdict{Report: r}).print(w, true); failed != nil {
		return failed
	}
	return err
}

func (g *grammar) checkBundle(f *os.File, size int64, known *trust, s *command.Streams) (verdict, error) {
	p := s.Progress("checking", size)
	defer p.Done()
	r, err := bundle.Check(&counted{f, p}, size, known.options)
	return verdict{r, known.anchor()}, err
}

// counted moves the progress bar as the file is read.
type counted struct {
	io.ReaderAt
	p *command.Progress
}

func (c *counted) ReadAt(b []byte, offset int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, offset)
	c.p.Add(int64(n))
	return n, err
}

// withText reads a file that has to be small.
func withText(f *os.File, check func([]byte) (verdict, error)) (verdict, error) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, ledger.MaxReceipt+1))
	if err != nil {
		return verdict{}, err
	}
	return check(text)
}

// A verdict is a report and how it is told.
type verdict struct {
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

func (v verdict) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return command.WriteJSON(w, v.Report)
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, v.first())
	list := func(title string, sentences []string) {
		for i, sentence := range sentences {
			if i == 0 {
				fmt.Fprintf(&b, "\n%s:\n", title)
			}
			fmt.Fprintf(&b, "- %s\n", command.Escape(sentence))
		}
	}
	list("What does not fit", v.Faults)
	list("Proved", v.Proved)
	list("Withheld", v.Withheld)
	list("NOT proved", v.NotProved)
	_, err := w.Write(b.Bytes())
	return err
}

// first is the first line, for whoever reads no further.
func (v verdict) first() string {
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
