package store

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// SignalState is what the next batch goes by.
type SignalState struct {
	Last    ledger.SignalBatch // zero where there is none
	Waiting int                // signals
	Next    []BatchOf          // the batches to make, in this order; the last is the set's in force
}

// BatchOf names the recipients of a batch's parts.
type BatchOf struct {
	Set   uint64 // index of its entry
	Cards bool   // to each of its duty cards, for what an earlier program left; else to the set's key
}

func (o BatchOf) waits() []byte {
	if o.Cards {
		return signalKey(keyCards, number(o.Set))
	}
	return signalKey(keyWaits, number(o.Set))
}

// Signals gives the state that the next batch goes by.
func (s *Store) Signals() (st SignalState, err error) {
	err = s.view(func(v *view) (err error) {
		st, err = signalState(v.tx, v.setIndex)
		return err
	})
	return st, err
}

// signalState has a batch for each set to which something waits, for that of the last batch, and for the one in force.
func signalState(tx kv.Tx, set uint64) (st SignalState, err error) {
	if st.Last, err = lastSignals(tx); err != nil {
		return st, err
	}
	st.Next = []BatchOf{{Set: set}}
	if st.Last.Number > 0 && st.Last.Trustees != set {
		st.Next = append(st.Next, BatchOf{Set: st.Last.Trustees})
	}
	for _, kind := range []byte{keyCards, keyWaits} {
		eachSignal(tx, []byte{kind}, func(rest, _ []byte) bool {
			if of, ok := readNumber(rest[:min(8, len(rest))]); ok {
				st.Waiting++
				if o := (BatchOf{of, kind == keyCards}); !slices.Contains(st.Next, o) {
					st.Next = append(st.Next, o)
				}
			}
			return true
		})
	}
	slices.SortFunc(st.Next, func(a, b BatchOf) int {
		if a.Set == b.Set && a.Cards != b.Cards {
			if a.Cards {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Set, b.Set)
	})
	return st, nil
}

// SignalsWaiting is how many signals wait for a batch, as far as countedWaiting.
func (s *Store) SignalsWaiting() (n int, err error) {
	err = s.view(func(v *view) error {
		for _, kind := range []byte{keyCards, keyWaits} {
			eachSignal(v.tx, []byte{kind}, func(_, _ []byte) bool {
				n++
				return n < countedWaiting
			})
		}
		return nil
	})
	return n, err
}

// countedWaiting bounds what a submission spends on counting.
const countedWaiting = 10000

// lastBatch gives the newest batch's number, and 0 where there is none.
func lastBatch(tx kv.Tx) (n uint64, file []byte) {
	t := tx.Table(tableSignals)
	if t == nil {
		return 0, nil
	}
	c := t.Cursor()
	newest := c.Prev
	if k, _ := c.Seek([]byte{keyBatch + 1}); k == nil {
		newest = c.Last
	}
	k, v := newest()
	if len(k) != 9 || k[0] != keyBatch {
		return 0, nil
	}
	n, _ = readNumber(k[1:])
	return n, v
}

func lastSignals(tx kv.Tx) (ledger.SignalBatch, error) {
	n, file := lastBatch(tx)
	if n == 0 {
		return ledger.SignalBatch{}, nil
	}
	b, _, _, err := ledger.SplitSignals(file)
	if err == nil && b.Number != n {
		err = fmt.Errorf("%w: batch %d stands under the number %d", ledger.ErrMismatch, b.Number, n)
	}
	return b, err
}

// MakeSignals makes the batch of the slot at this time, unless there is one of that slot or a later one already: with
// several hosts the first makes it. dummies gives sixteen parts for each batch that Signals names, of which those are
// used that are not needed for what waits; they are made beforehand, so that it takes as long whatever waits. After a
// change of trustees one batch more is sealed to the old set, whether anything waits for it or not. It reports whether a
// batch was made; ErrOldSet says that the trustees have changed since Signals was asked.
func (s *Store) MakeSignals(ctx context.Context, at time.Time, period time.Duration, dummies map[BatchOf][][]byte) (made bool, err error) {
	at = at.UTC().Truncate(time.Second)
	err = s.ask(ctx, &request{act: func() error {
		if err := s.brokenBy(); err != nil {
			return err
		}
		key := s.signingKey()
		if key == nil {
			return fmt.Errorf("%w: the log's key is not in this folder", ErrRefused)
		}
		err := s.update(func(tx kv.Tx) error {
			st, err := signalState(tx, s.authority.setIndex())
			if err != nil || st.Last.Number > 0 && !at.After(st.Last.Slot) {
				return err
			}
			for _, of := range st.Next {
				own, ok := dummies[of]
				if !ok || len(own) != ledger.SignalParts {
					return fmt.Errorf("%w: no parts for the trustees of entry %d", ErrOldSet, of.Set)
				}
				next := ledger.SignalBatch{Number: st.Last.Number + 1, Slot: at, Period: period, Trustees: of.Set}
				if st.Last.Number > 0 {
					next.Previous = st.Last.Hash()
				}
				if st.Last, err = putBatch(tx, key, next, of, own); err != nil {
					return err
				}
			}
			made = true
			return s.dropOldSignals(tx, st.Last)
		})
		return err
	}})
	return made, err
}

// putBatch fills a batch with what waits for it, in random order, and signs it.
func putBatch(tx kv.Tx, key *ledger.SigningKey, b ledger.SignalBatch, of BatchOf, dummies [][]byte) (ledger.SignalBatch, error) {
	var all []waiting
	eachSignal(tx, of.waits(), func(rest, v []byte) bool {
		all = append(all, waiting{text: bytes.Clone(rest), promise: bytes.Clone(v)})
		return true
	})
	if err := shuffle(all); err != nil {
		return b, err
	}
	t := tx.Table(tableSignals)
	var parts [][]byte
	for _, w := range all[:min(len(all), ledger.SignalParts)] {
		if err := t.Delete(append(of.waits(), w.text...)); err != nil {
			return b, err
		}
		if len(w.promise) != len(dummies[0]) {
			continue // sealed to others than the set says: it opens for none of them
		}
		parts = append(parts, w.promise)
	}
	parts = append(parts, dummies[len(parts):]...)
	var sealed []byte
	if !of.Cards {
		if sealed = readSignalKey(tx, of.Set).Sealed; sealed == nil {
			return b, fmt.Errorf("%w: the signals' key of entry %d is missing", ledger.ErrMismatch, of.Set)
		}
	}
	file, err := key.SignSignals(b, sealed, parts)
	if err != nil {
		return b, err
	}
	if b, _, _, err = ledger.SplitSignals(file); err != nil {
		return b, err
	}
	return b, t.Put(signalKey(keyBatch, number(b.Number)), file)
}

// dropOldSignals removes batches and marks that are older than 14 days, and keys of sets before the newest batch's to which
// nothing waits.
func (s *Store) dropOldSignals(tx kv.Tx, newest ledger.SignalBatch) error {
	var gone [][]byte
	eachSignal(tx, []byte{keySets}, func(set, _ []byte) bool {
		if n, ok := readNumber(set); !ok || n >= newest.Trustees {
			return false
		}
		waits := false
		eachSignal(tx, signalKey(keyWaits, set), func(_, _ []byte) bool {
			waits = true
			return false
		})
		if !waits {
			gone = append(gone, signalKey(keySets, set))
		}
		return true
	})
	eachSignal(tx, []byte{keyBatch}, func(rest, _ []byte) bool {
		n, ok := readNumber(rest)
		if !ok || n+SignalsKept > newest.Number {
			return false
		}
		gone = append(gone, signalKey(keyBatch, rest))
		return true
	})
	for _, kind := range []byte{keyMark, keyTaken} {
		eachSignal(tx, []byte{kind}, func(rest, v []byte) bool {
			if day, ok := readNumber(v[:min(8, len(v))]); !ok || day+markDays < s.today() {
				gone = append(gone, signalKey(kind, rest))
			}
			return true
		})
	}
	for _, k := range gone {
		if err := tx.Table(tableSignals).Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// SignalBatch gives a batch file as it was signed; number 0 is the newest. ErrUnknown where there is none, or no longer.
func (s *Store) SignalBatch(n uint64) (file []byte, err error) {
	err = s.view(func(v *view) error {
		t := v.tx.Table(tableSignals)
		if t == nil {
			return fmt.Errorf("batch %d: %w", n, ErrUnknown)
		}
		b := t.Get(signalKey(keyBatch, number(n)))
		if n == 0 {
			_, b = lastBatch(v.tx)
		}
		if b == nil {
			return fmt.Errorf("batch %d: %w", n, ErrUnknown)
		}
		file = bytes.Clone(b)
		return nil
	})
	return file, err
}
