package main

import (
	"context"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/store"
)

type compactVerb struct {
	Dir string `required:"" placeholder:"D" help:"The ledger's folder."`
}

func (v *compactVerb) Run(ctx context.Context, s *cli.Streams) error {
	to := newScreen(s.Out, s)
	defer to.done()
	return perform(ctx, v.Dir, "compact", struct{}{}, to)
}

// compactLedger rewrites the database without the erased content. A slot with a tombstone does this too, unless the
// disk has no room.
func compactLedger(ctx context.Context, st *store.Store, to reporter) error {
	if err := st.Compact(ctx); err != nil {
		return err
	}
	where := "ledger.db"
	if st.Shared() {
		where = "the database's tables; its log and the standby have it until the next checkpoint of each server"
	}
	escape.Fprintln(to, "compacted: of what was erased, nothing is left in "+where)
	return nil
}
