package ledger

import "zapis/crypto/canonical"

const newKeysHeader = "zapis/log-keys/v1"

// NewKeys are a log's next public keys, on the way from the operator to the
// trustees who will propose them:
//
//	zapis/log-keys/v1
//	origin example.org/ledger
//	log <vkey>                      Ed25519
//	log <vkey>                      ML-DSA-44
type NewKeys struct {
	Origin string
	Log    LogKeys
}

// Marshal writes the text.
func (k NewKeys) Marshal() []byte {
	return k.Log.append([]byte(newKeysHeader+"\norigin "+k.Origin+"\n"), "log")
}

// ParseNewKeys reads it.
func ParseNewKeys(text []byte) (NewKeys, error) {
	r := canonical.Begin(text, MaxSmall, newKeysHeader)
	k := NewKeys{Origin: readOrigin(r)}
	k.Log = readLogKeys(r, "log", k.Origin)
	return canonical.Done(r, "log keys", k)
}
