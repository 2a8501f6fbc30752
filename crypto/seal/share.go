package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"filippo.io/age"
)

// quorumOf returns the quorum stanza of a header, alone as it must be.
func quorumOf(header []byte) (*quorumStanza, error) {
	stanzas, err := stanzasOf(header)
	if err != nil {
		return nil, err
	}
	return quorumIn(stanzas)
}

// quorumIn is quorumOf for the header's stanzas.
func quorumIn(stanzas []*age.Stanza) (*quorumStanza, error) {
	if stanzas, _ = unpadded(stanzas); len(stanzas) != 1 || stanzas[0].Type != quorumType {
		return nil, mismatch("this part is not under a quorum")
	}
	return parseQuorum(stanzas[0])
}

// Quorum returns how many shares a part's header needs, of how many: 1 and the
// number of stanzas where each trustee opens it alone.
func Quorum(header []byte) (k, n int, err error) {
	stanzas, err := stanzasOf(header)
	if err != nil {
		return 0, 0, err
	}
	if stanzas, _ = unpadded(stanzas); len(stanzas) == 1 && stanzas[0].Type == quorumType {
		q, err := parseQuorum(stanzas[0])
		if err != nil {
			return 0, 0, err
		}
		return q.k, q.n(), nil
	}
	return 1, len(stanzas), nil
}

// ShareFile returns the small age file that seals the share of the trustee at
// this position (from 1), as it stands in the header: stock age opens it.
func ShareFile(header []byte, position int) ([]byte, error) {
	q, err := quorumOf(header)
	if err != nil {
		return nil, err
	}
	if err := q.has(position); err != nil {
		return nil, err
	}
	return slices.Clone(q.files[position-1]), nil
}

// OpenShare reads a part's header and returns the share, 32 bytes, of the
// trustee at this position (from 1). The share has been compared with its
// published hash. ErrNoKey where the identity does not open the share's file,
// ErrMismatch where the share is not the one that the hash names, or the part
// has no quorum.
func OpenShare(src io.Reader, position int, id age.Identity) ([]byte, error) {
	header, err := Header(src)
	if err != nil {
		return nil, err
	}
	q, err := quorumOf(header)
	if err != nil {
		return nil, err
	}
	return q.open(position, id)
}

// CheckShare compares a share with the hash that a part's header publishes for
// this position: ErrMismatch where they differ.
func CheckShare(header []byte, position int, share []byte) error {
	q, err := quorumOf(header)
	if err != nil {
		return err
	}
	if err := q.has(position); err != nil {
		return err
	}
	return q.fits(position, share)
}

func (q *quorumStanza) has(position int) error {
	if position < 1 || position > q.n() {
		return fmt.Errorf("seal: there is no position %d in a set of %d trustees", position, q.n())
	}
	return nil
}

func (q *quorumStanza) fits(position int, share []byte) error {
	if shareHash(position, share) != q.hashes[position-1] {
		return mismatch("share %d is not the one that was sealed to trustee %d", position, position)
	}
	return nil
}

func (q *quorumStanza) open(position int, id age.Identity) ([]byte, error) {
	if err := q.has(position); err != nil {
		return nil, err
	}
	watched, fatal := watch([]age.Identity{id})
	r, err := age.Decrypt(bytes.NewReader(q.files[position-1]), watched...)
	if err != nil {
		if *fatal != nil {
			return nil, fmt.Errorf("the key that was given could not be used: %w", *fatal)
		}
		if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
			return nil, refuse(ErrNoKey, "share %d does not open with the key that was given", position)
		}
		return nil, mismatch("share %d: %v", position, err)
	}
	share, err := io.ReadAll(io.LimitReader(r, scalarSize+1))
	if err != nil {
		return nil, mismatch("share %d: %v", position, err)
	}
	if len(share) != scalarSize {
		wipe(share)
		return nil, mismatch("share %d does not have %d bytes", position, scalarSize)
	}
	if err := q.fits(position, share); err != nil {
		wipe(share)
		return nil, err
	}
	return share, nil
}

// QuorumIdentity opens parts with trustees' shares of them, by position (from 1).
// A share belongs to one part: shares of another are refused as forged.
//
// Its Unwrap returns ErrQuorum where there are fewer shares than the part
// needs; ErrMismatch naming the trustee whose share is not the one that was
// sealed to them; ErrMismatch naming the intake where the shares are the
// sealed ones and yet inconsistent, and of that ErrMisdealt where only the
// published hash of a share that was not given is wrong.
func QuorumIdentity(shares map[int][]byte) age.Identity {
	return QuorumIdentityMisdealt(shares, nil)
}

// QuorumIdentityMisdealt is QuorumIdentity, but does not end at a wrong published
// hash of a share that was not given: it calls tell with that trustee's position.
// The shares that were given must still fit theirs, and the wrapped file key is
// authenticated by what they lead to. That trustee's own share opens nothing.
func QuorumIdentityMisdealt(shares map[int][]byte, tell func(position int)) age.Identity {
	own := make(map[int][]byte, len(shares))
	for position, share := range shares {
		own[position] = slices.Clone(share)
	}
	return &quorumIdentity{own, tell}
}

type quorumIdentity struct {
	shares   map[int][]byte
	misdealt func(position int) // nil: a wrong hash is an error
}

func (id *quorumIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if stanzas, _ = unpadded(stanzas); len(stanzas) != 1 || stanzas[0].Type != quorumType {
		return nil, age.ErrIncorrectIdentity
	}
	q, err := parseQuorum(stanzas[0])
	if err != nil {
		return nil, err
	}
	for _, position := range slices.Sorted(maps.Keys(id.shares)) {
		if err := q.has(position); err != nil {
			return nil, mismatch("a share for position %d, in a quorum of %d trustees", position, q.n())
		}
		if q.fits(position, id.shares[position]) != nil {
			return nil, mismatch("what trustee %d granted is not the share that was sealed to them: it is forged, or belongs to another part", position)
		}
	}
	if len(id.shares) < q.k {
		return nil, refuse(ErrQuorum, "%d of %d trustees must grant their shares, and %d did", q.k, q.n(), len(id.shares))
	}
	secret, err := recoverSecret(q.k, id.shares)
	if err != nil {
		return nil, mismatch("the shares were dealt wrongly by the intake: %w", err)
	}
	d := newDealer(secret)
	defer d.wipe()
	shares := d.shares(q.k, q.n())
	defer clear(shares)
	var wrong []int // positions of those whose published hash is not that of their share
	whole := true   // the shares that were given are those that follow from the secret
	for i := range shares {
		if shareHash(i+1, shares[i][:]) != q.hashes[i] {
			_, given := id.shares[i+1]
			wrong, whole = append(wrong, i+1), whole && !given
		}
	}
	fileKey, err := unwrapOnce(d.wrapKey(), q.wrapped[:])
	switch {
	case err != nil && len(wrong) == 0:
		return nil, mismatch("the shares were dealt wrongly by the intake: they do not open the file key")
	case err != nil || !whole:
		wipe(fileKey)
		return nil, mismatch("the shares were dealt wrongly by the intake: share %d does not follow from the others", wrong[0])
	case len(wrong) > 0 && id.misdealt == nil:
		wipe(fileKey)
		return nil, refuse(ErrMisdealt, "the shares were dealt wrongly by the intake: share %d does not follow from the others, which do open the part", wrong[0])
	}
	for _, position := range wrong {
		id.misdealt(position)
	}
	return fileKey, nil
}
