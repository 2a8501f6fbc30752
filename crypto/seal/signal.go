package seal

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const signalVersion = "zapis/signal/v1"

// SignalPart is the content of a signal part, for duty officers who can open
// nothing else. Empty strings are written "-".
//
//	zapis/signal/v1
//	act report
//	danger_now yes
//	deadline 2026-12-01
//	language be
type SignalPart struct {
	Act      string // one of Acts
	Danger   string // no, unsure, yes, or empty
	Deadline string // YYYY-MM-DD, or empty
	Language string // a code of letters, digits, - and _, or empty
}

// Marshal returns the content, and refuses what ParseSignal would refuse.
func (s SignalPart) Marshal() ([]byte, error) {
	b := s.marshal()
	got, err := ParseSignal(b)
	if err == nil && got != s {
		err = mismatch("an empty value is an empty string, not -")
	}
	if err != nil {
		return nil, fmt.Errorf("the signal: %w", err)
	}
	return b, nil
}

func (s SignalPart) marshal() []byte {
	dash := func(v string) string {
		if v == "" {
			return "-"
		}
		return v
	}
	return fmt.Appendf(nil, "%s\nact %s\ndanger_now %s\ndeadline %s\nlanguage %s\n",
		signalVersion, dash(s.Act), dash(s.Danger), dash(s.Deadline), dash(s.Language))
}

// ParseSignal reads a signal part's content. Errors wrap ErrMismatch and name the
// line.
func ParseSignal(b []byte) (SignalPart, error) {
	lines, err := textLines(b)
	if err != nil {
		return SignalPart{}, err
	}
	if string(lines[0]) != signalVersion {
		return SignalPart{}, mismatch("line 1: not %s", signalVersion)
	}
	if len(lines) != 5 {
		return SignalPart{}, mismatch("%d lines, and a signal has 5", len(lines))
	}
	var s SignalPart
	for i, p := range []struct {
		word string
		dst  *string
		ok   func(string) bool
	}{
		{"act", &s.Act, func(v string) bool { return slices.Contains(Acts(), v) }},
		{"danger_now", &s.Danger, func(v string) bool { return v == "-" || v == "no" || v == "unsure" || v == "yes" }},
		{"deadline", &s.Deadline, func(v string) bool {
			t, err := time.Parse(time.DateOnly, v)
			return v == "-" || err == nil && t.Format(time.DateOnly) == v
		}},
		{"language", &s.Language, isLanguage},
	} {
		v, ok := strings.CutPrefix(string(lines[i+1]), p.word+" ")
		if !ok {
			return SignalPart{}, mismatch("line %d: no %s", i+2, p.word)
		}
		if !p.ok(v) {
			return SignalPart{}, mismatch("line %d: %s has a value that it can't have", i+2, p.word)
		}
		if v != "-" {
			*p.dst = v
		}
	}
	return s, nil
}

func isLanguage(v string) bool {
	for i := range len(v) {
		c := v[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return len(v) >= 1 && len(v) <= 35
}
