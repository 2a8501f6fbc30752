package casework_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/timestamp/timestamptest"
	"zapis/internal/evidence/bundle"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/vault/vaulttest"
	"zapis/store"
)

// anchor puts a response about the latest checkpoint into the ledger, and
// returns its entry.
func anchor(t *testing.T, h *vaulttest.House, response func(note []byte) []byte) uint64 {
	t.Helper()
	note, cp := h.Store.LatestCheckpoint()
	body := ledger.Anchor{Size: cp.Size, Checkpoint: ledger.Sum(note), Response: response(note)}.Marshal()
	set, _ := h.Store.SetInForce()
	_, err := h.Store.Submit(t.Context(), store.Submission{Body: ledger.BodyOf(ledger.KindAnchor, set, body), Small: [][]byte{body}})
	h.Must(err)
	return h.Store.Size() - 1
}

// An anchor that contradicts all others is included in the bundle, however
// many nearer ones there are, and import, check and bundle report it; an
// unreadable one is reported and left out.
func TestAnchorsThatContradict(t *testing.T) {
	shorttest.Skip(t, "not tested: time stamps that contradict the ledger")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	a := timestamptest.New(t, timestamptest.Plan{})
	at := func(when time.Time) func([]byte) []byte {
		return func(note []byte) []byte {
			return a.OddAs(t, note, timestamptest.Odd{Time: when.UTC().Format("20060102150405Z")})
		}
	}
	h.Report(nil)
	wrong := anchor(t, h, at(time.Date(2034, 1, 1, 0, 0, 0, 0, time.UTC)))
	for range 4 {
		h.Pass(time.Hour)
		anchor(t, h, at(h.Now()))
	}
	poison := anchor(t, h, func([]byte) []byte { return []byte{0x30, 0x09, 0x30, 0x03, 0x02, 0x01, 0x00, 0x30, 0x02, 0x1F, 0x80} })
	h.Pass(time.Hour)
	filed := h.Report(nil)
	anchor(t, h, at(h.Now()))

	o := newVault(t)
	done := o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v := o.openAs(h.Trustees[0])
	defer v.Close()
	lines, err := v.AnchorWarnings(0)
	h.Must(err)
	in, err := bundleOf(t, v, show(t, v, filed.Case), release.BundleOptions{For: lawyer, Leave: casefile.Leave{Override: "a test"}})
	h.Must(err)
	for name, got := range map[string][]string{"import": done.Anchors, "check": lines, "bundle": bundle.AnchorWarnings(in)} {
		contradicts := func(s string) bool {
			return strings.Contains(s, "contradict each other: entry 2 holds the word of \"CN=Test Authority\" of 2034-01-01T00:00:00Z")
		}
		if !slices.ContainsFunc(got, contradicts) {
			t.Errorf("%s does not say that entry %d contradicts the others: %q", name, wrong, got)
		}
		unreadable := func(s string) bool { return strings.HasPrefix(s, "the anchor in entry 7 proves nothing: ") }
		if slices.ContainsFunc(got, unreadable) != (name != "bundle") {
			t.Errorf("%s, of entry %d that can't be read: %q", name, poison, got)
		}
	}
	var entries []uint64
	for _, given := range in.Anchors {
		e, err := ledger.ParseEntry(given.Entry)
		h.Must(err)
		entries = append(entries, e.Index)
	}
	if !slices.Contains(entries, wrong) || slices.Contains(entries, poison) || len(entries) > 5 {
		t.Errorf("the bundle holds the anchors %d", entries)
	}
}
