package cosign

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"filippo.io/mldsa"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"zapis/crypto/canon"
)

// Types of key, as C2SP signed-note and tlog-cosignature number them. A log
// signs with 0x01 and 0x06, a witness with 0x04 and 0x06.
const (
	algEd25519    = 0x01
	algCosignedEd = 0x04
	algMLDSA44    = 0x06
	maxName       = 255 // bytes: what an ML-DSA-44 cosignature can name
)

// vkey is a verifier key in its parts: NAME+8 hexadecimal digits+base64.
type vkey struct {
	name string
	id   uint32
	alg  byte
	key  []byte
}

func checkName(s string) error {
	bad := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == '+' }
	if s == "" || len(s) > maxName || !utf8.ValidString(s) || strings.IndexFunc(s, bad) >= 0 {
		return canon.Refuse("a key's name has 1 to %d bytes, and no space or plus", maxName)
	}
	return nil
}

// parseVKey reads a verifier key in its one encoding.
func parseVKey(s string) (vkey, error) {
	name, rest, ok := strings.Cut(s, "+")
	digits, b64, ok2 := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.Strict().DecodeString(b64)
	if !ok || !ok2 || err != nil || len(key) == 0 || base64.StdEncoding.EncodeToString(key) != b64 {
		return vkey{}, canon.Refuse("not a verifier key: NAME+8 hexadecimal digits+base64")
	}
	if err := checkName(name); err != nil {
		return vkey{}, err
	}
	length, known := map[byte]int{
		algEd25519: ed25519.PublicKeySize, algCosignedEd: ed25519.PublicKeySize, algMLDSA44: mldsa.MLDSA44PublicKeySize,
	}[key[0]]
	if !known {
		return vkey{}, canon.Refuse("the verifier key is of type %d, which is not known here", key[0])
	}
	if len(key) != 1+length {
		return vkey{}, canon.Refuse("a verifier key of type %d has %d bytes, not %d", key[0], length, len(key)-1)
	}
	v := vkey{name, keyID(name, key), key[0], key[1:]}
	if digits != hex.EncodeToString(binary.BigEndian.AppendUint32(nil, v.id)) {
		return vkey{}, canon.Refuse("the verifier key's id does not fit its key")
	}
	return v, nil
}

// keyID is the first four bytes of SHA-256(name || LF || type || key).
func keyID(name string, typed []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write(typed)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func encodeKey(prefix, name string, id uint32, alg byte, key []byte) string {
	return prefix + name + "+" + hex.EncodeToString(binary.BigEndian.AppendUint32(nil, id)) + "+" +
		base64.StdEncoding.EncodeToString(append([]byte{alg}, key...))
}

// Verifier is a witness's public key: Ed25519 (type 0x04) or ML-DSA-44 (0x06).
type Verifier struct {
	vkey
	text string
	note note.Verifier
}

// NewVerifier reads a witness's verifier key.
func NewVerifier(s string) (*Verifier, error) {
	k, err := parseVKey(s)
	if err != nil {
		return nil, canon.Refuse("witness key: %w", err)
	}
	if k.alg == algEd25519 {
		return nil, canon.Refuse("witness key: type 1 is a log's; a witness signs with type 4 (Ed25519) or type 6 (ML-DSA-44)")
	}
	v, err := fnote.NewVerifierForCosignatureV1(s)
	if err != nil {
		return nil, canon.Refuse("witness key: %w", err)
	}
	return &Verifier{k, s, v}, nil
}

// Name is the witness's own name.
func (v *Verifier) Name() string { return v.name }

// ID is the key id that stands in its lines.
func (v *Verifier) ID() uint32 { return v.id }

// Algorithm is Ed25519 or ML-DSA-44.
func (v *Verifier) Algorithm() string {
	if v.alg == algMLDSA44 {
		return "ML-DSA-44"
	}
	return "Ed25519"
}

// String is the verifier key as text.
func (v *Verifier) String() string { return v.text }

// same reports whether two verifier keys hold one public key, whatever they are
// called: whoever is counted twice is counted once too often.
func (k vkey) same(other vkey) bool { return bytes.Equal(k.key, other.key) }
