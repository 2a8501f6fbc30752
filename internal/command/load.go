package command

import (
	"context"
	"io"
	"os"

	"zapis/internal/fault"
)

// KeyFlags are the flags with which a program is given an identity.
type KeyFlags struct {
	Identity       string `placeholder:"FILE" help:"Your identity file, as zapis keygen wrote it."`
	PassphraseFile string `placeholder:"FILE" help:"A file whose first line is the passphrase; without it you are asked."`
}

// Load opens the identity that the flags name. Status KeyMissing where they name none.
func (k KeyFlags) Load(ctx context.Context) (*Identity, error) {
	if k.Identity == "" {
		return nil, fault.New(fault.KeyMissing, "add --identity FILE", "this needs your identity")
	}
	sealed, err := readIdentityFile(k.Identity)
	if err != nil {
		return nil, err
	}
	pass, err := Passphrase(ctx, k.PassphraseFile, "The passphrase of "+Escape(k.Identity))
	if err != nil {
		return nil, err
	}
	return OpenIdentity(sealed, pass)
}

// LoadIfGiven is Load where a verb can do without: nil if no identity was named.
func (k KeyFlags) LoadIfGiven(ctx context.Context) (*Identity, error) {
	if k.Identity == "" {
		return nil, nil
	}
	return k.Load(ctx)
}

func readIdentityFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fault.New(fault.KeyMissing, identityHint, "the identity file: %w", err)
	}
	defer f.Close()
	sealed, err := io.ReadAll(io.LimitReader(f, maxIdentityFile+1))
	if err != nil {
		return nil, fault.New(fault.KeyMissing, "", "the identity file: %w", err)
	}
	if len(sealed) > maxIdentityFile {
		return nil, fault.New(fault.KeyMissing, identityHint, "%s is too large for an identity file", name)
	}
	return sealed, nil
}
