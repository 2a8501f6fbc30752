package ledger

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"filippo.io/mldsa"
	fnote "github.com/transparency-dev/formats/note"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/vkey"
)

const keyFileHeader = "zapis/log-key/v1"

// SigningKey is a log's private half: an Ed25519 and an ML-DSA-44 key under the
// ledger's origin. fmt prints its origin only.
type SigningKey struct {
	origin string
	ed     ed25519.PrivateKey
	ml     *mldsa.PrivateKey
	cosign *fnote.SubtreeSigner
	keys   LogKeys
}

// GenerateSigningKey makes a new key for an origin from 64 bytes of rand.
func GenerateSigningKey(origin string, rand io.Reader) (*SigningKey, error) {
	var seeds [64]byte
	if _, err := io.ReadFull(rand, seeds[:]); err != nil {
		return nil, err
	}
	return newSigningKey(origin, seeds[:32], seeds[32:])
}

func newSigningKey(origin string, edSeed, mlSeed []byte) (*SigningKey, error) {
	if err := card.CheckOrigin(origin); err != nil {
		return nil, err
	}
	ml, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), mlSeed)
	if err != nil {
		return nil, err
	}
	k := &SigningKey{origin: origin, ed: ed25519.NewKeyFromSeed(edSeed), ml: ml}
	edPub := k.ed.Public().(ed25519.PublicKey)
	mlPub := ml.PublicKey().Bytes()
	k.keys = LogKeys{vkey.Encode(origin, vkey.Ed25519, edPub), vkey.Encode(origin, vkey.MLDSA44, mlPub)}
	k.cosign, err = fnote.NewMLDSASigner(vkey.EncodeMLDSA44Signer(origin, mlPub, mlSeed))
	if err != nil {
		return nil, err
	}
	return k, nil
}

func (k *SigningKey) edID() uint32 {
	return vkey.ID(k.origin, append([]byte{vkey.Ed25519}, k.ed.Public().(ed25519.PublicKey)...))
}

// MaxKeyFile is the most bytes that a key file may have.
const MaxKeyFile = 4 << 10

// ParseSigningKey reads a key file. Its errors never hold what the file holds.
func ParseSigningKey(text []byte) (*SigningKey, error) {
	r := canonical.Begin(text, MaxKeyFile, keyFileHeader)
	origin := readOrigin(r)
	ed, ml := vkey.ReadSeeds(r)
	if err := r.End(); err != nil {
		return nil, canonical.Refuse("log key: %w", err)
	}
	return newSigningKey(origin, ed, ml)
}

// Marshal writes the key file. It is a secret:
//
//	zapis/log-key/v1
//	origin example.org/ledger
//	ed25519 <32-byte seed, base64>
//	ml-dsa-44 <32-byte seed, base64>
func (k *SigningKey) Marshal() []byte {
	return []byte(keyFileHeader + "\norigin " + k.origin + "\n" + vkey.Seeds(k.ed.Seed(), k.ml.Bytes()))
}

// Origin returns the name of the ledger that the key signs for.
func (k *SigningKey) Origin() string { return k.origin }

// Keys returns the public halves, as a genesis names them.
func (k *SigningKey) Keys() LogKeys { return k.keys }

// Verifier checks what this key signs.
func (k *SigningKey) Verifier() *Verifier {
	v, err := NewVerifier(k.keys[:]...)
	if err != nil {
		panic("ledger: a signing key without a verifier: " + err.Error())
	}
	return v
}

func (k *SigningKey) String() string   { return "log key of " + k.origin }
func (k *SigningKey) GoString() string { return "ledger.SigningKey(" + k.origin + ")" }

// SignCheckpoint signs a checkpoint with both keys. Its Time, to the second, is
// the cosignature's timestamp: the slot's nominal time, never the wall clock.
// ML-DSA signatures are randomised: two calls give two notes, both good.
func (k *SigningKey) SignCheckpoint(c Checkpoint) ([]byte, error) {
	if c.Origin != k.origin {
		return nil, errors.New("ledger: the checkpoint is of another ledger than the key")
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	text := c.text()
	cosig, err := k.cosign.SignSubtree(uint64(c.Time.Unix()), c.Origin, 0, c.Size, c.Root[:])
	if err != nil {
		return nil, err
	}
	note := append([]byte(text), '\n')
	note = appendSignature(note, k.origin, k.edID(), ed25519.Sign(k.ed, []byte(text)))
	return appendSignature(note, k.origin, k.cosign.KeyHash(), cosig), nil
}

// SignPromise signs that the body with this hash will be in the slot at this
// time, to the second. PromiseFile makes of it what a reporter gets.
func (k *SigningKey) SignPromise(body Hash, slot time.Time) ([]byte, error) {
	p := Promise{Origin: k.origin, Body: body, Slot: slot.UTC()}
	if err := checkTime(p.Slot); err != nil {
		return nil, err
	}
	return k.signText(p.text(), contextPromise)
}

// signText signs a text of ours with both keys; context is the text's first
// line, and separates it from whatever else ML-DSA keys sign.
func (k *SigningKey) signText(text, context string) ([]byte, error) {
	sig, err := k.ml.Sign(nil, []byte(text), &mldsa.Options{Context: context})
	if err != nil {
		return nil, err
	}
	note := append([]byte(text), '\n')
	note = appendSignature(note, k.origin, k.edID(), ed25519.Sign(k.ed, []byte(text)))
	return appendSignature(note, k.origin, contextID(k.origin, context, k.ml.PublicKey().Bytes()), sig), nil
}

// contextID returns the key id of an ML-DSA-44 signature with a context.
func contextID(name, context string, pub []byte) uint32 {
	return vkey.ID(name, append(append([]byte{vkey.Other}, context...), pub...))
}

// appendSignature writes one signature line of a note.
func appendSignature(dst []byte, name string, id uint32, sig []byte) []byte {
	raw := append(binary.BigEndian.AppendUint32(nil, id), sig...)
	return append(dst, "— "+name+" "+base64.StdEncoding.EncodeToString(raw)+"\n"...)
}
