package reportcode

import (
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"
)

// State is what a mailbox shows of a case without opening a statement, which the server cannot do: when a submission
// came, and which consents the case had after it. It is sealed under the code's locator key, beside the submission's
// locator (docs/spec/code.md, "State").
type State struct {
	Day      uint32 // of the submission: days since 1970-01-01, UTC
	Consents uint32 // bit i: the i-th consent of the vocabulary; bit 31: the consents are known
	Agrees   uint8  // answer to person_agrees by its place in the vocabulary, from 1; 0: none
	Target   uint8  // answer to target, in the same manner
}

const (
	statePlain = 4 + 4 + 1 + 1
	// StateSize is the size of a sealed state, in bytes.
	StateSize = chacha20poly1305.NonceSize + statePlain + chacha20poly1305.Overhead
)

// SealState seals the state after the n-th submission, from 0: nonce, ciphertext, tag. As in SealLocator the nonce
// depends on the content.
func (k *Keys) SealState(n uint64, s State) []byte {
	plain := binary.BigEndian.AppendUint32(make([]byte, 0, statePlain), s.Day)
	plain = append(binary.BigEndian.AppendUint32(plain, s.Consents), s.Agrees, s.Target)
	defer clear(plain)
	nonce := tagged((*k.k).locator, "state nonce"+string(plain), n)
	name := k.LocatorName(n)
	box := append(make([]byte, 0, StateSize), nonce[:chacha20poly1305.NonceSize]...)
	return k.aead("state key", n).Seal(box, box, plain, name[:])
}

// OpenState opens the n-th state, or returns ErrLocator.
func (k *Keys) OpenState(n uint64, box []byte) (State, error) {
	if len(box) != StateSize {
		return State{}, ErrLocator
	}
	name := k.LocatorName(n)
	plain, err := k.aead("state key", n).Open(nil, box[:chacha20poly1305.NonceSize], box[chacha20poly1305.NonceSize:], name[:])
	if err != nil {
		return State{}, ErrLocator
	}
	defer clear(plain)
	return State{
		Day:      binary.BigEndian.Uint32(plain[:4]),
		Consents: binary.BigEndian.Uint32(plain[4:8]),
		Agrees:   plain[8],
		Target:   plain[9],
	}, nil
}
