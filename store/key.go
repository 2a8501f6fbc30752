package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zapis/crypto/ledger"
	"zapis/internal/fault"
)

// nextKeyName is the log key that a key entry is about to bring into force.
const nextKeyName = "log.key.next"

// loadKey reads the key that is in force. After a crash between a key entry's
// commit and the renaming of its file, that key still lies under its other name.
func (s *Store) loadKey() error {
	want := s.released.verifier.Keys()
	for _, name := range []string{keyName, nextKeyName} {
		k, err := readKey(s.dir, name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fault.New(fault.KeyMissing, "", "%w", err)
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
	return fault.New(fault.KeyMissing, "without it the log can sign nothing; bring it back from where it is kept",
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

// signingKey is the key in force.
func (s *Store) signingKey() *ledger.SigningKey {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.key
}

// SignKeyChange signs the text of a proposed key entry with the key in force,
// as a rotation needs it, and gives the two signature lines.
func (s *Store) SignKeyChange(text []byte) ([]byte, error) {
	return s.signingKey().SignKeyChange(text)
}

// SetNextKey puts a new log key beside the one in force, durably. A key entry
// that names it can then be submitted; when that is sequenced, it takes over.
func (s *Store) SetNextKey(k *ledger.SigningKey) error {
	if err := s.usable(); err != nil {
		return err
	}
	if k.Origin() != s.genesis.Origin {
		return fmt.Errorf("%w: the key is for %s", ErrRefused, k.Origin())
	}
	path := filepath.Join(s.dir, nextKeyName)
	if err := writeAside(path+asideSuffix, k.Marshal(), 0o600); err != nil {
		return err
	}
	if err := os.Rename(path+asideSuffix, path); err != nil {
		return err
	}
	return syncDir(s.dir)
}

// keyFor gives the signing key with these public halves, if this folder has it.
func (s *Store) keyFor(keys ledger.LogKeys) *ledger.SigningKey {
	if s.key.Keys() == keys {
		return s.key
	}
	if k, err := readKey(s.dir, nextKeyName); err == nil && k.Keys() == keys {
		return k
	}
	return nil
}

// changeKey lets the key of a key entry take over, once its first checkpoint is
// in the guard. The gate is held.
func (s *Store) changeKey(g *growth) error {
	if g.key == nil {
		return nil
	}
	s.key = g.key
	return s.renameKey()
}

func (s *Store) renameKey() error {
	if err := os.Rename(filepath.Join(s.dir, nextKeyName), filepath.Join(s.dir, keyName)); err != nil {
		return err
	}
	return syncDir(s.dir)
}

// SignNextKey signs the text of a proposed key entry with the key that
// SetNextKey has put beside the one in force, and gives the two signature lines.
func (s *Store) SignNextKey(text []byte) ([]byte, error) {
	k, err := readKey(s.dir, nextKeyName)
	if err != nil {
		return nil, err
	}
	return k.SignKeyChange(text)
}
