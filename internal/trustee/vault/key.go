package vault

import (
	"errors"
	"os"
	"path/filepath"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/ledgercopy"
)

// Key is a trustee's private key, as an identity file holds it.
type Key struct {
	Card   card.Card
	Age    age.Identity
	Signer *card.Signer
}

func (k *Key) by() custody.By {
	if k == nil {
		return custody.By{}
	}
	return custody.By{Name: k.Card.Name, Fingerprint: k.Card.Fingerprint()}
}

// opener returns the key for an import; nil where there is none.
func (k *Key) opener() *ledgercopy.Opener {
	if k == nil {
		return nil
	}
	return &ledgercopy.Opener{Card: k.Card, Age: k.Age}
}

// Use sets the key of the vault. The first key of a trustee of this ledger sets the vault's owner; any other key has
// the status KeyMissing.
func (v *Vault) Use(k Key) error {
	if v.Empty() {
		return exit.Advise(exit.Failed, exit.BringLedger.With(), "the vault %s is empty", v.dir)
	}
	return v.use(k, v.copy.Chain())
}

// use is Use for a vault whose entries, including those of a pending import, c has read.
func (v *Vault) use(k Key, c *ledger.Chain) error {
	if err := v.mayUse(k, c); err != nil {
		return err
	}
	if v.owner == nil || *v.owner != k.Card {
		if err := v.setOwner(k.Card); err != nil {
			return err
		}
	}
	v.key = &k
	return nil
}

func (v *Vault) mayUse(k Key, c *ledger.Chain) error {
	if v.owner != nil && !v.Empty() { // an import that failed leaves an owner of nothing
		return v.owns(k.Card)
	}
	for _, s := range c.State().Sets {
		if s.Set != nil && ledgercopy.IsTrustee(*s.Set, k.Card) {
			return nil
		}
	}
	return exit.New(exit.KeyMissing, "the operator needs your card before anything is sealed to you",
		"the identity of %s (%s) is that of no trustee of the ledger %s", k.Card.Name, k.Card.Fingerprint(), c.Origin())
}

// MayOwn refuses an identity in whose place another one owns the vault in dir. It takes no lock. A vault that is not
// there yet, or has no owner yet, is anybody's.
func MayOwn(dir string, c card.Card) error {
	v := Vault{dir: dir}
	if err := v.readOwner(); err != nil || v.owner == nil {
		return err
	}
	return v.owns(c)
}

// owns refuses a card that is not the owner's.
func (v *Vault) owns(c card.Card) error {
	if v.owner.Age != c.Age || v.owner.SSH != c.SSH {
		return exit.Advise(exit.KeyMissing, exit.TakeOwnIdentity.With(),
			"this vault belongs to %s (%s), and the identity is that of %s (%s)",
			v.owner.Name, v.owner.Fingerprint(), c.Name, c.Fingerprint())
	}
	return nil
}

func (v *Vault) setOwner(c card.Card) error {
	if err := atomicfile.WriteFile(filepath.Join(v.dir, ownerFile), c.Marshal(), 0o600); err != nil {
		return err
	}
	v.owner = &c
	return v.Custody.SetOwner(c)
}

func (v *Vault) readOwner() error {
	text, err := os.ReadFile(filepath.Join(v.dir, ownerFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := card.Parse(text)
	if err != nil {
		return exit.New(exit.Mismatch, "keep the vault as it is, and take a copy of it from before", "the vault's %s: %w", ownerFile, err)
	}
	v.owner = &c
	return nil
}

// NeedKey returns an error where the vault has no key.
func (v *Vault) NeedKey() error {
	if v.key == nil {
		return exit.Advise(exit.KeyMissing, exit.AddIdentityFile.With(), "this needs your identity")
	}
	return nil
}
