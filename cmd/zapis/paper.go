package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/paperkey"
)

// paperCmd puts an identity file on paper, and brings it back.
type paperCmd struct {
	Restore []string `placeholder:"FILE" help:"Bring an identity back from what was typed or scanned, instead; - is the standard input. Repeat it for more codes."`
	Untried bool     `help:"With --restore: do not try whether the passphrase opens it, and write no card."`
	Out     string   `required:"" placeholder:"FILE" help:"The page to write, ending in .pdf, .html or .txt; with --restore, the identity file. It is never overwritten."`
}

func (p *paperCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if len(p.Restore) > 0 {
		return p.restore(ctx, s, g)
	}
	ending := strings.ToLower(filepath.Ext(p.Out))
	if !slices.Contains(paperkey.Formats(), ending) {
		return exit.New(exit.Usage, "a page to print is best a .pdf", "--out %s: it ends in none of %s", p.Out, strings.Join(paperkey.Formats(), " "))
	}
	if err := cli.CheckFree(p.Out); err != nil {
		return err
	}
	file, err := g.Sealed()
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := paperkey.Page(&page, ending, file, "zapis paper --restore FILE --out identity.key"); err != nil {
		return err
	}
	if err := cli.CreateFile(p.Out, page.Bytes(), 0o600); err != nil {
		return err
	}
	escape.Fprintln(s.Out, p.Out)
	escape.Fprintln(s.Err, "Print it, try the way back with zapis paper --restore, and delete the file. Keep the paper apart from the passphrase.")
	return nil
}

func (p *paperCmd) restore(ctx context.Context, s *cli.Streams, g *grammar) error {
	if err := cli.CheckFree(p.Out, cli.CardFile(p.Out)); err != nil {
		return err
	}
	var text []byte
	for _, name := range p.Restore {
		part, err := readTyped(s, name)
		if err != nil {
			return err
		}
		text = append(append(text, part...), '\n')
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return exit.New(exit.Failed, "type the lines of the paper into it, or scan its codes", "there is nothing in %s", strings.Join(p.Restore, ", "))
	}
	file, err := paperkey.Restore(text)
	if err != nil {
		return exit.New(exit.Mismatch, "compare that line, or that code, with the paper", "%w", err)
	}
	if p.Untried {
		if err := cli.CreateFile(p.Out, file, 0o600); err != nil {
			return err
		}
		escape.Fprintln(s.Out, p.Out)
		return nil
	}
	id, err := g.Try(ctx, file)
	if err != nil {
		return err
	}
	if err := errors.Join(cli.CreateFile(p.Out, file, 0o600), cli.CreateFile(cli.CardFile(p.Out), id.Card.Marshal(), 0o644)); err != nil {
		return err
	}
	escape.Fprintln(s.Out, p.Out)
	escape.Fprintf(s.Err, "It opens, and is the identity of %s (%s).\n", id.Card.Name, id.Card.Fingerprint())
	return nil
}

func readTyped(s *cli.Streams, name string) ([]byte, error) {
	if name != "-" {
		return atomicfile.ReadSmall(name, 16*paperkey.MaxFile)
	}
	return io.ReadAll(io.LimitReader(s.In, 16*paperkey.MaxFile+1))
}

// cardCmd shows what a card is known by.
type cardCmd struct {
	File string `arg:"" name:"FILE.card" help:"A card, as zapis keygen writes it beside the key."`
}

func (c *cardCmd) Run(s *cli.Streams) error {
	one, err := readCard(c.File)
	if err != nil {
		return err
	}
	file := one.Marshal()
	escape.Fprintf(s.Out, "%s\n%s\n", one.Name, one.Fingerprint())
	_, err = fmt.Fprint(s.Out, spoken(file))
	return err
}
