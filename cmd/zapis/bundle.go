package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"zapis/internal/bundle"
	"zapis/internal/command"
	"zapis/internal/vault"
)

// bundleCmd makes the package that a lawyer receives.
type bundleCmd struct {
	vaultFlag
	Case      string   `arg:"" name:"CASE" help:"The case's id, or as much of it as no other has."`
	Out       string   `required:"" placeholder:"FILE.zip" help:"The bundle to write; it is never overwritten."`
	Withhold  []string `placeholder:"FIELD" help:"Leave out a field, or an exhibit like A03; FIELD=REASON says why. Repeat it for more."`
	Include   []string `enum:"identity" placeholder:"identity" help:"Put the contact, the name, and the files that show who the reporter is into the bundle."`
	Originals bool     `name:"only-originals" help:"Leave translations out."`
	Override  string   `name:"override-consent" placeholder:"REASON" help:"Make it without the reporter's consent to show it to a lawyer. The reason stands in the custody log, and in the bundle."`
}

func (b *bundleCmd) Run(ctx context.Context, s *command.Streams, g *grammar) error {
	o := vault.BundleOptions{Consent: "lawyer", Override: strings.TrimSpace(b.Override), IncludeIdentity: len(b.Include) > 0, OnlyOriginals: b.Originals}
	for _, item := range b.Withhold {
		field, reason, _ := strings.Cut(item, "=")
		o.Withhold = append(o.Withhold, bundle.Choice{Item: field, Reason: bundle.Reason(reason)})
	}
	if err := command.CheckFree(b.Out); err != nil {
		return err
	}
	return b.with(ctx, s, g, func(v *vault.Vault) error {
		c, err := opened(ctx, s, v, b.Case)
		if err != nil {
			return err
		}
		in, err := v.Bundle(c, o)
		if err != nil {
			return err
		}
		if err := writeFile(b.Out, func(w io.Writer) error { return bundle.Write(w, in) }); err != nil {
			return err
		}
		fmt.Fprintln(s.Out, command.Escape(b.Out))
		fmt.Fprintf(s.Err, "%s, signed by %s\n", many(len(in.Submissions), "submission", "submissions"), in.Signer.Name())
		if n := len(in.Derived); n > 0 {
			fmt.Fprintf(s.Err, "%s as working copies\n", many(n, "translation goes along", "translations go along"))
		}
		if !o.IncludeIdentity {
			fmt.Fprintln(s.Err, "The identity is withheld.")
		}
		fmt.Fprintln(s.Err, "A bundle that was handed over can't be called back.")
		return nil
	})
}
