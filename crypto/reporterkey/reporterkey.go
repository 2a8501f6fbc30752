// Package reporterkey signs and verifies what a reporter adds to a case. The
// key pair is derived from the reporter's code: an Ed25519 key and an ML-DSA-44
// key (FIPS 204). Both signatures must verify.
//
// The case's first statement commits to the fingerprint of both public keys. A
// later submission carries the public keys and the signatures in one block
// (docs/spec/commitments.md):
//
//	Ed25519 public key      32 bytes
//	ML-DSA-44 public key  1312 bytes
//	Ed25519 signature       64 bytes
//	ML-DSA-44 signature   2420 bytes
//
// The package is pure and keeps no state.
package reporterkey

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"

	"filippo.io/mldsa"
)

const (
	// SeedSize is the size of the seed of both keys, in bytes: 32 for each.
	SeedSize = ed25519.SeedSize + mlSeedSize

	mlSeedSize      = 32
	mlPublicSize    = 1312
	mlSignatureSize = 2420
	publicSize      = ed25519.PublicKeySize + mlPublicSize

	// BlockSize is the size of public keys and signatures together, in bytes.
	BlockSize = publicSize + ed25519.SignatureSize + mlSignatureSize

	// context separates ML-DSA signatures of this use from every other; the
	// signed text begins with the same words.
	context = "zapis/reporter/v1"
)

var (
	// ErrSize is returned for a block that is not of BlockSize bytes.
	ErrSize = errors.New("the reporter's signature does not have its size")
	// ErrOtherKey is returned for a block whose keys are not those of the fingerprint.
	ErrOtherKey = errors.New("it is signed with another key than the case's")
	// ErrSignature is returned where one of the two signatures does not verify.
	ErrSignature = errors.New("the reporter's signature does not verify")
)

// Fingerprint is the SHA-256 of the Ed25519 public key and the ML-DSA-44 public
// key, one after the other.
type Fingerprint [32]byte

// Key is the private half. It prints as "[reporter key]".
type Key struct {
	ed     ed25519.PrivateKey
	ml     *mldsa.PrivateKey
	public [publicSize]byte
}

// New makes the key of a seed of SeedSize bytes: the Ed25519 seed (RFC 8032),
// then the ML-DSA-44 seed (FIPS 204, ξ). It does not keep the slice.
func New(seed []byte) (*Key, error) {
	if len(seed) != SeedSize {
		return nil, fmt.Errorf("reporterkey: a seed of %d bytes, not %d", len(seed), SeedSize)
	}
	ml, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed[ed25519.SeedSize:])
	if err != nil {
		return nil, errors.New("reporterkey: ML-DSA-44 refuses the seed")
	}
	k := &Key{ed: ed25519.NewKeyFromSeed(seed[:ed25519.SeedSize]), ml: ml}
	copy(k.public[:], k.ed.Public().(ed25519.PublicKey))
	copy(k.public[ed25519.PublicKeySize:], ml.PublicKey().Bytes())
	return k, nil
}

// Fingerprint returns what the case's first statement commits to.
func (k *Key) Fingerprint() Fingerprint { return sha256.Sum256(k.public[:]) }

// Sign signs a text and returns the block. ML-DSA signatures are randomised: two calls give two blocks.
func (k *Key) Sign(text []byte) ([]byte, error) {
	sig, err := k.ml.Sign(nil, text, &mldsa.Options{Context: context})
	if err != nil {
		return nil, fmt.Errorf("reporterkey: %w", err)
	}
	block := make([]byte, 0, BlockSize)
	block = append(block, k.public[:]...)
	block = append(block, ed25519.Sign(k.ed, text)...)
	return append(block, sig...), nil
}

// Wipe overwrites the Ed25519 key. The ML-DSA key can only be let go.
func (k *Key) Wipe() {
	clear(k.ed)
	k.ml = nil
}

// Verify checks a block over a text: its keys must be those of the fingerprint,
// and both signatures must verify. Errors are ErrSize, ErrOtherKey and ErrSignature.
func Verify(want Fingerprint, text, block []byte) error {
	if len(block) != BlockSize {
		return ErrSize
	}
	public, sigs := block[:publicSize], block[publicSize:]
	if sha256.Sum256(public) != want {
		return ErrOtherKey
	}
	if !ed25519.Verify(ed25519.PublicKey(public[:ed25519.PublicKeySize]), text, sigs[:ed25519.SignatureSize]) {
		return ErrSignature
	}
	ml, err := mldsa.NewPublicKey(mldsa.MLDSA44(), public[ed25519.PublicKeySize:])
	if err != nil {
		return ErrSignature
	}
	if mldsa.Verify(ml, text, sigs[ed25519.SignatureSize:], &mldsa.Options{Context: context}) != nil {
		return ErrSignature
	}
	return nil
}

const redacted = "[reporter key]"

// Format makes every verb of fmt print "[reporter key]".
func (*Key) Format(s fmt.State, _ rune) { fmt.Fprint(s, redacted) }

// LogValue makes slog print "[reporter key]".
func (*Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText makes encoders of JSON, XML and the like write "[reporter key]".
func (*Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }
