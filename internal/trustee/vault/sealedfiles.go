package vault

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"zapis/crypto/canonical"
	"zapis/crypto/seal"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// WriteSealed writes a file of the vault, sealed to its owner.
func (v *Vault) WriteSealed(name string, content []byte) error {
	path := filepath.Join(v.dir, name)
	if err := os.Mkdir(filepath.Dir(path), 0o700); err == nil {
		if err := atomicfile.SyncFolder(v.dir); err != nil {
			return err
		}
	} else if !errors.Is(err, os.ErrExist) {
		return err
	}
	to, err := seal.NewRecipients(1, v.key.Card.Age)
	if err != nil {
		return err
	}
	var sealed bytes.Buffer
	if _, err := seal.Seal(&sealed, seal.Attachment, to, bytes.NewReader(content)); err != nil {
		return err
	}
	return atomicfile.WriteFile(path, sealed.Bytes(), 0o600)
}

// ReadSealed reads a file of WriteSealed. The error wraps os.ErrNotExist where it is missing.
func (v *Vault) ReadSealed(name string) ([]byte, error) {
	sealed, err := os.ReadFile(filepath.Join(v.dir, name))
	if err != nil {
		return nil, err
	}
	var plain bytes.Buffer
	if _, err := seal.Open(&plain, seal.Attachment, bytes.NewReader(sealed), seal.DigestOf(sealed), v.key.Age); err != nil {
		return nil, Unreadable(name, err)
	}
	return plain.Bytes(), nil
}

// Unreadable distinguishes a damaged file of the vault from a key that could not be used, such as hardware that is not
// connected.
func Unreadable(name string, err error) error {
	told, ok := errors.AsType[*exit.Error](err)
	switch {
	case ok && told.Status == exit.Mismatch && told.Hint == unreadableHint:
		return err // it was reported already
	case !ok && !errors.Is(err, canonical.ErrMismatch) && !errors.Is(err, seal.ErrMismatch) && !errors.Is(err, seal.ErrNoKey):
		return err
	case ok && told.Status != exit.Mismatch:
		return err
	}
	return exit.New(exit.Mismatch, unreadableHint, "the vault's %s: %w", name, err)
}

const unreadableHint = "keep this vault as it is, and take a copy of it from before"
