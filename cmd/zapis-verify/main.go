// Command zapis-verify checks what Zapis gives to third parties: a bundle, a
// receipt, a promise or a checkpoint. It reads files, says in plain sentences what they
// prove and what they do not, and writes that into a page where it is asked to. It
// opens no connection, unpacks nothing and runs nothing.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zapis/cmd/zapis-verify/check"
	"zapis/crypto/witness"
	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/sandbox"
)

const about = `Checks one file that came from a Zapis ledger, without a network: a bundle, a receipt, a promise or a checkpoint.

    zapis-verify bundle.zip
    zapis-verify bundle.zip --trust ledger-card.txt
    zapis-verify RELEASE --trust ledger-card.txt

RELEASE is a folder with SHA256SUMS and SHA256SUMS.zip, of a release of these programs.

It says what was proved, what was withheld, and what was NOT proved, and changes nothing. Without --trust it can say
whether a bundle fits together, but not whose it is: get the ledger's card from somewhere else than the bundle.

Exit status: 0 it fits together; 1 it could not be read; 2 wrong usage; 3 it does not verify; 4 the keys to verify it
with are not known, or it is sealed.`

type grammar struct {
	File   []string `arg:"" optional:"" help:"A bundle (one .zip, not unpacked), a receipt, a promise, a checkpoint, or the folder of a release of Zapis."`
	Trust  []string `placeholder:"CARD|FILE|DIR" help:"What you know from elsewhere: a ledger card, or a file or folder of ledger cards, trustees' cards, a genesis, keys of the log or of witnesses, root certificates of time-stamping authorities (PEM or DER), and older checkpoints or receipts to compare with. May be repeated."`
	Tiles  string   `placeholder:"DIR" help:"A copy of the ledger's public tiles, with its checkpoint, as zapisd mirror keeps it: shows whether a promise was kept. Not for bundles."`
	Policy string   `placeholder:"FILE" help:"A witness policy (C2SP tlog-policy), as you made it: the witnesses that it wants must have cosigned what is checked, or it does not verify."`
	JSON   bool     `name:"json" help:"Print the result as JSON."`
	Out    string   `placeholder:"FILE.html" help:"Also write the result as a page to print and file: what was checked, when, with which program, and what was found. Never overwritten."`
}

func main() {
	sandbox.Drop()
	os.Exit(int(cli.Program{Name: "zapis-verify", About: about, Grammar: new(grammar)}.Main()))
}

// Run checks the one file.
func (g *grammar) Run(ctx context.Context, s *cli.Streams) error {
	switch len(g.File) {
	case 0:
		return exit.New(exit.Usage, "type its name behind the command, for example: zapis-verify bundle.zip; zapis-verify --help says the rest", "no file was named that is to be checked")
	case 1:
	default:
		return exit.New(exit.Usage, `if the name has spaces in it, put it into quotation marks: zapis-verify "my bundle.zip"`, "%d files were named, and one is checked at a time: %q and %q", len(g.File), g.File[0], g.File[1])
	}
	name := g.File[0]
	known, err := readTrust(g.Trust, s.Err)
	if err != nil {
		return err
	}
	if g.Policy != "" {
		text, err := atomicfile.ReadSmall(g.Policy, witness.MaxPolicy)
		if err != nil {
			return check.Unreadable("--policy: ", g.Policy, err)
		}
		if err := known.Policy(g.Policy, text); err != nil {
			return err
		}
	}
	tiles, err := openTiles(g.Tiles)
	if err != nil {
		return err
	}
	if err := checkOut(g.Out); err != nil {
		return err
	}
	if isRelease(name) {
		if tiles != nil {
			return exit.New(exit.Usage, "check the release without tiles", "--tiles is for promises, receipts and checkpoints, and %s is a release", name)
		}
		return g.release(name, known, s)
	}
	f, size, err := openFile(name)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := hashBeside(f, size)
	v, err := g.check(name, f, size, known, tiles, s)
	if err != nil {
		return g.refuse(s.Out, err)
	}
	filing := check.Filing{Name: filepath.Base(name), Size: size, Trusted: known.Names()}
	if filing.SHA256, err = sum(); err != nil {
		return check.Unreadable("", name, err)
	}
	return g.report(s, v, filing, name)
}

