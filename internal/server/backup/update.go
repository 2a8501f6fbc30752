package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/carry"
	"zapis/internal/exit"
)

// Result counts what an update has added.
type Result struct {
	*Verified
	From    uint64 // entries before
	Fetched int    // parts that are new
	Bytes   int64  // of those
	Removed int    // parts that were erased, or wait no longer
}

// Fetch requests parts, and calls take for each. It skips parts that were erased meanwhile.
type Fetch func(ctx context.Context, wanted []ledger.Part, take func(ledger.Part, io.Reader) error) error

// Update brings the folder to the state of a ledger.tar, which must extend what the folder had before.
func (b *Folder) Update(ctx context.Context, state io.Reader, fetch Fetch) (*Result, error) {
	had, last, before, err := b.head()
	if err != nil {
		return nil, err
	}
	if err := b.writeState(state); err != nil {
		return nil, err
	}
	wanted, h, err := b.wanted()
	if err != nil {
		return nil, err
	}
	if before {
		if err := follows(had, h); err != nil {
			return nil, err
		}
	}
	res := &Result{From: had.Size}
	in := b.name(incomingDir)
	err = fetch(ctx, wanted, func(p ledger.Part, r io.Reader) error {
		res.Fetched++
		res.Bytes += p.Size
		return writePart(partIn(in, p.Hash), p, r)
	})
	if err != nil {
		return nil, err
	}
	return res, b.settle(ctx, res, last)
}

const forkHint = "keep this folder as it is: with what it was to be brought to, it proves that the log has shown two histories"

// follows refuses another ledger, and a state that is shorter.
func follows(had, h carry.BackupHeader) error {
	if had.Card() != h.Card() {
		return refuse("use a folder of its own for each ledger", "the folder holds the ledger %s, and this is %s", had.Card(), h.Card())
	}
	if h.Size < had.Size {
		return refuse(forkHint, "the ledger has %d entries, and the folder holds %d: it was rolled back or cut short", h.Size, had.Size)
	}
	return nil
}

// settle verifies incoming/ and ledger.tar.new, and moves them into place.
func (b *Folder) settle(ctx context.Context, res *Result, last ledger.Checkpoint) error {
	f, err := os.Open(b.name(stateFile + newSuffix))
	if err != nil {
		return err
	}
	defer f.Close()
	in, parts := b.name(incomingDir), b.name(partsDir)
	var compare []uint64
	if last.Size > 0 {
		compare = append(compare, last.Size)
	}
	if res.Verified, err = Verify(ctx, bufio.NewReaderSize(f, 1<<20), smallIn(in, parts), nil, compare...); err != nil {
		return err
	}
	if err := sameRoot(res.Chain, last); err != nil {
		return err
	}
	if err := missing(res.Parts, in, parts); err != nil {
		return err
	}
	if err := b.enter(res.Parts); err != nil {
		return err
	}
	if err := atomicfile.Rename(b.name(stateFile+newSuffix), b.name(stateFile)); err != nil {
		return err
	}
	res.Removed, err = b.removeUnnamed(res.Parts)
	return err
}

// sameRoot compares an earlier checkpoint with a chain that extends it.
func sameRoot(c *ledger.Chain, last ledger.Checkpoint) error {
	for _, r := range c.State().Roots {
		if r.Size == last.Size && r.Root != last.Root {
			return refuse(forkHint, "the first %d entries have the root %s, and the folder's have %s: the log has shown two histories", r.Size, r.Root, last.Root)
		}
	}
	return nil
}

func (b *Folder) writeState(state io.Reader) error {
	f, err := os.OpenFile(b.name(stateFile+newSuffix), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, state)
	if err == nil {
		err = f.Sync()
	}
	return exit.First(err, f.Close())
}

// wanted lists the parts that the new state names and the folder does not have.
func (b *Folder) wanted() (list []ledger.Part, h carry.BackupHeader, err error) {
	f, err := os.Open(b.name(stateFile + newSuffix))
	if err != nil {
		return nil, h, err
	}
	defer f.Close()
	r, err := carry.NewBackupReader(f)
	if err != nil {
		return nil, h, err
	}
	seen := make(map[ledger.Hash]bool)
	for {
		it, err := r.Next()
		if err == io.EOF {
			return list, r.Header(), nil
		}
		if err != nil {
			return nil, h, err
		}
		body, err := bodyOf(it)
		if err != nil {
			return nil, h, refuse("", "%s: %w", it.Name, err)
		}
		for _, p := range body.Parts {
			if !seen[p.Hash] && !b.has(p) {
				seen[p.Hash] = true
				list = append(list, p)
			}
		}
	}
}

func (b *Folder) has(p ledger.Part) bool {
	info, err := os.Stat(b.part(p.Hash))
	return err == nil && info.Size() == p.Size
}

// bodyOf reads an entry's body, or that of what waits.
func bodyOf(it carry.BackupItem) (ledger.Body, error) {
	switch it.Kind {
	case carry.BackupEntry:
		e, err := ledger.ParseEntry(it.Text)
		return e.Body, err
	case carry.BackupWaiting:
		_, text, err := ledger.SplitPromise(it.Text)
		if err != nil {
			return ledger.Body{}, err
		}
		return ledger.ParseBody(text)
	}
	return ledger.Body{}, nil
}

// writePart writes a part, and compares its hash.
func writePart(path string, p ledger.Part, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), io.LimitReader(r, p.Size+1))
	if err == nil && (n != p.Size || ledger.Hash(sum.Sum(nil)) != p.Hash) {
		err = exit.Advise(exit.Mismatch, exit.CheckLedger.With(), "the %s %s is altered or cut", p.Kind, p.Hash)
	}
	if err == nil {
		err = exit.First(os.Chtimes(path, partTime, partTime), f.Sync())
	}
	return exit.First(err, f.Close())
}

// partTime is the modification time of every part's file, as in the ledger: real times would show within which hour a
// part came.
var partTime = time.Unix(0, 0)

// enter moves the new parts to their names.
func (b *Folder) enter(parts []Part) error {
	folders := map[string]bool{}
	for _, p := range parts {
		from, to := partIn(b.name(incomingDir), p.Hash), b.part(p.Hash)
		if p.Erased {
			continue
		}
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.Rename(from, to); err != nil {
			return err
		}
		folders[filepath.Dir(to)] = true
	}
	for dir := range folders {
		if err := atomicfile.SyncFolder(dir); err != nil {
			return err
		}
	}
	if len(folders) > 0 {
		if err := atomicfile.SyncFolder(b.name(partsDir)); err != nil {
			return err
		}
	}
	return os.RemoveAll(b.name(incomingDir))
}

// removeUnnamed removes parts that the ledger has erased.
func (b *Folder) removeUnnamed(parts []Part) (removed int, err error) {
	keep := make(map[string]bool)
	for _, p := range parts {
		if !p.Erased {
			keep[p.Hash.String()] = true
		}
	}
	err = filepath.WalkDir(b.name(partsDir), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == b.name(partsDir) {
			return fs.SkipAll
		}
		if err != nil || d.IsDir() || keep[d.Name()] {
			return err
		}
		removed++
		if err := os.Truncate(path, 0); err != nil {
			return err
		}
		return os.Remove(path)
	})
	return removed, err
}
