package store

import (
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// writeAside writes a file, for its owner only, under another name and syncs it; a rename, and a
// sync of the folder, must follow.
func writeAside(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return exit.First(err, f.Close())
}

// replaceFile writes a file, for its owner only, aside and renames it, durably.
func replaceFile(path string, content []byte) error {
	if err := writeAside(path+asideSuffix, content); err != nil {
		return err
	}
	return atomicfile.Rename(path+asideSuffix, path)
}

// putInPlace renames what was made in the folder aside to its names in dir, one after the other: each name is durable
// before the next.
func putInPlace(aside, dir string, names ...string) error {
	for _, name := range names {
		if err := atomicfile.Rename(filepath.Join(aside, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// hashing copies, and returns the SHA-256 and the number of bytes.
func hashing(w io.Writer, r io.Reader) (h ledger.Hash, n int64, err error) {
	sum := sha256.New()
	n, err = io.CopyBuffer(io.MultiWriter(w, sum), r, make([]byte, 1<<20))
	sum.Sum(h[:0])
	return h, n, err
}
