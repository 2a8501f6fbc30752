package exchange

import (
	"bytes"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
)

const (
	resealHeader = "zapis/reseal/v1"
	keysHeader   = "zapis/keys/v1"
)

// Reseal hands on a past case to a later trustee: the keys of its parts, each of which opens one file only. The files
// themselves are in both vaults, as the ledger names them, so that only what the reporter sent can be handed on.
//
//	zapis/reseal/v1
//	case c5f0c91ab2e
//	to SHA256:…                            fingerprint of the recipient
//	part <body hash> statement <hex>       what it opens: 1 to 400
//
//	<age file>                             a part of the kind message, sealed to them alone: the Keys
type Reseal struct {
	Case   string
	To     string
	Parts  []Part
	Sealed []byte
}

// Marshal writes the reseal.
func (s Reseal) Marshal() []byte {
	var b strings.Builder
	b.WriteString(resealHeader + "\ncase " + s.Case + "\nto " + s.To + "\n")
	for _, p := range s.Parts {
		b.WriteString("part " + p.Body.String() + " " + p.Kind + " " + p.Hash.String() + "\n")
	}
	return append([]byte(b.String()+"\n"), s.Sealed...)
}

// ParseReseal reads it. An error names the line and is a canon.ErrMismatch.
func ParseReseal(text []byte) (Reseal, error) {
	head, sealed, ok := bytes.Cut(text, []byte("\n\n"))
	if !ok || len(sealed) == 0 || len(text) > MaxFile {
		return Reseal{}, canonical.Refuse("reseal: no sealed keys after a blank line")
	}
	r := canonical.Begin(append(head[:len(head):len(head)], '\n'), MaxFile, resealHeader)
	s := Reseal{Case: r.Word("case"), Sealed: bytes.Clone(sealed)}
	r.Check(checkCase(s.Case))
	s.To = r.Word("to")
	r.Check(card.CheckFingerprint(s.To))
	s.Parts = readParts(r)
	return canonical.Done(r, "reseal", s)
}

// ParseResealFile parses the file of a reseal: the statement, and its content. It verifies no signature.
func ParseResealFile(file []byte) (card.Signed, Reseal, error) {
	return parseFile(file, card.KindReseal, "reseal", ParseReseal)
}

// Keys are the sealed content of a reseal.
//
//	zapis/keys/v1
//	case c5f0c91ab2e
//	key <part hash> <32 hex>
type Keys struct {
	Case string
	Of   []Key
}

// Key opens one part.
type Key struct {
	Part ledger.Hash
	Key  seal.FileKey
}

// Marshal returns the keys' text. The caller wipes it after sealing.
func (k Keys) Marshal() []byte {
	dst := []byte(keysHeader + "\ncase " + k.Case + "\n")
	for _, one := range k.Of {
		dst = append(append(append(append(dst, "key "...), one.Part.String()...), ' '), one.Key.Reveal()...)
		dst = append(dst, '\n')
	}
	return dst
}

// ParseKeys reads the keys' text. Its errors never hold a key.
func ParseKeys(text []byte) (Keys, error) {
	r := canonical.Begin(text, MaxFile, keysHeader)
	k := Keys{Case: r.Word("case")}
	for first := true; first || r.More(); first = false {
		w := r.Words("key", 2)
		key, err := seal.ParseFileKey(w[1])
		if r.Err() == nil {
			r.Check(err)
		}
		k.Of = append(k.Of, Key{r.Hash(w[0]), key})
	}
	return canonical.Done(r, "keys", k)
}

// Wipe overwrites the keys.
func (k Keys) Wipe() { clear(k.Of) }
