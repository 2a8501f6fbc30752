package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// Signals tell somebody on duty that a report needs attention: docs/spec/signals.md. The table holds, by the first
// byte of its keys:
//
//	b <number>             a batch as it was signed, for SignalsKept batches
//	k <set>                the key to which the set's signals are sealed: its public half, a line break, its sealed secret half
//	q <set> <body hash>    a signal, sealed to the set's key, that waits for its batch
//	w <set> <body hash>    one that an earlier program sealed to the set's duty cards
//	u <body hash>          day on which it came (8 bytes, days since 1970), then the mark: this body is urgent
//	m <hash>               day on which a duty person's message of this hash was taken
//	s                      when a duty person was last there (8 bytes, Unix minutes)
//
// A signal is sealed to the key of the set that was in force; which part of a batch is one cannot be seen by the batch's
// order. What waits is taken in random order, so that the table does not tell which came first.
const (
	keyBatch = 'b'
	keySets  = 'k'
	keyWaits = 'q'
	keyCards = 'w'
	keyMark  = 'u'
	keyTaken = 'm'
	keySeen  = 's'
)

const (
	// SignalsKept is how many batches are kept: those of 14 days, at one each half-hour.
	SignalsKept = 14 * 48
	markDays    = 14
)

// SignalKey is the key to which one set's signals are sealed.
type SignalKey struct {
	Recipient string // age1pq1…
	Sealed    []byte // the secret half, sealed to the set's duty cards
}

// KeepSignalKey keeps a set's key before anything is sealed to it, and gives the key that is kept: with several hosts, or two
// callers at once, the first that comes is. make is asked for one where there is none yet.
func (s *Store) KeepSignalKey(ctx context.Context, set uint64, make func() (SignalKey, error)) (k SignalKey, err error) {
	err = s.view(func(v *view) error {
		k = readSignalKey(v.tx, set)
		return nil
	})
	if err != nil || k.Sealed != nil {
		return k, err
	}
	fresh, err := make()
	if err != nil {
		return k, err
	}
	err = s.ask(ctx, &request{act: func() error {
		return s.update(func(tx kv.Tx) error {
			if k = readSignalKey(tx, set); k.Sealed != nil {
				return nil
			}
			k = fresh
			return tx.Table(tableSignals).Put(signalKey(keySets, number(set)), append([]byte(k.Recipient+"\n"), k.Sealed...))
		})
	}})
	return k, err
}

func readSignalKey(tx kv.Tx, set uint64) (k SignalKey) {
	t := tx.Table(tableSignals)
	if t == nil {
		return k
	}
	recipient, sealed, found := bytes.Cut(t.Get(signalKey(keySets, number(set))), []byte("\n"))
	if !found {
		return k
	}
	return SignalKey{string(recipient), bytes.Clone(sealed)}
}

// Attention is what is kept of a submission that somebody on duty is to be told of.
type Attention struct {
	Signal []byte // sealed to the key of the body's set; nil where it has no duty cards
	Mark   []byte // what an answer needs; nil where the submission is not urgent

	// Once is the hash of a duty person's message that becomes this submission: it is taken once. Zeros where it is none.
	Once ledger.Hash
}

func signalKey(kind byte, rest ...[]byte) []byte {
	return append([]byte{kind}, bytes.Join(rest, nil)...)
}

func (s *Store) today() uint64 { return uint64(s.now().Unix() / (24 * 60 * 60)) }

// keepAttention writes what is kept of an urgent submission.
func (s *Store) keepAttention(tx kv.Tx, p *submission) error {
	t := tx.Table(tableSignals)
	if p.Attention.Mark != nil {
		if err := t.Put(signalKey(keyMark, p.hash[:]), append(number(s.today()), p.Attention.Mark...)); err != nil {
			return err
		}
	}
	if p.Attention.Once != (ledger.Hash{}) {
		if err := t.Put(signalKey(keyTaken, p.Attention.Once[:]), number(s.today())); err != nil {
			return err
		}
	}
	if p.Attention.Signal == nil {
		return nil
	}
	return t.Put(signalKey(keyWaits, number(p.Body.Trustees), p.hash[:]), p.Attention.Signal)
}

