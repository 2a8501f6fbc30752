package witness

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"zapis/crypto/canonical"
	"zapis/crypto/vkey"
)

const maxName = 255 // bytes: what an ML-DSA-44 cosignature can name

func checkName(s string) error {
	bad := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == '+' }
	if s == "" || len(s) > maxName || !utf8.ValidString(s) || strings.IndexFunc(s, bad) >= 0 {
		return canonical.Refuse("a key's name has 1 to %d bytes, and no space or plus", maxName)
	}
	return nil
}

// parseVKey reads a verifier key of a log or a witness.
func parseVKey(s string) (vkey.Key, error) {
	k, err := vkey.Parse(s)
	if err != nil {
		return vkey.Key{}, canonical.Refuse("%w", err)
	}
	if err := checkName(k.Name); err != nil {
		return vkey.Key{}, err
	}
	length, known := vkey.Sizes[k.Type]
	if !known {
		return vkey.Key{}, canonical.Refuse("the verifier key is of type %d, which is not known here", k.Type)
	}
	if len(k.Public) != length {
		return vkey.Key{}, canonical.Refuse("a verifier key of type %d has %d bytes, not %d", k.Type, length, len(k.Public))
	}
	if err := k.CheckID(); err != nil {
		return vkey.Key{}, canonical.Refuse("%w", err)
	}
	return k, nil
}

// Verifier is a witness's public key: Ed25519 (type 0x04) or ML-DSA-44 (0x06).
type Verifier struct {
	key  vkey.Key
	text string
	note note.Verifier
}

// NewVerifier reads a witness's verifier key.
func NewVerifier(s string) (*Verifier, error) {
	k, err := parseVKey(s)
	if err != nil {
		return nil, canonical.Refuse("witness key: %w", err)
	}
	if k.Type == vkey.Ed25519 {
		return nil, canonical.Refuse("witness key: type 1 is a log's; a witness signs with type 4 (Ed25519) or type 6 (ML-DSA-44)")
	}
	v, err := fnote.NewVerifierForCosignatureV1(s)
	if err != nil {
		return nil, canonical.Refuse("witness key: %w", err)
	}
	return &Verifier{k, s, v}, nil
}

// Name returns the witness's own name.
func (v *Verifier) Name() string { return v.key.Name }

// ID returns the key id that stands in its lines.
func (v *Verifier) ID() uint32 { return v.key.ID }

// Algorithm is Ed25519 or ML-DSA-44.
func (v *Verifier) Algorithm() string {
	if v.key.Type == vkey.MLDSA44 {
		return "ML-DSA-44"
	}
	return "Ed25519"
}

// String returns the verifier key as text.
func (v *Verifier) String() string { return v.text }

// same reports whether two verifier keys hold one public key under any names:
// a witness must not be counted twice.
func same(a, b vkey.Key) bool { return bytes.Equal(a.Public, b.Public) }
