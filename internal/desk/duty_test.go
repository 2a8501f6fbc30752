package desk_test

import (
	"strings"
	"testing"
	"time"

	"zapis/crypto/duty"
	"zapis/internal/incident"
	"zapis/internal/server/signals"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/vault/vaulttest"
)

// The queue and the case say who on duty saw it and when, in the words of zapis list; the case beside what was answered.
func TestWhatThoseOnDutyAnsweredIsShown(t *testing.T) {
	shorttest.Skip(t, "not tested: answers of those on duty")
	h := vaulttest.New(t, vaulttest.Options{Duty: "dora"})
	first := h.Report(nil, "narrative", "They wait outside.", "danger_now", "yes")
	more := h.FollowUp(first, incident.ActFollowUp, nil, "narrative", "They came in.")
	dora := vaulttest.Identity(t, "dora").Signer
	seen := h.Now().UTC().Truncate(time.Second)
	message, err := duty.Sign(dora, duty.Answer{Ledger: h.Card().Genesis, Signer: dora.Fingerprint(), Report: more.Body, Sentence: "call",
		Seen: seen, Again: seen.Add(2 * time.Hour)}.Text())
	h.Must(err)
	h.Must(signals.New(h.Store, signals.Config{Now: h.Now}).Answer(t.Context(), message))

	b := startOn(t, h, time.Hour)
	b.unlock()
	minute := func(at time.Time) string { return at.Format("2006-01-02 15:04") }
	want := "on duty, dora saw it " + minute(seen) + " UTC, and answered: call, look again " + minute(seen.Add(2*time.Hour)) + " UTC"
	_, queue := b.get("/")
	b.holds(queue, want)
	_, page := b.get("/case/" + first.Case)
	b.holds(page, want)
	if at := strings.Index(page, want); strings.Count(page, want) != 1 || at < strings.Index(page, "The reporter adds") || at > strings.Index(page, "They came in.") {
		t.Errorf("it does not stand beside what was answered:\n%s", page)
	}
}
