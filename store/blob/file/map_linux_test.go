package file

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A file that is cut while it is hashed, or a page that the disk does not give, ends no process.
func TestMapOfAFileThatIsCut(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, make([]byte, 3*readStep), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var sum byte
	_, err = eachPiece(f, func(piece []byte) error {
		if err := os.Truncate(name, 0); err != nil {
			return err
		}
		sum += piece[len(piece)-1]
		return nil
	})
	if !errors.Is(err, errPage) || err.Error() != "a page of it can't be read: the disk fails, or the file was cut meanwhile" {
		t.Errorf("%v, %d", err, sum)
	}
	// What panics otherwise still does.
	if err := os.WriteFile(name, make([]byte, 10), 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if p := recover(); p != "ours" {
			t.Errorf("recovered %v", p)
		}
	}()
	_, err = eachPiece(f, func([]byte) error { panic("ours") })
	t.Errorf("went on: %v", err)
}
