package vault

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
)

// Checked says what a check has found.
type Checked struct {
	Entries uint64
	Parts   int    // files of sealed parts and bodies
	Bytes   int64  // in these
	Events  uint64 // of the custody log
	Heads   int    // of the custody log that stand in the ledger
	Opened  bool   // whether each event was opened too
	Wrong   []string
	Foreign bool     // a head of the owner's own that is not of this log is among what is wrong
	Earlier []string // logs of the owner's from before this one, to which it owns up, as sentences without full stop
}

// Check verifies all that the vault holds. Opening it has verified chain, tree, newest checkpoint and the links
// of the custody log; this reads every part again, compares the custody log with the heads in the ledger, and,
// with a key, opens every event and everything that the owner has signed.
func (v *Vault) Check(ctx context.Context, progress func(bytes int64)) (*Checked, error) {
	if v.key != nil {
		deed := custody.Deed{By: v.key.by(), Act: custody.Verified, Subject: fmt.Sprintf("the vault: %d entries", v.Size())}
		if _, err := v.Custody.Record(deed); err != nil {
			return nil, err
		}
	}
	c := &Checked{Entries: v.Size(), Events: v.Custody.Len()}
	if err := v.checkParts(ctx, c, progress); err != nil {
		return nil, err
	}
	if v.Empty() {
		return c, nil
	}
	heads, err := v.checkHeads(0)
	if err != nil {
		return nil, err
	}
	c.Heads, c.Earlier, c.Foreign = heads.count, heads.earlier, heads.foreign
	c.Wrong = append(c.Wrong, heads.wrong...)
	if v.key != nil {
		c.Opened = true
		return c, v.checkOwn(ctx, c)
	}
	return c, nil
}

// TotalBytes is how much Check reads.
func (v *Vault) TotalBytes() (total int64) {
	v.eachPart(func(_ string, p ledger.Part, _ string) error {
		total += p.Size
		return nil
	})
	return total
}

// eachPart visits the file of every part of every entry and waiting submission.
func (v *Vault) eachPart(visit func(where string, p ledger.Part, file string) error) error {
	for _, e := range v.held.entries {
		for _, p := range e.Body.Parts {
			if err := visit(where(e.Index), p, v.held.placeOf(e.Index).part(p.Hash)); err != nil {
				return err
			}
		}
	}
	for _, w := range v.held.waiting {
		for _, p := range w.body.Parts {
			if err := visit("waiting submission "+w.hash.String()[:12], p, partFile(w.dir, p.Hash)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *Vault) checkParts(ctx context.Context, c *Checked, progress func(int64)) error {
	return v.eachPart(func(where string, p ledger.Part, file string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := os.Open(file)
		if errors.Is(err, os.ErrNotExist) {
			if _, erased := v.held.erased[p.Hash]; !erased {
				c.Wrong = append(c.Wrong, fmt.Sprintf("%s: %s: its file is missing from the vault", where, p.Kind))
			}
			return nil
		}
		if err != nil {
			return err
		}
		defer f.Close()
		got, err := digestFile(f)
		if err != nil {
			return err
		}
		if ledger.Hash(got.Hash) != p.Hash {
			c.Wrong = append(c.Wrong, fmt.Sprintf("%s: %s: its file has the hash %s, and the ledger names %s", where, p.Kind, hex.EncodeToString(got.Hash[:]), p.Hash))
		}
		c.Parts++
		c.Bytes += got.Size
		progress(got.Size)
		return nil
	})
}

// checkOwn opens the custody log's events, and what the owner has signed, for which there must be an event.
func (v *Vault) checkOwn(ctx context.Context, c *Checked) error {
	recorded := make(map[string]bool)
	for n := uint64(1); n <= v.Custody.Len(); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := v.Custody.Read(n, v.key.Age)
		if err != nil {
			c.Wrong = append(c.Wrong, err.Error())
			continue
		}
		recorded[e.Out] = true
	}
	own, err := v.Said()
	if err != nil {
		c.Wrong = append(c.Wrong, err.Error())
	}
	for _, said := range own {
		switch said.Statement.Kind {
		case "reply", "review", "exhibit":
			if !recorded[custody.Hex(said.Statement.Subject)] {
				c.Wrong = append(c.Wrong, fmt.Sprintf("statement %d (%s): the custody log has no event for it", said.Statement.Number, said.Statement.Kind))
			}
		}
	}
	return nil
}

// Events gives the events of the custody log that concern a case, by its id; all of them where it is empty.
func (v *Vault) Events(c *Case) ([]custody.Event, error) {
	if err := v.needKey(); err != nil {
		return nil, err
	}
	show := func(custody.Event) bool { return true }
	if c != nil {
		show = func(e custody.Event) bool { return concerns(e, c.ID, c.submissions()) }
	}
	x, err := v.Custody.Excerpt(v.Custody.Len(), show, v.key.Age)
	if err != nil {
		return nil, err
	}
	var list []custody.Event
	for n := uint64(1); n <= v.Custody.Len(); n++ {
		if e, shown := x.Shown[n]; shown {
			list = append(list, e)
		}
	}
	return list, nil
}
