package main

import (
	"testing"
	"time"

	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
)

func TestWordsOfATrusteeAreTakenFromAnyEditor(t *testing.T) {
	for given, want := range map[string]string{
		"one\r\ntwo\r\n":        "one\ntwo\n",
		"\ufeffone\r\n":         "one\n",
		"old\rMac":              "old\nMac",
		"page\fpage\vline":      "page\npage\nline",
		"a\u0085b\u2028c":       "a\nb\nc",
		"kept\tas it is \ufe0f": "kept\tas it is \ufe0f",
	} {
		if got, err := checkedWords(given); got != want || err != nil {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
	for _, given := range []string{"a\x00b", "a\x1bb", "\xff"} {
		if _, err := checkedWords(given); exit.StatusOf(err) != exit.Usage {
			t.Errorf("%q: %v", given, err)
		}
	}
}

func TestListPutsDangerFirst(t *testing.T) {
	early := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	at := func(danger string, hours int) casefile.Summary {
		return casefile.Summary{Danger: danger, Received: early.Add(time.Duration(hours) * time.Hour)}
	}
	var f filterFlags
	for _, pair := range [][2]casefile.Summary{
		{at("yes", 9), at("no", 1)}, {at("yes", 9), at("unsure", 1)}, {at("unsure", 9), at("", 1)},
		{at("no", 1), at("", 2)}, {at("", 1), at("no", 2)}, {at("yes", 1), at("yes", 2)},
	} {
		if f.compare(&pair[0], &pair[1]) >= 0 || f.compare(&pair[1], &pair[0]) <= 0 {
			t.Errorf("%+v does not stand before %+v", pair[0], pair[1])
		}
	}
}
