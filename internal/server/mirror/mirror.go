// Package mirror keeps a copy of what a ledger publishes: its checkpoints and
// the tiles of its tree (C2SP tlog-tiles). It fetches the newest checkpoint,
// verifies the log's two signatures, fetches the hashes of the new entries,
// and computes the tree. It writes files only if the tree has the old root at
// the old size and the signed root at its end.
//
//	log-keys                     the log's two verifier keys, by which all is verified
//	genesis                      the body of entry 0, where the ledger publishes it
//	checkpoint                   the newest, with witnesses' lines
//	checkpoints/<size>           every one that was seen
//	tile/<L>/<N>[.p/<W>]         as published, all levels, computed here
//	lock
//
// The folder can be served as it is, and passed to zapis-verify --tiles.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/atomicfile/filelock"
	"zapis/internal/exit"
)

const (
	genesisFile    = "genesis"
	keysFile       = "log-keys"
	checkpointFile = "checkpoint"
	checkpointsDir = "checkpoints"
	lockFile       = "lock"
)

// Mirror is an open mirror.
type Mirror struct {
	dir  string
	lock *filelock.Lock
}

// Open opens a mirror's folder, and creates it where it is missing.
func Open(dir string) (*Mirror, error) {
	if err := os.MkdirAll(filepath.Join(dir, checkpointsDir), 0o755); err != nil {
		return nil, err
	}
	lock, err := filelock.Take(filepath.Join(dir, lockFile), filelock.Options{})
	if _, held := errors.AsType[*filelock.HeldError](err); held {
		return nil, exit.New(exit.Failed, "wait for it to end", "another process is changing %s", dir)
	}
	if err != nil {
		return nil, err
	}
	return &Mirror{dir, lock}, nil
}

// Close releases the lock of the folder.
func (m *Mirror) Close() error { return m.lock.Release() }

// Trust sets the log's keys. It refuses those of another log than the mirror's.
func (m *Mirror) Trust(v *ledger.Verifier) error {
	if _, last, err := m.last(); err != nil {
		return err
	} else if last.Size > 0 && last.Origin != v.Origin() {
		return exit.New(exit.Mismatch, "use a folder of its own for each ledger", "the mirror is of %s, and these keys are of %s", last.Origin, v.Origin())
	}
	keys := v.Keys()
	return m.write(keysFile, []byte(keys[0]+"\n"+keys[1]+"\n"))
}

