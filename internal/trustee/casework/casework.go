// Package casework implements a trustee's acts on the cases of a vault: open, review, answer, add exhibits, ask for
// and grant shares, propose and approve, watch deadlines, fill the outbox. Each act on evidence is recorded in the
// vault's custody log before it is done. The package has no terminal, command line or network; everything that leaves
// the vault for others passes through package release.
package casework

import (
	"sync"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// Trustee is an open vault with the acts of its owner. It is not safe for concurrent use.
type Trustee struct {
	*vault.Vault

	of        *ledgercopy.Copy                      // the copy that the rest was made from
	parts     map[ledger.Hash]ledgercopy.Submission // which submission has a part; made when it is asked for
	lazy      sync.Mutex                            // guards what follows: many goroutines open statements at once
	positions map[uint64]setPosition                // by the index of a set
	granted   grantedShares                         // nil until they are asked for
	handed    map[ledger.Hash]seal.FileKey          // keys that other trustees have handed on; nil until they are asked for
	exports   map[string][]string                   // cases of exports of many, by the hash of their list
	misdealt  bool                                  // parts are opened despite a wrong hash of a trustee who has not granted
	desk      *deskstate.Log                        // nil until it is asked for
	indexed   *eventIndex                           // of the custody log; nil until it is asked for
	unkept    bool                                  // that a cache was not written has been told
}

// New returns a Trustee for an open vault.
func New(v *vault.Vault) *Trustee { return &Trustee{Vault: v, of: v.Copy()} }

// kept takes the result of writing a cache. A cache holds nothing that the vault does not hold elsewhere: a disk without room, or one
// that fails, keeps no verb from its answer. The first failure is a warning; what the cache would have saved is done again.
func (v *Trustee) kept(err error) {
	if err != nil && !v.unkept {
		v.unkept = true
		v.Warn("a cache of the vault could not be written, so the next command takes as long as this one: %v", err)
	}
}

// OpenMisdealt makes v open parts even where the intake published a wrong hash for the share of a trustee who has not
// granted. Each is told by the vault's warning, and the custody log has it as the reason of the opening.
func (v *Trustee) OpenMisdealt() { v.misdealt = true }

// Open opens a vault, as vault.Open does.
func Open(dir string, o vault.Options) (*Trustee, error) {
	v, err := vault.Open(dir, o)
	if err != nil {
		return nil, err
	}
	return New(v), nil
}

// Use sets the key of the vault, as vault.Use does.
func (v *Trustee) Use(k vault.Key) error {
	v.indexed = nil
	v.forgetDerived()
	return v.Vault.Use(k)
}

// Resume waits for the vault's next turn, as vault.Resume does, and drops what other processes have made stale.
func (v *Trustee) Resume() (changed bool, err error) {
	if changed, err = v.Vault.Resume(); changed {
		v.forgetDerived()
	}
	return changed, err
}

// forgetDerived drops what was computed from the copy and the key: an import or another key changes it.
func (v *Trustee) forgetDerived() {
	v.lazy.Lock()
	defer v.lazy.Unlock()
	v.of, v.parts, v.positions, v.granted, v.handed, v.desk = v.Copy(), nil, nil, nil, nil, nil
}
