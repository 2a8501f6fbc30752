package vault

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"zapis/internal/atomicfile"
)

// Names lists the files in a folder of the vault, in order: none where there is no such folder yet, and nothing that
// was being written when the power failed.
func (v *Vault) Names(dir string) ([]string, error) {
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

// Remove takes a file's bytes and then its name away, so that another name or somebody who has it open does not
// keep them. What the disk's own cells keep, nothing here reaches.
func Remove(name string) error {
	if err := os.Truncate(name, 0); err != nil {
		return err
	}
	if err := os.Remove(name); err != nil {
		return err
	}
	return atomicfile.SyncFolder(filepath.Dir(name))
}
