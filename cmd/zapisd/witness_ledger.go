package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zapis/crypto/ledger"
	"zapis/crypto/witness"
	"zapis/internal/exit"
	"zapis/internal/server/publish"
	"zapis/store"
)

// The part of witnessing that runs in the process that has the ledger open.

// ledgerState is the answer to the first request.
type ledgerState struct {
	Keys []string     `json:"keys"`
	Size uint64       `json:"size"`
	Last []lastCosign `json:"last"`
}

// lastCosign is the largest checkpoint that a key has cosigned, among those that are kept.
type lastCosign struct {
	Name string `json:"name"`
	ID   uint32 `json:"id"`
	Size uint64 `json:"size"`
}

// maxLooked is how many cosigned checkpoints are searched for each key's last cosignature.
const maxLooked = 400

func witnessState(_ context.Context, st *store.Store, to reporter) error {
	keys := st.Verifier().Keys()
	state := ledgerState{Keys: keys[:], Size: st.Size()}
	sizes, err := st.CosignedSizes()
	if err != nil {
		return err
	}
	for _, size := range sizes[:min(len(sizes), maxLooked)] {
		note, err := st.Cosigned(size)
		if err != nil {
			continue // damaged, or of a ledger that was here before: there may be others
		}
		lines, err := witness.Lines(note)
		if err != nil {
			continue
		}
		for _, line := range lines {
			known := func(l lastCosign) bool { return l.Name == line.Name && l.ID == line.Hash }
			if !slices.ContainsFunc(state.Last, known) {
				state.Last = append(state.Last, lastCosign{line.Name, line.Hash, size})
			}
		}
	}
	return reply(to, state)
}

// places groups a policy's keys by address. A witness keeps one state for all its keys, so a request starts from the
// smallest size that they have cosigned.
func (s ledgerState) places(p *witness.Policy) []publish.WitnessAt {
	var places []publish.WitnessAt
	for _, w := range p.Witnesses {
		if w.URL == "" {
			continue
		}
		var last uint64
		for _, l := range s.Last {
			if l.Name == w.Key.Name() && l.ID == w.Key.ID() {
				last = l.Size
			}
		}
		i := slices.IndexFunc(places, func(at publish.WitnessAt) bool { return at.URL == w.URL })
		if i < 0 {
			places = append(places, publish.WitnessAt{URL: w.URL, Keys: []*witness.Verifier{w.Key}, Last: last})
			continue
		}
		places[i].Keys = append(places[i].Keys, w.Key)
		places[i].Last = min(places[i].Last, last)
	}
	return places
}

// lastOf returns the size that the witness of this name has cosigned last.
func (s ledgerState) lastOf(name string) (size uint64) {
	for _, l := range s.Last {
		if l.Name == name {
			size = max(size, l.Size)
		}
	}
	return size
}

type proveArgs struct {
	Old uint64 `json:"old"`
}

func witnessProve(_ context.Context, st *store.Store, args proveArgs, to reporter) error {
	note, c := st.LatestCheckpoint()
	q := witness.Request{Old: args.Old, Checkpoint: note}
	if q.Old > c.Size {
		return exit.New(exit.Failed, "if a witness said so, this may be a restored copy: look before anything is signed",
			"no proof from %d entries: the ledger has %d", q.Old, c.Size)
	}
	if q.Old > 0 {
		var err error
		if q.Proof, err = st.Consistency(c.Size, q.Old); err != nil {
			return err
		}
	}
	return reply(to, q.Marshal())
}

type keepArgs struct {
	Note    []byte `json:"note"`    // a checkpoint with witnesses' lines
	Policy  []byte `json:"policy"`  // tlog-policy
	Entries bool   `json:"entries"` // also append them to the ledger
}

type keepReply struct {
	Size   uint64 `json:"size"`
	Latest uint64 `json:"latest"` // the ledger's size
	Enough bool   `json:"enough"` // the policy is satisfied
}

