package store

import (
	"bytes"
	"fmt"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// Genesis returns the ledger's first body.
func (s *Store) Genesis() ledger.Genesis { return s.genesis }

// Warning returns what an operator should mend although the ledger works: rights of the database's role that reach more than this
// ledger, with the statement that takes them away as the hint. It was found when the ledger was opened; nil is nothing.
func (s *Store) Warning() error { return s.warning }

// Card returns the ledger's card.
func (s *Store) Card() card.LedgerCard { return s.card }

// Origin returns the ledger's name.
func (s *Store) Origin() string { return s.genesis.Origin }

// Shared reports whether other hosts may write to the ledger too: it is in a database.
func (s *Store) Shared() bool { return s.shared }

// SetInForce returns the trustees of new submissions, and the index of the
// entry that names them.
func (s *Store) SetInForce() (index uint64, set ledger.TrusteeSet) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.released.setIndex, s.released.set
}

// Verifier returns the verifier of what the log signs now.
func (s *Store) Verifier() *ledger.Verifier {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.released.verifier
}

// Size returns how many entries the last checkpoint covers.
func (s *Store) Size() uint64 { return s.last().Size }

// LatestCheckpoint returns the last checkpoint, as signed and parsed.
func (s *Store) LatestCheckpoint() (note []byte, c ledger.Checkpoint) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return bytes.Clone(s.released.note), s.released.Checkpoint
}

// Checkpoint returns the checkpoint of this size; ErrUnknown if none was
// signed.
func (s *Store) Checkpoint(size uint64) (note []byte, err error) {
	err = s.view(func(v *view) error {
		note = bytes.Clone(v.tx.Table(tableCheckpoints).Get(number(size)))
		if note == nil || size > v.Size { // signed, perhaps, and not in the guard: not released
			return fmt.Errorf("checkpoint %d: %w", size, ErrUnknown)
		}
		return nil
	})
	return note, err
}

// Entry returns an entry's text.
func (s *Store) Entry(index uint64) (text []byte, err error) {
	err = s.view(func(v *view) error {
		text, err = v.entry(index)
		text = bytes.Clone(text)
		return err
	})
	return text, err
}

func (v *view) entry(index uint64) ([]byte, error) {
	if index >= v.Size {
		return nil, fmt.Errorf("entry %d: %w", index, ErrUnknown)
	}
	return entryText(v.tx.Table(tableEntries), index)
}

// Find returns the index of a body's entry; or ErrWaiting, or ErrUnknown.
func (s *Store) Find(body ledger.Hash) (index uint64, err error) {
	err = s.view(func(v *view) error {
		index, err = v.find(body)
		return err
	})
	return index, err
}

func (v *view) find(body ledger.Hash) (uint64, error) {
	if v.tx.Table(tableWaiting).Get(body[:]) != nil {
		return 0, fmt.Errorf("body %s: %w", body, ErrWaiting)
	}
	index, ok := v.tail.find(v.tx, body, v.Size)
	if !ok && v.sequencedUnseen(body) {
		return 0, fmt.Errorf("body %s: %w", body, ErrWaiting)
	}
	if !ok {
		return 0, fmt.Errorf("body %s: %w", body, ErrUnknown)
	}
	e, err := readEntry(v.tx.Table(tableEntries), index)
	if err != nil {
		return 0, err
	}
	if e.Body.Hash() != body { // the index contains half of the hash
		return 0, fmt.Errorf("body %s: %w", body, ErrUnknown)
	}
	return index, nil
}

// Receipt returns the proof that a body is in the ledger, under the checkpoint
// of its own slot: a C2SP tlog-proof. Before the slot the error is ErrWaiting.
func (s *Store) Receipt(body ledger.Hash) (receipt []byte, err error) {
	err = s.view(func(v *view) error {
		index, err := v.find(body)
		if err != nil {
			return err
		}
		receipt, err = v.receipt(index)
		return err
	})
	return receipt, err
}

// receipt returns an entry's receipt under the first checkpoint that covers
// it.
func (v *view) receipt(index uint64) ([]byte, error) {
	text, err := v.entry(index)
	if err != nil {
		return nil, err
	}
	_, note := v.tx.Table(tableCheckpoints).Cursor().Seek(number(index + 1))
	if note == nil {
		return nil, fmt.Errorf("entry %d: %w", index, ErrWaiting)
	}
	return ledger.MakeReceipt(text, bytes.Clone(note), v.hashes())
}

// Consistency returns the proof that the ledger at the larger checkpoint
// extends the one at the smaller (RFC 6962 §2.1.2).
func (s *Store) Consistency(size, old uint64) (path []ledger.Hash, err error) {
	err = s.view(func(v *view) error {
		path, err = ledger.ProveConsistency(size, old, v.hashes())
		return err
	})
	return path, err
}

// Locator returns the sealed box under this name.
func (s *Store) Locator(name [32]byte) (box []byte, ok bool, err error) {
	err = s.view(func(v *view) error {
		b := v.tx.Table(tableLocators).Get(name[:])
		box, ok = bytes.Clone(b), b != nil
		return nil
	})
	return box, ok, err
}

// Tagged returns the body of the reply with this tag: its hash, and the file
// with the message.
func (s *Store) Tagged(tag ledger.Hash) (body ledger.Hash, file []byte, err error) {
	err = s.view(func(v *view) error {
		h := v.tx.Table(tableTags).Get(tag[:])
		if len(h) != len(body) {
			return fmt.Errorf("reply %s: %w", tag, ErrUnknown)
		}
		body = ledger.Hash(h)
		b, err := v.bodyOf(body)
		if err != nil {
			return err
		}
		small, ok := smallPart(v.tx, b.Parts[0].Hash)
		if !ok {
			return fmt.Errorf("reply %s: %w", tag, ErrErased)
		}
		file = bytes.Clone(small)
		return nil
	})
	return body, file, err
}

// bodyOf reads the body of a waiting submission or an entry.
func (v *view) bodyOf(hash ledger.Hash) (ledger.Body, error) {
	if file := v.tx.Table(tableWaiting).Get(hash[:]); file != nil {
		w, err := readWaiting(hash[:], file)
		return w.body, err
	}
	index, err := v.find(hash)
	if err != nil {
		return ledger.Body{}, err
	}
	e, err := readEntry(v.tx.Table(tableEntries), index)
	return e.Body, err
}
