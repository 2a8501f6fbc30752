package store

import (
	"errors"
	"testing"
	"time"
)

func TestOverdue(t *testing.T) {
	c := newClock()
	s := newStore(t, day, c)
	expect := func(when string, at time.Time, want bool) {
		t.Helper()
		if late, err := s.Overdue(at); err != nil || late != want {
			t.Errorf("%s: overdue %v, %v", when, late, err)
		}
	}
	expect("nothing waits", firstSlot.Add(day), false)
	submit(t, s, report(t, s))
	expect("at the slot", firstSlot, false)
	expect("after the slot", firstSlot.Add(time.Second), true)
	c.set(firstSlot)
	sequence(t, s)
	expect("once it came", firstSlot.Add(day), false)
}

func TestUsable(t *testing.T) {
	s := newStore(t, day, newClock())
	if err := s.Usable(); err != nil {
		t.Errorf("a good ledger: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Usable(); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed one: %v", err)
	}
	r, err := OpenReadOnly(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Usable(); err != nil {
		t.Errorf("a good one that is only read: %v", err)
	}
}
