package vault

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
)

// A part of an old case that another trustee has sealed anew for the owner lies in resealed/, named by the hash
// of the part in the ledger and, after a dash, its own. What opens from it is compared with what the ledger's
// entry commits to, as everything is.
const resealedDir = "resealed"

// copies lists them: the file's name by the hash of the part in the ledger. It reads the folder once.
func (v *Vault) copies() (map[ledger.Hash]string, error) {
	v.lazy.Lock()
	defer v.lazy.Unlock()
	if v.again != nil {
		return v.again, nil
	}
	files, err := os.ReadDir(filepath.Join(v.dir, resealedDir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	list := make(map[ledger.Hash]string)
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			continue
		}
		part, own, _ := strings.Cut(f.Name(), "-")
		hash, err := ledger.ParseHash(part)
		if _, err2 := ledger.ParseHash(own); err != nil || err2 != nil {
			return nil, damaged("%s/%s has no name of ours", resealedDir, f.Name())
		}
		list[hash] = f.Name()
	}
	v.again = list
	return list, nil
}

// resealedCopy opens the owner's copy of a part; nil where there is none.
func (v *Vault) resealedCopy(part ledger.Hash) (*source, error) {
	list, err := v.copies()
	if err != nil || list[part] == "" {
		return nil, err
	}
	name := filepath.Join(v.dir, resealedDir, list[part])
	hash, err := ledger.ParseHash(list[part][len(part.String())+1:])
	if err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &source{file: f, want: seal.Digest{Hash: hash, Size: info.Size()}, k: 1, n: 1, have: 1, mine: true}, nil
}

func (src *source) close() error {
	if src == nil {
		return nil
	}
	return src.file.Close()
}
