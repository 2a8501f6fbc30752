package witness

import (
	"errors"
	"fmt"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
)

// Reasons why a witness does not cosign, in the order of the checks. The
// numbers are the HTTP statuses of C2SP tlog-witness.
var (
	ErrUnknownLog = errors.New("the ledger is not one that this witness watches")             // 404
	ErrSignature  = errors.New("the checkpoint is not signed with both of the ledger's keys") // 403
	ErrOldSize    = errors.New("the request starts beyond its own checkpoint")                // 400
	ErrProof      = errors.New("the ledger did not grow out of what this witness has seen")   // 422
)

// Conflict means that the witness has last cosigned another size than the
// request starts from: 409, with that size.
type Conflict struct{ Size uint64 }

func (c *Conflict) Error() string {
	return fmt.Sprintf("this witness has cosigned %d entries last, and the request starts elsewhere", c.Size)
}

// Judge decides whether a witness cosigns a request. latest is what it has
// cosigned last of this log, or nil. It returns the checkpoint to store; an
// error is one of the above, wrapped. The caller serialises looking up latest
// and storing the new one, per log.
func Judge(log *ledger.Verifier, latest *ledger.Checkpoint, q Request) (ledger.Checkpoint, error) {
	c, err := log.OpenAny(q.Checkpoint)
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if q.Old > c.Size {
		return c, canonical.Refuse("%w: from %d, and it has %d entries", ErrOldSize, q.Old, c.Size)
	}
	var old ledger.Checkpoint
	if latest != nil {
		old = *latest
	}
	switch {
	case q.Old != old.Size:
		return c, &Conflict{old.Size}
	case old.Size == 0 && len(q.Proof) > 0:
		return c, canonical.Refuse("%w: a first request has no proof", ErrProof)
	case old.Size == 0:
		return c, nil
	}
	if err := ledger.CheckConsistency(c, old, q.Proof); err != nil {
		return c, fmt.Errorf("%w: %w", ErrProof, err)
	}
	return c, nil
}
