package signals

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
)

// What an earlier program sealed to the duty cards themselves, and left waiting, comes in a batch of version 1. The others follow it.
func TestWhatAnEarlierProgramLeftIsSignalled(t *testing.T) {
	d := newDesk(t, 24*time.Hour)
	d.batch()
	cards, err := seal.NewRecipients(1, d.people[3].Card.Age)
	if err != nil {
		t.Fatal(err)
	}
	left := duty.Signal{Act: "report", Danger: "yes", Report: ledger.Sum([]byte("left")), Case: ledger.Sum([]byte("left")), Received: d.now, Waiting: 1}
	sealed, err := duty.Seal(cards, &left)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(filepath.Join(d.dir, "ledger.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("signals")).Put(append(binary.BigEndian.AppendUint64([]byte("w"), 0), left.Report[:]...), sealed)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	d.open()

	if n, err := d.store.SignalsWaiting(); n != 1 || err != nil {
		t.Errorf("%d signals wait, %v", n, err)
	}
	sent := d.send("danger_now", "yes")
	d.now = d.now.Add(Period)
	last, got := d.batch()
	if last.Number != 3 || len(got) != 1 || got[0].Report != bodyOf(t, sent.Promise) {
		t.Errorf("batch %d: %+v", last.Number, got)
	}
	file, err := d.server.Batch(2)
	if err != nil {
		t.Fatal(err)
	}
	b, key, parts, err := d.store.Verifier().OpenSignals(file)
	if err != nil || len(key) > 0 || b.Slot != last.Slot || last.Previous != b.Hash() {
		t.Fatalf("batch 2: %+v, %v", b, err)
	}
	signals := 0
	for _, p := range parts {
		switch s, err := duty.Open(p, d.identity(3)); {
		case err != nil:
			t.Error(err)
		case s != nil && *s == left:
			signals++
		}
	}
	if signals != 1 {
		t.Errorf("batch 2 has the signal %d times", signals)
	}
	d.now = d.now.Add(Period)
	if next, _ := d.batch(); next.Number != 4 {
		t.Errorf("the next batch is %d", next.Number)
	}
	if faults, err := d.store.Check(context.Background(), nil); err != nil || len(faults) > 0 {
		t.Errorf("the ledger: %v, %v", faults, err)
	}
}
