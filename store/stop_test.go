package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/witness"
	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// larger is what a witness may show: a checkpoint of a ledger that grew out of
// this one, or forked from it.
func larger(t *testing.T, s *Store, size uint64) []byte {
	t.Helper()
	note, err := s.signingKey().SignCheckpoint(ledger.Checkpoint{Origin: s.Origin(), Size: size,
		Root: ledger.Sum([]byte("another")), Time: s.last().Time})
	if err != nil {
		t.Fatal(err)
	}
	return note
}

func TestStopSigning(t *testing.T) {
	shorttest.Skip(t, "not tested: a ledger that stops signing")
	const name = "partner.example/w"
	for _, c := range []struct {
		what string
		stop func(t *testing.T, s *Store) Stop
		want string
		hint string
	}{
		{"behind", func(t *testing.T, s *Store) Stop { return Stop{Witness: name, Reported: 64} },
			"this ledger must not sign any more: it has 33 entries, and the witness partner.example/w says that it has cosigned 64",
			"this looks like a restored copy. Bring the newest database back; if it is lost, this ledger can't go on, and is continued by a new one that names its last checkpoint. If the witness is wrong: zapisd witness resume"},
		{"behind, shown", func(t *testing.T, s *Store) Stop {
			return Stop{Witness: name, Reported: 64, Evidence: larger(t, s, 64)}
		}, "this ledger must not sign any more: it has 33 entries, and the witness partner.example/w shows a checkpoint of 64, signed with this log's own keys",
			"this looks like a restored copy. Bring the newest database back; if it is lost, this ledger can't go on, and is continued by a new one that names its last checkpoint"},
		{"forked", func(t *testing.T, s *Store) Stop { return Stop{Forked: true, Witness: name, Reported: 20} },
			"this ledger must not sign any more: the witness partner.example/w has cosigned another history, of 20 entries",
			"this looks like a restored copy. Bring the newest database back; if it is lost, this ledger can't go on, and is continued by a new one that names its last checkpoint. If the witness is wrong: zapisd witness resume"},
		{"forked, shown", func(t *testing.T, s *Store) Stop {
			return Stop{Forked: true, Witness: name, Reported: 20, Evidence: larger(t, s, 20)}
		}, "this ledger must not sign any more: the witness partner.example/w shows another history, of 20 entries, signed with this log's own keys",
			"somebody signs with this log's key, or this is a restored copy that has signed: keep everything, and tell the trustees"},
	} {
		t.Run(c.what, func(t *testing.T) {
			clock := newClock()
			dir := newFolder(t)
			s, err := openTest(dir, Config{Slot: day, Now: clock.now})
			if err != nil {
				t.Fatal(err)
			}
			submit(t, s, report(t, s))
			clock.forward(day)
			sequence(t, s)
			ran := make(chan error)
			go func() { ran <- s.Run(t.Context()) }()

			stop := c.stop(t, s)
			err = s.StopSigning(t.Context(), stop)
			wants(t, err, ErrStopped, c.want)
			if cli.Hint(err) != c.hint || exit.StatusOf(err) != exit.Mismatch {
				t.Errorf("status %d, hint:\n%s", exit.StatusOf(err), cli.Hint(err))
			}
			wants(t, <-ran, ErrStopped, c.want)
			_, err = s.Submit(t.Context(), report(t, s))
			wants(t, err, ErrStopped, c.want)
			wants(t, s.Sequence(t.Context()), ErrStopped, c.want)
			size := s.Size()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			_, err = openTest(dir, Config{Slot: day})
			wants(t, err, ErrStopped, c.want)
			checkFolder(t, dir) // reading goes on

			err = Resume(dir, "the witness was tried with a test's ledger")
			if stop.Evidence != nil {
				wants(t, err, ErrStopped, c.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			lifted, err := os.ReadFile(filepath.Join(dir, "stopped.lifted"))
			if err != nil || !bytes.HasSuffix(lifted, []byte("lifted the witness was tried with a test's ledger\n")) {
				t.Errorf("%v: %s", err, lifted)
			}
			s, err = openTest(dir, Config{Slot: day, Now: clock.now})
			if err != nil {
				t.Fatal(err)
			}
			submit(t, s, report(t, s))
			clock.forward(day)
			sequence(t, s)
			if s.Size() == size {
				t.Error("nothing was signed")
			}
			closeAndCheck(t, s)
		})
	}
}

// A witness that was told meanwhile, by another process of ours, is no ground.
func TestNoGroundToStop(t *testing.T) {
	clock := newClock()
	dir := newFolder(t)
	s, err := openTest(dir, Config{Slot: day, Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	clock.forward(day)
	sequence(t, s)
	note, _ := s.LatestCheckpoint()
	err = s.StopSigning(t.Context(), Stop{Witness: "w.example/w", Reported: 33})
	wants(t, err, ErrNoGround, "what was reported is no ground to stop: the ledger has 33 entries by now, and the witness 33")
	err = s.StopSigning(t.Context(), Stop{Witness: "w.example/w", Reported: 33, Forked: true, Evidence: note})
	wants(t, err, ErrNoGround, "what was reported is no ground to stop: the checkpoint of 33 entries that the witness shows is this ledger's own")
	if err := s.StopSigning(t.Context(), Stop{Witness: "w.example/w", Reported: 33, Evidence: note[:100]}); !errors.Is(err, ErrNoGround) || !errors.Is(err, ledger.ErrMismatch) {
		t.Errorf("a note that nobody signed: %v", err)
	}
	closeAndCheck(t, s)
	wants(t, Resume(dir, "why"), ErrNotStopped, "nothing has stopped this ledger: "+dir)
	if err := Resume(dir, "two\nlines"); err == nil || err.Error() != "a reason is one line of text" || exit.StatusOf(err) != exit.Usage {
		t.Errorf("a reason of two lines: %v", err)
	}
	ro, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer ro.Close()
	if err := ro.StopSigning(context.Background(), Stop{}); !errors.Is(err, errReadOnly) {
		t.Errorf("read only: %v", err)
	}
}

// Bringing the newest database back lifts the mark; nothing else needs doing.
func TestStopIsLiftedByTheNewestDatabase(t *testing.T) {
	shorttest.Skip(t, "not tested: signing again from the newest of several databases")
	dir, oldDB, oldGuard := twoSlots(t)
	newDB, newGuard := filepath.Join(t.TempDir(), "db"), filepath.Join(t.TempDir(), "guard")
	saveDB(t, dir, newDB)
	copyFile(t, filepath.Join(dir, guardName), newGuard)

	ro, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	shown, _ := ro.LatestCheckpoint()
	ro.Close()

	// The machine was restored whole, guard and all: only the witness knows.
	restoreDB(t, oldDB, dir)
	copyFile(t, oldGuard, filepath.Join(dir, guardName))
	s, err := openTest(dir, Config{Slot: day})
	if err != nil {
		t.Fatal(err)
	}
	err = s.StopSigning(t.Context(), Stop{Witness: "w.example/w", Reported: 65, Evidence: shown})
	wants(t, err, ErrStopped, "this ledger must not sign any more: it has 33 entries, and the witness w.example/w shows a checkpoint of 65, signed with this log's own keys")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openTest(dir, Config{Slot: day}); !errors.Is(err, ErrStopped) {
		t.Fatalf("opened again: %v", err)
	}
	restoreDB(t, newDB, dir)
	copyFile(t, newGuard, filepath.Join(dir, guardName))
	if s, err = openTest(dir, Config{Slot: day}); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(dir, stopName)) {
		t.Error("the mark is still there")
	}
	closeAndCheck(t, s)
}

func TestDamagedMarkStops(t *testing.T) {
	dir := newFolder(t)
	path := filepath.Join(dir, stopName)
	if err := os.WriteFile(path, []byte("zapis/stopped/v1\norigin x\nwhat else\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := openTest(dir, Config{Slot: day})
	wants(t, err, ErrStopped, "this ledger must not sign any more: "+path+" can't be read: line 3: it must be behind or forked")
}

func TestKeepCosigned(t *testing.T) {
	clock := newClock()
	dir := newFolder(t)
	s, err := openTest(dir, Config{Slot: day, Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	clock.forward(day)
	sequence(t, s)
	stored, c := s.LatestCheckpoint()
	if got := s.LatestCosigned(); !bytes.Equal(got, stored) {
		t.Errorf("published without witnesses: %s", got)
	}
	k, err := witness.GenerateSigningKey("w.example/w", bytes.NewReader(bytes.Repeat([]byte("w"), 64)))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := ledger.NoteText(stored)
	by, err := k.Cosign(text, clock.now())
	if err != nil {
		t.Fatal(err)
	}
	add := func(note []byte) ([]byte, error) { return witness.Merge(note, by) }
	if err := s.KeepCosigned(c.Size, add); err != nil {
		t.Fatal(err)
	}
	with := s.LatestCosigned()
	if _, found, err := witness.Open(s.Verifier(), with, k.Verifiers()); err != nil || len(found) != 2 {
		t.Errorf("%d lines, %v", len(found), err)
	}
	if latest, _ := s.LatestCheckpoint(); !bytes.Equal(latest, stored) {
		t.Error("the stored checkpoint changed")
	}
	if sizes, err := s.CosignedSizes(); err != nil || len(sizes) != 1 || sizes[0] != c.Size {
		t.Errorf("%v, %v", sizes, err)
	}
	err = s.KeepCosigned(c.Size, func([]byte) ([]byte, error) { return []byte("something else"), nil })
	wants(t, err, ledger.ErrMismatch, "does not verify: not the checkpoint of 33 entries that this log has signed")
	if err := s.KeepCosigned(40, add); !errors.Is(err, ErrUnknown) {
		t.Errorf("a size that was never signed: %v", err)
	}

	if cluster == nil { // elsewhere the lines lie in the database, under its checksums
		damagedLines(t, s, c.Size, stored, with, add)
	}
	closeAndCheck(t, s)
}

// damagedLines: a damaged file takes nothing from what the log has signed, and is made again.
func damagedLines(t *testing.T, s *Store, size uint64, stored, with []byte, add func([]byte) ([]byte, error)) {
	t.Helper()
	if err := os.WriteFile(s.cosignedPath(size), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := s.LatestCosigned(); !bytes.Equal(got, stored) {
		t.Errorf("published: %s", got)
	}
	_, err := s.Cosigned(size)
	wants(t, err, ledger.ErrMismatch, "does not verify: "+s.cosignedPath(33)+" is not of the checkpoint that this log has signed")
	if err := s.KeepCosigned(size, add); err != nil || !bytes.Equal(s.LatestCosigned(), with) {
		t.Errorf("made again: %v", err)
	}
}
