package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/server/backup"
	"zapis/internal/server/mirror"
)

type mirrorVerb struct {
	To     string   `required:"" placeholder:"FOLDER" help:"Where the mirror is kept: made where it is missing, else brought up to date."`
	URL    string   `name:"url" placeholder:"URL" help:"Mirror what a ledger publishes: its checkpoint and its tiles of hashes."`
	Carry  []string `placeholder:"FILE" help:"Mirror the whole ledger, out of carry files; - for one on stdin. May be repeated, the older first."`
	Ledger string   `placeholder:"CARD" help:"The ledger card, as you got it from somebody you know: its line, or a file with it."`
	Trust  string   `placeholder:"FILE" help:"With --url: the ledger's genesis (data/ledger/bodies/0.txt of any bundle), or its log's two keys. Without it, and with --ledger, the genesis that is published, where it is the one that the card names."`
}

func (v *mirrorVerb) Run(ctx context.Context, s *cli.Streams) error {
	if (v.URL == "") == (len(v.Carry) == 0) {
		return exit.New(exit.Usage, "--url mirrors what is public, --carry the whole ledger", "mirror takes either --url or --carry")
	}
	named, err := cli.LedgerCardFlag(v.Ledger)
	if err != nil {
		return err
	}
	if v.URL != "" {
		return v.public(ctx, named, s)
	}
	return v.whole(ctx, named, s)
}

func (v *mirrorVerb) whole(ctx context.Context, named *card.LedgerCard, s *cli.Streams) error {
	b, err := backup.Open(v.To)
	if err != nil {
		return err
	}
	defer b.Close()
	_, before, err := b.Card()
	if err != nil {
		return err
	}
	for _, name := range v.Carry {
		res, err := mirrorFile(ctx, b, name, named, s)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		sayUpdated(s, res)
	}
	if !before && named == nil {
		escape.Fprintln(s.Err, "No --ledger was given: compare the ledger's line with its card, as you got it from somebody you know.")
	}
	return nil
}

func mirrorFile(ctx context.Context, b *backup.Folder, name string, named *card.LedgerCard, s *cli.Streams) (*backup.Result, error) {
	var in io.Reader = s.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return b.Mirror(ctx, in, named)
}

func (v *mirrorVerb) public(ctx context.Context, named *card.LedgerCard, s *cli.Streams) error {
	m, err := mirror.Open(v.To)
	if err != nil {
		return err
	}
	defer m.Close()
	from, err := url.Parse(v.URL)
	if err != nil {
		return exit.New(exit.Usage, "", "--url: %w", err)
	}
	text, err := v.keys(ctx, m, from)
	if err != nil {
		return err
	}
	if text != nil {
		log, err := mirror.ParseKeys(text, named)
		if err != nil {
			return fmt.Errorf("--trust: %w", err)
		}
		if err := m.Trust(log); err != nil {
			return err
		}
	}
	res, err := m.Pull(ctx, from)
	if err != nil {
		return err
	}
	escape.Fprintf(s.Out, "%s\n%s, new: %d; the root is %s\n", res.Checkpoint.Origin, entries(res.Checkpoint.Size), res.Checkpoint.Size-res.From, res.Checkpoint.Root)
	return nil
}

// keys returns the text that names the log's keys: of a file or, where only a card is given, the published genesis. It
// returns nil where the mirror's own keys are used.
func (v *mirrorVerb) keys(ctx context.Context, m *mirror.Mirror, from *url.URL) ([]byte, error) {
	if v.Trust != "" {
		text, err := atomicfile.ReadSmall(v.Trust, ledger.MaxSmall)
		switch {
		case exit.StatusOf(err) == exit.Mismatch:
			return nil, fmt.Errorf("--trust: %w", err)
		case err != nil:
			return nil, exit.New(exit.Usage, "", "--trust: %w", err)
		}
		return text, nil
	}
	if has, err := m.HasKeys(); err != nil || has || v.Ledger == "" {
		return nil, err
	}
	return mirror.FetchGenesis(ctx, from)
}
