package vault

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
)

// A ledger that can't go on is continued by another, under another name, whose genesis names the old one's last
// checkpoint. Each has a vault of its own; the new one remembers that the link was verified against the old one:
//
//	continues            <the old ledger's card> <entries>
const continuesFile = "continues"

// follows verifies that the staged ledger goes on from the one that an old vault holds. What the old vault has
// seen beyond that, the new ledger has lost: that is a misfit, and no refusal.
func (s *stage) follows(old *Vault) (*Misfit, error) {
	c := s.chain.Continues()
	switch {
	case old.Empty():
		return nil, mismatch("import the old ledger's last carry file into it", "the vault %s is empty", old.dir)
	case c == nil:
		return nil, mismatch("leave --continues out", "the ledger %s does not say that it goes on from another", s.chain.Card())
	}
	named := card.LedgerCard{Origin: c.Origin, Genesis: c.Genesis}
	if named != old.Ledger() {
		return nil, mismatch("name the old ledger's vault", "the ledger %s goes on from %s, and the vault %s holds %s", s.chain.Origin(), named, old.dir, old.Ledger())
	}
	if c.Size > old.Size() {
		return nil, mismatch("import the old ledger's last carry file into the old vault, then this one again",
			"the ledger %s goes on from %d entries of %s, and the vault %s holds %d: whether it does can't be verified",
			s.chain.Origin(), c.Size, c.Origin, old.dir, old.Size())
	}
	root, err := old.held.root(c.Size)
	if err != nil {
		return nil, err
	}
	if root != c.Root {
		return nil, mismatch(forkHint, "the ledger %s goes on from a history of %s that the vault %s does not hold: the first %d entries have the root %s, and it names %s",
			s.chain.Origin(), c.Origin, old.dir, c.Size, root, c.Root)
	}
	if c.Size == old.Size() {
		return nil, nil
	}
	reports := 0
	for _, e := range old.held.entries[c.Size:] {
		if e.Body.Kind == ledger.KindReport {
			reports++
		}
	}
	return &Misfit{Text: fmt.Sprintf("the ledger goes on from %d entries of %s, and your old vault holds %d: the new one has lost the last %d, reports among them: %d; keep the old vault",
		c.Size, c.Origin, old.Size(), old.Size()-c.Size, reports)}, nil
}

// linked remembers that the link to an old vault was verified.
func (v *Vault) linked(c *ledger.Continued) error {
	return atomicfile.WriteFile(filepath.Join(v.dir, continuesFile), linkText(c), 0o600)
}

func linkText(c *ledger.Continued) []byte {
	named := card.LedgerCard{Origin: c.Origin, Genesis: c.Genesis}
	return fmt.Appendf(nil, "%s %d\n", named, c.Size)
}

// Continues says which ledger this one goes on from, and whether that was verified; empty where it goes on from
// none.
func (v *Vault) Continues() (string, error) {
	c := v.held.chain.Continues()
	if c == nil {
		return "", nil
	}
	link, err := os.ReadFile(filepath.Join(v.dir, continuesFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	verified := "NOT verified: --continues VAULT does it"
	if bytes.Equal(link, linkText(c)) {
		verified = "verified against its vault"
	}
	return fmt.Sprintf("%d entries of %s, root %s: %s", c.Size, c.Origin, c.Root, verified), nil
}
