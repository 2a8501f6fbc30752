package main

import (
	"context"
	"encoding/json"
	"fmt"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/store"
)

type checkVerb struct {
	Dir string `required:"" placeholder:"D" help:"The ledger's folder."`
}

func (v *checkVerb) Run(ctx context.Context, s *cli.Streams) error {
	to := newScreen(s.Out, s)
	defer to.done()
	return perform(ctx, v.Dir, "check", struct{}{}, to)
}

// checkLedger verifies all of a ledger: one line per fault, or a summary.
func checkLedger(ctx context.Context, st *store.Store, _ json.RawMessage, to reporter) error {
	faults, err := st.Check(ctx, func(done, total int64) { to.Progress(tick{"checking", done, total}) })
	if err != nil {
		return err
	}
	for _, f := range faults {
		fmt.Fprintln(to, escape.Text(f.String()))
	}
	if len(faults) > 0 {
		return exit.New(exit.Mismatch, "keep the folder as it is: it is evidence; docs/guides/operator.md says what then",
			"the ledger does not verify: faults found: %d", len(faults))
	}
	fmt.Fprintf(to, "%s\n%s\n", st.Genesis().Card(), verified("all ", st.Size()))
	warnings, err := anchorWarnings(ctx, st)
	for _, text := range warnings {
		fmt.Fprintf(to, "WARNING: %s\n", escape.Text(text))
	}
	return err
}
