package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "guard")
	// Half of a write that was cut lies beside it.
	if err := os.WriteFile(filepath.Join(dir, ".guard.new"), []byte("a longer text than what comes"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two"} {
		if err := WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	there, err := os.ReadDir(dir)
	if err != nil || len(there) != 1 {
		t.Errorf("%v, %v", there, err)
	}
	// What can't be put in place leaves what was there, and nothing beside it.
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(dir, "folder"), []byte("x"), 0o600); err == nil || !strings.HasPrefix(err.Error(), "rename ") {
		t.Errorf("over a folder: %v", err)
	}
	if there, err = os.ReadDir(dir); err != nil || len(there) != 2 {
		t.Errorf("%v, %v", there, err)
	}
}

func TestCreateFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key")
	if err := CreateFile(name, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CreateFile(name, []byte("two"), 0o600); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "one" {
		t.Errorf("%q, %v", got, err)
	}
}
