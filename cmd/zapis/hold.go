package main

import (
	"context"

	"zapis/internal/command"
	"zapis/internal/vault"
)

// proposeHoldCmd proposes to keep what could be erased.
type proposeHoldCmd struct {
	vaultFlag
	Item   []string `arg:"" name:"CASE|ENTRY" help:"A case's id, or an entry's number."`
	Reason string   `required:"" enum:"proceedings,order,asked" placeholder:"WORD" help:"One of ${enum}."`
	Out    string   `required:"" placeholder:"FILE" help:"The proposal to write; it is never overwritten."`
}

func (p *proposeHoldCmd) Run(ctx context.Context, s *command.Streams, g *grammar) error {
	return propose(ctx, s, g, p.vaultFlag, p.Out, func(v *vault.Vault, cases *vault.Cases) ([]byte, error) {
		return v.ProposeHold(cases, p.Item, p.Reason)
	})
}

// proposeReleaseCmd proposes to end a hold.
type proposeReleaseCmd struct {
	vaultFlag
	Hold uint64 `arg:"" name:"ENTRY" help:"The number of the hold's entry."`
	Out  string `required:"" placeholder:"FILE" help:"The proposal to write; it is never overwritten."`
}

func (p *proposeReleaseCmd) Run(ctx context.Context, s *command.Streams, g *grammar) error {
	return propose(ctx, s, g, p.vaultFlag, p.Out, func(v *vault.Vault, _ *vault.Cases) ([]byte, error) {
		return v.ProposeRelease(p.Hold)
	})
}
