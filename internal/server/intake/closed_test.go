package intake

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"zapis/internal/incident"
	"zapis/internal/shorttest"
	"zapis/store"
)

// TestTheLedgerCloses under a draft with files, one of them to be sealed again:
// all of it is refused, and nothing is left.
func TestTheLedgerCloses(t *testing.T) {
	shorttest.Skip(t, "not tested: a ledger that closes")
	for _, late := range []bool{false, true} {
		h := newHouse(t, Limits{}, 24*time.Hour)
		first, err := h.begin().Send(context.Background(), h.first(), "")
		h.must(err)
		report, follow := h.begin(), h.begin()
		for _, d := range []*Draft{report, follow} {
			h.must(d.AddFile("1.txt", strings.NewReader("one")))
			h.must(d.AddFile("2.txt", strings.NewReader("two")))
			if late {
				d.MarkIdentify()
			}
		}
		h.must(h.store.Close())
		if result, err := report.Send(context.Background(), h.first(), ""); !errors.Is(err, store.ErrClosed) || !result.Code.IsZero() {
			t.Errorf("a report: %v", err)
		}
		if _, err := follow.SendFollowUp(context.Background(), first.Code, incident.ActFollowUp, incident.Empty(), ""); !errors.Is(err, store.ErrClosed) {
			t.Errorf("a follow-up: %v", err)
		}
		late := h.begin()
		if err := late.AddFile("3.txt", strings.NewReader("three")); !errors.Is(err, store.ErrClosed) {
			t.Errorf("a file: %v", err)
		}
		late.Discard()
		if _, err := h.in.Mailbox(context.Background(), first.Code); !errors.Is(err, store.ErrClosed) {
			t.Errorf("the mailbox: %v", err)
		}
		h.wantFiles(0)
	}
}
