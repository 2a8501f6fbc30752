package casework

import (
	"strings"
	"testing"

	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/deskstate"
)

func TestLacksNamesWhatEachAddresseeAsksFor(t *testing.T) {
	report := func(answers map[string][]string, identity map[string]string) casefile.Submission {
		s := casefile.Submission{Act: "report", Answers: answers}
		for name, value := range identity {
			if s.Identity == nil {
				s.Identity = map[string][]string{}
			}
			s.Identity[name] = []string{value}
		}
		return s
	}
	full := map[string][]string{"when": {"2026-11-01"}, "country_event": {"PL"}, "reported_to": {"police"}, "language": {"en"}}
	whole := casefile.Case{Submissions: []casefile.Submission{report(full, map[string]string{"name": "A"})},
		Exhibits: []casefile.Exhibit{{Name: "A01"}}, Source: "B", Information: "2"}
	byDesk := whole
	byDesk.Source, byDesk.Information = "", ""
	decided := deskstate.Case{Fields: map[string]deskstate.Register{"reliability": {Text: "B"}, "content": {Text: "2"}}}
	half := deskstate.Case{Fields: map[string]deskstate.Register{"reliability": {Text: "B"}}}
	empty := casefile.Case{Submissions: []casefile.Submission{report(nil, nil)}}
	always := "a date|a place|exhibits|a grade"
	for _, c := range []struct {
		name string
		of   casefile.Case
		desk deskstate.Case
		to   string
		want string // the beginnings
	}{
		{"whole", whole, deskstate.Case{}, "un", ""},
		{"whole", whole, deskstate.Case{}, "court", ""},
		{"graded at the desk", byDesk, decided, "lawyer", ""},
		{"half graded", byDesk, half, "lawyer", "a grade"},
		{"empty", empty, deskstate.Case{}, "lawyer", always},
		{"empty", empty, deskstate.Case{}, "un", always + "|the name|a translation"},
		{"empty", empty, deskstate.Case{}, "ccf", always + "|the name|a translation"},
		{"empty", empty, deskstate.Case{}, "court", always + "|which offices"},
		{"empty", empty, deskstate.Case{}, "police", always + "|the contact"},
	} {
		a, ok := casefile.AddresseeByCode(c.to)
		if !ok {
			t.Fatalf("there is no addressee %s", c.to)
		}
		got := Lacks(&c.of, c.desk, a)
		var want []string
		if c.want != "" {
			want = strings.Split(c.want, "|")
		}
		if len(got) != len(want) {
			t.Errorf("%s for %s lacks %q, want %q", c.name, c.to, got, want)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("%s for %s lacks %q, want %q", c.name, c.to, got[i], want[i])
			}
		}
	}
}
