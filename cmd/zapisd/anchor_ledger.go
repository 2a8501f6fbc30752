package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/internal/exit"
	"zapis/store"
)

// What anchoring needs of a ledger, done where it is open.

type anchorArgs struct {
	Imprint *timestamp.Imprint `json:"imprint,omitempty"` // of the checkpoint that is asked for; the latest without it
	Body    []byte             `json:"body,omitempty"`    // of the anchor to append
}

type anchorReply struct {
	Size uint64    `json:"size"`
	Note []byte    `json:"note"` // the checkpoint as stored
	Slot time.Time `json:"slot"` // its time, by the log; zero where another key than today's signed it
}

func anchorState(_ context.Context, st *store.Store, raw json.RawMessage, to reporter) error {
	var args anchorArgs
	if err := json.Unmarshal(raw, &args); err != nil {
		return err
	}
	note, c := st.LatestCheckpoint()
	reply := anchorReply{Size: c.Size, Note: note}
	if args.Imprint != nil && !args.Imprint.Of(note) {
		reply = anchorReply{}
		err := st.Snapshot(func(n *store.Snapshot) error {
			return n.Checkpoints(0, func(size uint64, note []byte) error {
				if args.Imprint.Of(note) {
					reply = anchorReply{Size: size, Note: bytes.Clone(note)}
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	if reply.Note == nil {
		return exit.New(exit.Mismatch, "is it a request of this ledger?", "the request is about no checkpoint of this ledger")
	}
	if c, err := st.Verifier().OpenStored(reply.Note); err == nil {
		reply.Slot = c.Time
	}
	return json.NewEncoder(to).Encode(reply)
}

// anchorAppend submits an anchor, which goes out with the next slot. That the evidence proves something was
// verified by the process that has the roots; here it must be about a checkpoint that the ledger has.
func anchorAppend(ctx context.Context, st *store.Store, raw json.RawMessage, _ reporter) error {
	var args anchorArgs
	if err := json.Unmarshal(raw, &args); err != nil {
		return err
	}
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