// HasKeys reports whether the mirror has keys of the log: after a change they may be later ones than those of the genesis.
func (m *Mirror) HasKeys() (bool, error) {
	_, err := os.Stat(filepath.Join(m.dir, keysFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// FetchGenesis returns the text of the genesis that is published under a URL. It is unverified: ParseKeys compares it
// with a card.
func FetchGenesis(ctx context.Context, from *url.URL) ([]byte, error) {
	return newClient(from).get(ctx, "/"+genesisFile, ledger.MaxSmall)
}

// ParseKeys reads a log's keys: from a genesis, which must be the one that named names where that is given, or from a
// text of the two keys, one per line, for instance after a change of keys. Status Mismatch for anything else.
func ParseKeys(text []byte, named *card.LedgerCard) (*ledger.Verifier, error) {
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if ledger.IsGenesis(text) {
		g, err := ledger.ParseGenesis(text)
		if err != nil {
			return nil, exit.New(exit.Mismatch, "", "%w", err)
		}
		if named != nil && g.Card() != *named {
			return nil, exit.New(exit.Mismatch, "", "the genesis is of %s, and the card names %s", g.Card(), named)
		}
		lines = g.Log[:]
	} else if len(lines) != 2 || named != nil {
		return nil, exit.New(exit.Mismatch, "a genesis begins with zapis/genesis/; two keys are two lines, and no card can vouch for them",
			"neither a genesis nor a log's two keys")
	}
	v, err := ledger.NewVerifier(lines...)
	if err != nil {
		return nil, exit.New(exit.Mismatch, "", "%w", err)
	}
	return v, nil
}

// last reads the newest checkpoint that the mirror has; size 0 if there is none.
func (m *Mirror) last() (note []byte, c ledger.Checkpoint, err error) {
	note, err = os.ReadFile(filepath.Join(m.dir, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, c, nil
	}
	if err != nil {
		return nil, c, err
	}
	c, err = ledger.ParseNote(note)
	return note, c, err
}

func (m *Mirror) verifier() (*ledger.Verifier, error) {
	text, err := os.ReadFile(filepath.Join(m.dir, keysFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, exit.Advise(exit.KeyMissing, exit.TrustGenesis.With(), "the log's keys are not known: nothing that it publishes can be verified")
	}
	if err != nil {
		return nil, err
	}
	return ledger.NewVerifier(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
}

// Result counts what a pull has added.
type Result struct {
	Checkpoint ledger.Checkpoint
	From       uint64 // entries before
}

const forkHint = "keep this folder as it is, and what was published with it: together they prove that the log has shown two histories"

// Pull brings the mirror up to what is published under a URL.
func (m *Mirror) Pull(ctx context.Context, published *url.URL) (*Result, error) {
	v, err := m.verifier()
	if err != nil {
		return nil, err
	}
	oldNote, old, err := m.last()
	if err != nil {
		return nil, err
	}
	from := newClient(published)
	note, err := from.get(ctx, "/checkpoint", ledger.MaxNote)
	if err != nil {
		return nil, err
	}
	c, err := v.OpenCheckpoint(note)
	if err != nil {
		return nil, exit.Advise(exit.Mismatch, exit.TrustNewKeys.With(), "%s/checkpoint: %w", from.base, err)
	}
	res := &Result{c, old.Size}
	switch {
	case c.Size < old.Size:
		return nil, m.suspect(c, note, "it has %d entries, and this mirror %d: the ledger was rolled back, or this is an old copy of it", c.Size, old.Size)
	case c.Size == old.Size && c.Root != old.Root:
		return nil, m.suspect(c, note, "its root at %d entries is another than this mirror's: the log has shown two histories", c.Size)
	case c.Size == old.Size && len(note) <= len(oldNote):
		return res, nil
	}
	t := &tree{m: m, from: from, ctx: ctx}
	if err := t.grow(old, c); err != nil {
		if errors.Is(err, errFork) {
			return nil, m.suspect(c, note, "%w", err)
		}
		return nil, err
	}
	if err := t.store(); err != nil {
		return nil, err
	}
	if err := m.keepGenesis(ctx, from, t.first); err != nil {
		return nil, err
	}
	if err := m.write(filepath.Join(checkpointsDir, strconv.FormatUint(c.Size, 10)), note); err != nil {
		return nil, err
	}
	return res, m.write(checkpointFile, note)
}

// keepGenesis stores the published genesis beside the tiles, if its hash is
// the first leaf. The genesis and the ledger's card suffice to check a
// promise. Older servers do not publish it.
func (m *Mirror) keepGenesis(ctx context.Context, from client, first ledger.Hash) error {
	if _, err := os.Stat(filepath.Join(m.dir, genesisFile)); err == nil {
		return nil
	}
	text, err := from.get(ctx, "/"+genesisFile, ledger.MaxSmall)
	if err != nil {
		return nil
	}
	g, err := ledger.ParseGenesis(text)
	if err != nil || ledger.Hash(g.Card().Genesis) != first {
		return exit.New(exit.Mismatch, "keep what is published: it does not fit its own tiles", "%s/%s is not the genesis that the tiles begin with", from.base, genesisFile)
	}
	return m.write(genesisFile, text)
}

// suspect stores a checkpoint that contradicts the mirror, and returns the
// error.
func (m *Mirror) suspect(c ledger.Checkpoint, note []byte, format string, args ...any) error {
	name := fmt.Sprintf("suspect-%d-%s", c.Size, c.Root.String()[:12])
	if err := m.write(name, note); err != nil {
		return err
	}
	return exit.New(exit.Mismatch, forkHint, "the published checkpoint, kept as %s: %w", name, fmt.Errorf(format, args...))
}

// write writes a file atomically and syncs it.
func (m *Mirror) write(name string, content []byte) error {
	path := filepath.Join(m.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteFile(path, content, 0o644)
}

var errFork = errors.New("the tree")

// readLimited reads all of r, at most max bytes.
func readLimited(r io.Reader, max int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(max)+1))
	if err == nil && len(b) > max {
		err = fmt.Errorf("more than %d bytes came", max)
	}
	return b, err
}
