package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/witness"
	"zapis/internal/atomicfile"
	"zapis/internal/atomicfile/filelock"
	"zapis/internal/exit"
)

// Names in a witness's folder.
const (
	witnessKeyName   = "witness.key"
	witnessLockName  = "lock"
	witnessGuardName = "guard"
	watchedName      = "ledgers" // <hex SHA-256 of origin>/log, checkpoint, suspect-*
	logName          = "log"
	checkpointName   = "checkpoint"
	maxSuspects      = 16
)

// Watch is a witness. For each ledger it stores the checkpoint that it has cosigned last, and cosigns only checkpoints
// that extend it. The order is: the new checkpoint is durable, then the guard, then the lines are sent. It is safe for
// concurrent use.
type Watch struct {
	dir  string
	key  *witness.SigningKey
	now  func() time.Time
	lock *filelock.Lock

	mu    sync.Mutex
	logs  map[string]*watched // by origin
	guard guardLines
}

// watched is one ledger.
type watched struct {
	dir    string
	text   []byte // the log file that keys were read from
	keys   *ledger.Verifier
	latest *ledger.Checkpoint // nil before the first; Time is not kept
	note   []byte             // of latest, with our lines
}

// CreateWatch creates a witness of that key in a folder that is missing or has none yet.
func CreateWatch(dir string, key *witness.SigningKey) error {
	if err := os.MkdirAll(filepath.Join(dir, watchedName), 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, witnessKeyName)
	if _, err := os.Lstat(path); err == nil {
		return exit.Advise(exit.Failed, exit.ShowWitnessKeys.With(), "there is a witness already in %s", dir)
	}
	if err := atomicfile.WriteFile(filepath.Join(dir, witnessGuardName), guardLines{}.marshal(), 0o600); err != nil {
		return err
	}
	return atomicfile.WriteFile(path, key.Marshal(), 0o600)
}

