// Package vkey reads and writes verifier keys, and the key files of our own
// signing keys. A verifier key looks like
//
//	example.org/ledger+1a2b3c4d+AQ…
//
// a name, the key's id in eight hexadecimal digits, and the base64 of a byte
// for the type and the public key (C2SP signed-note). The packages that use
// them define which names and types are allowed: ledger for a log's keys,
// witness for a witness's.
package vkey

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"

	"filippo.io/mldsa"

	"zapis/crypto/canonical"
)

// Types of key, as C2SP signed-note and tlog-cosignature number them. A log
// signs with Ed25519 and MLDSA44, a witness with CosignedEd25519 and MLDSA44.
// Other is for what the registry does not name: the type's name follows it.
const (
	Ed25519         = 0x01
	CosignedEd25519 = 0x04
	MLDSA44         = 0x06
	Other           = 0xff
)

// Sizes of the public keys, in bytes, by type.
var Sizes = map[byte]int{
	Ed25519:         ed25519.PublicKeySize,
	CosignedEd25519: ed25519.PublicKeySize,
	MLDSA44:         mldsa.MLDSA44PublicKeySize,
}

// Errors of Parse and of Key.CheckID.
var (
	ErrSyntax = errors.New("not a verifier key: NAME+8 hexadecimal digits+base64")
	ErrID     = errors.New("the verifier key's id does not fit its key")
)

// Key is a verifier key in its parts.
type Key struct {
	Name   string
	ID     uint32
	Type   byte
	Public []byte

	digits string // of the id, as they were written
}

// Parse splits a verifier key. The base64 has its one encoding; nothing else
// is checked, so that a caller may report first what is wrong for its use.
func Parse(s string) (Key, error) {
	name, rest, ok := strings.Cut(s, "+")
	digits, b64, ok2 := strings.Cut(rest, "+")
	typed, err := base64.StdEncoding.Strict().DecodeString(b64)
	if !ok || !ok2 || err != nil || len(typed) == 0 || base64.StdEncoding.EncodeToString(typed) != b64 {
		return Key{}, ErrSyntax
	}
	return Key{name, ID(name, typed), typed[0], typed[1:], digits}, nil
}

// CheckID refuses a parsed key whose written id is not its own.
func (k Key) CheckID() error {
	if k.digits != hexID(k.ID) {
		return ErrID
	}
	return nil
}

// ID returns the first four bytes of SHA-256(name || LF || type || key).
func ID(name string, typed []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write(typed)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func hexID(id uint32) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint32(nil, id))
}

// Encode writes the verifier key of a public key.
func Encode(name string, typ byte, public []byte) string {
	return encode("", name, ID(name, append([]byte{typ}, public...)), typ, public)
}

// EncodeMLDSA44Signer writes a private key as note signers are written, under
// the id of its public key.
func EncodeMLDSA44Signer(name string, public, seed []byte) string {
	return encode("PRIVATE+KEY+", name, ID(name, append([]byte{MLDSA44}, public...)), MLDSA44, seed)
}

func encode(prefix, name string, id uint32, typ byte, key []byte) string {
	return prefix + name + "+" + hexID(id) + "+" + base64.StdEncoding.EncodeToString(append([]byte{typ}, key...))
}

// ReadSeeds reads the two lines of a key file that hold its secrets:
//
//	ed25519 <32-byte seed, base64>
//	ml-dsa-44 <32-byte seed, base64>
//
// Errors never contain a line's value.
func ReadSeeds(r *canonical.Reader) (ed, ml []byte) {
	return readSeed(r, "ed25519"), readSeed(r, "ml-dsa-44")
}

func readSeed(r *canonical.Reader, key string) []byte {
	s := r.Word(key)
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 32 || base64.StdEncoding.EncodeToString(b) != s {
		r.Fail("a seed is 32 bytes in base64")
	}
	return b
}

// Seeds writes the two lines that ReadSeeds reads.
func Seeds(ed, ml []byte) string {
	return "ed25519 " + base64.StdEncoding.EncodeToString(ed) + "\nml-dsa-44 " + base64.StdEncoding.EncodeToString(ml) + "\n"
}
