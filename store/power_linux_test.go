package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"zapis/internal/shorttest"
	"zapis/store/bolt"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

const (
	powerFolder = "ZAPIS_STORE_POWER_FOLDER"
	powerNoSync = "ZAPIS_STORE_POWER_NOSYNC"
)

func init() {
	if os.Getenv(childVariable) == "lost power" {
		if err := childAfterLoss(os.Args[1], os.Args[2]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("good")
		os.Exit(0)
	}
}

// TestPowerLoss records the system calls of a ledger's beginning and of its
// work, and replays them with a loss of power at any of them: whatever of what
// was not synced is torn, dropped or reordered, all that was said before holds,
// and the ledger goes on.
func TestPowerLoss(t *testing.T) {
	shorttest.Skip(t, "no loss of power is replayed")
	t.Parallel()
	trace, world := record(t, false)
	d, err := readTrace(trace, world, true)
	if err != nil {
		t.Fatal(err)
	}
	countBarriers(t, d)
	n := orFew(100)
	if failed := lose(t, d, n); len(failed) > 0 {
		t.Errorf("%d of %d losses of power did harm; the first: %s", len(failed), n, failed[0])
	}
}

// countBarriers counts what each promise and each checkpoint of the record waited for. Between slots nothing is signed
// but promises, which are in the database, and the guard has nothing to hold: a group costs the two barriers of a
// transaction. A slot costs one more, the guard's, which must come last: a guard on the disk before its transaction
// looks after a crash as a restored database does.
func countBarriers(t *testing.T, d *disk) {
	t.Helper()
	groups, slots, before := 0, 0, ""
	next := d.barriers
	for i, s := range d.steps {
		if s.what != told {
			continue
		}
		var waited []string
		for len(next) > 0 && next[0].after <= i {
			waited, next = append(waited, filepath.Base(next[0].path)), next[1:]
		}
		got, said := strings.Join(waited, " "), strings.Fields(s.text)[0]
		switch commit := dbName + " " + dbName; {
		case said == "promised" && strings.HasSuffix(got, " "+commit): // a file was kept before
		case said == "promised":
			if groups++; got != commit {
				t.Errorf("a promise waited for %s", got)
			}
		case said == "signed":
			if slots++; before != "promised" || !strings.HasPrefix(got, commit+" "+guardName) || strings.Count(got, guardName) != 1 {
				t.Errorf("a checkpoint waited for %s", got)
			}
		}
		before = said
	}
	if groups < 10 || slots < 5 {
		t.Errorf("%d promises without a file, and %d checkpoints", groups, slots)
	}
}

// TestPowerLossIsNoticed is the control: a database that is not synced, and a
// disk that does nothing when told to sync, must be found out.
func TestPowerLossIsNoticed(t *testing.T) {
	shorttest.Skip(t, "no loss of power is replayed over a disk that does not sync")
	t.Parallel()
	trace, world := record(t, true)
	unsynced, err := readTrace(trace, world, true)
	if err != nil {
		t.Fatal(err)
	}
	deaf, err := readTrace(trace, world, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]*disk{"NoSync": unsynced, "a disk that does not sync": deaf} {
		failed := lose(t, d, 40)
		if len(failed) < 5 {
			t.Errorf("%s: %d of 40 losses of power are noticed", name, len(failed))
		}
		t.Logf("%s: %d of 40 losses of power do harm, and are noticed", name, len(failed))
	}
}

// record runs TestWorkload under strace.
func record(t *testing.T, noSync bool) (trace, world string) {
	t.Helper()
	world, trace = t.TempDir(), filepath.Join(t.TempDir(), "trace")
	c := exec.Command("strace", "-f", "-xx", "-s", strconv.Itoa(32<<20), "-e", "trace="+syscalls, "-o", trace,
		os.Args[0], "-test.run", "^TestWorkload$")
	c.Env = append(os.Environ(), powerFolder+"="+world, noSleep)
	if noSync {
		c.Env = append(c.Env, powerNoSync+"=1")
	}
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("strace, of Debian's package strace: %v\n%s", err, out)
	}
	return trace, world
}

// TestWorkload is what is recorded: a ledger is made, takes reports with and
// without files, has slots, and erases. What it says has left the machine.
func TestWorkload(t *testing.T) {
	shorttest.Skip(t, "no work is recorded for a loss of power")
	world := os.Getenv(powerFolder)
	if world == "" {
		world = t.TempDir()
	}
	say := func(format string, args ...any) { fmt.Printf("power: "+format+"\n", args...) }
	dir := filepath.Join(world, "ledger")
	if _, err := createTest(dir, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		t.Fatal(err)
	}
	say("created")
	c := newClock()
	s := open(t, dir, Config{Slot: day, Now: c.now, Verb: "a workload"})
	s.db.(*bolt.DB).NoSync(os.Getenv(powerNoSync) != "")
	slot := func() {
		c.forward(day)
		sequence(t, s)
		r := s.released
		say("signed %d %x", r.Size, r.Root[:])
	}
	var files [][]byte
	var subs []Submission
	for range 3 {
		for range 4 {
			sub := words(s)
			submit(t, s, sub)
			say("promised %s", sub.Body.Hash())
		}
		file := random(66000)
		sub := words(s)
		sub.Body.Parts = append(sub.Body.Parts, attach(t, s, file))
		submit(t, s, sub)
		say("promised %s", sub.Body.Hash())
		files, subs = append(files, file), append(subs, sub)
		slot()
	}
	index, err := s.Find(subs[0].Body.Hash())
	if err != nil {
		t.Fatal(err)
	}
	var hashes []ledger.Hash
	for _, p := range subs[0].Body.Parts {
		hashes = append(hashes, p.Hash)
	}
	stone := approved(t, s, ledger.KindTombstone, tombstone(s, index, hashes...), nil, ledgertest.Trustees()[:2]...)
	submit(t, s, stone)
	say("promised %s", stone.Body.Hash())
	slot()
	say("erased %x", files[0][:32])
	say("erased %x", subs[0].Small[1][:32])
	sub := words(s)
	submit(t, s, sub)
	say("promised %s", sub.Body.Hash())
	slot()
}

