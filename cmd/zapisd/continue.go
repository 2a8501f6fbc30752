package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/server/backup"
	"zapis/store"
)

// ending is the verified end of an old ledger.
type ending struct {
	Last ledger.Continued  `json:"last"`
	Set  ledger.TrusteeSet `json:"set"` // in force there
}

// goOn creates a ledger that continues another.
func (v *initVerb) goOn(ctx context.Context, s *cli.Streams) error {
	old, err := v.ending(ctx, s)
	if err != nil {
		return fmt.Errorf("--continue %s: %w", v.Continue, err)
	}
	if old.Last.Origin == v.Origin {
		return exit.New(exit.Usage, "for instance "+v.Origin+"-2", "--origin %s: the old ledger has this name, and by it witnesses and receipts know that one", v.Origin)
	}
	set := old.Set
	if len(v.Trustee) > 0 {
		if set, err = v.set(); err != nil {
			return err
		}
	}
	g, err := v.rules(set)
	if err != nil {
		return err
	}
	g.Continues = &old.Last
	named, err := makeLedger(v.Dir, v.place(), g, time.Now())
	if err != nil {
		return err
	}
	escape.Fprintln(s.Out, named)
	escape.Fprintf(s.Err, "It goes on from %s at %s, root %s.\n", old.Last.Origin, entries(old.Last.Size), old.Last.Root)
	return nil
}

// ending verifies the whole old ledger and returns its end.
func (v *initVerb) ending(ctx context.Context, s *cli.Streams) (e ending, err error) {
	info, err := os.Stat(v.Continue)
	if err != nil {
		return e, err
	}
	if !info.IsDir() {
		return endingOfCarry(ctx, v.Continue)
	}
	if _, err := os.Stat(filepath.Join(v.Continue, "ledger.tar")); err == nil {
		st, err := backup.At(v.Continue).Verify(ctx)
		if err != nil {
			return e, err
		}
		return endingOf(st)
	}
	err = (&openLedger{ctx: ctx, dir: v.Continue, s: s}).call("continue-state", struct{}{}, &e)
	return e, err
}

// endingOfCarry verifies a carry file as a mirror does, in a folder that is removed afterwards.
func endingOfCarry(ctx context.Context, name string) (e ending, err error) {
	dir, err := os.MkdirTemp("", "zapisd-continue-*")
	if err != nil {
		return e, err
	}
	defer os.RemoveAll(dir)
	b, err := backup.Open(dir)
	if err != nil {
		return e, err
	}
	defer b.Close()
	f, err := os.Open(name)
	if err != nil {
		return e, err
	}
	defer f.Close()
	res, err := b.Mirror(ctx, f, nil)
	if err != nil {
		return e, err
	}
	return endingOf(res.Verified)
}

func endingOf(st *backup.Verified) (e ending, err error) {
	named := st.Header.Card()
	e.Last = ledger.Continued{Origin: named.Origin, Genesis: named.Genesis, Size: st.Last.Size, Root: st.Last.Root}
	_, e.Set, err = st.Chain.SetInForce()
	return e, err
}

// continueState is the operation. It verifies a ledger that can be read and returns its end. The guard is not
// compared: a guard that is ahead may be the reason to continue in a new ledger.
func continueState(ctx context.Context, st *store.Store, to reporter) error {
	faults, err := st.Check(ctx, func(done, total int64) { to.Progress(tick{"checking", done, total}) })
	if err != nil {
		return err
	}
	for _, f := range faults {
		if f.Part == "guard" {
			continue
		}
		return exit.New(exit.Mismatch, "continue it from a backup, a mirror or a carry file that verifies", "the ledger does not verify: %s", f)
	}
	_, c := st.LatestCheckpoint()
	named := st.Card()
	e := ending{Last: ledger.Continued{Origin: named.Origin, Genesis: named.Genesis, Size: c.Size, Root: c.Root}}
	_, e.Set = st.SetInForce()
	return reply(to, e)
}
