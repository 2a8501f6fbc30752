package publish

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/witness"
	"zapis/internal/atomicfile"
	"zapis/internal/atomicfile/filelock"
	"zapis/internal/exit"
)

// addLockName is locked by the process that adds a ledger. The process that
// serves does not take it: it only reads the files that an addition renames into
// place.
const addLockName = "ledgers.lock"

// ErrNotLogKeys is the refusal of a policy that is not a ledger's: its operator can print one.
var ErrNotLogKeys = canonical.Refuse("a ledger has two log lines, and no witness")

// parseLogKeys parses a tlog-policy of two log lines, as a ledger's operator
// publishes it.
func parseLogKeys(text []byte) (*ledger.Verifier, error) {
	p, err := witness.ParsePolicy(text)
	if err != nil {
		return nil, err
	}
	if len(p.Logs) != 2 || len(p.Witnesses) > 0 {
		return nil, ErrNotLogKeys
	}
	return ledger.NewVerifier(p.Logs...)
}

func ledgerFolder(dir, origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return filepath.Join(dir, watchedName, hex.EncodeToString(sum[:]))
}

// addPatience is how long another process that adds a ledger may take.
const addPatience = time.Minute

// AddLedger makes a witness watch a ledger, by its two keys. It replaces other
// keys of a ledger that it watches already only with replace. A process that
// serves the witness uses them from its next request on.
func AddLedger(dir string, text []byte, replace bool) (origin string, err error) {
	if _, err := WatchKey(dir); err != nil {
		return "", err
	}
	keys, err := parseLogKeys(text)
	if err != nil {
		return "", exit.Advise(exit.Mismatch, exit.GetLogKeys.With(), "the ledger's keys: %w", err)
	}
	lock, err := filelock.Take(filepath.Join(dir, addLockName), filelock.Options{Wait: addPatience})
	if err != nil {
		return "", err
	}
	defer lock.Release()
	origin = keys.Origin()
	folder := ledgerFolder(dir, origin)
	had, err := readLog(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return "", err
		}
	case err != nil:
		return "", err
	case had.keys.Keys() == keys.Keys():
		return origin, nil
	case !replace:
		return "", exit.Advise(exit.Failed, exit.ReplaceLogKeys.With(),
			"this witness knows %s by other keys", origin)
	}
	if err := atomicfile.WriteFile(filepath.Join(folder, logName), text, 0o600); err != nil {
		return "", err
	}
	return origin, atomicfile.SyncFolder(filepath.Join(dir, watchedName))
}

// readLog reads the keys of a ledger from its folder; fs.ErrNotExist where
// there are none.
func readLog(folder string) (*watched, error) {
	path := filepath.Join(folder, logName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys, err := parseLogKeys(text)
	if err != nil {
		return nil, exit.New(exit.Mismatch, "", "%s: %w", path, err)
	}
	return &watched{dir: folder, text: text, keys: keys}, nil
}

// current returns a ledger with the keys that its file holds now: another
// process may have added or replaced them since. The caller holds w.mu.
func (w *Watch) current(origin string) (*watched, error) {
	now, err := readLog(ledgerFolder(w.dir, origin))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, witness.ErrUnknownLog
	}
	if err != nil {
		return nil, err
	}
	if now.keys.Origin() != origin {
		return nil, exit.New(exit.Mismatch, "", "%s: it holds the keys of %s", filepath.Join(now.dir, logName), now.keys.Origin())
	}
	l := w.logs[origin]
	switch {
	case l == nil:
		w.logs[origin] = now
		return now, nil
	case !bytes.Equal(l.text, now.text):
		l.text, l.keys = now.text, now.keys
	}
	return l, nil
}
