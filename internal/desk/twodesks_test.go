package desk_test

import (
	"context"
	"testing"
	"time"

	"zapis/internal/desk"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
)

// Two desks of one trustee on one vault have their turns, and each shows what the other has decided; a clock that jumps,
// back and ahead, changes the order in which decisions are listed, and none of what is in force.
func TestTwoDesksOnOneVaultAndAClockThatJumps(t *testing.T) {
	shorttest.Skip(t, "not tested: two desks on one vault")
	t.Parallel()
	b := start(t)
	b.unlock()
	other := desk.NewKeeper(func(context.Context, string) (*casework.Trustee, error) { return b.open() }, 0)
	defer other.Lock()
	if err := other.Unlock(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	move := func(k *desk.Keeper, to string) {
		t.Helper()
		err := k.With(func(v *casework.Trustee, _ *casework.Cases) error {
			_, err := v.Decide(casework.Decision{Case: b.quiet, Kind: deskstate.KindState, Payload: map[string]string{"to": to}})
			return err
		})
		if err != nil {
			t.Errorf("to %s: %v", to, err)
		}
	}
	move(b.keeper, "triaged")
	b.house.Pass(-400 * 24 * time.Hour)
	move(other, "in_review")
	b.house.Pass(4000 * 24 * time.Hour)
	move(b.keeper, "assessed")
	b.house.Pass(-3600 * 24 * time.Hour)
	b.keeper.Lock()
	b.unlock()
	c := b.desk(b.quiet)
	if c.State.Text != "assessed" || c.State.Conflict || len(c.History) != 3 || len(c.Rejected) != 0 {
		t.Errorf("the case is %+v, after %d events", c.State, len(c.History))
	}
	_, page := b.get("/case/" + b.quiet)
	b.holds(page, "received → triaged", "triaged → in review", "in review → assessed")
	err := other.With(func(v *casework.Trustee, _ *casework.Cases) error {
		done, err := v.Check(t.Context(), func(int64) {})
		if err == nil && len(done.Wrong) > 0 {
			t.Errorf("the vault has %q", done.Wrong)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
