package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"zapis/internal/exit"
)

type sample struct {
	Identity string    `help:"Your identity file."`
	Bundle   bundleCmd `cmd:"" help:"Write a bundle."`
	Fail     failCmd   `cmd:"" help:"Go wrong."`
}

type bundleCmd struct {
	Withhold []string          `help:"Leave a field out."`
	Note     map[string]string `help:"A note."`
	Case     string            `arg:"" help:"The case."`
}

func (b *bundleCmd) Run(ctx context.Context, s *Streams, g *sample) error {
	fmt.Fprintf(s.Out, "%s %q %q %q\n", b.Case, b.Withhold, b.Note, g.Identity)
	return ctx.Err()
}

type failCmd struct {
	Status int `arg:""`
}

func (f *failCmd) Run() error {
	return exit.New(exit.Status(f.Status), "do \x1b[2Jthat", "entry 3 \u202edoes not fit")
}

func runSample(t *testing.T, ctx context.Context, args ...string) (status exit.Status, out, talk string) {
	t.Helper()
	var o, e bytes.Buffer
	p := Program{Name: "sample", About: "A program that is only here to be asked.", Grammar: new(sample)}
	status = p.Run(ctx, args, &Streams{In: strings.NewReader(""), Out: &o, Err: &e})
	return status, o.String(), e.String()
}

func TestProgram(t *testing.T) {
	for _, tt := range []struct {
		args   string
		status exit.Status
		out    string
		talk   string
	}{
		{"bundle c1 --withhold name,contact --withhold=A01 --note a=b;c=d --identity k", 0,
			`c1 ["name,contact" "A01"] map["a":"b;c=d"] "k"` + "\n", ""},
		{"bundle", 2, "", "sample: case is missing\nhint: sample bundle --help says what it takes\n"},
		{"bundle c1 --frob", 2, "", "sample: unknown flag --frob\nhint: sample bundle --help says what it takes\n"},
		{"frob", 2, "", "sample: unexpected argument frob\nhint: sample --help says what it takes\n"},
		{"", 2, "", "sample: expected one of \"bundle\", \"fail\"\nhint: sample --help says what it takes\n"},
		{"fail 3", 3, "", "sample: entry 3 \\u{202e}does not fit\nhint: do \\u{1b}[2Jthat\n"},
		{"fail 1", 1, "", "sample: entry 3 \\u{202e}does not fit\nhint: do \\u{1b}[2Jthat\n"},
	} {
		status, out, talk := runSample(t, t.Context(), strings.Fields(tt.args)...)
		if status != tt.status || out != tt.out || talk != tt.talk {
			t.Errorf("%q: status %d, stdout %q, stderr %q", tt.args, status, out, talk)
		}
	}
}

func TestHelpGoesToStdout(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"bundle", "--help"}} {
		status, out, talk := runSample(t, t.Context(), args...)
		if status != 0 || !strings.HasPrefix(out, "Usage: sample") || talk != "" {
			t.Errorf("%q: status %d, stdout %q, stderr %q", args, status, out, talk)
		}
	}
	if _, out, _ := runSample(t, t.Context(), "bundle", "--help"); strings.Contains(out, ",...") {
		t.Errorf("help promises a list split at commas:\n%s", out)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	status, _, talk := runSample(t, ctx, "bundle", "c1")
	if status != exit.Failed || talk != "sample: interrupted\n" {
		t.Errorf("status %d, stderr %q", status, talk)
	}
}

func TestWrongGrammar(t *testing.T) {
	p := Program{Name: "sample", Grammar: 7}
	var talk bytes.Buffer
	status := p.Run(t.Context(), nil, &Streams{Err: &talk, Out: &talk})
	if status != exit.Failed || !strings.HasPrefix(talk.String(), "sample: the grammar of sample: ") {
		t.Errorf("status %d: %q", status, talk.String())
	}
}

func TestErrorWithoutStatus(t *testing.T) {
	var talk bytes.Buffer
	WriteError(&talk, "zapis", errors.Join(errors.New("one"), errors.New("two")))
	if talk.String() != "zapis: one\ntwo\n" {
		t.Errorf("%q", talk.String())
	}
}

// Errors of the system have a hint too, unless a closer one was added.
func TestSystemHints(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&fs.PathError{Op: "write", Path: "a.zip", Err: syscall.ENOSPC}, "zapis: write a.zip: no space left on device\nhint: make room on that disk, and do it again\n"},
		{&fs.PathError{Op: "open", Path: "V", Err: syscall.EROFS}, "zapis: open V: read-only file system\nhint: that disk is write-protected: take the protection off, or name a place on another\n"},
		{&fs.PathError{Op: "open", Path: "V", Err: syscall.EACCES}, "zapis: open V: permission denied\nhint: the system does not let you: ask the person who owns the file or the folder, or looks after this computer\n"},
		{exit.New(exit.Failed, "nothing was done", "the log: %w", syscall.ENOSPC), "zapis: the log: no space left on device\nhint: nothing was done\n"},
	} {
		var talk bytes.Buffer
		if WriteError(&talk, "zapis", c.err); talk.String() != c.want {
			t.Errorf("%q\nwant %q", talk.String(), c.want)
		}
	}
}

// TestErrorsForgeNoLine: neither an error nor its hint shows a line feed of a file's name as one; a list of errors stays one.
func TestErrorsForgeNoLine(t *testing.T) {
	const name = "a\nhint: run this\u202e"
	missing := &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{exit.New(exit.Failed, "look at "+name, "import: %w", missing),
			`p: import: open a\u{a}hint: run this\u{202e}: file does not exist` + "\n" + `hint: look at a\u{a}hint: run this\u{202e}` + "\n"},
		{exit.Advise(exit.Failed, exit.PurgeCase.With(name), "%w", errors.Join(io.EOF, errors.New(name))),
			"p: EOF\n" + `a\u{a}hint: run this\u{202e}` + "\n" + `hint: zapis purge a\u{a}hint: run this\u{202e} takes that off; what is left of the case then may go out` + "\n"},
	} {
		var talk strings.Builder
		if WriteError(&talk, "p", tt.err); talk.String() != tt.want {
			t.Errorf("%q, want %q", talk.String(), tt.want)
		}
	}
}
