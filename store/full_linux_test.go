package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/cli"
	"zapis/internal/shorttest"
	"zapis/store/kv"
)

func init() {
	if os.Getenv(childVariable) == "full" {
		if err := childFills(os.Args[1], os.Args[2]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("done")
		os.Exit(0)
	}
}

// TestFullDisk runs a child with a file system of 40 MB of its own: one in
// memory, which anybody may mount, and for root ext4 on a loop device, which has
// a journal and reserves, and fails as a real disk does.
func TestFullDisk(t *testing.T) {
	shorttest.Skip(t, "no disk is full")
	kinds := []string{"tmpfs"}
	if os.Getuid() == 0 {
		kinds = append(kinds, "ext4")
	}
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			fillDisk(t, kind)
		})
	}
}

func fillDisk(t *testing.T, kind string) {
	c := child("full", t.TempDir(), kind)
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		c.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := c.CombinedOutput()
	if err != nil || string(out) != "done\n" {
		t.Errorf("%v: %s", err, out)
	}
}

// mountSmall mounts 40 MB of this kind. With the child's namespace the mount
// ends, and with the mount its loop device.
func mountSmall(mount, kind string) error {
	if kind == "tmpfs" {
		return syscall.Mount("none", mount, "tmpfs", 0, "size=40m")
	}
	image := mount + ".image"
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(image, 40<<20); err != nil {
		return err
	}
	for _, args := range [][]string{{"mkfs.ext4", "-q", "-F", image}, {"mount", "-o", "loop", image, mount}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", args[0], err, out)
		}
	}
	return nil
}

func childFills(mount, kind string) error {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := mountSmall(mount, kind); err != nil {
		return err
	}
	dir := filepath.Join(mount, "ledger")
	if _, err := createTest(dir, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		return err
	}
	c := newClock()
	s, err := openTest(dir, Config{Slot: day, Now: c.now})
	if err != nil {
		return err
	}
	// Room that is given back later.
	ballast := filepath.Join(mount, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 10<<20), 0o600); err != nil {
		return err
	}
	// Large ones first, since thousands of small ones take long.
	var promised []Submission
	for _, statement := range []int{200_000, 1500} {
		more, err := untilFull(s, func() (Submission, error) { return wordsOf(s, statement), nil })
		if err != nil {
			return err
		}
		promised = append(promised, more...)
	}
	// A part that does not fit is refused while it is written or kept, and its
	// room is free again after it is discarded.
	w, err := s.NewPart()
	if err == nil {
		content := random(20 << 20)
		_, err = w.Write(content)
		if err == nil {
			_, err = w.Keep(ledger.Sum(content))
		}
		w.Discard()
	}
	if !errors.Is(err, ErrFull) {
		return fmt.Errorf("a part that does not fit: %v", err)
	}
	if err := s.Sequence(context.Background()); err != nil && !errors.Is(err, ErrFull) {
		return fmt.Errorf("a slot on a full disk: %w", err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	if _, err := s.Submit(context.Background(), words(s)); err != nil {
		return fmt.Errorf("after room was made: %w", err)
	}
	copies := &countedCopies{DB: s.db}
	s.db = copies
	if err := s.Sequence(context.Background()); err != nil {
		return fmt.Errorf("a slot after room was made: %w", err)
	}
	if err := compactsWithRoom(s, copies, mount, kind); err != nil {
		return err
	}
	for _, sub := range promised {
		if _, err := s.Receipt(sub.Body.Hash()); err != nil {
			return fmt.Errorf("promised before the disk was full: %w", err)
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	if err := verified(dir); err != nil {
		return err
	}
	if err := syscall.Mount("none", mount, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return err
	}
	if err := verified(dir); err != nil {
		return fmt.Errorf("on a file system that is read only: %w", err)
	}
	if _, err := openTest(dir, Config{}); !errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("opening for writing on a file system that is read only: %v", err)
	}
	return nil
}

// countedCopies counts the compactions that are tried.
type countedCopies struct {
	kv.DB
	tried int
}

func (c *countedCopies) Forget(ctx context.Context) error {
	c.tried++
	return c.DB.Forget(ctx)
}

// compactsWithRoom reports an error unless the compaction that the last slot owed was not tried, for want of room, and
// the one after the next slot is, if there is room.
func compactsWithRoom(s *Store, copies *countedCopies, mount, kind string) error {
	if copies.tried != 0 || !owesCompaction(s) {
		return fmt.Errorf("without room for a copy: compaction was tried %d times, and is owed: %v", copies.tried, owesCompaction(s))
	}
	if kind != "tmpfs" {
		return nil // it does not grow
	}
	if err := syscall.Mount("none", mount, "", syscall.MS_REMOUNT, "size=120m"); err != nil {
		return err
	}
	if err := s.Sequence(context.Background()); err != nil {
		return err
	}
	if copies.tried != 1 || owesCompaction(s) {
		return fmt.Errorf("with room for a copy: compaction was tried %d times, and is owed: %v", copies.tried, owesCompaction(s))
	}
	return nil
}

// untilFull submits until the disk is full, and returns what was promised.
func untilFull(s *Store, next func() (Submission, error)) (promised []Submission, err error) {
	for range 100000 {
		sub, err := next()
		if err != nil {
			return nil, err
		}
		_, err = s.Submit(context.Background(), sub)
		if errors.Is(err, ErrFull) {
			if !strings.HasPrefix(err.Error(), "the disk is full (") || cli.Hint(err) != "make room on the disk; nothing was lost, and nothing was half-stored" {
				return nil, fmt.Errorf("the refusal says %q, hint %q", err, cli.Hint(err))
			}
			return promised, nil
		}
		if err != nil {
			return nil, err
		}
		promised = append(promised, sub)
	}
	return nil, errors.New("the disk is never full")
}

func verified(dir string) error {
	s, err := OpenReadOnly(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	faults, err := s.Check(context.Background(), nil)
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("%v", faults)
	}
	return err
}
