package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// Sequence is a slot: the waiting submissions become entries, shuffled and filled up with fillers, under one
// checkpoint. It is one transaction, so after a crash all are waiting or all are sequenced. Run calls it at the slots'
// times; an earlier call returns a checkpoint with the time of the promised slot. With slot 0 it sequences what a
// ledger that had slots before has left, and signs nothing if that is nothing.
func (s *Store) Sequence(ctx context.Context) error {
	return s.ask(ctx, &request{act: func() error {
		if err := s.brokenBy(); err != nil {
			return err
		}
		return s.advance(nil, s.sequenceWaiting)
	}})
}

// sequenceLeftover is for an opening with slot 0 of a ledger that had slots.
func (s *Store) sequenceLeftover() error { return s.Sequence(context.Background()) }

func (s *Store) sequenceWaiting(tx kv.Tx, t *tip) (*growth, error) {
	var all []waiting
	var promised time.Time
	err := eachWaiting(tx, func(w waiting) error {
		if w.slot.After(promised) {
			promised = w.slot
		}
		w.text, w.promise = bytes.Clone(w.text), nil // what a transaction read may change as it grows
		all = append(all, w)
		return nil
	})
	if err != nil || s.config.Slot == 0 && len(all) == 0 {
		return nil, err
	}
	total := 0
	if s.config.Slot > 0 {
		arrived, due := len(all) > 0, len(s.authority.state.Due())
		if total, err = slotTotal(s.genesis.SlotSize, len(all), due); err != nil {
			return nil, err
		}
		if all, err = s.fillUp(tx, all, total-due); err != nil {
			return nil, err
		}
		if err := shuffle(all); err != nil {
			return nil, err
		}
		if err := s.hideArrival(tx, t.size+uint64(total), arrived); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(a, b waiting) int { return rank(a.body.Kind) - rank(b.body.Kind) })

	g := &growth{first: t.size, authority: s.authority}
	for _, w := range all {
		if err := s.grow(tx, t, g, w.body, w.text, w.hash); err != nil {
			return nil, err
		}
	}
	if err := tx.Table(tableWaiting).Clear(); err != nil {
		return nil, err
	}
	if err := s.enact(tx, t, g); err != nil {
		return nil, err
	}
	if err := s.topUp(tx, t, g, total); err != nil {
		return nil, err
	}
	g.released.Time = s.checkpointTime(promised)
	return g, nil
}

// rank orders governing entries after everything else of their slot: all that
// waited is judged by the trustees and the keys that were in force while it
// waited.
func rank(k ledger.Kind) int {
	switch k {
	case ledger.KindAnchor:
		return 1
	case ledger.KindTombstone:
		return 2
	case ledger.KindTrustees, ledger.KindKey:
		return 3
	}
	return 0
}

// shuffle orders the waiting submissions randomly, from a fresh seed.
func shuffle(all []waiting) error {
	var seed [32]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return err
	}
	mathrand.New(mathrand.NewChaCha8(seed)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return nil
}

// hideArrival asks for a compaction after a slot for which submissions waited. bbolt
// gives out pages as they are asked for, so that the pages of a slot's parts stand in
// the order in which the parts came; in a compacted file they stand in the order of
// their hashes. Where several hosts share a database, its own administrator sees more
// than that (docs/spec/store.md).
func (s *Store) hideArrival(tx kv.Tx, size uint64, arrived bool) error {
	if !arrived || s.shared {
		return nil
	}
	return tx.Table(tableMeta).Put(metaArrival, number(size))
}

