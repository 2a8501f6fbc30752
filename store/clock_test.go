package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"zapis/internal/shorttest"
)

// timer is a timer for Run that goes off when the test says so.
type timer struct {
	asked chan time.Duration
	fire  chan time.Time
}

func newTimer() *timer { return &timer{asked: make(chan time.Duration), fire: make(chan time.Time)} }

func (x *timer) after(d time.Duration) <-chan time.Time {
	x.asked <- d
	return x.fire
}

// running runs a store's slots, and returns a function that lets Run go on
// once, after the clock was moved, and waits until it waits again.
func running(t *testing.T, dir string, c *clock) (s *Store, step func(move time.Duration) time.Duration) {
	t.Helper()
	x := newTimer()
	s, err := openTest(dir, Config{Slot: day, Now: c.now, After: x.after})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	var asked time.Duration
	wait := func() {
		select {
		case asked = <-x.asked:
		case err := <-ended:
			t.Fatalf("Run ended: %v", err)
		}
	}
	wait()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
		closeAndCheck(t, s)
	})
	return s, func(move time.Duration) time.Duration {
		c.forward(move)
		x.fire <- c.now()
		wait()
		return asked
	}
}

func TestRunSequencesAtMidnight(t *testing.T) {
	c := newClock()
	s, step := running(t, newFolder(t), c)
	p := submit(t, s, words(s))
	for c.now().Before(firstSlot.Add(-time.Minute)) {
		if d := step(time.Minute); d > time.Minute || d <= 0 {
			t.Fatalf("Run waits %s", d)
		}
		if s.Size() != 1 {
			t.Fatalf("a checkpoint at %s, before the slot", c.now())
		}
	}
	step(firstSlot.Sub(c.now()))
	_, cp := s.LatestCheckpoint()
	if s.Size() != 33 || !cp.Time.Equal(p.Slot) {
		t.Fatalf("%d entries under a checkpoint of %s", s.Size(), cp.Time)
	}
	kept(t, s, p)
	for range 3 * 60 {
		step(time.Minute)
	}
	if s.Size() != 33 {
		t.Errorf("%d entries, three hours after the slot", s.Size())
	}
	step(day) // a quiet day
	if _, cp := s.LatestCheckpoint(); s.Size() != 65 || !cp.Time.Equal(firstSlot.Add(day)) {
		t.Errorf("%d entries under a checkpoint of %s after a day on which nothing came", s.Size(), cp.Time)
	}
}

