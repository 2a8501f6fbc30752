package casework

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/atomicfile"
	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/vault"
)

// What other trustees have handed on to the owner is in resealed/, as it came, sealed to the owner: keys of parts of
// old cases.
const resealedDir = "resealed"

func resealedName(statement ledger.Hash) string {
	return filepath.Join(resealedDir, statement.String())
}

// handedKeys returns the keys that were handed on, by the parts that they open. It reads them once; it is safe for
// concurrent use.
func (v *Trustee) handedKeys() (map[ledger.Hash]seal.FileKey, error) {
	v.lazy.Lock()
	defer v.lazy.Unlock()
	if v.handed != nil {
		return v.handed, nil
	}
	names, err := v.Names(resealedDir)
	if err != nil {
		return nil, err
	}
	all := make(map[ledger.Hash]seal.FileKey)
	for _, name := range names {
		if err := v.learnKeys(all, name); err != nil {
			return nil, vault.Unreadable(resealedDir+"/"+name, err)
		}
	}
	v.handed = all
	return all, nil
}

func (v *Trustee) learnKeys(all map[ledger.Hash]seal.FileKey, name string) error {
	file, err := v.ReadSealed(filepath.Join(resealedDir, name))
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
func (v *Trustee) openKeys(s exchange.Reseal) (exchange.Keys, error) {
	return openOwn(v, s.Sealed, exchange.ParseKeys, "it must be handed on to this identity", "keys")
}

// fileKeyIdentity opens the part of one file key.
func fileKeyIdentity(key seal.FileKey) age.Identity {
	b, err := hex.DecodeString(key.Reveal())
	if err != nil {
		panic("vault: a file key that is none: " + err.Error())
	}
	return age.NewInjectedFileKeyIdentity(b)
}

func (src *source) close() error { return src.file.Close() }

// forgetHanded drops the shares and keys from others where all their parts were erased: with an old copy of the parts,
// this vault must not contain the keys to them.
func (v *Trustee) forgetHanded() error {
	for _, dir := range []string{grantsDir, resealedDir} {
		files, err := os.ReadDir(filepath.Join(v.Dir(), dir))
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
			record := custody.Record{By: v.By(), Act: custody.Destroyed, Subject: "what opened parts that were erased, as another trustee had given it"}
			if _, err := v.Custody.Record(record); err != nil {
				return err
			}
			if err := atomicfile.Erase(filepath.Join(v.Dir(), name)); err != nil {
				return err
			}
		}
	}
	v.lazy.Lock()
	v.granted, v.handed = nil, nil
	v.lazy.Unlock()
	return nil
}

// allErased reports whether every part of a grant or a reseal was erased.
func (v *Trustee) allErased(name string) (bool, error) {
	if strings.HasPrefix(filepath.Base(name), ".") {
		return true, nil // one that was being written when the power failed
	}
	file, err := v.ReadSealed(name)
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
		if _, gone := v.Copy().ErasedBy(p); !gone {
			return false, nil
		}
	}
	return true, nil
}
