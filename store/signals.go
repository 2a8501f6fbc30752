package store

import (
	"bytes"
	"context"
	"fmt"

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
			if set != s.authority.setIndex() {
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
