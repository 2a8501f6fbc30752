package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/store/kv"
)

func TestCreateMakesThisFolder(t *testing.T) {
	dir := newFolder(t)
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %s: others may read it", e.Name(), info.Mode())
		}
	}
	if want := []string{"guard", "ledger.db", "lock", "log.key", "parts"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
	s := open(t, dir, Config{})
	if s.Size() != 1 || s.Genesis().Origin != ledgertest.Origin {
		t.Errorf("%d entries, origin %s", s.Size(), s.Genesis().Origin)
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := newFolder(t)
	_, err := createTest(dir, ledgertest.Genesis(), ledgertest.Key(1), start)
	wants(t, err, ErrExists, "there is a ledger here already: "+dir)
	if err := os.Remove(filepath.Join(dir, dbName)); err != nil {
		t.Fatal(err)
	}
	_, err = createTest(dir, ledgertest.Genesis(), ledgertest.Key(1), start)
	wants(t, err, nil, dir+" has a log.key but no ledger.db")
	_, err = openTest(dir, Config{})
	wants(t, err, ErrNoLedger, "there is no ledger here: "+dir+" has no ledger.db")
	_, err = createTest(t.TempDir(), ledgertest.Genesis(), ledgertest.Key(2), start)
	wants(t, err, nil, "the genesis names other log keys than the one that is to sign")
	g := ledgertest.Genesis()
	g.Set.Trustees = nil
	if _, err = createTest(t.TempDir(), g, ledgertest.Key(1), start); exit.StatusOf(err) != exit.Usage {
		t.Errorf("a genesis without trustees: %v", err)
	}
}

// TestCreateAfterACrash has Create cut off before each of its renames.
func TestCreateAfterACrash(t *testing.T) {
	shorttest.Skip(t, "not tested: a creation that a crash interrupts")
	for done := range 3 {
		dir := newFolder(t)
		aside := filepath.Join(dir, creatingName)
		if err := os.Mkdir(aside, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{guardName, keyName, dbName}[done:] {
			if err := os.Rename(filepath.Join(dir, name), filepath.Join(aside, name)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := openTest(dir, Config{}); !errors.Is(err, ErrNoLedger) {
			t.Errorf("%d files renamed: %v", done, err)
		}
		if _, err := createTest(dir, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
			t.Errorf("%d files renamed: %v", done, err)
		}
		if exists(aside) {
			t.Error("what was made aside is still there")
		}
		open(t, dir, Config{})
	}
	// Or after the last rename, before the folder aside was removed.
	dir := newFolder(t)
	if err := os.Mkdir(filepath.Join(dir, creatingName), 0o700); err != nil {
		t.Fatal(err)
	}
	open(t, dir, Config{})
	if exists(filepath.Join(dir, creatingName)) {
		t.Error("what was made aside is still there")
	}
}

func TestLockNamesTheHolder(t *testing.T) {
	shorttest.Skip(t, "no writer waits for the lock until the time is up")
	dir := newFolder(t)
	s := open(t, dir, Config{Verb: "zapisd serve"})
	reading := make(chan error, 1)
	go func() {
		_, err := OpenReadOnly(dir)
		reading <- err
	}()
	begin := time.Now()
	_, err := openTest(dir, Config{Verb: "another"})
	wants(t, err, ErrHeld, `the ledger is in use by "zapisd serve" (process `+strconv.Itoa(os.Getpid())+"): "+dir)
	if d := time.Since(begin); d < lockTimeout || d > 2*lockTimeout {
		t.Errorf("it waited %s", d)
	}
	if cli.Hint(err) != "stop that process, or let it do the work" {
		t.Errorf("hint %q", cli.Hint(err))
	}
	if err := <-reading; !errors.Is(err, ErrHeld) {
		t.Errorf("reading beside a writer: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	b.Close()
}

func TestHolderIsNotBelieved(t *testing.T) {
	for text, want := range map[string]string{
		"4711 zapisd serve\n":    `"zapisd serve" (process 4711)`,
		"":                       "another process",
		"-1 x\n":                 "another process",
		"12\n":                   "another process",
		"12 \x1b[2Jdone\u202e\n": `"\x1b[2Jdone\u202e" (process 12)`,
	} {
		if got := readHolder(strings.TrimSpace(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestClosed(t *testing.T) {
	s := newStore(t, day, newClock())
	w, err := s.NewPart()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	_, err = s.NewPart()
	wants(t, err, ErrClosed, "the ledger is closed")
	_, err = s.Submit(t.Context(), words(s))
	wants(t, err, ErrClosed, "the ledger is closed")
	_, err = s.Entry(0)
	wants(t, err, ErrClosed, "the ledger is closed")
	wants(t, s.Sequence(t.Context()), ErrClosed, "the ledger is closed")
	w.Discard()
}

func TestOpenRemovesWhatACrashLeft(t *testing.T) {
	c := newClock()
	dir := newFolder(t)
	s, err := openTest(dir, Config{Slot: day, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	waits := report(t, s, 70000)
	submit(t, s, waits)
	kept := attach(t, s, random(80000)) // kept, and never submitted
	cut, err := s.NewPart()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cut.Write(random(1000)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ledger.db.new", "guard.new", "parts/incoming/xyz"} {
		if err := os.WriteFile(filepath.Join(dir, name), random(100), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checkFolder(t, dir) // before it is put in order: what a crash leaves is no fault
	s = open(t, dir, Config{Slot: day, Now: c.now})
	for _, path := range []string{cut.path, partPath(dir, kept.Hash), filepath.Join(dir, "ledger.db.new"), filepath.Join(dir, "guard.new"), filepath.Join(dir, "parts/incoming/xyz")} {
		if exists(path) {
			t.Errorf("%s is still there", path)
		}
	}
	if r, size, err := s.Part(waits.Body.Parts[3].Hash); err != nil || size != 70000 {
		t.Errorf("the attachment that waits: %d bytes, %v", size, err)
	} else {
		r.Close()
	}
}

func TestWrongKey(t *testing.T) {
	dir := newFolder(t)
	if err := os.WriteFile(filepath.Join(dir, keyName), ledgertest.Key(2).Marshal(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := openTest(dir, Config{})
	wants(t, err, nil, dir+" has no log.key that is the key of "+ledgertest.Genesis().Card().String())
	if exit.StatusOf(err) != exit.KeyMissing {
		t.Errorf("status %d", exit.StatusOf(err))
	}
}

func TestConfigIsChecked(t *testing.T) {
	for slot, text := range map[time.Duration]string{
		-time.Hour:              "a slot has whole seconds, from 0 to 366 days, not -1h0m0s",
		1500 * time.Millisecond: "a slot has whole seconds, from 0 to 366 days, not 1.5s",
		400 * day:               "a slot has whole seconds, from 0 to 366 days, not 9600h0m0s",
	} {
		_, err := openTest(t.TempDir(), Config{Slot: slot})
		wants(t, err, nil, text)
	}
}

func TestFileTimesSayNothing(t *testing.T) {
	s := newStore(t, day, newClock())
	part := attach(t, s, random(70000))
	info, err := os.Stat(partPath(s.dir, part.Hash))
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(time.Unix(0, 0)) {
		t.Errorf("the attachment's file says %s", info.ModTime())
	}
	if part.Hash == (ledger.Hash{}) || part.Size != 70000 {
		t.Errorf("%+v", part)
	}
}

// What the database's index does not have yet is found in a ledger that is only read, too.
func TestFindReadOnly(t *testing.T) {
	dir := newFolder(t)
	c := newClock()
	s, err := openTest(dir, Config{Slot: day, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	p := submit(t, s, words(s))
	c.forward(day)
	sequence(t, s)
	want, err := s.Find(p.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, func(tx kv.Tx) error { // as after a crash
		key := keyOf(p.Body)
		return exit.First(tx.Table(tableBodies).Delete(key[:]), tx.Table(tableMeta).Put(metaIndexed, number(1)))
	})
	r, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := r.Find(p.Body); err != nil || got != want {
		t.Errorf("entry %d, %v; want %d", got, err, want)
	}
	if _, err := r.Find(ledger.Hash{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("of nothing: %v", err)
	}
}
