package atomicfile

import (
	"io"
	"os"

	"zapis/internal/exit"
)

// ReadSmall reads a file that somebody else may have written, of at most most bytes. It never reads more than one byte
// beyond them. Status Mismatch for a longer one; else the errors of os.
func ReadSmall(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, exit.New(exit.Mismatch, "", "%s has more than %d bytes", name, most)
	}
	return text, nil
}

// Open opens a file for reading. It refuses a folder, a pipe and a device, with status Failed: they have no end, or wait.
func Open(name string) (*os.File, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, exit.New(exit.Failed, "", "%s is no file: it is a folder, a pipe or a device", name)
	}
	return os.Open(name)
}