// OpenWatch opens and locks a witness's folder.
func OpenWatch(dir string, now func() time.Time) (*Watch, error) {
	key, err := WatchKey(dir)
	if err != nil {
		return nil, err
	}
	w := &Watch{dir: dir, now: now, logs: make(map[string]*watched), key: key}
	if err := w.takeLock(); err != nil {
		return nil, err
	}
	if err := w.load(); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// WatchKey reads a witness's key. It needs no lock: the key never changes, so it can be read while another process is
// the witness. Status KeyMissing where there is no witness in the folder.
func WatchKey(dir string) (*witness.SigningKey, error) {
	path := filepath.Join(dir, witnessKeyName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, exit.Advise(exit.KeyMissing, exit.MakeWitness.With(), "there is no witness in %s", dir)
	}
	if err != nil {
		return nil, err
	}
	key, err := witness.ParseSigningKey(text)
	if err != nil {
		return nil, exit.New(exit.Failed, "", "%s: %w", path, err)
	}
	return key, nil
}

// Close releases the lock of the folder.
func (w *Watch) Close() error { return w.lock.Release() }

func (w *Watch) takeLock() (err error) {
	w.lock, err = filelock.Take(filepath.Join(w.dir, witnessLockName), filelock.Options{Wait: 2 * time.Second})
	if _, held := errors.AsType[*filelock.HeldError](err); held {
		return exit.Advise(exit.Failed, exit.StopWitness.With(), "another process is the witness in %s", w.dir)
	}
	return err
}

func (w *Watch) load() error {
	text, err := os.ReadFile(filepath.Join(w.dir, witnessGuardName))
	if err != nil {
		return exit.New(exit.Mismatch, restoredWitness, "the witness in %s has no guard file: %w", w.dir, err)
	}
	if w.guard, err = parseGuardLines(text); err != nil {
		return exit.New(exit.Mismatch, restoredWitness, "%s: %w", filepath.Join(w.dir, witnessGuardName), err)
	}
	folders, err := os.ReadDir(filepath.Join(w.dir, watchedName))
	if err != nil {
		return err
	}
	for _, f := range folders {
		if err := w.loadLog(filepath.Join(w.dir, watchedName, f.Name())); err != nil {
			return err
		}
	}
	for origin := range w.guard {
		if l := w.logs[origin]; l == nil || l.latest == nil {
			return exit.New(exit.Mismatch, restoredWitness, "the witness in %s has cosigned %s, and has no checkpoint of it any more", w.dir, origin)
		}
	}
	return nil
}

const restoredWitness = "this looks like a restored copy, and a witness that signed from there could cosign two histories: " +
	"make a new witness, with a new name, and give its keys out"

func (w *Watch) loadLog(dir string) error {
	l, err := readLog(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // an addition was cut off before it was done
	}
	if err != nil {
		return err
	}
	keys := l.keys
	w.logs[keys.Origin()] = l
	l.note, err = os.ReadFile(filepath.Join(dir, checkpointName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	// It was verified before it was stored, perhaps with keys that the ledger has changed since.
	note, err := ledger.NoteText(l.note)
	if err != nil {
		return exit.New(exit.Mismatch, restoredWitness, "%s: %w", filepath.Join(dir, checkpointName), err)
	}
	c, err := ledger.ParseAnyText(note)
	if err == nil && c.Origin != keys.Origin() {
		err = canonical.Refuse("it is of %s", c.Origin)
	}
	if err != nil {
		return exit.New(exit.Mismatch, restoredWitness, "%s: %w", filepath.Join(dir, checkpointName), err)
	}
	l.latest = &c
	return w.compareGuard(c)
}

// compareGuard refuses a checkpoint that is behind or contradicts the guard, and updates a guard that a crash has left
// behind.
func (w *Watch) compareGuard(c ledger.Checkpoint) error {
	g, ok := w.guard[c.Origin]
	switch {
	case ok && g.Size > c.Size:
		return exit.New(exit.Mismatch, restoredWitness, "the witness in %s has cosigned %d entries of %s, and its folder has %d", w.dir, g.Size, c.Origin, c.Size)
	case ok && g.Size == c.Size && g.Root != c.Root:
		return exit.New(exit.Mismatch, restoredWitness, "the witness in %s has cosigned another history of %s than its folder has", w.dir, c.Origin)
	case ok && g.Size == c.Size:
		return nil
	}
	return w.writeGuard(c)
}

func (w *Watch) writeGuard(c ledger.Checkpoint) error {
	next := w.guard.with(c)
	if err := atomicfile.WriteFile(filepath.Join(w.dir, witnessGuardName), next.marshal(), 0o600); err != nil {
		return err
	}
	w.guard = next
	return nil
}

// Latest returns the checkpoint of a ledger that the witness has cosigned last, with its lines; nil if there is none.
func (w *Watch) Latest(origin string) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l := w.logs[origin]; l != nil {
		return l.note
	}
	return nil
}

// Cosign decides on a request, and returns the witness's lines. The new state is durable when it returns. Its refusals
// are those of witness.Judge.
func (w *Watch) Cosign(q witness.Request) (lines []byte, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l, err := w.current(q.Origin())
	if err != nil {
		return nil, err
	}
	c, err := witness.Judge(l.keys, l.latest, q)
	if err != nil {
		if errors.Is(err, witness.ErrProof) {
			l.suspect(q)
		}
		return nil, err
	}
	text, err := ledger.NoteText(q.Checkpoint)
	if err != nil {
		return nil, err
	}
	by, err := w.key.Cosign(text, w.now())
	if err != nil {
		return nil, err
	}
	stored, err := ledger.StripWitnesses(q.Checkpoint)
	if err != nil {
		return nil, err
	}
	note, err := witness.Merge(stored, by)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.WriteFile(filepath.Join(l.dir, checkpointName), note, 0o600); err != nil {
		return nil, err
	}
	l.note, l.latest = note, &c
	if err := w.writeGuard(c); err != nil {
		return nil, err
	}
	return note[len(stored):], nil
}

// suspect stores a request whose checkpoint the ledger has signed and which does not extend the last one: it may be
// proof of a fork. Errors are ignored.
func (l *watched) suspect(q witness.Request) {
	had, _ := filepath.Glob(filepath.Join(l.dir, "suspect-*"))
	if len(had) >= maxSuspects {
		return
	}
	sum := sha256.Sum256(q.Checkpoint)
	_ = atomicfile.WriteFile(filepath.Join(l.dir, "suspect-"+hex.EncodeToString(sum[:8])), q.Marshal(), 0o600)
}
