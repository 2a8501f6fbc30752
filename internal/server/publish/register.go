package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"zapis/crypto/ledger"
	"zapis/crypto/witness"
	"zapis/internal/exit"
	"zapis/store"
)

// maxPlaces is how many witnesses a register may have: checkQuorums tests all of their subsets.
const maxPlaces = 12

// Register implements store.Register with several witnesses: a checkpoint is released once a policy's quorum has
// cosigned it. A witness advances by compare-and-swap (C2SP tlog-witness, add-checkpoint), and any two quorums have a
// witness in common, so that two histories can't both have one.
type Register struct {
	client *http.Client
	policy *witness.Policy
	places []WitnessAt
}

// NewRegister makes the register of a policy.
func NewRegister(client *http.Client, policy *witness.Policy) (*Register, error) {
	r := &Register{client: client, policy: policy}
	for _, w := range policy.Witnesses {
		if w.URL == "" {
			continue
		}
		if err := checkURL(w.URL); err != nil {
			return nil, err
		}
		found := false
		for i := range r.places {
			if r.places[i].URL == w.URL {
				r.places[i].Keys, found = append(r.places[i].Keys, w.Key), true
			}
		}
		if !found {
			r.places = append(r.places, WitnessAt{URL: w.URL, Keys: []*witness.Verifier{w.Key}})
		}
	}
	switch {
	case len(r.places) == 0:
		return nil, exit.Advise(exit.Usage, exit.AddWitnessAddress.With(), "no witness has an address where it can be asked")
	case len(r.places) > maxPlaces:
		return nil, exit.New(exit.Usage, "", "%d witnesses: at most %d can be asked before each checkpoint", len(r.places), maxPlaces)
	}
	return r, r.checkQuorums()
}

// checkQuorums refuses a policy that two disjoint groups of witnesses satisfy.
func (r *Register) checkQuorums() error {
	all := 1<<len(r.places) - 1
	if !r.policy.Satisfied(r.cosigned(all)) {
		return exit.New(exit.Usage, "give addresses to so many witnesses that the policy is satisfied", "the witnesses that can be asked do not satisfy the policy")
	}
	for group := range all + 1 {
		if r.policy.Satisfied(r.cosigned(group)) && r.policy.Satisfied(r.cosigned(all&^group)) {
			return exit.New(exit.Usage, "let the quorum be a majority: any 2 of 3", "the policy is satisfied by two groups of witnesses with none in common: each could see another history")
		}
	}
	return nil
}

// cosigned returns the cosignatures of a group of witnesses, given as bits.
func (r *Register) cosigned(group int) (by []witness.Cosignature) {
	for i, w := range r.places {
		if group>>i&1 == 1 {
			for _, k := range w.Keys {
				by = append(by, witness.Cosignature{Witness: k})
			}
		}
	}
	return by
}

// Advance asks all witnesses concurrently, and returns the checkpoint with their lines.
func (r *Register) Advance(ctx context.Context, log *ledger.Verifier, next ledger.Checkpoint, note []byte, prove func(old uint64) ([]ledger.Hash, error)) ([]byte, error) {
	type answer struct {
		by  []witness.Cosignature
		err error
	}
	answers := make([]answer, len(r.places))
	var proving sync.Mutex
	var asked sync.WaitGroup
	for i, place := range r.places {
		asked.Go(func() {
			_, by, err := AskWitness(ctx, r.client, place, log, func(_ context.Context, old uint64) (q witness.Request, err error) {
				proving.Lock()
				defer proving.Unlock()
				q = witness.Request{Old: min(old, next.Size), Checkpoint: note}
				if q.Old > 0 && q.Old < next.Size {
					q.Proof, err = prove(q.Old)
				}
				return q, err
			})
			answers[i] = answer{by, err}
		})
	}
	asked.Wait()
	var by []witness.Cosignature
	var errs []error
	for _, a := range answers {
		var x *Contradiction
		switch {
		case errors.As(a.err, &x) && x.Forked:
			return nil, fmt.Errorf("%w: %w", store.ErrForked, x)
		case errors.As(a.err, &x):
			return nil, fmt.Errorf("%w: %w", store.ErrBehindGuard, x)
		case a.err != nil:
			errs = append(errs, a.err)
		}
		by = append(by, a.by...)
	}
	if !r.policy.Satisfied(by) {
		return nil, fmt.Errorf("%d of %d witnesses have cosigned %d entries, which is too few: %w", len(r.places)-len(errs), len(r.places), next.Size, errors.Join(errs...))
	}
	return witness.Merge(note, by)
}
