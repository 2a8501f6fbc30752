package main

import (
	"context"
	"fmt"
	"unicode/utf8"

	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
)

// workFactor is scrypt's log2 N for what a new passphrase opens: identity files, and bundles sealed with one. Only tests
// change it.
var workFactor = cli.WorkFactor

// keygenCmd makes a trustee's keys.
type keygenCmd struct {
	Name      string `required:"" placeholder:"NAME" help:"Who you are in signatures: a-z, 0-9, '.', '_' and '-', at most 32."`
	Out       string `required:"" placeholder:"FILE" help:"The identity file to make; the card goes to FILE.card. Neither is ever overwritten."`
	Hardware  string `placeholder:"FILE" help:"Where hardware is to hold your key: the identity that the age plugin's own tool wrote. Needs --plugin and --recipient."`
	Recipient string `placeholder:"age1tagpq1…" help:"The public half that it showed."`
}

func (k *keygenCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if err := cli.CheckFree(k.Out, cli.CardFile(k.Out)); err != nil {
		return err
	}
	id, err := k.identity(g)
	if err != nil {
		return err
	}
	pass, err := cli.NewPassphrase(ctx, g.PassphraseFile)
	if err != nil {
		return err
	}
	if err := id.WriteFiles(k.Out, pass, workFactor); err != nil {
		return err
	}
	warnShort(s, pass)
	escape.Fprintf(s.Err, "%s holds your keys and opens with your passphrase: keep a copy of both, apart (zapis paper prints one).\n", k.Out)
	escape.Fprintf(s.Err, "%s is for the operator and the other trustees. Compare it with each of them by voice, in words or in digits:\n",
		cli.CardFile(k.Out))
	fmt.Fprint(s.Err, spoken(id.Card.Marshal()))
	_, err = escape.Fprintln(s.Out, id.Card.Fingerprint())
	return err
}

// shortPassphrase is fewer characters than somebody who has the file may need years to try: at a second a guess, which
// scrypt makes of it, words from a list are worth more than signs.
const shortPassphrase = 16

func warnShort(s *cli.Streams, pass string) {
	if n := utf8.RuneCountInString(pass); n < shortPassphrase {
		warn(s, "the passphrase has %s: who takes the file can try them out for as long as they like. Six words drawn by lot hold",
			casework.Many(n, "character", "characters"))
	}
}

func (k *keygenCmd) identity(g *grammar) (*cli.Identity, error) {
	if k.Hardware == "" {
		if k.Recipient != "" {
			return nil, exit.New(exit.Usage, "", "--recipient goes with --hardware")
		}
		return cli.NewIdentity(k.Name)
	}
	if k.Recipient == "" || g.Plugin == "" {
		return nil, exit.New(exit.Usage, "the plugin's own tool shows the recipient", "--hardware needs --plugin and --recipient")
	}
	text, err := atomicfile.ReadSmall(k.Hardware, 64<<10)
	if err != nil {
		return nil, err
	}
	line, err := cli.HardwareLine(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Hardware, err)
	}
	return cli.NewHardwareIdentity(k.Name, k.Recipient, line, g.Plugin)
}
