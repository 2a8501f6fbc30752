package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/store/kv"
)

// filesUnder adds up the files of a folder.
func filesUnder(t *testing.T, dir string) (sum int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// What the ledger takes up is known without a look at its files, and is what they have, whatever becomes of an attachment.
func TestUsedIsCounted(t *testing.T) {
	f := newForgettable(t)
	s := f.Store
	is := func(when string) {
		t.Helper()
		used, err := s.Used()
		db, err2 := s.DatabaseSize()
		if want := filesUnder(t, filepath.Join(s.dir, partsName)); err != nil || err2 != nil || used-db != want || want == 0 {
			t.Errorf("%s: %d bytes beside the database, and the files have %d: %v %v", when, used-db, want, err, err2)
		}
	}
	is("in entries")
	writing, err := s.NewPart()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writing.Write(random(5000)); err != nil {
		t.Fatal(err)
	}
	is("while one is written")
	content := random(6000)
	kept, err := s.NewPart()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Write(content); err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Keep(ledger.Sum(content)); err != nil {
		t.Fatal(err)
	}
	is("while one waits for its body")
	submit(t, s, report(t, s, 7000))
	is("submitted")
	if err := writing.Discard(); err != nil {
		t.Fatal(err)
	}
	is("one discarded while it was written")
	if err := kept.Discard(); err != nil {
		t.Fatal(err)
	}
	is("one discarded that was kept")
	submit(t, s, approved(t, s, ledger.KindTombstone, tombstone(s, f.index, f.hashes()...), nil, ledgertest.Trustees()[:2]...))
	f.slot(t)
	is("one erased")
	attach(t, s, random(8000))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, s.dir, Config{Slot: day, Now: f.clock.now})
	is("opened again")
}

// An opening looks at what is recorded as pending, and at no other file: there may be millions. Only a folder of an earlier
// program, which recorded nothing, is searched once.
func TestOpeningLooksAtWhatIsPending(t *testing.T) {
	c := newClock()
	dir := newFolder(t)
	s := open(t, dir, Config{Slot: day, Now: c.now})
	kept := attach(t, s, random(5000))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	stray := ledger.Sum([]byte("of no program"))
	if err := os.MkdirAll(filepath.Dir(partPath(dir, stray)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(partPath(dir, stray), []byte("of no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Config{Slot: day, Now: c.now})
	if exists(partPath(dir, kept.Hash)) || !exists(partPath(dir, stray)) {
		t.Errorf("pending: there %v; not recorded: there %v", exists(partPath(dir, kept.Hash)), exists(partPath(dir, stray)))
	}
	faults, err := s.Check(t.Context(), nil)
	if err != nil || len(faults) != 1 || faults[0].Text != "nothing names it" {
		t.Errorf("check: %v %v", faults, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, func(tx kv.Tx) error { return tx.Table(tableMeta).Delete(metaSwept) })
	for range 2 {
		s = open(t, dir, Config{Slot: day, Now: c.now})
		if exists(partPath(dir, stray)) {
			t.Error("of an earlier program: it is still there")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	edit(t, dir, func(tx kv.Tx) error {
		if tx.Table(tableMeta).Get(metaSwept) == nil {
			t.Error("it would be searched again")
		}
		return nil
	})
}
