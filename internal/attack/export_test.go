package attack

import (
	"bytes"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/carry"
	"zapis/store"
)

// clock is some later day.
func clock() time.Time { return time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC) }

// export writes a ledger's carry file.
func export(t testing.TB, s *store.Store, since uint64) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, s.Snapshot(func(n *store.Snapshot) error {
		w, err := carry.NewWriter(&out, carry.Header{Origin: n.Card().Origin, Genesis: n.Card().Genesis, Since: since, Size: n.Size(), Waiting: uint64(n.WaitingCount())})
		if err != nil {
			return err
		}
		if err := n.Checkpoints(since, func(_ uint64, note []byte) error { return w.Checkpoint(note) }); err != nil {
			return err
		}
		var parts []ledger.Part
		err = n.Entries(since, func(_ uint64, text []byte) error {
			e, err := ledger.ParseEntry(text)
			parts = append(parts, e.Body.Parts...)
			if err != nil {
				return err
			}
			return w.Entry(text)
		})
		if err != nil {
			return err
		}
		for _, p := range parts {
			r, _, err := n.Part(p.Hash)
			if err == nil {
				err = w.Part(p.Hash, r)
				r.Close()
			}
			if err != nil {
				return err
			}
		}
		return w.Close()
	}))
	return out.Bytes()
}
