package vault

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

// VerifyFrom verifies another trustee's statement of a kind: that it is about this ledger, and signed by a trustee of
// a set that the ledger has or had. It returns their card.
func (v *Vault) VerifyFrom(s card.Signed, kind, what string) (card.Card, error) {
	if ledger.Hash(s.Ledger) != v.Ledger().Genesis {
		return card.Card{}, exit.New(exit.Mismatch, fmt.Sprintf("it is for the ledger whose entry 0 is %s, and this vault holds %s: name the vault of that one", ledger.Hash(s.Ledger), v.Ledger()),
			"the %s is for another ledger", what)
	}
	if s.Kind != kind {
		return card.Card{}, exit.New(exit.Mismatch, "", "the %s is signed as a statement of the kind %s", what, s.Kind)
	}
	if s.Trustees >= v.Size() {
		return card.Card{}, exit.New(exit.Failed, "import a newer carry file first",
			"the %s was signed under the trustees of entry %d, and this vault ends at entry %d", what, s.Trustees, v.Size()-1)
	}
	set, err := v.Copy().Chain().SetAt(s.Trustees)
	if err != nil {
		return card.Card{}, exit.New(exit.Mismatch, "", "the %s: %w", what, err)
	}
	at := set.Position(s.Signer)
	if at == 0 {
		return card.Card{}, exit.New(exit.Mismatch, "", "the %s is signed by %s, who is not among the trustees of entry %d", what, s.Signer, s.Trustees)
	}
	from := set.Trustees[at-1]
	if err := s.Verify(from.SSH); err != nil {
		return card.Card{}, exit.New(exit.Mismatch, "", "the %s of %s: %w", what, from.Name, err)
	}
	return from, v.notTwice(s, from, what)
}

// NotForMe refuses what a trustee has sealed to another one, and names the recipient where this ledger has them.
func (v *Vault) NotForMe(what string, from card.Card, to string) error {
	whom, hint := to, "give it to the person who has that fingerprint"
	if c, known := v.trusteeOf(to); known {
		whom, hint = CardText(c), "give it to "+c.Name
	}
	return exit.New(exit.Failed, hint+": nobody else can open it", "the %s of %s is for %s, and you are %s", what, from.Name, whom, CardText(v.key.Card))
}

// trusteeOf finds the trustee with a fingerprint, in the last set that has them.
func (v *Vault) trusteeOf(fingerprint string) (card.Card, bool) {
	for _, e := range slices.Backward(v.Copy().Bare(ledger.Kind.HasTrustees)) {
		if set, err := v.Copy().Chain().SetAt(e.Index); err == nil {
			if at := set.Position(fingerprint); at > 0 {
				return set.Trustees[at-1], true
			}
		}
	}
	return card.Card{}, false
}

// heardDir holds the statements that others have sent, so that two statements of one number are noticed.
const heardDir = "heard"

func (v *Vault) notTwice(s card.Signed, from card.Card, what string) error {
	name := filepath.Join(heardDir, card.ShortFingerprint(s.Signer)+"-"+NumberName(s.Number))
	text, err := v.ReadSealed(name)
	if errors.Is(err, os.ErrNotExist) {
		return v.WriteSealed(name, s.Marshal())
	}
	if err != nil {
		return err
	}
	before, err := card.ParseSigned(text)
	if err != nil {
		return err
	}
	if before.Hash() != s.Hash() {
		if err := v.WriteSealed(name+"-"+ledger.Hash(s.Hash()).String()[:12], s.Marshal()); err != nil {
			return err
		}
		return exit.New(exit.Mismatch, "both are kept in the vault as evidence; ask that trustee how it came to be",
			"%s has signed two statements of the number %d: this %s, and another one that came before", from.Name, s.Number, what)
	}
	return nil
}

// CardText returns a trustee's name and fingerprint.
func CardText(c card.Card) string { return c.Name + " (" + c.Fingerprint() + ")" }
