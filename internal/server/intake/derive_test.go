package intake

import (
	"context"
	"errors"
	"testing"
	"time"

	"zapis/crypto/reportcode"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

// A report, what follows it and a mailbox each derive the keys of one code once, whatever is in the case.
func TestOneDerivation(t *testing.T) {
	h := newHouse(t, Limits{}, 24*time.Hour)
	ctx := context.Background()
	derived := 0
	derive := h.in.derive
	h.in.derive = func(ctx context.Context, c reportcode.Code) (*reportcode.Keys, error) {
		derived++
		return derive(ctx, c)
	}
	first, err := h.begin().Send(ctx, h.first(), "")
	h.must(err)
	unknown := newHouse(t, Limits{}, 24*time.Hour)
	stranger, err := unknown.begin().Send(ctx, unknown.first(), "")
	h.must(err)
	if derived != 1 {
		t.Errorf("a report: %d derivations", derived)
	}
	followUp := func(c reportcode.Code) error {
		_, err := h.begin().SendFollowUp(ctx, c, incident.ActFollowUp, h.report(incident.ActFollowUp, "narrative", "x"), "")
		return err
	}
	mailbox := func(c reportcode.Code) error {
		_, err := h.in.Mailbox(ctx, c)
		return err
	}
	for _, c := range []struct {
		name string
		do   func(reportcode.Code) error
		of   reportcode.Code
		want error
	}{
		{"a follow-up", followUp, first.Code, nil},
		{"another", followUp, first.Code, nil},
		{"a follow-up to no case", followUp, stranger.Code, ErrUnknownCode},
		{"a mailbox", mailbox, first.Code, nil},
		{"a mailbox of no case", mailbox, stranger.Code, ErrUnknownCode},
	} {
		derived = 0
		if err := c.do(c.of); !errors.Is(err, c.want) || derived != 1 {
			t.Errorf("%s: %d derivations, %v", c.name, derived, err)
		}
	}
}

// The other tests derive keys cheaply: what the server runs does not.
func TestAServerDerivesAtTheFullCost(t *testing.T) {
	shorttest.Skip(t, "no code is derived at the full cost")
	h := newHouse(t, Limits{}, 0)
	c, err := reportcode.Parse("4827 1093 5560 2718 2818 2845 9045 2311")
	h.must(err)
	got, err := New(h.store, Limits{}, clock).derive(t.Context(), c)
	h.must(err)
	full, err := reportcode.NewDeriver(h.store.Origin()).Derive(t.Context(), c)
	h.must(err)
	cheap, err := h.in.derive(t.Context(), c)
	h.must(err)
	if got.Recipient() != full.Recipient() || got.Recipient() == cheap.Recipient() {
		t.Error("New does not derive the keys that reportcode.NewDeriver derives")
	}
}
