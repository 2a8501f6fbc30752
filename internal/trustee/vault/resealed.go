package vault

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/exchange"
)

// What other trustees have handed on to the owner lies in resealed/, as it came, sealed to the owner: keys of
// parts of old cases.
const resealedDir = "resealed"

func resealedName(statement ledger.Hash) string {
	return filepath.Join(resealedDir, statement.String())
}

// handedKeys gives the keys that were handed on, by the parts that they open. It reads them once; any goroutine may
// ask.
func (v *Vault) handedKeys() (map[ledger.Hash]seal.FileKey, error) {
	v.lazy.Lock()
	defer v.lazy.Unlock()
	if v.again != nil {
		return v.again, nil
	}
	names, err := v.names(resealedDir)
	if err != nil {
		return nil, err
	}
	all := make(map[ledger.Hash]seal.FileKey)
	for _, name := range names {
		if err := v.learnKeys(all, name); err != nil {
			return nil, spoilt(resealedDir+"/"+name, err)
		}
	}
	v.again = all
	return all, nil
}

func (v *Vault) learnKeys(all map[ledger.Hash]seal.FileKey, name string) error {
	file, err := v.readSealed(filepath.Join(resealedDir, name))
	if err != nil {
		return err
	}
	_, s, err := exchange.ParseResealFile(file)
	if err != nil {
		return err
	}
	keys, err := v.openKeys(s)
	if err != nil {
		return err
	}
	defer keys.Wipe()
	for _, one := range keys.Of {
		all[one.Part] = one.Key
	}
	return nil
}

// openKeys opens what a reseal seals to the owner.
func (v *Vault) openKeys(s exchange.Reseal) (exchange.Keys, error) {
	return openOwn(v, s.Sealed, exchange.ParseKeys, "it must be handed on to this identity", "keys")
}

// fileKeyIdentity opens the one part that a key is of.
func fileKeyIdentity(key seal.FileKey) age.Identity {
	b, err := hex.DecodeString(key.Reveal())
	if err != nil {
		panic("vault: a file key that is none: " + err.Error())
	}
	return age.NewInjectedFileKeyIdentity(b)
}

func (src *source) close() error { return src.file.Close() }

// forgetHanded drops the shares and the keys that others have given, where all the parts that they are of were
// erased: whoever has a copy of those from before must not find what opens them here.
func (v *Vault) forgetHanded() error {
	for _, dir := range []string{grantsDir, resealedDir} {
		files, err := os.ReadDir(filepath.Join(v.dir, dir))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for _, f := range files {
			name := filepath.Join(dir, f.Name())
			gone, err := v.allErased(name)
			if err != nil || !gone {
				if err != nil {
					return err
				}
				continue
			}
			deed := custody.Deed{By: v.key.by(), Act: custody.Destroyed, Subject: "what opened parts that were erased, as another trustee had given it"}
			if _, err := v.Custody.Record(deed); err != nil {
				return err
			}
			if err := remove(filepath.Join(v.dir, name)); err != nil {
				return err
			}
		}
	}
	v.lazy.Lock()
	v.granted, v.again = nil, nil
	v.lazy.Unlock()
	return nil
}

// allErased says whether every part that a grant or a reseal is about was erased.
func (v *Vault) allErased(name string) (bool, error) {
	if strings.HasPrefix(filepath.Base(name), ".") {
		return true, nil // one that was being written when the power failed
	}
	file, err := v.readSealed(name)
	if err != nil {
		return false, err
	}
	var parts []ledger.Hash
	if _, g, err := exchange.ParseGrantFile(file); err == nil {
		parts = g.Parts
	} else if _, s, err := exchange.ParseResealFile(file); err == nil {
		for _, p := range s.Parts {
			parts = append(parts, p.Hash)
		}
	}
	for _, p := range parts {
		if _, gone := v.held.erased[p]; !gone {
			return false, nil
		}
	}
	return true, nil
}
