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
	// Half of an interrupted write is beside it.
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

func TestAFileHasItsNameOnlyOnceItIsWhole(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "bundle.zip")
	w, err := Create(name, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("half ")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("before it was whole: %v", err)
	}
	if _, err := w.Write([]byte("whole")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	w.Discard()
	if got, err := os.ReadFile(name); string(got) != "half whole" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := Create(name, 0o600); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second one: %v", err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("%d files are left", len(list))
	}
}

func TestAFileThatCameMeanwhileStays(t *testing.T) {
	for way, put := range map[string]func(aside, name string) error{"by a link": place, "without links": reserve} {
		dir := t.TempDir()
		aside, name := filepath.Join(dir, ".aside"), filepath.Join(dir, "key")
		for file, text := range map[string]string{aside: "new", name: "old"} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := put(aside, name); !errors.Is(err, os.ErrExist) {
			t.Errorf("%s: %v", way, err)
		}
		if got, _ := os.ReadFile(name); string(got) != "old" {
			t.Errorf("%s: it was replaced by %q", way, got)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if err := put(aside, name); err != nil {
			t.Errorf("%s: %v", way, err)
		}
		if got, _ := os.ReadFile(name); string(got) != "new" {
			t.Errorf("%s: %q", way, got)
		}
	}
}
