package vault

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"zapis/internal/atomicfile"
)

// Names lists the files in a folder of the vault, in order: none where the folder is missing, and no temporary file of
// an interrupted write.
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

// Remove truncates and unlinks a file, so that a hard link or an open descriptor does not keep its bytes. It can't
// erase what the disk itself keeps.
func Remove(name string) error {
	if err := os.Truncate(name, 0); err != nil {
		return err
	}
	if err := os.Remove(name); err != nil {
		return err
	}
	return atomicfile.SyncFolder(filepath.Dir(name))
}
