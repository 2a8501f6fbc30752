package main

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/internal/cli"
	"zapis/internal/duty"
	"zapis/internal/exit"
)

// run is the program with these arguments.
func run(t *testing.T, args ...string) (exit.Status, string, string) {
	t.Helper()
	var out, err bytes.Buffer
	status := program().Run(t.Context(), args, &cli.Streams{In: strings.NewReader(""), Out: &out, Err: &err})
	return status, out.String(), err.String()
}

func TestUsage(t *testing.T) {
	const card = "zapis-ledger+example.org/ledger+513867b0c78f560e1b83d8f6f59328611cc4a7f35152912bb436b3956dfd66c9"
	for _, c := range []struct {
		args   []string
		status exit.Status
		want   string
	}{
		{[]string{"--once", "--from", "http://127.0.0.1:1"}, exit.Usage, "--ledger"},
		{[]string{"--once", "--ledger", card}, exit.Usage, "--from"},
		{[]string{"--once", "--ledger", card, "--from", "http://127.0.0.1:1"}, exit.KeyMissing, "this needs your identity"},
		{[]string{"--ledger", card, "--from", "http://127.0.0.1:1", "--every", "1ms"}, exit.Usage, "--every 1ms: it is at least 1s"},
		{[]string{"--ledger", card, "--from", "http://127.0.0.1:1", "--exec", "ring.sh"}, exit.Usage, "name the program with its whole path"},
		{[]string{"answer", "--ledger", card, "--from", "http://127.0.0.1:1", "--sentence", "1", "--again", "soon", "c1"}, exit.Usage, "--again soon: it is HH:MM"},
		{[]string{"sentences"}, exit.Done, "1  call"},
		{[]string{"--help"}, exit.Done, "Look at the server each minute, and ring."},
	} {
		status, out, err := run(t, c.args...)
		if status != c.status || !strings.Contains(out+err, c.want) {
			t.Errorf("%q: status %d, %s%s; want %d and %q", c.args, status, out, err, c.status, c.want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	for code, want := range map[string]exit.Status{
		duty.Unreachable: exit.Failed, duty.Stopped: exit.Failed, duty.Clock: exit.Failed, duty.NotTaken: exit.Failed,
		duty.Forged: exit.Mismatch, duty.Replayed: exit.Mismatch, duty.Repeated: exit.Mismatch, duty.Skipped: exit.Mismatch,
		duty.NotKept: exit.Failed, duty.Restarted: exit.Mismatch, duty.Damaged: exit.Mismatch,
		duty.OtherKeys: exit.KeyMissing, duty.Expired: exit.KeyMissing, duty.LogKeys: exit.KeyMissing, "": exit.Done,
	} {
		var tick duty.Tick
		if code != "" {
			tick.Trouble = []duty.Notice{{Code: code, Text: "text"}}
		}
		if got := exit.StatusOf(verdict(tick)); got != want && !(code == "" && verdict(tick) == nil) {
			t.Errorf("%s: status %d, want %d", code, got, want)
		}
	}
}

// A fault is told and rung when it begins, and when it ends, and not at each look.
func TestFaultsAreToldOnce(t *testing.T) {
	var out, talk bytes.Buffer
	s := &cli.Streams{Out: &out, Err: &talk}
	v := &watchVerb{Quiet: true}
	told := map[string]bool{}
	bad := duty.Tick{Trouble: []duty.Notice{{Code: duty.Unreachable, Text: "the server could not be reached"}}}
	for range 3 {
		v.show(s, bad, told)
	}
	v.show(s, duty.Tick{}, told)
	if got := talk.String(); got != "WARNING (unreachable): the server could not be reached\nover: unreachable\n" {
		t.Errorf("it says %q", got)
	}
	if got := out.String(); got != "RING: 0 new, 0 in danger\n" {
		t.Errorf("it rings %q", got)
	}
	out.Reset()
	v.show(s, duty.Tick{New: []duty.Item{{Act: "report", Danger: "yes", Language: "be", Received: time.Unix(0, 0).UTC(), Rang: time.Unix(60, 0)}}, Waiting: 40}, told)
	if got := out.String(); !strings.Contains(got, "RING: 1 new, 1 in danger; 40 waited at the server at once: ask the operator for zapisd export --urgent\n") ||
		!strings.Contains(got, "YES") || !strings.Contains(got, "1m0s") {
		t.Errorf("a flood: %q", got)
	}
}

// The watch goes on after a look that found faults, waits after each, and ends with its context.
func TestTheWatchGoesOn(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	now := make(chan time.Time)
	close(now)
	looks, shown := 0, 0
	var waits []time.Duration
	watch(ctx, time.Minute, func(d time.Duration) <-chan time.Time {
		waits = append(waits, d)
		return now
	}, func(ctx context.Context) (duty.Tick, error) {
		if looks++; looks == 4 {
			stop()
			return duty.Tick{}, ctx.Err()
		}
		return duty.Tick{Trouble: []duty.Notice{{Code: duty.Forged}}}, nil
	}, func(duty.Tick) { shown++ })
	if looks != 4 || shown != 3 || !slices.Equal(waits, []time.Duration{time.Minute, time.Minute, time.Minute}) {
		t.Errorf("it looked %d times, showed %d, and waited %v", looks, shown, waits)
	}
}

// An exercise says how long it took, and whether that is too long.
func TestAnExercisesResult(t *testing.T) {
	var out bytes.Buffer
	sent := time.Date(2026, 11, 28, 14, 1, 0, 0, time.UTC)
	item := func(act string, took time.Duration) duty.Item {
		return duty.Item{Act: act, Danger: "yes", Received: sent, Rang: sent.Add(took)}
	}
	(&watchVerb{Quiet: true}).show(&cli.Streams{Out: &out, Err: io.Discard},
		duty.Tick{New: []duty.Item{item("drill", 31*time.Minute), item("drill", 32*time.Minute), item("report", time.Hour)}}, map[string]bool{})
	want := "exercise c0000000000: it rang 31m0s after it was sent\n" +
		"exercise c0000000000: it rang 32m0s after it was sent, more than 31m0s: look why\nRING: 3 new, 1 in danger\n"
	if !strings.HasSuffix(out.String(), want) {
		t.Errorf("it says\n%s", out.String())
	}
}

func TestNextTime(t *testing.T) {
	now := time.Date(2026, 11, 28, 14, 20, 0, 0, time.UTC)
	for text, want := range map[string]string{"18:00": "2026-11-28 18:00", "14:20": "2026-11-29 14:20", "2026-11-30 09:00": "2026-11-30 09:00"} {
		if at, err := nextTime(text, now); err != nil || at.Format("2006-01-02 15:04") != want {
			t.Errorf("%s: %v, %v", text, at, err)
		}
	}
}