func TestMissedSlotsAreMadeUpForOnce(t *testing.T) {
	c := newClock()
	dir := newFolder(t)
	s, err := openTest(dir, Config{Slot: day, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	p := submit(t, s, words(s))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.forward(10*day + time.Hour)
	s, step := running(t, dir, c)
	_, cp := s.LatestCheckpoint()
	if want := firstSlot.Add(9 * day); s.Size() != 33 || !cp.Time.Equal(want) {
		t.Errorf("%d entries under a checkpoint of %s, want 33 and %s", s.Size(), cp.Time, want)
	}
	kept(t, s, p)
	step(time.Minute)
	if s.Size() != 33 {
		t.Errorf("%d entries: the missed slots were made up for twice", s.Size())
	}
}

// TestHostileClock moves the clock about by ten years, between promises, slots
// and restarts, and then checks that checkpoints' times grow and that every
// promise is kept by the first checkpoint of its time or later.
func TestHostileClock(t *testing.T) {
	shorttest.Skip(t, "not tested: a clock that jumps to and fro, and by centuries")
	const year = 365 * day
	for name, moves := range map[string][]time.Duration{
		"forward":          {10 * year, day, day},
		"back":             {-10 * year, day, day},
		"forward and back": {10 * year, -10 * year, day, day},
		"back and forward": {-10 * year, 10 * year, day, day},
		"to and fro":       {day, -2 * day, 3 * day, -day, day / 2, -day, 10 * year, -20 * year, 10 * year},
		"before 1970":      {-100 * year, day, 200 * year},
		"by centuries":     {100000 * day, 100000 * day, 100000 * day, 100000 * day},
		"stands still":     {0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			dir := newFolder(t)
			s, step := running(t, dir, c)
			var last time.Time
			for range 3 {
				for _, move := range moves {
					p := submit(t, s, words(s))
					before := s.last()
					if !p.Slot.After(before.Time) {
						t.Fatalf("promised for %s, and the last checkpoint is of %s", p.Slot, before.Time)
					}
					// The slot must come within a day of waiting, whatever the clock says.
					var waited time.Duration
					c.forward(move)
					for s.Size() == before.Size && waited <= day+time.Minute {
						waited += step(0)
					}
					if s.Size() == before.Size {
						t.Fatalf("after a move by %s no slot came within a day", move)
					}
					_, cp := s.LatestCheckpoint()
					if !cp.Time.After(last) || !cp.Time.After(before.Time) {
						t.Fatalf("a checkpoint of %s after one of %s", cp.Time, before.Time)
					}
					last = cp.Time
					kept(t, s, p)
				}
			}
		})
	}
}

func TestClockBetweenRestarts(t *testing.T) {
	shorttest.Skip(t, "not tested: a clock that is set between restarts")
	const year = 365 * day
	c := newClock()
	dir := newFolder(t)
	var last time.Time
	for _, move := range []time.Duration{day, 10 * year, -20 * year, -year, 15 * year, 0, day} {
		s, err := openTest(dir, Config{Slot: day, Now: c.now})
		if err != nil {
			t.Fatal(err)
		}
		p := submit(t, s, words(s))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		c.forward(move)
		if s, err = openTest(dir, Config{Slot: day, Now: c.now}); err != nil {
			t.Fatal(err)
		}
		sequence(t, s)
		_, cp := s.LatestCheckpoint()
		if !cp.Time.After(last) || cp.Time.Before(p.Slot) {
			t.Errorf("a checkpoint of %s, after one of %s; promised was %s", cp.Time, last, p.Slot)
		}
		last = cp.Time
		kept(t, s, p)
		closeAndCheck(t, s)
	}
}

func TestSlotZeroWithAClockSetBack(t *testing.T) {
	c := newClock()
	s := newStore(t, 0, c)
	for _, move := range []time.Duration{0, 0, time.Second, -10 * 365 * day, 0, 20 * 365 * day} {
		c.forward(move)
		before := s.last().Time
		p := submit(t, s, words(s))
		if !p.Slot.After(before) || s.last().Time.Before(before) {
			t.Errorf("promised for %s, checkpoint of %s after one of %s", p.Slot, s.last().Time, before)
		}
		kept(t, s, p)
	}
}

// TestSlotIsTurnedOff opens a ledger that had slots with slot 0: what waits is
// sequenced at once, and the promises for later are kept.
func TestSlotIsTurnedOff(t *testing.T) {
	c := newClock()
	dir := newFolder(t)
	s, err := openTest(dir, Config{Slot: day, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	p := submit(t, s, words(s))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Config{Now: c.now})
	if s.Size() != 2 {
		t.Errorf("%d entries", s.Size())
	}
	kept(t, s, p)
	kept(t, s, submit(t, s, words(s)))
}

// TestClockBeyondTheCalendar: the formats' times end with the year 9999.
func TestClockBeyondTheCalendar(t *testing.T) {
	shorttest.Skip(t, "not tested: a clock beyond the year 9999")
	for _, year := range []int{-5000, 1, 9999, 12000, 1 << 20} {
		for _, slot := range []time.Duration{0, day} {
			c := newClock()
			s := newStore(t, slot, c)
			c.set(time.Date(year, 12, 31, 23, 59, 59, 0, time.UTC))
			for range 3 {
				p := submit(t, s, words(s))
				sequenceIfSlots(t, s)
				kept(t, s, p)
			}
		}
	}
}

func TestFloorSlot(t *testing.T) {
	for _, test := range []struct{ at, slot, want string }{
		{"2026-11-21T20:47:45Z", "24h", "2026-11-21T00:00:00Z"},
		{"2026-11-22T00:00:00Z", "24h", "2026-11-22T00:00:00Z"},
		{"2026-11-21T20:47:45Z", "1h", "2026-11-21T20:00:00Z"},
		{"2026-11-21T20:47:45Z", "1s", "2026-11-21T20:47:45Z"},
		{"1969-12-31T23:59:59Z", "24h", "1969-12-31T00:00:00Z"},
	} {
		at, _ := time.Parse(time.RFC3339, test.at)
		slot, _ := time.ParseDuration(test.slot)
		if got := floorSlot(at, slot).Format(time.RFC3339); got != test.want {
			t.Errorf("%s by %s: %s, want %s", test.at, test.slot, got, test.want)
		}
	}
}
