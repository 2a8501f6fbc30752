package store

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// The guard holds the last checkpoint whose signature may have left this
// machine. It is never part of a backup: a database that is behind its guard,
// or has none, may be a restored copy, and a log that continued to sign from
// there would fork.
//
// The file has two halves of 4 KiB, written alternately and in place, so that
// one barrier is enough and a torn write damages only the half that was not in
// use. A half is a text and zeros:
//
//	zapis/guard/v1
//	origin example.org/ledger
//	size 33
//	root <base64>
//	time 2026-11-22T00:00:00Z
//	sum <SHA-256 of the lines above, hex>
const (
	guardHeader = "zapis/guard/v1"
	guardHalf   = 4 << 10
)

type guard struct {
	f    *os.File
	next int64 // the half to write next: 0 or 1
	last ledger.Checkpoint
}

func guardText(c ledger.Checkpoint) []byte {
	text := guardHeader + "\norigin " + c.Origin + "\nsize " + strconv.FormatUint(c.Size, 10) +
		"\nroot " + base64.StdEncoding.EncodeToString(c.Root[:]) +
		"\ntime " + c.Time.UTC().Format(time.RFC3339) + "\n"
	return []byte(text + "sum " + ledger.Sum([]byte(text)).String() + "\n")
}

// parseGuard parses one half. It accepts only the output of guardText.
func parseGuard(half []byte) (c ledger.Checkpoint, ok bool) {
	text := bytes.TrimRight(half, "\x00")
	var root, sum, at string
	lines := strings.SplitN(string(text), "\n", 7)
	if len(lines) != 7 || lines[6] != "" {
		return c, false
	}
	var size string
	for i, into := range []struct {
		key string
		to  *string
	}{{"origin ", &c.Origin}, {"size ", &size}, {"root ", &root}, {"time ", &at}, {"sum ", &sum}} {
		*into.to = strings.TrimPrefix(lines[i+1], into.key)
	}
	var err1, err2, err3 error
	c.Size, err1 = strconv.ParseUint(size, 10, 64)
	c.Time, err2 = time.Parse(time.RFC3339, at)
	raw, err3 := base64.StdEncoding.DecodeString(root)
	if errors.Join(err1, err2, err3) != nil || len(raw) != len(c.Root) {
		return c, false
	}
	c.Root, c.Time = ledger.Hash(raw), c.Time.UTC()
	return c, bytes.Equal(guardText(c), text)
}

// readGuard returns the newest checkpoint of a guard file, and which half has
// it.
func readGuard(dir string) (c ledger.Checkpoint, half int, err error) {
	b, err := os.ReadFile(filepath.Join(dir, guardName))
	if errors.Is(err, os.ErrNotExist) {
		return c, 0, ErrNoGuard
	}
	if err != nil {
		return c, 0, err
	}
	found := false
	for i := 0; (i+1)*guardHalf <= len(b) && i < 2; i++ {
		g, ok := parseGuard(b[i*guardHalf : (i+1)*guardHalf])
		if ok && (!found || g.Size > c.Size) {
			c, half, found = g, i, true
		}
	}
	if !found {
		return c, 0, fmt.Errorf("%w that can be read", ErrNoGuard)
	}
	return c, half, nil
}

// createGuard writes a guard file under a temporary name, with c in both
// halves, and renames it.
func createGuard(dir string, c ledger.Checkpoint) error {
	b := make([]byte, 2*guardHalf)
	copy(b, guardText(c))
	copy(b[guardHalf:], guardText(c))
	return replaceFile(filepath.Join(dir, guardName), b)
}

func openGuard(dir string, half int) (*guard, error) {
	f, err := os.OpenFile(filepath.Join(dir, guardName), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return &guard{f: f, next: int64(1 - half)}, nil
}

// write makes c the guard's last checkpoint, durably.
func (g *guard) write(c ledger.Checkpoint) error {
	b := make([]byte, guardHalf)
	copy(b, guardText(c))
	if _, err := g.f.WriteAt(b, g.next*guardHalf); err != nil {
		return err
	}
	if err := atomicfile.SyncData(g.f); err != nil {
		return err
	}
	g.next, g.last = 1-g.next, c
	return nil
}

func (g *guard) close() error { return g.f.Close() }

const restoredHint = "this looks like a restored copy. Bring the newest database back; if it is lost, this ledger can't go on, " +
	"and is continued by a new one that names its last checkpoint"

// compareGuard refuses to sign with a database that the guard shows to be
// behind or forked. last is the database's last checkpoint, and rootAt(size)
// its root at an earlier one.
func compareGuard(dir string, g, last ledger.Checkpoint, rootAt func(size uint64) (ledger.Hash, bool)) error {
	switch {
	case g.Origin != last.Origin:
		return exit.New(exit.Mismatch, "look which guard belongs to this folder, and which database zapisd.conf names",
			"%w: the guard is of %s, the database of %s: %s", ErrForked, g.Origin, last.Origin, dir)
	case g.Size > last.Size:
		return exit.New(exit.Mismatch, restoredHint,
			"%w: it ends at %d entries, and %d were signed: %s", ErrBehindGuard, last.Size, g.Size, dir)
	}
	if root, ok := rootAt(g.Size); !ok || root != g.Root {
		return exit.New(exit.Mismatch, restoredHint,
			"%w: they differ at %d entries: %s", ErrForked, g.Size, dir)
	}
	return nil
}

func errNoGuard(dir string, err error) error {
	return exit.New(exit.Failed,
		"a database that comes from a backup has none, and signing from an old copy would fork the ledger. "+
			"Confirm that nothing newer was ever signed, with the size and root of the last checkpoint that "+
			"reporters, trustees or witnesses have seen",
		"%w beside %s", err, filepath.Join(dir, dbName))
}