// lose lets the power fail n times, and returns what did not hold.
func lose(t *testing.T, d *disk, n int) (failed []string) {
	t.Helper()
	var moments []int // the steps at which something was said: where most is at stake
	for i, s := range d.steps {
		if s.what == told {
			moments = append(moments, i+1)
		}
	}
	if len(moments) < 20 {
		t.Fatalf("the record has %d steps, and %d things that were said", len(d.steps), len(moments))
	}
	memory := inMemory(t)
	for i := range n {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 0))
		at := r.IntN(len(d.steps) + 1)
		if i%3 == 0 {
			at = moments[i/3%len(moments)]
		}
		chances := []float64{0, 0, 0.5, 0.9, 1}
		l := loss{chances[r.IntN(5)], chances[r.IntN(5)], chances[r.IntN(5)]}
		if i%6 == 0 {
			l = loss{}
		}
		if err := holds(t, d, memory, at, l, r); err != nil {
			failed = append(failed, fmt.Sprintf("after step %d of %d, %+v, seed %d: %v", at, len(d.steps), l, seed, err))
		}
		if n > 40 { // the control has its own word
			tell(t, i+1, n, "losses of power, each at one of %d steps: %d did harm", len(d.steps), len(failed))
		}
	}
	return failed
}

// holds writes down what a loss of power leaves, and has a child look at it, since
// what bbolt reads from a broken file can end the process.
func holds(t *testing.T, d *disk, memory string, at int, l loss, r *rand.Rand) error {
	t.Helper()
	world, err := os.MkdirTemp(memory, "")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(world)
	folders, files := d.after(at, l, r)
	for _, path := range folders {
		if err := os.Mkdir(world+strings.TrimPrefix(path, d.world), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for path, content := range files {
		if err := os.WriteFile(world+strings.TrimPrefix(path, d.world), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := child("lost power", filepath.Join(world, "ledger"), strings.Join(d.printed(at), "\n"))
	hung := time.AfterFunc(time.Minute, func() { c.Process.Kill() })
	defer hung.Stop()
	out, err := c.CombinedOutput()
	if err == nil && string(out) != "good\n" {
		err = errors.New("it ends without a word")
	}
	if err != nil {
		return fmt.Errorf("%w: %.600s", err, out)
	}
	return nil
}

// childAfterLoss reports whether a ledger holds all that was said of it, and
// goes on.
func childAfterLoss(dir, told string) error {
	lines := strings.Split(told, "\n")
	c := newClock()
	c.forward(30 * day)
	s, err := openTest(dir, Config{Slot: day, Now: c.now, Verb: "after the loss"})
	if errors.Is(err, ErrNoLedger) && told == "" {
		if _, err := createTest(dir, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
			return fmt.Errorf("making it a second time: %w", err)
		}
		s, err = openTest(dir, Config{Slot: day, Now: c.now, Verb: "after the loss"})
	}
	if err != nil {
		return err
	}
	for _, line := range lines {
		if err := stillTrue(s, strings.Fields(line)); err != nil {
			return err
		}
	}
	if _, err := s.Submit(context.Background(), words(s)); err != nil {
		return fmt.Errorf("going on: %w", err)
	}
	c.forward(day)
	if err := s.Sequence(context.Background()); err != nil {
		return fmt.Errorf("going on with a slot: %w", err)
	}
	if err := s.Close(); err != nil {
		return err
	}
	return verified(dir)
}

func stillTrue(s *Store, words []string) error {
	switch {
	case len(words) == 2 && words[0] == "promised":
		h, err := ledger.ParseHash(words[1])
		if err != nil {
			return err
		}
		if _, err := s.Receipt(h); err == nil {
			return nil
		}
		waits := false
		err = s.Waiting(func(w Waiting) error {
			waits = waits || w.Hash == h
			return nil
		})
		if err == nil && !waits {
			err = fmt.Errorf("promised, and lost: %s", h)
		}
		return err
	case len(words) == 3 && words[0] == "signed":
		size, err := strconv.ParseUint(words[1], 10, 64)
		if err != nil {
			return err
		}
		if root, ok := s.rootAt(size); !ok || root.String() != words[2] {
			return fmt.Errorf("signed for %d entries, and gone or another: %s", size, words[2])
		}
	case len(words) == 2 && words[0] == "erased":
		gone, err := hex.DecodeString(words[1])
		if err != nil {
			return err
		}
		return filepath.WalkDir(s.dir, func(path string, f fs.DirEntry, err error) error {
			if err != nil || f.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if err == nil && bytes.Contains(b, gone) {
				err = fmt.Errorf("erased, and still in %s", f.Name())
			}
			return err
		})
	}
	return nil
}
