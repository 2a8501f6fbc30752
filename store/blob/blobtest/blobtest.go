// Package blobtest holds the rules of store/blob as tests that every engine passes.
package blobtest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"zapis/store/blob"
)

// Run tries an empty store of blobs. spools is a folder on the file system of its files, if it has some.
func Run(t *testing.T, s blob.Store, spools string) {
	contents := make(map[blob.Hash][]byte)
	for _, n := range []int{1, 70_000, 1 << 20, 3<<20 + 17} {
		b := make([]byte, n)
		rand.Read(b)
		contents[blob.Hash(sha256.Sum256(b))] = b
	}
	for h, b := range contents {
		spool := write(t, spools, b)
		if err := s.Put(t.Context(), h, spool); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(spool.Path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the spool is still there: %v", err)
		}
	}
	for h, b := range contents {
		spool := write(t, spools, b)
		if err := s.Put(t.Context(), h, spool); !errors.Is(err, blob.ErrTaken) {
			t.Errorf("put twice: %v", err)
		}
		if _, err := os.Lstat(spool.Path); err != nil {
			t.Errorf("the spool of a Put that failed: %v", err)
		}
		if got := read(t, s, h); !bytes.Equal(got, b) {
			t.Errorf("%d bytes, want %d", len(got), len(b))
		}
		if s.Where(h) == "" {
			t.Error("it is nowhere")
		}
	}
	each(t, s, contents)
	for h := range contents {
		if err := s.Remove(t.Context(), h); err != nil {
			t.Error(err)
		}
		if err := s.Remove(t.Context(), h); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("removed twice: %v", err)
		}
		if _, _, err := s.Open(t.Context(), h); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("opened after that: %v", err)
		}
		delete(contents, h)
		each(t, s, contents)
	}
}

func write(t *testing.T, dir string, b []byte) blob.Spool {
	t.Helper()
	path := filepath.Join(dir, rand.Text())
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return blob.Spool{Path: path, Size: int64(len(b))}
}

func read(t *testing.T, s blob.Store, h blob.Hash) []byte {
	t.Helper()
	r, size, err := s.Open(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil || int64(len(b)) != size {
		t.Errorf("%d bytes, and %d were announced: %v", len(b), size, err)
	}
	return b
}

func each(t *testing.T, s blob.Store, want map[blob.Hash][]byte) {
	t.Helper()
	seen := 0
	err := s.Each(t.Context(), func(h blob.Hash) error {
		if _, ok := want[h]; !ok {
			t.Errorf("%s is there", h)
		}
		seen++
		return nil
	}, func(name string) error {
		t.Errorf("%s is no blob", name)
		return nil
	})
	if err != nil || seen != len(want) {
		t.Errorf("%d blobs, want %d: %v", seen, len(want), err)
	}
}
