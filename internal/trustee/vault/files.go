package vault

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// names lists the files in a folder of the vault, in order: none where there is no such folder yet, and nothing that
// was being written when the power failed.
func (v *Vault) names(dir string) ([]string, error) {
	files, err := os.ReadDir(filepath.Join(v.dir, dir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var list []string
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), ".") {
			list = append(list, f.Name())
		}
	}
	return list, nil
}

// syncEach makes the files and folders below dir durable, one by one.
func syncEach(dir string) error {
	return filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Sync()
	})
}
