package witness

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"time"

	"filippo.io/mldsa"
	fnote "github.com/transparency-dev/formats/note"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/vkey"
)

const keyFileHeader = "zapis/witness-key/v1"

// SigningKey is a witness's private half: an Ed25519 and an ML-DSA-44 key under
// one name. fmt prints the name only. A name is written as an origin is, and
// its keys are used for nothing else: an Ed25519 cosignature does not hold the
// name.
type SigningKey struct {
	name string
	ed   ed25519.PrivateKey
	ml   *mldsa.PrivateKey
	sign *fnote.SubtreeSigner
	own  [2]*Verifier
}

// GenerateSigningKey makes a new key from 64 bytes of rand.
func GenerateSigningKey(name string, rand io.Reader) (*SigningKey, error) {
	var seeds [64]byte
	if _, err := io.ReadFull(rand, seeds[:]); err != nil {
		return nil, err
	}
	return newSigningKey(name, seeds[:32], seeds[32:])
}

func newSigningKey(name string, edSeed, mlSeed []byte) (*SigningKey, error) {
	if card.CheckOrigin(name) != nil {
		return nil, canonical.Refuse("a witness's name is like example.org/witness: written as a ledger's origin is")
	}
	ml, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), mlSeed)
	if err != nil {
		return nil, err
	}
	k := &SigningKey{name: name, ed: ed25519.NewKeyFromSeed(edSeed), ml: ml}
	pub, mlPub := k.ed.Public().(ed25519.PublicKey), ml.PublicKey().Bytes()
	if k.sign, err = fnote.NewMLDSASigner(vkey.EncodeMLDSA44Signer(name, mlPub, mlSeed)); err != nil {
		return nil, err
	}
	if k.own[0], err = NewVerifier(vkey.Encode(name, vkey.CosignedEd25519, pub)); err != nil {
		return nil, err
	}
	k.own[1], err = NewVerifier(vkey.Encode(name, vkey.MLDSA44, mlPub))
	return k, err
}

// ParseSigningKey reads a key file. Its errors never contain the file's
// content.
func ParseSigningKey(text []byte) (*SigningKey, error) {
	r := canonical.Begin(text, 4<<10, keyFileHeader)
	name := r.Word("name")
	ed, ml := vkey.ReadSeeds(r)
	if err := r.End(); err != nil {
		return nil, canonical.Refuse("witness key: %w", err)
	}
	return newSigningKey(name, ed, ml)
}

// Marshal writes the key file. It is a secret:
//
//	zapis/witness-key/v1
//	name example.org/witness
//	ed25519 <32-byte seed, base64>
//	ml-dsa-44 <32-byte seed, base64>
func (k *SigningKey) Marshal() []byte {
	return []byte(keyFileHeader + "\nname " + k.name + "\n" + vkey.Seeds(k.ed.Seed(), k.ml.Bytes()))
}

// Name returns the witness's name.
func (k *SigningKey) Name() string { return k.name }

// Verifiers returns the public halves: Ed25519, then ML-DSA-44.
func (k *SigningKey) Verifiers() []*Verifier { return k.own[:] }

func (k *SigningKey) String() string   { return "witness key of " + k.name }
func (k *SigningKey) GoString() string { return "cosign.SigningKey(" + k.name + ")" }

// Cosign signs the three lines of a checkpoint with both keys, at this time,
// to the second. The caller has checked that the log only grew, and has stored
// that durably.
func (k *SigningKey) Cosign(text string, at time.Time) ([]Cosignature, error) {
	c, err := ledger.ParseAnyText(text)
	if err != nil {
		return nil, err
	}
	seconds := at.Unix()
	if seconds <= 0 || at.After(lastTime) {
		return nil, errors.New("cosign: a time lies between 1970 and 9999")
	}
	stamp := binary.BigEndian.AppendUint64(nil, uint64(seconds))
	message := "cosignature/v1\ntime " + strconv.FormatInt(seconds, 10) + "\n" + text
	sigs := [2][]byte{append(stamp, ed25519.Sign(k.ed, []byte(message))...)}
	if sigs[1], err = k.sign.SignSubtree(uint64(seconds), c.Origin, 0, c.Size, c.Root[:]); err != nil {
		return nil, err
	}
	var all []Cosignature
	for i, v := range k.own {
		raw := append(binary.BigEndian.AppendUint32(nil, v.key.ID), sigs[i]...)
		all = append(all, Cosignature{v, at.UTC().Truncate(time.Second), raw})
	}
	return all, nil
}
