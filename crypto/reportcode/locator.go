package reportcode

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrLocator is returned for a box that this code did not seal at this place,
// or that was changed.
var ErrLocator = errors.New("the locator does not open with this code")

// Locator leads from a code to one of its submissions. The n-th submission of a
// case, from 0, has the n-th locator.
type Locator struct {
	Body     [32]byte // body hash of this submission
	First    [32]byte // body hash of the case's first report
	Exhibits uint32   // how many the case has after this submission
	Act      uint8    // what the submission is: its place in docs/spec/code.md's list
}

const (
	locatorPlain = 32 + 32 + 4 + 1
	// LocatorSize is the size of every sealed locator, in bytes.
	LocatorSize = chacha20poly1305.NonceSize + locatorPlain + chacha20poly1305.Overhead
)

// LocatorName returns the name under which the n-th locator is kept. Without
// the code it names nothing, and no two names can be seen to belong together.
func (k *Keys) LocatorName(n uint64) [32]byte { return tagged((*k.k).locator, "name", n) }

// SealLocator seals a locator for the n-th place: nonce, ciphertext, tag. The
// nonce is computed from the place and the content, so that sealing two contents
// for one place (a race that one of them loses) never uses a nonce twice.
func (k *Keys) SealLocator(n uint64, l Locator) []byte {
	plain := make([]byte, 0, locatorPlain)
	plain = append(append(plain, l.Body[:]...), l.First[:]...)
	plain = append(binary.BigEndian.AppendUint32(plain, l.Exhibits), l.Act)
	defer clear(plain)
	nonce := tagged((*k.k).locator, "nonce"+string(plain), n)
	name := k.LocatorName(n)
	box := append(make([]byte, 0, LocatorSize), nonce[:chacha20poly1305.NonceSize]...)
	return k.aead("key", n).Seal(box, box, plain, name[:])
}

// OpenLocator opens the n-th locator, or returns ErrLocator.
func (k *Keys) OpenLocator(n uint64, box []byte) (Locator, error) {
	if len(box) != LocatorSize {
		return Locator{}, fmt.Errorf("%w: %d bytes in place of %d", ErrLocator, len(box), LocatorSize)
	}
	name := k.LocatorName(n)
	nonce, sealed := box[:chacha20poly1305.NonceSize], box[chacha20poly1305.NonceSize:]
	plain, err := k.aead("key", n).Open(nil, nonce, sealed, name[:])
	if err != nil {
		return Locator{}, ErrLocator
	}
	defer clear(plain)
	return Locator{
		Body:     [32]byte(plain[:32]),
		First:    [32]byte(plain[32:64]),
		Exhibits: binary.BigEndian.Uint32(plain[64:68]),
		Act:      plain[68],
	}, nil
}

// aead returns the cipher of one place under a label.
func (k *Keys) aead(label string, n uint64) cipher.AEAD {
	key := tagged((*k.k).locator, label, n)
	defer clear(key[:])
	aead, err := chacha20poly1305.New(key[:])
	if err != nil {
		panic("code: " + err.Error()) // the key has its 32 bytes
	}
	return aead
}
