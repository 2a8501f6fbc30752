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

// A ledger that can't be continued is succeeded by another, under another name, whose genesis names the old one's last
// checkpoint. Each has a vault of its own; the new vault records that the link was verified against the old one:
//
//	continues            <the old ledger's card> <entries>
const continuesFile = "continues"

// linked records that the link to an old vault was verified.
func (v *Vault) linked(c *ledger.Continued) error {
	return atomicfile.WriteFile(filepath.Join(v.dir, continuesFile), linkText(c), 0o600)
}

func linkText(c *ledger.Continued) []byte {
	named := card.LedgerCard{Origin: c.Origin, Genesis: c.Genesis}
	return fmt.Appendf(nil, "%s %d\n", named, c.Size)
}

// Continues returns which ledger this one continues, and whether that was verified against its vault; nil where it continues none.
func (v *Vault) Continues() (c *ledger.Continued, verified bool, err error) {
	if c = v.Copy().Chain().Continues(); c == nil {
		return nil, false, nil
	}
	link, err := os.ReadFile(filepath.Join(v.dir, continuesFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, false, err
	}
	return c, bytes.Equal(link, linkText(c)), nil
}