// fillUp adds fillers to what waits, up to so many entries.
func (s *Store) fillUp(tx kv.Tx, all []waiting, total int) ([]waiting, error) {
	for len(all) < total {
		w, err := filler(tx, s.authority.setIndex())
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// topUp appends fillers for announced changes that were counted and could not be made.
func (s *Store) topUp(tx kv.Tx, t *tip, g *growth, total int) error {
	for t.size < g.first+uint64(total) {
		w, err := filler(tx, g.authority.setIndex())
		if err != nil {
			return err
		}
		if err := s.grow(tx, t, g, w.body, w.text, w.hash); err != nil {
			return err
		}
	}
	return nil
}

// filler makes one, and keeps its part.
func filler(tx kv.Tx, set uint64) (waiting, error) {
	var random [ledger.FillerSize / 2]byte
	if _, err := rand.Read(random[:]); err != nil {
		return waiting{}, err
	}
	part := hex.AppendEncode(nil, random[:])
	body := ledger.BodyOf(ledger.KindFiller, set, part)
	if err := putSmall(tx, body.Parts[0].Hash, part); err != nil {
		return waiting{}, err
	}
	text := body.Marshal()
	return waiting{hash: ledger.BodyHash(text), body: body, text: text}, nil
}

// grow appends one body, and follows what it changes.
func (s *Store) grow(tx kv.Tx, t *tip, g *growth, body ledger.Body, text []byte, hash ledger.Hash) error {
	if body.Kind.Governs() {
		small, ok := smallPart(tx, body.Parts[0].Hash)
		if !ok {
			return fmt.Errorf("%w: the body of a waiting entry is missing", ledger.ErrMismatch)
		}
		st, err := g.authority.try(t, body, [][]byte{small})
		if err != nil {
			return err
		}
		g.authority = st
		if err := tx.Table(tableGoverning).Put(number(t.size), nil); err != nil {
			return err
		}
		if body.Kind == ledger.KindTombstone {
			files, err := eraseBy(tx, t.size, small)
			if err != nil {
				return err
			}
			g.erased = append(g.erased, files...)
		}
	}
	g.bodies = append(g.bodies, hash)
	return t.appendEntry(tx, text)
}

// sequenceGroup makes a group of submissions entries at once, under one
// checkpoint: slot 0.
func (s *Store) sequenceGroup(group []*request, refused []error) error {
	return s.advance(s.groupKeys(group), func(tx kv.Tx, t *tip) (*growth, error) {
		g := &growth{first: t.size, authority: s.authority}
		changed := false
		for i, r := range group {
			// A change of trustees or keys ends its group: the others are
			// retried under the new ones.
			if changed {
				refused[i] = errSlotPassed
				continue
			}
			// A body that is duplicate within the group is a duplicate by its
			// parts.
			if refused[i] = s.admit(tx, t, r.sub); refused[i] != nil {
				continue
			}
			changed = changes(r.sub.Body.Kind)
			if err := s.keepParts(tx, r.sub); err != nil {
				return nil, err
			}
			if err := s.grow(tx, t, g, r.sub.Body, r.sub.text, r.sub.hash); err != nil {
				return nil, err
			}
		}
		if len(g.bodies) == 0 {
			return nil, nil
		}
		if err := s.enact(tx, t, g); err != nil {
			return nil, err
		}
		g.released.Time = s.checkpointTime(time.Time{})
		return g, nil
	})
}

// prepare signs the checkpoint over what was appended, and stores it.
func (s *Store) prepare(tx kv.Tx, t *tip, g *growth) error {
	g.authority.state.Slots++
	key := s.keyFor(g.authority.keysAt(t.size))
	if key == nil {
		return fmt.Errorf("%w: the new log key is not in this folder", ErrRefused)
	}
	c := ledger.Checkpoint{Origin: t.origin, Size: t.size, Root: t.root(), Time: g.released.Time}
	note, err := key.SignCheckpoint(c)
	if err != nil {
		return err
	}
	g.authority.state.Signed = c
	g.released = released{Checkpoint: c, note: note, verifier: s.committed.verifier,
		setIndex: g.authority.setIndex(), set: g.authority.set()}
	if key != s.key {
		g.released.verifier, g.key = key.Verifier(), key
	}
	if s.tail.size()+uint64(len(g.bodies)) >= maxTail {
		g.flushed = true
		if err := s.tail.flush(tx, g.bodies); err != nil {
			return err
		}
	}
	return tx.Table(tableCheckpoints).Put(number(t.size), note)
}