// AddSignal keeps a sealed signal that belongs to no body: an exercise. name must be random.
func (s *Store) AddSignal(ctx context.Context, set uint64, name ledger.Hash, sealed []byte) error {
	return s.ask(ctx, &request{act: func() error {
		return s.update(func(tx kv.Tx) error {
			if set != s.standing.setIndex() {
				return ErrOldSet
			}
			return tx.Table(tableSignals).Put(signalKey(keyWaits, number(set), name[:]), sealed)
		})
	}})
}

// eachSignal visits the table's rows whose keys begin so, in their order, until visit reports false.
func eachSignal(tx kv.Tx, prefix []byte, visit func(rest, v []byte) bool) {
	t := tx.Table(tableSignals)
	if t == nil {
		return
	}
	c := t.Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix) && visit(k[len(prefix):], v); k, v = c.Next() {
	}
}

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
			st, err := signalState(tx, s.standing.setIndex())
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

// KeyHistory gives the changes of the log's keys, without their approvals (docs/spec/signals.md): by it who knows the genesis
// alone verifies what the log signs.
func (s *Store) KeyHistory() (history []byte, err error) {
	var changes []ledger.Approved
	err = s.view(func(v *view) error {
		for _, at := range v.standing.state.Keys[1:] {
			text, err := v.entry(at.Index)
			if errors.Is(err, ErrUnknown) {
				return nil // not released yet
			}
			if err != nil {
				return err
			}
			e, err := ledger.ParseEntry(text)
			if err != nil {
				return err
			}
			body, ok := smallPart(v.tx, e.Body.Parts[0].Hash)
			if !ok {
				return fmt.Errorf("%w: the body of entry %d is missing", ledger.ErrMismatch, at.Index)
			}
			a, err := ledger.ParseApproved(body)
			if err != nil {
				return err
			}
			changes = append(changes, a)
		}
		return nil
	})
	return ledger.MarshalKeyHistory(changes), err
}

// Urgent gives the mark of an urgent body; ErrUnknown where it is not urgent, or 14 days have passed.
func (s *Store) Urgent(body ledger.Hash) (mark []byte, err error) {
	err = s.view(func(v *view) error {
		mark = v.mark(body)
		if mark == nil {
			return fmt.Errorf("body %s: %w", body, ErrUnknown)
		}
		return nil
	})
	return mark, err
}

func (v *view) mark(body ledger.Hash) []byte {
	t := v.tx.Table(tableSignals)
	if t == nil {
		return nil
	}
	b := t.Get(signalKey(keyMark, body[:]))
	if len(b) < 8 {
		return nil
	}
	return bytes.Clone(b[8:])
}

// Urgent reports whether a body is urgent.
func (n *Snapshot) Urgent(body ledger.Hash) bool { return n.v.mark(body) != nil }

// DutySeen keeps the time, to the minute, at which somebody on duty was there. An earlier one than is known changes
// nothing; only the newest is kept, and not who it was.
func (s *Store) DutySeen(ctx context.Context, at time.Time) error {
	minutes := uint64(max(0, at.Unix()/60))
	if last, err := s.DutyLast(); err != nil || !last.IsZero() && minutes <= uint64(last.Unix()/60) {
		return err
	}
	return s.ask(ctx, &request{act: func() error {
		return s.update(func(tx kv.Tx) error { return tx.Table(tableSignals).Put([]byte{keySeen}, number(minutes)) })
	}})
}

// DutyLast gives the newest time that DutySeen was told, UTC; zero where there is none.
func (s *Store) DutyLast() (at time.Time, err error) {
	err = s.view(func(v *view) error {
		t := v.tx.Table(tableSignals)
		if t == nil {
			return nil
		}
		if n, ok := readNumber(t.Get([]byte{keySeen})); ok {
			at = time.Unix(int64(n)*60, 0).UTC()
		}
		return nil
	})
	return at, err
}

// SetAt gives the trustees that the entry at index names; ErrUnknown where it names none.
func (s *Store) SetAt(index uint64) (set ledger.TrusteeSet, err error) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	for _, at := range s.standing.state.Sets {
		if at.Index == index && at.Set != nil {
			return *at.Set, nil
		}
	}
	return set, fmt.Errorf("trustees of entry %d: %w", index, ErrUnknown)
}

// DutyCards are the duty cards of all sets that this ledger has had, the newest first.
func (s *Store) DutyCards() (cards []card.Card) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	for _, at := range slices.Backward(s.standing.state.Sets) {
		if at.Set != nil {
			cards = append(cards, at.Set.Duty...)
		}
	}
	return cards
}
