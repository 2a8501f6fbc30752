package vault

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
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
