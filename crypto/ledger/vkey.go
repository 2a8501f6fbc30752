package ledger

import (
	"errors"

	"zapis/crypto/card"
	"zapis/crypto/vkey"
)

var errVKeyType = errors.New("the log has an Ed25519 key (type 1), then an ML-DSA-44 key (type 6)")

// parseVKey reads a verifier key of this type, under a name that is an origin.
func parseVKey(s string, typ byte) (vkey.Key, error) {
	k, err := vkey.Parse(s)
	if err != nil {
		return vkey.Key{}, err
	}
	if err := card.CheckOrigin(k.Name); err != nil {
		return vkey.Key{}, err
	}
	if k.Type != typ || len(k.Public) != vkey.Sizes[typ] {
		return vkey.Key{}, errVKeyType
	}
	if err := k.CheckID(); err != nil {
		return vkey.Key{}, err
	}
	return k, nil
}
