package casework

import (
	"fmt"
	"slices"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// Handed is a reseal that was received.
type Handed struct {
	From  card.Card
	Case  string
	Parts string // "2 statements, 1 attachment"
}

// Receive imports what another trustee hands on: keys of parts that are in this vault, as the ledger names them. The
// parts must be sealed to the sender, and every key must be that of its part: the header's MAC proves that, and the
// hash of the whole file is the ledger's.
func (v *Trustee) Receive(file []byte) (*Handed, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	signed, s, err := exchange.ParseResealFile(file)
	if err != nil {
		return nil, exit.New(exit.Mismatch, "have the file sent again", "%w", err)
	}
	from, err := v.VerifyFrom(signed, card.KindReseal, "reseal")
	if err != nil {
		return nil, err
	}
	if s.To != v.Key().Card.Fingerprint() {
		return nil, v.NotForMe("reseal", from, s.To)
	}
	record := custody.Record{By: v.By(), Act: custody.Received, Case: s.Case, In: custody.Hex(signed.Hash()),
		Subject: fmt.Sprintf("keys of %s, from %s", PartsText(s.Parts), vault.CardText(from))}
	if _, err := v.Custody.Record(record); err != nil {
		return nil, err
	}
	keys, err := v.openKeys(s)
	if err != nil {
		return nil, fmt.Errorf("the reseal of %s: %w", from.Name, err)
	}
	defer keys.Wipe()
	if keys.Case != s.Case || len(keys.Of) != len(s.Parts) {
		return nil, exit.New(exit.Mismatch, "", "the reseal of %s: the keys in it are of another one: they were taken from elsewhere", from.Name)
	}
	for i, p := range s.Parts {
		if keys.Of[i].Part != p.Hash {
			return nil, exit.New(exit.Mismatch, "", "the reseal of %s: the keys in it are of other parts than it says", from.Name)
		}
		if err := v.checkKey(p, keys.Of[i].Key, from); err != nil {
			return nil, err
		}
	}
	if err := v.WriteSealed(resealedName(signed.Hash()), file); err != nil {
		return nil, err
	}
	v.lazy.Lock()
	v.handed = nil
	v.lazy.Unlock()
	return &Handed{From: from, Case: s.Case, Parts: PartsText(s.Parts)}, nil
}

// checkKey checks that a key is that of a part of the ledger, and that its sender may have it.
func (v *Trustee) checkKey(p exchange.Part, key seal.FileKey, from card.Card) error {
	s, have := v.partsOf()[p.Hash]
	if !have {
		return exit.New(exit.Failed, "import a newer carry file first", "the %s %s is not in this vault", p.Kind, p.Hash)
	}
	part := s.Body.Parts[slices.IndexFunc(s.Body.Parts, func(one ledger.Part) bool { return one.Hash == p.Hash })]
	if s.Hash != p.Body || part.Kind != p.Kind {
		return exit.New(exit.Mismatch, "", "the reseal says that %s is the %s of another submission than it is", p.Hash, p.Kind)
	}
	set, err := v.Copy().Chain().SetAt(s.Body.Trustees)
	if err != nil {
		return err
	}
	if !ledgercopy.IsTrustee(set, from) {
		return exit.New(exit.Failed, "it must come from somebody to whom the entry is sealed", "the %s of %s is not sealed to %s", p.Kind, s.Where(), from.Name)
	}
	f, err := v.file(s, part)
	if err != nil {
		return err
	}
	defer f.Close()
	header, err := seal.Header(f)
	if err != nil {
		return v.refusal(s, part, err)
	}
	got, err := seal.ReadFileKey(header, fileKeyIdentity(key))
	got.Wipe()
	if err != nil {
		return exit.New(exit.Mismatch, "keep the file, which is signed", "the key that %s handed on does not open the %s of %s: %w", from.Name, p.Kind, s.Where(), err)
	}
	return nil
}
