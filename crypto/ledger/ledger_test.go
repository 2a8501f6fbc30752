package ledger_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

const origin = "example.org/ledger"

var slot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// newKey gives a log key for tests.
func newKey(t testing.TB) *ledger.SigningKey {
	t.Helper()
	k, err := ledger.GenerateSigningKey(origin, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// report gives a body with three parts and so many attachments.
func report(seed string, attachments int) ledger.Body {
	b := ledger.Body{Kind: ledger.KindReport, Commitments: ledger.Sum([]byte(seed))}
	for _, kind := range []string{ledger.PartSignal, ledger.PartStatement, ledger.PartIdentity} {
		b.Parts = append(b.Parts, ledger.Part{Kind: kind, Hash: ledger.Sum([]byte(seed + kind)), Size: 4096})
	}
	for i := range attachments {
		b.Parts = append(b.Parts, ledger.Part{Kind: ledger.PartAttachment, Hash: ledger.Sum([]byte{byte(i), seed[0]}), Size: 70000})
	}
	return b
}

func TestPromise(t *testing.T) {
	k := newKey(t)
	body := report("x", 2)
	note, err := k.SignPromise(body.Hash(), slot)
	if err != nil {
		t.Fatal(err)
	}
	p, err := k.Verifier().OpenPromise(ledger.PromiseFile(note, body.Marshal()))
	if err != nil {
		t.Fatal(err)
	}
	if !p.Slot.Equal(slot) || p.Body != body.Hash() || !bytes.Equal(p.Text, body.Marshal()) {
		t.Errorf("opened %+v", p)
	}
	want := ledger.Hash(sha256.Sum256(append([]byte{0}, ledger.Entry{Origin: origin, Index: 7, Previous: ledger.Sum(nil), Body: body}.Marshal()...)))
	if !ledger.PromiseFits(origin, 7, ledger.Sum(nil), p.Text, want) {
		t.Error("the promised body does not fit its own leaf")
	}
	if ledger.PromiseFits(origin, 8, ledger.Sum(nil), p.Text, want) {
		t.Error("the promised body fits another place")
	}
}

func TestStrippedSignatures(t *testing.T) {
	k := newKey(t)
	note, err := k.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: 3, Root: ledger.Sum(nil), Time: slot})
	if err != nil {
		t.Fatal(err)
	}
	c, err := k.Verifier().OpenCheckpoint(note)
	if err != nil || c.Size != 3 || !c.Time.Equal(slot) {
		t.Fatalf("opened %+v, %v", c, err)
	}
	lines := strings.SplitAfter(string(note), "\n")
	for drop, want := range map[int]string{
		4: "checkpoint: the log's Ed25519 signature is missing, and both are needed",
		5: "checkpoint: the log's ML-DSA-44 signature is missing, and both are needed",
	} {
		stripped := strings.Join(append(append([]string{}, lines[:drop]...), lines[drop+1:]...), "")
		_, err := k.Verifier().OpenCheckpoint([]byte(stripped))
		if !errors.Is(err, ledger.ErrMismatch) || err.Error() != want {
			t.Errorf("without line %d: %v", drop+1, err)
		}
	}
}

func TestLedgerCard(t *testing.T) {
	c := card.LedgerCard{Origin: origin, Genesis: ledger.Sum(nil)}
	got, err := card.ParseLedgerCard(c.String())
	if err != nil || got != c {
		t.Errorf("read %v, %v", got, err)
	}
}
