package main

import (
	"context"
	"fmt"

	"zapis/internal/command"
)

// keygenCmd makes a trustee's keys.
type keygenCmd struct {
	Name string `required:"" placeholder:"NAME" help:"Who you are in signatures: a-z, 0-9, '.', '_' and '-', at most 32."`
	Out  string `required:"" placeholder:"FILE" help:"The identity file to make; the card goes to FILE.card. Neither is ever overwritten."`
}

func (k *keygenCmd) Run(ctx context.Context, s *command.Streams, g *grammar) error {
	id, err := command.NewIdentity(k.Name)
	if err != nil {
		return err
	}
	if err := command.CheckFree(k.Out, command.CardFile(k.Out)); err != nil {
		return err
	}
	pass, err := command.NewPassphrase(ctx, g.PassphraseFile)
	if err != nil {
		return err
	}
	if err := id.WriteFiles(k.Out, pass, command.WorkFactor); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "%s holds your keys and opens with your passphrase: keep a copy of both, apart.\n", command.Escape(k.Out))
	fmt.Fprintf(s.Err, "%s is for the operator and the other trustees. Have them read this fingerprint back to you:\n",
		command.Escape(command.CardFile(k.Out)))
	_, err = fmt.Fprintln(s.Out, id.Card.Fingerprint())
	return err
}
