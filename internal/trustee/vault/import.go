package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/carry"
	"zapis/internal/evidence/custody"
)

// ImportOptions are what an import is told beside the carry file.
type ImportOptions struct {
	Card      *card.LedgerCard // the ledger that it must be of, where known
	Key       *Key             // whose stanzas and shares are tried; nil for the public verification only
	Continues *Vault           // that of the ledger which this one must go on from, or nil
}

// Imported says what an import did.
type Imported struct {
	Nothing bool   // the vault held all of it already
	From    uint64 // the first new entry
	Size    uint64 // entries now
	Reports int    // of the new entries
	Waiting int    // submissions that wait now
	Misfits []Misfit
	Anew    string   // where the custody log began anew just now: the head of the earlier one, as a sentence without full stop
	Untaken []string // what the key's owner has handed out and the operator has not taken in
}

// Import verifies a carry file, all of it, and then takes it in, all of it. Status Mismatch where anything
// does not fit; the vault is then as it was. What is wrong and enters as evidence is in Misfits: parts
// made unreadable for the very trustee, promises that the log has broken.
func (v *Vault) Import(ctx context.Context, r io.Reader, o ImportOptions) (*Imported, error) {
	defer inBulk()()
	sum := sha256.New()
	in, err := carry.NewReader(io.TeeReader(r, sum))
	if err != nil {
		return nil, err
	}
	s, err := v.begin(in.Header(), o.Card)
	if err != nil {
		return nil, err
	}
	defer s.discard()
	for {
		it, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.take(it); err != nil {
			return nil, err
		}
	}
	if err := s.writers.wait(); err != nil {
		return nil, err
	}
	if err := s.verify(); err != nil {
		return nil, err
	}
	if o.Key != nil {
		if err := v.mayUse(*o.Key, s.chain); err != nil {
			return nil, err
		}
	}
	misfits, err := s.checkParts(ctx, o.Key)
	if err != nil {
		return nil, err
	}
	done := &Imported{From: v.Size(), Size: s.chain.Size(), Misfits: misfits}
	var lost *Misfit
	if o.Continues != nil {
		if lost, err = s.follows(o.Continues); err != nil {
			return nil, err
		}
	}
	if o.Key != nil {
		if err := v.use(*o.Key, s.chain); err != nil {
			return nil, err
		}
	}
	if len(s.entries)+len(s.waiting) == 0 {
		done.Nothing = true
	} else if err := v.commit(s, [32]byte(sum.Sum(nil)), done); err != nil {
		return nil, err
	}
	if o.Continues != nil {
		if err := v.linked(s.chain.Continues()); err != nil {
			return nil, err
		}
	}
	if lost != nil {
		done.Misfits = append(done.Misfits, *lost)
	}
	for _, e := range s.entries {
		if e.Body.Kind == ledger.KindReport {
			done.Reports++
		}
	}
	done.Waiting = len(v.held.waiting)
	done.Misfits = append(done.Misfits, v.brokenPromises()...)
	if err := v.compareOwn(done); err != nil {
		return nil, err
	}
	slices.SortFunc(done.Misfits, func(a, b Misfit) int { return strings.Compare(a.Text, b.Text) })
	return done, nil
}

// compareOwn compares the ledger with what the vault knows of its owner's own hand.
func (v *Vault) compareOwn(done *Imported) error {
	var err error
	if done.Anew, err = v.ownUp(); err != nil {
		return err
	}
	heads, err := v.checkHeads(done.From)
	if err != nil {
		return err
	}
	for _, text := range heads.wrong {
		done.Misfits = append(done.Misfits, Misfit{Text: text})
	}
	if v.key != nil {
		done.Untaken, err = v.Untaken()
	}
	return err
}

// commit records the import and lets it enter.
func (v *Vault) commit(s *stage, file [32]byte, done *Imported) error {
	p := place{from: done.From, size: done.Size}
	if err := os.WriteFile(filepath.Join(s.dir, placeFile), p.marshal(), 0o600); err != nil {
		return err
	}
	if err := s.out.Close(); err != nil {
		return err
	}
	s.out = nil
	if err := syncTree(s.dir, s.files); err != nil {
		return err
	}
	deed := custody.Deed{By: v.key.by(), Act: custody.Imported, In: custody.Hex(file), Out: s.chain.Root().String(),
		Subject: fmt.Sprintf("carry file: %d entries from %d, %d waiting", len(s.entries), done.From, len(s.waiting))}
	if _, err := v.Custody.Record(deed); err != nil {
		return err
	}
	for _, m := range done.Misfits {
		deed := custody.Deed{By: v.key.by(), Act: custody.Verified, In: m.Part.String(), Subject: "does not open: " + m.Text}
		if _, err := v.Custody.Record(deed); err != nil {
			return err
		}
	}
	imports := filepath.Join(v.dir, importsDir)
	name := filepath.Join(imports, importName(len(v.held.places)+1))
	if err := os.Rename(s.dir, name); err != nil {
		return err
	}
	if err := errors.Join(atomicfile.SyncFolder(imports), atomicfile.SyncFolder(v.dir)); err != nil {
		return err
	}
	h, err := load(imports)
	if err != nil {
		return err
	}
	v.held, v.parts, v.granted = h, nil, nil
	return nil
}

// brokenPromises names the submissions whose slot has passed and that have no entry.
func (v *Vault) brokenPromises() []Misfit {
	var broken []Misfit
	for _, w := range v.held.waiting {
		if v.held.headedBy.Time.Before(w.promise.Slot) {
			continue
		}
		broken = append(broken, Misfit{Text: fmt.Sprintf("waiting submission %s: the log promised it for the slot of %s, has signed that of %s, and left it out: its promise is the proof",
			w.hash.String()[:12], w.promise.Slot.Format("2006-01-02 15:04:05"), v.held.headedBy.Time.Format("2006-01-02 15:04:05")), Part: w.hash})
	}
	return broken
}
