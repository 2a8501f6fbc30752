package vault

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/carry"
	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/ledgercopy"
)

// ImportOptions are the options of an import.
type ImportOptions struct {
	Card      *card.LedgerCard // the ledger that it must be of, where known
	Key       *Key             // the key whose stanzas and shares are tried; nil for the public verification only
	Continues *Vault           // that of the ledger which this one must go on from, or nil
}

// Imported is the result of an import.
type Imported struct {
	Nothing    bool   // the vault held all of it already
	From       uint64 // the first new entry
	Size       uint64 // entries now
	Reports    int    // of the new entries
	Waiting    int    // submissions that wait now
	Mismatches []ledgercopy.Mismatch
	Successor  string // where the custody log now became the successor of a lost one: the head of the earlier one, as a sentence without full stop
}

// Import verifies a whole carry file, and then imports all of it. Status Mismatch where anything does not fit; the
// vault is then unchanged. Faults that are imported as evidence are in Mismatches: parts made unreadable for this
// trustee, promises that the log has broken.
func (v *Vault) Import(ctx context.Context, r io.Reader, o ImportOptions) (*Imported, error) {
	defer InBulk()()
	in := readAhead(r)
	defer in.close()
	s, err := v.stage(ctx, in, o)
	if s != nil {
		defer s.Discard()
	}
	if err != nil {
		return nil, err
	}
	if o.Key != nil {
		if err := v.mayUse(*o.Key, s.Chain()); err != nil {
			return nil, err
		}
	}
	mismatches, err := s.CheckParts(ctx, o.Key.opener())
	if err != nil {
		return nil, err
	}
	done := &Imported{From: v.Size(), Size: s.Chain().Size(), Mismatches: mismatches}
	var lost *ledgercopy.Mismatch
	if o.Continues != nil {
		if lost, err = s.Follows(o.Continues.copy, o.Continues.dir); err != nil {
			return nil, err
		}
	}
	if o.Key != nil {
		if err := v.use(*o.Key, s.Chain()); err != nil {
			return nil, err
		}
	}
	if len(s.Entries())+s.NewWaiting() == 0 {
		done.Nothing = true
	} else if err := v.commit(s, in.hash(), done); err != nil {
		return nil, err
	}
	if o.Continues != nil {
		if err := v.linked(s.Chain().Continues()); err != nil {
			return nil, err
		}
	}
	if lost != nil {
		done.Mismatches = append(done.Mismatches, *lost)
	}
	if err := v.compare(s, done); err != nil {
		return done, err
	}
	return done, v.KeepVerified()
}

// stage reads and verifies a carry file, except its sealed parts.
func (v *Vault) stage(ctx context.Context, r io.Reader, o ImportOptions) (*ledgercopy.Stage, error) {
	in, err := carry.NewReader(r)
	if err != nil {
		return nil, err
	}
	s, err := v.copy.Begin(filepath.Join(v.dir, incomingDir), in.Header(), o.Card)
	if err != nil {
		return nil, err
	}
	for {
		it, err := in.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = s.Add(it)
		}
		if err != nil {
			return s, err
		}
	}
	return s, s.Verify()
}

// compare adds the results of comparing the ledger with itself, and with the vault's own statements.
func (v *Vault) compare(s *ledgercopy.Stage, done *Imported) error {
	for _, e := range s.Entries() {
		if e.Body.Kind == ledger.KindReport {
			done.Reports++
		}
	}
	done.Waiting = len(v.copy.Waiting())
	done.Mismatches = append(done.Mismatches, v.copy.BrokenPromises()...)
	var err error
	if done.Successor, err = v.recordSuccession(); err != nil {
		return err
	}
	heads, err := v.checkHeads(done.From)
	if err != nil {
		return err
	}
	for _, text := range heads.wrong {
		done.Mismatches = append(done.Mismatches, ledgercopy.Mismatch{Text: text})
	}
	slices.SortFunc(done.Mismatches, func(a, b ledgercopy.Mismatch) int { return strings.Compare(a.Text, b.Text) })
	return nil
}

// commit records the import and renames it into place.
func (v *Vault) commit(s *ledgercopy.Stage, file [32]byte, done *Imported) error {
	if err := s.Seal(); err != nil {
		return err
	}
	record := custody.Record{By: v.key.by(), Act: custody.Imported, In: custody.Hex(file), Out: s.Chain().Root().String(),
		Subject: fmt.Sprintf("carry file: %d entries from %d, %d waiting", len(s.Entries()), done.From, s.NewWaiting())}
	if _, err := v.Custody.Record(record); err != nil {
		return err
	}
	for _, m := range done.Mismatches {
		record := custody.Record{By: v.key.by(), Act: custody.Verified, In: m.Part.String(), Subject: "does not open: " + m.Text}
		if _, err := v.Custody.Record(record); err != nil {
			return err
		}
	}
	if s.Segmented() {
		if err := v.mayBeSegmented(); err != nil {
			return err
		}
	}
	if err := atomicfile.Rename(s.Dir(), filepath.Join(v.dir, ImportsDir, v.copy.NextImport())); err != nil {
		return err
	}
	var err error
	v.copy, err = v.copy.Next(filepath.Join(v.dir, ImportsDir))
	return err
}

// InBulk sets the garbage collector to 400 % for work on thousands of small parts. done restores it.
func InBulk() (done func()) {
	before := debug.SetGCPercent(400)
	return func() { debug.SetGCPercent(before) }
}
