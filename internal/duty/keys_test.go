package duty

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
	"zapis/store"
)

// govern submits what two trustees approve. The house's slot is 0, so that it counts at once.
func (h *house) govern(kind ledger.Kind, text, keyLines []byte) {
	h.t.Helper()
	set, _ := h.store.SetInForce()
	a := ledger.Approved{Text: text, KeyLines: keyLines}
	for _, p := range h.people[:2] {
		s, err := p.Signer.SignStatement(card.Statement{Ledger: h.store.Card().Genesis, Trustees: set, Number: 1, Kind: card.KindApproval, Subject: ledger.Sum(text)})
		if err != nil {
			h.t.Fatal(err)
		}
		a.Approvals = append(a.Approvals, s)
	}
	body := a.Marshal()
	if _, err := h.store.Submit(h.t.Context(), store.Submission{Body: ledger.BodyOf(kind, set, body), Small: [][]byte{body}}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) after() ledger.Hash {
	h.t.Helper()
	after, err := h.store.After()
	if err != nil {
		h.t.Fatal(err)
	}
	return after
}

// changeKey has the log sign with another key, and gives the text that the trustees approved.
func (h *house) changeKey(to *ledger.SigningKey, reason string) []byte {
	h.t.Helper()
	if err := h.store.SetNextKey(to); err != nil {
		h.t.Fatal(err)
	}
	text := ledger.KeyChange{Origin: h.store.Origin(), After: h.after(), Old: h.store.Verifier().Keys(), New: to.Keys(), Reason: reason}.Marshal()
	lines := ledgertest.KeyLines(text, to)
	if reason == ledger.ReasonRotation {
		old, err := h.store.SignKeyChange(text)
		if err != nil {
			h.t.Fatal(err)
		}
		lines = append(lines, old...)
	}
	h.govern(ledger.KindKey, text, lines)
	return text
}

// The log's keys are replaced twice. The old keys sign the first change, by which it is followed; the second, they don't.
func TestTheLogsKeysChange(t *testing.T) {
	shorttest.Skip(t, "not tested: a change of the log's keys")
	h := newHouseOf(t, 0)
	h.want("at first", 0)
	h.send()
	h.later(1)
	h.changeKey(ledgertest.Key(2), ledger.ReasonRotation)
	h.send()
	h.later(1)
	h.want("a batch by either key", 2)
	h.start(3)
	h.want("after a restart", 0)
	newest, err := h.signals.Batch(1)
	if err != nil {
		t.Fatal(err)
	}
	h.instead = answer("/signals", h.sign(newest, func(b *ledger.SignalBatch) { b.Number, b.Previous, b.Slot = 9, ledger.Sum(nil), h.now }))
	h.want("a new batch by the old key", 0, Forged)
	h.instead = nil

	text := h.changeKey(ledgertest.Key(3), ledger.ReasonCompromised)
	h.send()
	h.later(1)
	tick := h.want("a change that the old key did not sign", 0, LogKeys)
	if len(tick.Trouble) == 1 && !strings.Contains(tick.Trouble[0].Text, "start again with --key-change FILE") {
		t.Errorf("it says %s", tick.Trouble[0].Text)
	}
	h.change = text
	h.start(3)
	h.want("a trustee handed the change over", 1)
	h.change = nil
	h.start(3)
	h.want("after a restart without it", 0)

	h.instead = answer("/signals/keys", []byte("hello\n\n"))
	h.changeKey(ledgertest.Key(4), ledger.ReasonRotation)
	h.later(1)
	h.want("a history that does not parse", 0, Forged)
	h.instead = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/signals/keys" {
			http.NotFound(w, r)
		}
		return r.URL.Path == "/signals/keys"
	}
	h.want("a server that has no history", 0, Forged)
	h.instead = nil
	h.want("the true one", 0)
}

// Dora's card is replaced by Emil's: her key opens the last batch that is sealed to it, and is told to have ended.
func TestAKeyThatExpired(t *testing.T) {
	h := newHouseOf(t, 0)
	h.send()
	h.later(1)
	h.want("a report", 1)
	h.send()
	_, set := h.store.SetInForce()
	set.Duty = ledgertest.Cards(h.people[4])
	h.govern(ledger.KindTrustees, ledger.TrusteesChange{Origin: h.store.Origin(), After: h.after(), Set: set}.Marshal(), nil)
	h.send()
	h.later(1)
	h.now = h.now.Add(pollEvery)
	h.want("the last report for dora, and the change", 1, Expired, NotTaken)
	h.state += "-emil"
	h.start(4)
	tick := h.want("emil's first", 1)
	before, err := h.signals.Batch(tick.Batch - 1)
	if err != nil {
		t.Fatal(err)
	}
	h.instead = answer("/signals", before)
	h.want("the batch before it, which is dora's and of the same slot", 0, Replayed)
}

// A server that was brought back from a copy begins with smaller numbers again: it is not called a replay, nor passed over.
func TestAServerThatWasBroughtBack(t *testing.T) {
	h := newHouse(t)
	h.send()
	h.later(3)
	h.want("a report", 1)
	third, err := h.signals.Batch(3)
	if err != nil {
		t.Fatal(err)
	}
	h.instead = answer("/signals", third)
	h.want("the batch before the newest", 0, Replayed)
	h.instead = answer("/signals", h.sign(third, func(b *ledger.SignalBatch) { b.Number, b.Slot = 2, h.now.Truncate(b.Period) }))
	tick := h.want("batch 2 for the slot of batch 4", 0, Restarted, Skipped)
	if !strings.Contains(tick.Trouble[0].Text, "It was brought back from a copy, and signals since that copy are lost") {
		t.Errorf("it says %s", tick.Trouble[0].Text)
	}
	h.want("a second look", 0)
}

// It rings also where the state can't be written.
func TestAStateThatIsNotKept(t *testing.T) {
	h := newHouse(t)
	h.want("at first", 0)
	h.send()
	h.later(1)
	if err := os.Remove(h.state); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(h.state, 0o700); err != nil {
		t.Fatal(err)
	}
	h.want("a report", 1, NotKept)
	if err := os.Remove(h.state); err != nil {
		t.Fatal(err)
	}
	h.want("it can be written again", 0)
	h.now = h.now.Add(time.Minute)
	h.start(3)
	h.want("after a restart", 0)
}