// report writes the page, where one is wanted, and the answer. Its error is the refusal.
func (g *grammar) report(s *cli.Streams, v check.Verdict, f check.Filing, name string) error {
	f.At, f.Checker = time.Now(), "zapis-verify "+cli.Version()
	if g.Out != "" {
		if err := atomicfile.CreateFile(g.Out, check.Page(v, f), 0o644); err != nil {
			return err
		}
	}
	if err := show(s.Out, v, f, g.JSON); err != nil {
		return err
	}
	return v.Refusal(name)
}

// checkOut refuses a page that could not be written, before anything is checked.
func checkOut(name string) error {
	if name == "" {
		return nil
	}
	if !strings.HasSuffix(name, ".html") {
		return exit.New(exit.Usage, "name a file that ends in .html: a browser shows and prints it", "--out: %s is not the name of a page", name)
	}
	return cli.CheckFree(name)
}

// hashBeside begins to hash the whole file while it is checked, and returns what gives the hash in hex.
func hashBeside(r io.ReaderAt, size int64) func() (string, error) {
	type result struct {
		sum string
		err error
	}
	done := make(chan result, 1)
	go func() {
		h := sha256.New()
		_, err := io.CopyBuffer(h, io.NewSectionReader(r, 0, size), make([]byte, 1<<20))
		done <- result{hex.EncodeToString(h.Sum(nil)), err}
	}()
	return func() (string, error) {
		r := <-done
		return r.sum, r.err
	}
}

func (g *grammar) check(name string, f *os.File, size int64, known *check.Known, tiles fs.FS, s *cli.Streams) (check.Verdict, error) {
	p := s.Progress("checking", size)
	defer p.Done()
	return check.File(name, &counted{f, p}, size, known, tiles)
}

// openFile opens what is to be checked, and says of a folder what it is.
func openFile(name string) (*os.File, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, check.Unreadable("", name, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = notAFile(name, info)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

func notAFile(name string, info fs.FileInfo) error {
	if !info.IsDir() {
		return exit.New(exit.Usage, "copy it into a file first", "%s is not a file", name)
	}
	has := func(path string) bool {
		_, err := os.Stat(name + string(os.PathSeparator) + path)
		return err == nil
	}
	switch {
	case has("bagit.txt") || has("zapis-bundle"):
		return exit.New(exit.Usage, "give the .zip file itself, as you received it; VERIFY.txt in the folder says how to check what is unpacked with other programs",
			"%s is the folder that a bundle was unpacked into", name)
	case has("checkpoint") && has("tile"):
		return exit.New(exit.Usage, "name the promise, the receipt or the checkpoint, and give this folder to --tiles", "%s is a folder with a ledger's public tiles", name)
	}
	return exit.New(exit.Usage, "name the one file in it that is to be checked", "%s is a folder, and not a file", name)
}

// openTiles returns the folder of tiles, or nil where none was named.
func openTiles(name string) (fs.FS, error) {
	if name == "" {
		return nil, nil
	}
	info, err := os.Stat(name)
	if err == nil && !info.IsDir() {
		return nil, exit.New(exit.Usage, "name the folder that holds the file checkpoint and the folder tile", "--tiles: %s is not a folder", name)
	}
	var root *os.Root
	if err == nil {
		root, err = os.OpenRoot(name) // stays open until the process ends
	}
	if err != nil {
		return nil, check.Unreadable("--tiles: ", name, err)
	}
	return root.FS(), nil
}

// refuse prints the JSON object also where nothing could be checked: because the file is no such thing, or the keys
// are not known.
func (g *grammar) refuse(w io.Writer, err error) error {
	if r, ok := check.Unjudged(err); ok && g.JSON {
		if failed := escape.JSON(w, r); failed != nil {
			return failed
		}
	}
	return err
}

// counted moves the progress bar as the file is read.
type counted struct {
	io.ReaderAt
	p *cli.Progress
}

func (c *counted) ReadAt(b []byte, offset int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, offset)
	c.p.Add(int64(n))
	return n, err
}

func show(w io.Writer, v check.Verdict, f check.Filing, asJSON bool) error {
	if asJSON {
		return escape.JSON(w, check.Filed(v, f))
	}
	var b bytes.Buffer
	escape.Fprintln(&b, v.First())
	for _, l := range v.Lists() {
		escape.Fprintf(&b, "\n%s:\n", l.Title)
		for _, sentence := range l.Sentences {
			escape.Fprintf(&b, "- %s\n", sentence)
		}
	}
	escape.Fprintf(&b, "\nWhat was checked:\n")
	for _, line := range f.Lines() {
		escape.Fprintf(&b, "- %s\n", line)
	}
	_, err := w.Write(b.Bytes())
	return err
}