// witnessKeep stores cosignatures of one of our checkpoints. A checkpoint that is not ours and that a witness of the
// policy has cosigned stops the ledger.
func witnessKeep(ctx context.Context, st *store.Store, args keepArgs, to reporter) error {
	policy, err := witness.ParsePolicy(args.Policy)
	if err != nil {
		return err
	}
	if err := witness.CheckOutside(st.Verifier(), policy.Verifiers()); err != nil {
		return err
	}
	c, by, err := readCosigned(args.Note, policy)
	if err != nil {
		return exit.New(exit.Mismatch, "", "%w", err)
	}
	if c.Origin != st.Origin() {
		return exit.New(exit.Mismatch, "", "the cosigned checkpoint is of %s, and this ledger is %s", c.Origin, st.Origin())
	}
	if err := checkOurs(ctx, st, c, by, args.Note); err != nil {
		return err
	}
	var fresh []witness.Cosignature
	var with []byte
	err = st.KeepCosigned(c.Size, func(note []byte) ([]byte, error) {
		had, err := witness.Lines(note)
		if err != nil {
			return nil, err
		}
		known := make(map[uint32]bool)
		for _, line := range had {
			known[line.Hash] = true
		}
		for _, x := range by {
			if !known[x.Witness.ID()] {
				fresh = append(fresh, x)
			}
		}
		with, err = witness.Merge(note, by)
		return with, err
	})
	if err != nil {
		return err
	}
	_, all, err := readCosigned(with, policy)
	if err != nil {
		return err
	}
	if st.Shared() {
		fresh = all // kept since the checkpoint's release, and perhaps no entries yet
	}
	if args.Entries {
		if err := appendCosignatures(ctx, st, c.Size, fresh); err != nil {
			return err
		}
	}
	latest := st.Size()
	return reply(to, keepReply{Size: c.Size, Latest: latest, Enough: policy.Satisfied(all)})
}

// readCosigned verifies the witnesses' lines of a note. It does not compare the checkpoint with the ledger.
func readCosigned(note []byte, policy *witness.Policy) (c ledger.Checkpoint, by []witness.Cosignature, err error) {
	text, err := ledger.NoteText(note)
	if err != nil {
		return c, nil, err
	}
	if c, err = ledger.ParseCheckpointText(text); err != nil {
		return c, nil, err
	}
	lines, err := witness.Lines(note)
	if err != nil {
		return c, nil, err
	}
	if by, err = witness.Check(text, lines, policy.Verifiers()); err == nil && len(by) == 0 {
		err = fmt.Errorf("no witness of the policy has cosigned this checkpoint of %d entries", c.Size)
	}
	return c, by, err
}

// checkOurs stops the ledger if a witness has cosigned a checkpoint that the ledger does not have.
func checkOurs(ctx context.Context, st *store.Store, c ledger.Checkpoint, by []witness.Cosignature, note []byte) error {
	stored, err := st.Checkpoint(c.Size)
	if err == nil {
		if ours, err := ledger.ParseNote(stored); err != nil || ours.Root == c.Root {
			return err
		}
	} else if !errors.Is(err, store.ErrUnknown) {
		return err
	}
	return stop(ctx, st, store.Stop{Forked: c.Size <= st.Size(), Witness: by[0].Witness.Name(), Reported: c.Size, Evidence: note})
}

func witnessStop(ctx context.Context, st *store.Store, m store.Stop, _ reporter) error {
	return stop(ctx, st, m)
}

// stop stops the ledger. It leaves out evidence that does not verify, and keeps the witness's statement.
func stop(ctx context.Context, st *store.Store, m store.Stop) error {
	err := st.StopSigning(ctx, m)
	if m.Evidence != nil && errors.Is(err, store.ErrNoGround) {
		m.Evidence = nil
		err = st.StopSigning(ctx, m)
	}
	return err
}

// appendCosignatures submits the cosignatures that the ledger does not have as anchors. They become entries with the
// next slot and are in every carry file.
func appendCosignatures(ctx context.Context, st *store.Store, size uint64, by []witness.Cosignature) error {
	note, err := st.Checkpoint(size)
	if err != nil {
		return err
	}
	for _, c := range by {
		a := ledger.Anchor{Size: size, Checkpoint: ledger.Sum(note), Witness: c.Witness.String(), Cosignature: c.Raw}
		if err := submitAnchor(ctx, st, a); err != nil && !errors.Is(err, store.ErrDuplicate) && !errors.Is(err, store.ErrPartTaken) {
			return err
		}
	}
	return nil
}

// submitAnchor submits an anchor under the set in force, and retries when the set changes meanwhile.
func submitAnchor(ctx context.Context, st *store.Store, a ledger.Anchor) error {
	text := a.Marshal()
	for attempt := 0; ; attempt++ {
		set, _ := st.SetInForce()
		_, err := st.Submit(ctx, store.Submission{Body: ledger.BodyOf(ledger.KindAnchor, set, text), Small: [][]byte{text}})
		if !errors.Is(err, store.ErrOldSet) || attempt == 1 {
			return err
		}
	}
}
