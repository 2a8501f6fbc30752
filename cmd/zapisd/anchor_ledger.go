package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/internal/exit"
	"zapis/store"
)

// The part of anchoring that runs in the process that has the ledger open.

type anchorArgs struct {
	Imprint *timestamp.Imprint `json:"imprint,omitempty"` // of the checkpoint that is asked for; the latest without it
	Body    []byte             `json:"body,omitempty"`    // of the anchor to append
}

type anchorReply struct {
	Size uint64    `json:"size"`
	Note []byte    `json:"note"` // the checkpoint as stored
	Slot time.Time `json:"slot"` // its time, by the log; zero where another key than today's signed it
}

func anchorState(_ context.Context, st *store.Store, args anchorArgs, to reporter) error {
	note, c := st.LatestCheckpoint()
	answer := anchorReply{Size: c.Size, Note: note}
	if args.Imprint != nil && !args.Imprint.Of(note) {
		answer = anchorReply{}
		err := st.Snapshot(func(n *store.Snapshot) error {
			return n.Checkpoints(0, func(size uint64, note []byte) error {
				if args.Imprint.Of(note) {
					answer = anchorReply{Size: size, Note: bytes.Clone(note)}
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	if answer.Note == nil {
		return exit.New(exit.Mismatch, "is it a request of this ledger?", "the request is about no checkpoint of this ledger")
	}
	if c, err := st.Verifier().OpenStored(answer.Note); err == nil {
		answer.Slot = c.Time
	}
	return reply(to, answer)
}

// anchorAppend submits an anchor. It becomes an entry with the next slot. The process that has the roots has verified
// the evidence; here only the checkpoint is compared with the ledger's.
func anchorAppend(ctx context.Context, st *store.Store, args anchorArgs, _ reporter) error {
	a, err := ledger.ParseAnchor(args.Body)
	if err != nil {
		return err
	}
	note, err := st.Checkpoint(a.Size)
	if err != nil {
		return err
	}
	if ledger.Sum(note) != a.Checkpoint {
		return exit.New(exit.Mismatch, "", "the anchor is about another checkpoint of %d entries than this ledger's", a.Size)
	}
	err = submitAnchor(ctx, st, a)
	if errors.Is(err, store.ErrDuplicate) || errors.Is(err, store.ErrPartTaken) {
		return exit.New(exit.Failed, "", "this token was taken in already")
	}
	return err
}

// anchorWarnings reports which anchors of a ledger can't be read, and which contradict each other.
func anchorWarnings(ctx context.Context, st *store.Store) (sentences []string, err error) {
	err = st.Snapshot(func(n *store.Snapshot) error {
		type place struct {
			index uint64
			part  ledger.Part
		}
		var places []place
		err := n.Entries(0, func(index uint64, text []byte) error {
			e, err := ledger.ParseEntry(text)
			if err == nil && e.Body.Kind == ledger.KindAnchor && len(e.Body.Parts) == 1 {
				places = append(places, place{index, e.Body.Parts[0]})
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		var held []timestamp.Held
		about := make(map[uint64][]int) // sizes of checkpoints, and which of held are about them
		for _, p := range places {
			h := timestamp.Held{Index: p.index}
			if h.Body, err = smallPart(n, p.part); err != nil {
				continue // erased
			}
			if a, err := ledger.ParseAnchor(h.Body); err == nil {
				about[a.Size] = append(about[a.Size], len(held))
			}
			held = append(held, h)
		}
		err = n.Checkpoints(0, func(size uint64, note []byte) error {
			for _, i := range about[size] {
				held[i].Checkpoint = bytes.Clone(note)
			}
			return nil
		})
		if err != nil {
			return err
		}
		sentences = timestamp.Warnings(held, 0)
		return nil
	})
	return sentences, err
}

func smallPart(n *store.Snapshot, p ledger.Part) ([]byte, error) {
	r, _, err := n.Part(p.Hash)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, p.Size))
}
