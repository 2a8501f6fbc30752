package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
	"zapis/store/kv"
)

// nextKeyName is the file of the log key that a key entry will bring into
// force.
const nextKeyName = "log.key.next"

// loadKey reads the key in force. After a crash between a key entry's commit
// and the renaming of its file, that key still has its other name.
func (s *Store) loadKey() error {
	want := s.released.verifier.Keys()
	for _, name := range []string{keyName, nextKeyName} {
		k, err := readKey(s.dir, name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return exit.New(exit.KeyMissing, "", "%w", err)
		}
		if k.Keys() != want {
			continue
		}
		s.key = k
		if name == nextKeyName {
			return s.renameKey()
		}
		return nil
	}
	if s.config.KeyLost {
		return nil
	}
	return exit.Advise(exit.KeyMissing, exit.BringLogKey.With(),
		"%s has no %s that is the key of %s", s.dir, keyName, s.card)
}

func readKey(dir, name string) (*ledger.SigningKey, error) {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	k, err := ledger.ParseSigningKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

// signingKey returns the key in force.
func (s *Store) signingKey() *ledger.SigningKey {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.key
}

// SignKeyChange signs the text of a proposed key entry with the key in force,
// as a rotation needs it, and returns the two signature lines.
func (s *Store) SignKeyChange(text []byte) ([]byte, error) {
	k := s.signingKey()
	if k == nil {
		return nil, errKeyLost
	}
	return k.SignKeyChange(text)
}

// errKeyLost is the answer of a ledger without its key to all but a new one.
var errKeyLost = exit.New(exit.KeyMissing, "have the trustees approve a new key, for the reason compromised",
	"the log's key is lost, and without it nothing can be signed or promised")

// adopt makes the key entry that replaces a lost key an entry at once, in a
// slot with everything that waits: without the key there is no promise and no
// signature before it.
func (s *Store) adopt(ctx context.Context, p *submission) error {
	if p.Body.Kind != ledger.KindKey {
		return errKeyLost
	}
	p.slot = s.promiseSlot(0)
	return s.ask(ctx, &request{act: func() error {
		if err := s.brokenBy(); err != nil {
			return err
		}
		return s.advance(nil, func(tx kv.Tx, t *tip) (*growth, error) {
			if err := s.admit(tx, t, p); err != nil {
				return nil, err
			}
			g, err := s.sequenceWaiting(tx, t)
			if err != nil {
				return nil, err
			}
			if g == nil { // slot 0, and nothing waits
				g = &growth{first: t.size, authority: s.authority}
				g.released.Time = s.checkpointTime(time.Time{})
			}
			if err := s.keepParts(tx, p); err != nil {
				return nil, err
			}
			return g, s.grow(tx, t, g, p.Body, p.text, p.hash)
		})
	}})
}

// SetNextKey stores a new log key beside the one in force, durably. A key
// entry that names it can then be submitted; once that is sequenced, the new
// key is in force.
func (s *Store) SetNextKey(k *ledger.SigningKey) error {
	if err := s.usable(); err != nil {
		return err
	}
	if k.Origin() != s.genesis.Origin {
		return fmt.Errorf("%w: the key is for %s", ErrRefused, k.Origin())
	}
	return replaceFile(filepath.Join(s.dir, nextKeyName), k.Marshal())
}

// keyFor returns the signing key with these public halves, if this folder has
// it.
func (s *Store) keyFor(keys ledger.LogKeys) *ledger.SigningKey {
	if s.key != nil && s.key.Keys() == keys {
		return s.key
	}
	if k, err := readKey(s.dir, nextKeyName); err == nil && k.Keys() == keys {
		return k
	}
	return nil
}

// changeKey replaces the key in force by that of a key entry, once its first
// checkpoint is in the guard. The caller holds the gate.
func (s *Store) changeKey(g *growth) error {
	if g.key == nil {
		return nil
	}
	s.key = g.key
	return s.renameKey()
}

func (s *Store) renameKey() error {
	return atomicfile.Rename(filepath.Join(s.dir, nextKeyName), filepath.Join(s.dir, keyName))
}

// SignNextKey signs the text of a proposed key entry with the key of
// SetNextKey, and returns the two signature lines.
func (s *Store) SignNextKey(text []byte) ([]byte, error) {
	k, err := readKey(s.dir, nextKeyName)
	if err != nil {
		return nil, err
	}
	return k.SignKeyChange(text)
}
