package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/server/outbox"
	"zapis/store"
)

// acceptVerb applies statements that trustees have signed to the ledger.
type acceptVerb struct {
	Dir  string   `required:"" placeholder:"D" help:"The ledger's folder."`
	File []string `arg:"" name:"outbox.tar" help:"What zapis outbox or zapis approve wrote. Several are taken one after the other."`
}

// inboxDir holds copies of submitted files while they are read. The serving process has no access to files outside the
// ledger's folder.
const inboxDir = "inbox"

type acceptArgs struct {
	Name string `json:"name"` // of the copy
}

func (v *acceptVerb) Run(ctx context.Context, s *cli.Streams) error {
	lines := &outcomes{w: s.Out}
	for _, name := range v.File {
		f, err := cli.OpenOf(name, cli.KindOutbox)
		if err != nil {
			return err
		}
		err = v.take(ctx, s, lines, f)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	const hint = "the rest was taken; the same may be handed in again"
	switch {
	case lines.refused > 0:
		return exit.New(exit.Mismatch, hint, "statements refused: %d, as said above", lines.refused)
	case lines.late > 0:
		return exit.New(exit.Failed, hint, "statements not taken: %d, as said above", lines.late)
	}
	return nil
}

func (v *acceptVerb) take(ctx context.Context, s *cli.Streams, lines *outcomes, f *os.File) error {
	copied, err := intoInbox(v.Dir, f)
	if err != nil {
		return err
	}
	defer os.Remove(filepath.Join(v.Dir, inboxDir, copied))
	to := newScreen(lines, s)
	defer to.done()
	return perform(ctx, v.Dir, "accept", acceptArgs{copied}, to)
}

// outcomes writes one line per outcome and counts the rejected statements.
type outcomes struct {
	w             io.Writer
	refused, late int
}

// Prefixes of the lines of a statement that does not verify, and of a valid statement that can't be applied now.
const (
	refusedMark = "REFUSED "
	lateMark    = "NOT TAKEN "
)

func (o *outcomes) Write(line []byte) (int, error) {
	switch {
	case bytes.HasPrefix(line, []byte(refusedMark)):
		o.refused++
	case bytes.HasPrefix(line, []byte(lateMark)):
		o.late++
	}
	return o.w.Write(line)
}

func intoInbox(dir string, from io.Reader) (string, error) {
	if _, err := os.Stat(dir); err != nil {
		return "", err
	}
	inbox := filepath.Join(dir, inboxDir)
	if err := os.MkdirAll(inbox, 0o700); err != nil {
		return "", err
	}
	to, err := os.CreateTemp(inbox, "in-*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	if closed := to.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(to.Name())
		return "", err
	}
	return filepath.Base(to.Name()), nil
}

// acceptHandedIn is the operation behind acceptVerb. It writes one line per statement.
func acceptHandedIn(ctx context.Context, st *store.Store, args acceptArgs, to reporter) error {
	if args.Name != filepath.Base(args.Name) {
		return exit.New(exit.Usage, "", "not the name of a copy: %q", args.Name)
	}
	f, err := os.Open(filepath.Join(st.Dir(), inboxDir, args.Name))
	if err != nil {
		return err
	}
	defer f.Close()
	return outbox.New(st, time.Now).File(ctx, f, func(o outbox.Outcome) { escape.Fprintln(to, outcomeLine(o)) })
}

func outcomeLine(o outbox.Outcome) string {
	who := o.From
	if who == "" {
		who = o.Statement.Signer
	}
	line := fmt.Sprintf("%s %d of %s: ", o.Statement.Kind, o.Statement.Number, escape.Text(who))
	if o.Err == nil {
		return line + o.Text
	}
	mark := lateMark
	if exit.StatusOf(o.Err) == exit.Mismatch {
		mark = refusedMark
	}
	text := mark + line + escape.Text(o.Err.Error())
	if hint := cli.Hint(o.Err); hint != "" {
		text += " (" + hint + ")"
	}
	return text
}
