package publish

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/witness"
	"zapis/internal/exit"
)

// Another process adds a ledger, and changes a ledger's keys, while this one
// is the witness: the next request uses the new files.
func TestWatchedWhileServing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "W")
	made := witnessKey(t, "ours.example/w", 1)
	must(t, CreateWatch(dir, made))
	w := reopen(t, dir)
	b := grown(33, 64)
	if _, err := w.Cosign(b.request(t, 0, 0)); !errors.Is(err, witness.ErrUnknownLog) {
		t.Errorf("before it is added: %v", err)
	}
	origin, err := AddLedger(dir, logText(ledgertest.Key(1).Keys()), false)
	if err != nil || origin != ledgertest.Origin {
		t.Fatal(origin, err)
	}
	_, err = w.Cosign(b.request(t, 0, 0))
	must(t, err)
	key, err := WatchKey(dir)
	if err != nil || key.Verifiers()[0].String() != made.Verifiers()[0].String() {
		t.Errorf("its key while it serves: %v, %v", key, err)
	}

	_, err = AddLedger(dir, logText(ledgertest.Key(2).Keys()), false)
	refused(t, err, "this witness knows example.org/ledger by other keys", "ask its operator, by a way that you trust, whether the keys were changed; then add --replace")
	_, err = AddLedger(dir, logText(ledgertest.Key(2).Keys()), true)
	must(t, err)
	if _, err := w.Cosign(b.request(t, 1, 33)); !errors.Is(err, witness.ErrSignature) {
		t.Errorf("by the keys that were replaced: %v", err)
	}
	_, err = AddLedger(dir, logText(ledgertest.Key(1).Keys()), true)
	must(t, err)
	_, err = w.Cosign(b.request(t, 1, 33))
	must(t, err)

	_, err = AddLedger(t.TempDir(), logText(ledgertest.Key(1).Keys()), false)
	if exit.StatusOf(err) != exit.KeyMissing {
		t.Errorf("a folder without a witness: %v", err)
	}
	// Keys under another ledger's folder are not taken for it.
	other, err := ledger.GenerateSigningKey("else.org/ledger", rand.Reader)
	must(t, err)
	must(t, os.WriteFile(one(t, dir, "log"), logText(other.Keys()), 0o600))
	if _, err := w.Cosign(b.request(t, 1, 64)); exit.StatusOf(err) != exit.Mismatch {
		t.Errorf("another ledger's keys: %v", err)
	}
}

// A first checkpoint over no entries is cosigned, and remembered over a restart.
func TestWatchCosignsAnEmptyTree(t *testing.T) {
	dir, w := newWatch(t)
	q := witness.Request{Checkpoint: ledgertest.SignEmpty(sha256.Sum256(nil))}
	lines, err := w.Cosign(q)
	if err != nil || bytes.Count(lines, []byte("— ours.example/w ")) != 2 {
		t.Fatalf("%q, %v", lines, err)
	}
	must(t, w.Close())
	w = reopen(t, dir)
	_, err = w.Cosign(q)
	must(t, err)
	b := grown(33)
	_, err = w.Cosign(b.request(t, 0, 0))
	must(t, err)
	var conflict *witness.Conflict
	if _, err := w.Cosign(q); !errors.As(err, &conflict) || conflict.Size != 33 {
		t.Errorf("empty again: %v", err)
	}
}
