package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault"
)

// importCmd takes a carry file into a vault.
type importCmd struct {
	vaultFlag
	Ledger string `placeholder:"CARD" help:"The ledger card that the file must be of: its line, or a file with it."`
	Old    string `name:"continues" placeholder:"VAULT" help:"The vault of the ledger that this one goes on from: whether it does is then verified, and kept."`
	File   string `arg:"" name:"carry.tar" help:"What zapisd export wrote."`
}

func (i *importCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	want, err := cli.LedgerCardFlag(i.Ledger)
	if err != nil {
		return err
	}
	f, err := cli.OpenOf(i.File, cli.KindCarry)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := vault.CheckFolder(i.Vault, true); err != nil { // before the passphrase is asked for
		return err
	}
	key, release, err := i.unlocked(ctx, g, false)
	if err != nil {
		return err
	}
	defer release()
	v, err := i.open(ctx, s, key, true)
	if err != nil {
		return err
	}
	defer v.Close()
	o := vault.ImportOptions{Card: want, Key: key}
	if i.Old != "" {
		old, err := vaultFlag{i.Old}.open(ctx, s, nil, false)
		if err != nil {
			return err
		}
		defer old.Close()
		o.Continues = old.Vault
	}
	done, err := v.Import(ctx, watched(s, f), o)
	if err != nil {
		return err
	}
	return i.report(ctx, s, v, key, done)
}

// maxNews is how many cases an import names.
const maxNews = 40

// tellNews says which cases are new, and which have something new, those in danger first. The import is done: what
// stands in the way of opening a statement is for list to say.
func tellNews(ctx context.Context, s *cli.Streams, v *casework.Trustee, done *casework.Imported) {
	bar := s.Progress("opening statements", 0)
	cases, err := v.SortNew(ctx, done, func(n, _ int) { bar.At(int64(n)) })
	bar.Done()
	if err != nil {
		warn(s, "which cases are new could not be told: %v", err)
		return
	}
	news := cases.News(done)
	for n, one := range news {
		if n == maxNews {
			escape.Fprintf(s.Out, "…        and %s\n", casework.Many(len(news)-n, "case more", "cases more"))
			return
		}
		sum := one.Summary
		escape.Fprintln(s.Out, strings.TrimRight(fmt.Sprintf("case     %s  %-9s  %s  %s", sum.Case, place(&sum), one.Words(), danger(&sum)), " "))
	}
	if n := len(cases.Sealed); n > 0 {
		escape.Fprintf(s.Err, "%s closed until other trustees have granted: zapis list names them.\n", casework.Many(n, "statement is", "statements are"))
	}
}

// tellBefore says which ledger this one continues, and whether that was verified.
func tellBefore(s *cli.Streams, v *casework.Trustee) error {
	before, verified, err := v.Continues()
	if err != nil || before == nil {
		return err
	}
	how := "NOT verified: --continues VAULT does it"
	if verified {
		how = "verified against its vault"
	}
	_, err = escape.Fprintf(s.Out, "before   %d entries of %s, root %s: %s\n", before.Size, before.Origin, before.Root, how)
	return err
}

func (i *importCmd) report(ctx context.Context, s *cli.Streams, v *casework.Trustee, key *vault.Key, done *casework.Imported) error {
	at, out := v.ThrownOut(done.From)
	if out {
		warn(s, "YOU ARE NO TRUSTEE ANY MORE: the set of entry %d does not have you. What is sealed from then on you can't read", at)
	}
	escape.Fprintf(s.Out, "ledger   %s\n", v.Ledger())
	if done.Nothing {
		escape.Fprintln(s.Out, "new      nothing: the vault holds all of it already")
	} else {
		escape.Fprintf(s.Out, "new      %s, %s among them\n", casework.Many(int(done.Size-done.From), "entry", "entries"), casework.Many(done.Reports, "submission", "submissions"))
	}
	escape.Fprintf(s.Out, "now      %s, %s\n", casework.Many(int(done.Size), "entry", "entries"), casework.Many(done.Waiting, "submission waiting", "submissions waiting"))
	if key != nil && !done.Nothing {
		tellNews(ctx, s, v, done)
	}
	if i.Ledger == "" && done.From == 0 && !done.Nothing {
		escape.Fprintln(s.Err, "No --ledger was given: compare the ledger's line with its card, as you got it from somebody you know.")
	}
	if key == nil {
		escape.Fprintln(s.Err, "No --identity was given: whether your own stanzas and shares open was not tried.")
	}
	if err := tellBefore(s, v); err != nil {
		return err
	}
	if err := reportChanges(s, v, done.From); err != nil {
		return err
	}
	if done.Successor != "" {
		warn(s, "your custody log begins again, and says so: %s. If you still have that vault, go on with it, and delete this one", done.Successor)
	}
	for _, text := range done.Pending {
		warn(s, "the operator has not taken in your %s", text)
	}
	for _, text := range done.Anchors {
		warn(s, "%s", text)
	}
	for _, m := range done.Mismatches {
		warn(s, "%s", m.Text)
	}
	if n := len(done.Mismatches); n > 0 {
		return exit.New(exit.Mismatch, "tell the other trustees; the vault keeps it as evidence", "the file is in the vault, and %s wrong with it, as said above",
			casework.Many(n, "thing is", "things are"))
	}
	if out {
		return exit.New(exit.Mismatch, "ask the others, by voice, whether they meant that; zapis trustees shows who approved it",
			"the file is in the vault, and the set of entry %d has thrown you out", at)
	}
	return nil
}

// reportChanges prints every change of trustees, thresholds and keys among the new entries, every erasure and hold, and
// what is announced.
func reportChanges(s *cli.Streams, v *casework.Trustee, from uint64) error {
	changes, err := v.Changes(from)
	if err != nil {
		return err
	}
	for _, one := range changes {
		writeChange(s, changeShown{one.Index, one.Title, one.Words, one.By})
	}
	announced, err := v.Announced()
	for _, one := range announced {
		writeAnnounced(s, announceShown{changeShown{Entry: one.Index}, one.Left, one.CanStop})
	}
	return err
}

// watched shows how far a file has been read.
func watched(s *cli.Streams, f *os.File) io.Reader {
	var size int64
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	return &watchedReader{f, s.Progress("reading", size)}
}

type watchedReader struct {
	r   io.Reader
	bar *cli.Progress
}

func (w *watchedReader) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.bar.Add(int64(n))
	if err != nil {
		w.bar.Done()
	}
	return n, err
}
