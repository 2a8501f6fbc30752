// Command generate writes the carry file of a ledger with many invented reports:
//
//	go run ./internal/bench/generate --reports 10000 --out carry.tar --trustees DIR
//
// They are sealed to the cards (*.card) in DIR. Where there is none, three trustees are made there, each with a
// key, a card and its passphrase in a file: for measuring, never for people.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zapis/crypto/card"
	"zapis/internal/bench/sample"
	"zapis/internal/cli"
	"zapis/internal/exit"
)

const about = `Make a ledger of many invented reports, as a carry file, to measure with.`

type grammar struct {
	Reports  int    `default:"10000" help:"How many reports."`
	More     int    `help:"So many more, in a second carry file that goes on from the first: OUT.more."`
	Out      string `required:"" placeholder:"FILE" help:"The carry file to write. There must be none of this name."`
	Trustees string `required:"" placeholder:"DIR" help:"The folder with the cards of the trustees. Where it has none, three are made."`
}

func main() {
	os.Exit(int(cli.Program{Name: "generate", About: about, Grammar: new(grammar)}.Main()))
}

// Run makes the ledger and writes it.
func (g *grammar) Run(ctx context.Context, s *cli.Streams) (err error) {
	if g.Reports < 1 || g.More < 0 {
		return exit.New(exit.Usage, "", "a ledger to measure with has at least one report")
	}
	cards, err := trustees(g.Trustees)
	if err != nil {
		return err
	}
	spool, err := os.CreateTemp(filepath.Dir(g.Out), ".parts-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, spool.Close(), os.Remove(spool.Name())) }()
	l, err := sample.New(spool, cards)
	if err != nil {
		return err
	}
	since := uint64(0)
	for name, n := range steps(g) {
		p := s.Progress("sealing reports", int64(n))
		err := l.Grow(ctx, n, func(done int) { p.At(int64(done)) })
		p.Done()
		if err != nil {
			return err
		}
		if err := write(name, l, since); err != nil {
			return err
		}
		fmt.Fprintf(s.Out, "%s: entries %d to %d of %s\n", name, since, l.Size()-1, l.Card())
		since = l.Size()
	}
	return nil
}

func steps(g *grammar) func(yield func(string, int) bool) {
	return func(yield func(string, int) bool) {
		if yield(g.Out, g.Reports) && g.More > 0 {
			yield(g.Out+".more", g.More)
		}
	}
}

// write makes the file; one that is not whole does not stay.
func write(name string, l *sample.Ledger, since uint64) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = l.Carry(w, since)
	if err == nil {
		err = w.Flush()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(name)
	}
	return err
}

// trustees reads the cards in a folder, or makes three trustees there.
func trustees(dir string) ([]card.Card, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.card"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return invent(dir)
	}
	var cards []card.Card
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c, err := card.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		cards = append(cards, c)
	}
	return cards, nil
}

const passphrase = "invented, and only to measure with"

func invent(dir string) ([]card.Card, error) {
	var cards []card.Card
	for _, name := range []string{"anna", "boris", "vera"} {
		id, err := cli.NewIdentity(name)
		if err != nil {
			return nil, err
		}
		file := filepath.Join(dir, name+".key")
		if err := id.WriteFiles(file, passphrase, cli.WorkFactor); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".pass"), []byte(passphrase+"\n"), 0o600); err != nil {
			return nil, err
		}
		cards = append(cards, id.Card)
	}
	return cards, nil
}
