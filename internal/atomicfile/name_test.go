package atomicfile

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestPortableName(t *testing.T) {
	for _, name := range []string{"a", "bundle.zip", "console", "com", "com10", "coma.txt", "lpt", ".guard.new", "запіс.zip", "a b", "0", "nulls", "aux1"} {
		if !PortableName(name) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, name := range []string{"", "CON", "con", "Con.key", "NUL.tar.gz", "aux", "prn.", "com1", "COM9.txt", "lpt0", "com²", "CONIN$", "conout$.x", "nul .txt",
		"a.", "a ", "a.key:stream", "a?b", "a*", "a|b", `a\b`, "a/b", "a<b", "tab\tname", `"a"`} {
		if PortableName(name) {
			t.Errorf("%q is taken", name)
		}
	}
}

// On Windows the three ways to make something refuse such a name; elsewhere it is a name as any other.
func TestAReservedNameIsRefusedOnWindows(t *testing.T) {
	dir := t.TempDir()
	for what, err := range map[string]error{
		"WriteFile":  WriteFile(filepath.Join(dir, "nul"), []byte("x"), 0o600),
		"CreateFile": CreateFile(filepath.Join(dir, "con.key"), []byte("x"), 0o600),
		"MakeFolder": MakeFolder(filepath.Join(dir, "aux")),
	} {
		if got := errors.Is(err, ErrReservedName); got != (runtime.GOOS == "windows") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestSyncPathTakesFilesAndFolders(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, name} {
		if err := SyncPath(path); err != nil {
			t.Error(err)
		}
	}
	if err := SyncFolder(dir); err != nil {
		t.Error(err)
	}
	for _, sync := range []func(string) error{SyncPath, SyncFolder} {
		if err := sync(filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("what is not there: %v", err)
		}
	}
}

// What our programs write by name can be kept on Windows: the names in ledgers, vaults, carry files, outboxes and bundles.
func TestNamesInReleasedDataArePortable(t *testing.T) {
	folder := filepath.Join("..", "e2e", "testdata", "ledgers", "*")
	seen := 0
	look := func(archive, path string) {
		seen++
		for _, name := range strings.Split(strings.Trim(path, "/"), "/") {
			if name != "." && !PortableName(name) {
				t.Errorf("%s holds %q", archive, path)
			}
		}
	}
	tars, err := filepath.Glob(filepath.Join(folder, "*.tar*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tars {
		for _, path := range namesInTar(t, name) {
			look(name, path)
		}
	}
	bundles, err := filepath.Glob(filepath.Join(folder, "*.zip"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range bundles {
		z, err := zip.OpenReader(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			look(name, f.Name)
		}
		z.Close()
	}
	if len(tars) < 4 || len(bundles) < 3 || seen < 100 {
		t.Errorf("%d archives, %d bundles, %d names: too few to say anything", len(tars), len(bundles), seen)
	}
}

func namesInTar(t *testing.T, name string) (names []string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var content io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if content, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	for r := tar.NewReader(content); ; {
		h, err := r.Next()
		if err == io.EOF {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
}
