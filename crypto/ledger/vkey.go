package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"

	"filippo.io/mldsa"

	"zapis/crypto/card"
)

// Types of signature, as C2SP signed-note and tlog-cosignature number them.
// 0xff is for what the registry does not name: the type's name follows it.
const (
	algEd25519 = 0x01
	algMLDSA44 = 0x06
	algOther   = 0xff
)

var (
	errVKey     = errors.New("not a verifier key: NAME+8 hexadecimal digits+base64")
	errVKeyHash = errors.New("the verifier key's id does not fit its key")
	errVKeyType = errors.New("the log has an Ed25519 key (type 1), then an ML-DSA-44 key (type 6)")
)

type vkey struct {
	name string
	id   uint32
	alg  byte
	key  []byte
}

// parseVKey reads a verifier key of this type, in its one encoding.
func parseVKey(s string, alg byte) (vkey, error) {
	name, rest, ok := strings.Cut(s, "+")
	digits, b64, ok2 := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.Strict().DecodeString(b64)
	if !ok || !ok2 || err != nil || len(key) == 0 || base64.StdEncoding.EncodeToString(key) != b64 {
		return vkey{}, errVKey
	}
	if err := card.CheckOrigin(name); err != nil {
		return vkey{}, err
	}
	want := map[byte]int{algEd25519: ed25519.PublicKeySize, algMLDSA44: mldsa.MLDSA44PublicKeySize}[alg]
	if key[0] != alg || len(key) != 1+want {
		return vkey{}, errVKeyType
	}
	v := vkey{name, keyID(name, key), alg, key[1:]}
	if digits != hex.EncodeToString(binary.BigEndian.AppendUint32(nil, v.id)) {
		return vkey{}, errVKeyHash
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
