package casework_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/vault/vaulttest"
)

// A log that dates a larger checkpoint before a smaller one is refused by import,
// whole or in two files, and found by a check of a vault that holds one.
func TestCheckpointTimesRunBackwards(t *testing.T) {
	shorttest.Skip(t, "not tested: checkpoints whose times run backwards")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	h.Pass(time.Hour)
	h.Report(nil)
	first := h.Carry(0)
	h.Pass(time.Hour)
	h.Report(nil)
	note, newest := h.Store.LatestCheckpoint()
	good := h.Carry(0)

	earlier := newest
	earlier.Time = newest.Time.Add(-90 * time.Minute)
	signed, err := h.Log.SignCheckpoint(earlier)
	h.Must(err)
	bad := bytes.Replace(good, note, signed, 1)
	if bytes.Equal(bad, good) {
		t.Fatal("the newest checkpoint is not in the carry file")
	}
	const want = "checkpoint 3: its time 2026-11-21T21:17:45Z is before that of checkpoint 2, which is 2026-11-21T21:47:45Z"
	whole := newVault(t)
	_, err = whole.take(bad, as(h.Trustees[0]))
	refused(t, "whole", err, exit.Mismatch, want)
	two := newVault(t)
	two.mustTake(first, as(h.Trustees[0]))
	_, err = two.take(bad, as(h.Trustees[0]))
	refused(t, "what is new", err, exit.Mismatch, want)

	whole.mustTake(good, as(h.Trustees[0]))
	middle, err := h.Store.Checkpoint(2)
	h.Must(err)
	later := checkpointOf(t, h, middle)
	later.Time = newest.Time.Add(time.Second)
	signed, err = h.Log.SignCheckpoint(later)
	h.Must(err)
	h.Must(filepath.WalkDir(whole.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && bytes.Equal(text, middle) {
			err = os.WriteFile(path, signed, 0o600)
		}
		return err
	}))
	v := whole.openAs(h.Trustees[0])
	defer v.Close()
	c, err := v.Check(t.Context(), func(int64) {})
	h.Must(err)
	if len(c.Wrong) != 1 || !strings.HasPrefix(c.Wrong[0], "checkpoint 3: its time 2026-11-21T22:47:45Z is before that of checkpoint 2") {
		t.Errorf("check finds: %q", c.Wrong)
	}
}

func checkpointOf(t *testing.T, h *vaulttest.House, note []byte) ledger.Checkpoint {
	t.Helper()
	c, err := h.Log.Verifier().OpenCheckpoint(note)
	h.Must(err)
	return c
}
