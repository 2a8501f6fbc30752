package main

import (
	"context"
	"fmt"

	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/exchange"
)

// openCmd opens what others have granted.
type openCmd struct {
	caseFlags
	Grant []string `placeholder:"FILE" help:"What zapis grant wrote for you. Repeat it for more; those given before are remembered."`
	JSON  bool     `name:"json" help:"Write one object, as show --json does."`
}

func (c *openCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	var files [][]byte
	for _, name := range c.Grant {
		file, err := cli.ReadOf(name, cli.KindGrant, exchange.MaxFile)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	return c.withCases(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) error {
		if c.Misdealt {
			v.OpenMisdealt()
		}
		id, err := cases.ID(c.Case)
		if err != nil {
			return err
		}
		var parts []ledger.Hash
		for i, file := range files {
			granted, err := v.TakeGrant(id, file)
			if err != nil {
				return fmt.Errorf("%s: %w", c.Grant[i], err)
			}
			escape.Fprintf(s.Err, "%s has granted.\n", granted.From.Name)
			parts = append(parts, granted.Parts...)
		}
		if err := enough(v, cases, id, parts); err != nil {
			return err
		}
		if first, sealed := cases.SealedBody(id); sealed {
			if cases, err = sorted(ctx, s, v); err != nil {
				return err
			}
			if of := cases.Of(first); of != nil {
				id = of.ID
			}
		}
		one, err := cases.Find(id)
		if err != nil {
			return err
		}
		return (&showCmd{JSON: c.JSON}).show(s, v, one)
	})
}

// enough refuses to go on with fewer grants than the quorum asks for.
func enough(v *casework.Trustee, cases *casework.Cases, id string, parts []ledger.Hash) error {
	missing, err := v.Missing(cases, id, parts)
	if err != nil || missing == 0 {
		return err
	}
	return exit.New(exit.KeyMissing, "zapis ask "+id+" --why TEXT --out FILE writes what they grant; what they granted already is kept",
		"%s must still grant before it opens", casework.Many(missing, "more trustee", "more trustees"))
}
