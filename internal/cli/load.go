package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"zapis/internal/escape"
	"zapis/internal/exit"
)

// KeyFlags are the flags that name an identity.
type KeyFlags struct {
	Identity       string `placeholder:"FILE" help:"Your identity file, as zapis keygen wrote it."`
	PassphraseFile string `placeholder:"FILE" help:"A file whose first line is the passphrase; without it you are asked."`
	Plugin         string `placeholder:"NAME" help:"Where hardware holds your key: the age plugin to start for it, age-plugin-NAME."`
}

// Load opens the identity that the flags name. Status KeyMissing where they name none.
func (k KeyFlags) Load(ctx context.Context) (*Identity, error) {
	sealed, err := k.Sealed()
	if err != nil {
		return nil, err
	}
	id, err := k.open(ctx, sealed, "The passphrase of "+escape.Text(k.Identity))
	if err != nil {
		return nil, err
	}
	return id, id.attach(k.Plugin)
}

// Sealed returns the encrypted identity file that the flags name. Status KeyMissing where they name none.
func (k KeyFlags) Sealed() ([]byte, error) {
	if k.Identity == "" {
		return nil, exit.New(exit.KeyMissing, "add --identity FILE", "this needs your identity")
	}
	return readIdentityFile(k.Identity)
}

// Try decrypts a future identity file, to show that its user knows the passphrase. It does not use hardware.
func (k KeyFlags) Try(ctx context.Context, sealed []byte) (*Identity, error) {
	return k.open(ctx, sealed, "The passphrase of the identity")
}

func (k KeyFlags) open(ctx context.Context, sealed []byte, prompt string) (*Identity, error) {
	pass, err := Passphrase(ctx, k.PassphraseFile, prompt)
	if err != nil {
		return nil, err
	}
	return OpenIdentity(sealed, pass)
}

func readIdentityFile(name string) ([]byte, error) {
	f, err := OpenOf(name, KindIdentity)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, exit.New(exit.KeyMissing, identityHint, "the identity file: %w", err)
	}
	if err != nil {
		return nil, exit.New(exit.KeyMissing, exit.HintOf(err), "%w", err)
	}
	defer f.Close()
	sealed, err := io.ReadAll(io.LimitReader(f, maxIdentityFile+1))
	if err != nil {
		return nil, exit.New(exit.KeyMissing, "", "the identity file: %w", err)
	}
	if len(sealed) > maxIdentityFile {
		return nil, exit.New(exit.KeyMissing, identityHint, "%s is too large for an identity file", name)
	}
	return sealed, nil
}
