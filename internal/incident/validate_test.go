package incident

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// today is a late evening in UTC: in Vilnius it is tomorrow already.
var today = time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC)

func form(pairs ...string) Form {
	f := Form{}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i]] = append(f[pairs[i]], pairs[i+1])
	}
	return f
}

// least returns a form that ActReport accepts, with more answers.
func least(pairs ...string) Form {
	f := form(append([]string{"narrative", "They came at six.", "consent", "store"}, pairs...)...)
	return f
}

// replaced is least with one field's values replaced.
func replaced(name string, values ...string) Form {
	f := least()
	f[name] = values
	return f
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name string
		form Form
		act  Act
		want string
	}{
		{"nothing at all", Form{}, ActReport, "narrative: required; consent: required"},
		{"no narrative", form("consent", "store"), ActReport, "narrative: required"},
		{"empty narrative", replaced("narrative", ""), ActReport, "narrative: required"},
		{"spaces and invisible marks", replaced("narrative", " \r\n\t\u200b\u00a0\u200f\u2003"), ActReport, "narrative: required"},
		{"no consent to keep", replaced("consent", "lawyer", "publish"), ActReport, "consent: required"},
		{"unknown method", least("method", "D1", "method", "Z9"), ActReport, "method: unknown_code"},
		{"the key in place of the code", least("method", "killing"), ActReport, "method: unknown_code"},
		{"unknown danger", least("danger_now", "maybe"), ActReport, "danger_now: unknown_code"},
		{"country in small letters", least("country_event", "pl"), ActReport, "country_event: unknown_code"},
		{"a country that is none", least("country_now", "ZZ"), ActReport, "country_now: unknown_code"},
		{"files_identify by default value", least("files_identify", "on"), ActReport, "files_identify: unknown_code"},
		{"language", least("language", "Belarusian"), ActReport, "language: unknown_code"},
		{"language with a stray dash", least("language", "be-"), ActReport, "language: unknown_code"},
		{"endless language", least("language", "be"+strings.Repeat("-abcdefgh", 4)), ActReport, "language: too_long"},
		{"when in 2190", least("when", "2190-01-01"), ActReport, "when: out_of_range"},
		{"when in a later month", least("when", "2026-12"), ActReport, "when: out_of_range"},
		{"when in two days", least("when", "2026-11-23"), ActReport, "when: out_of_range"},
		{"when before anybody", least("when", "1899"), ActReport, "when: out_of_range"},
		{"no such day", least("when", "2026-02-30"), ActReport, "when: not_a_date"},
		{"another order of date", least("when", "21.11.2026"), ActReport, "when: not_a_date"},
		{"time of day", least("when", "2026-11-21T10:00:00Z"), ActReport, "when: not_a_date"},
		{"short month", least("when", "2026-1"), ActReport, "when: not_a_date"},
		{"five-digit year", least("when", "20260"), ActReport, "when: not_a_date"},
		{"full-width digits", least("when", "２０２６"), ActReport, "when: not_a_date"},
		{"month where a day is said", least("when", "2026-05", "when_precision", "day"), ActReport, "when: precision"},
		{"day where a year is said", least("when", "2026-05-01", "when_precision", "year"), ActReport, "when: precision"},
		{"deadline in 2190", least("deadline", "2190-01-01"), ActReport, "deadline: out_of_range"},
		{"deadline long gone", least("deadline", "1926-12-01"), ActReport, "deadline: out_of_range"},
		{"deadline a month", least("deadline", "2026-12"), ActReport, "deadline: not_a_date"},
		{"a field twice", least("narrative", "And again."), ActReport, "narrative: twice"},
		{"a code field twice", least("target", "me", "target", "me"), ActReport, "target: twice"},
		{"a tick twice", least("consent", "store"), ActReport, "consent: repeated"},
		{"a megabyte", replaced("narrative", strings.Repeat("a", 1<<20)), ActReport, "narrative: too_long"},
		{"a character too many", replaced("narrative", strings.Repeat("a", 16_001)), ActReport, "narrative: too_long"},
		{"a byte too many", replaced("narrative", strings.Repeat("ж", 8_001)+strings.Repeat("字", 8_000)), ActReport, "narrative: too_long"},
		{"contact", least("contact", strings.Repeat("x", 2_001)), ActReport, "contact: too_long"},
		{"contact_when", least("contact_when", strings.Repeat("x", 501)), ActReport, "contact_when: too_long"},
		{"name", least("name", strings.Repeat("x", 2_001)), ActReport, "name: too_long"},
		{"deadline_what", least("deadline_what", strings.Repeat("x", 201)), ActReport, "deadline_what: too_long"},
		{"not UTF-8", replaced("narrative", "caf\xe9"), ActReport, "narrative: not_utf8"},
		{"nothing but bad bytes", replaced("narrative", "\xff"), ActReport, "narrative: not_utf8"},
		{"NUL", replaced("narrative", "a\x00b"), ActReport, "narrative: control"},
		{"escape sequence", least("name", "\x1b[2J"), ActReport, "name: control"},
		{"DEL", least("contact", "a\x7f"), ActReport, "contact: control"},
		{"C1", least("contact", "a\u009b2J"), ActReport, "contact: control"},
		{"a carriage return alone", replaced("narrative", "a\rb"), ActReport, "narrative: control"},
		{"a code with a NUL", least("basis", "seen\x00"), ActReport, "basis: unknown_code"},
		{"unknown fields, by name", least("zeta", "1", "alpha", "2"), ActReport, "alpha: unknown_field; zeta: unknown_field"},
		{"an unknown field without an answer", least("zeta", ""), ActReport, "zeta: unknown_field"},
		{"a name that might be an answer", least("My name is\nAnna", "1", "Ещё", "2"), ActReport, "other: unknown_field"},
		{"a case-folded name", least("Narrative", "1"), ActReport, "other: unknown_field"},
		{"text for a file", least("file", "photo.jpg"), ActReport, "file: not_a_file"},
		{"several at once, in order", form("when", "x", "consent", "all", "name", "\x00", "danger_now", "1", "q", "1"), ActReport,
			"danger_now: unknown_code; narrative: required; when: not_a_date; consent: unknown_code; name: control; q: unknown_field"},
		{"consent without keeping", form("consent", "lawyer"), ActConsent, "consent: required"},
		{"consent with words", form("consent", "store", "narrative", "x"), ActConsent, "narrative: not_here"},
		{"stop with words", form("narrative", "x"), ActStop, "narrative: not_here"},
		{"delete with consent", form("consent", "store"), ActDelete, "consent: not_here"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, errs := Validate(tt.form, today, tt.act)
			if r != nil || len(errs) == 0 {
				t.Fatalf("taken; want %s", tt.want)
			}
			if got := errs.Error(); got != "the form was refused: "+tt.want {
				t.Errorf("got %s\nwant the form was refused: %s", got, tt.want)
			}
		})
	}
}

func TestAcceptedForms(t *testing.T) {
	tests := []struct {
		name  string
		form  Form
		act   Act
		field string
		want  []string
	}{
		{"the least", least(), ActReport, "narrative", []string{"They came at six."}},
		{"a browser's line ends", replaced("narrative", "a\r\n\tb\r\n"), ActReport, "narrative", []string{"a\n\tb\n"}},
		{"16,000 characters, counted after CR LF", replaced("narrative", strings.Repeat("a\r\n", 8_000)), ActReport, "narrative",
			[]string{strings.Repeat("a\n", 8_000)}},
		{"40,000 bytes", replaced("narrative", strings.Repeat("ж", 8_000)+strings.Repeat("字", 8_000)), ActReport, "narrative",
			[]string{strings.Repeat("ж", 8_000) + strings.Repeat("字", 8_000)}},
		{"right-to-left and joiners stay", replaced("narrative", "\u202eabc\u200d👩‍⚖️\u2028"), ActReport, "narrative", []string{"\u202eabc\u200d👩‍⚖️\u2028"}},
		{"an empty value beside an answer", replaced("target", "", "me"), ActReport, "target", []string{"me"}},
		{"codes in their own order", least("method", "X1", "method", "T10", "method", "D1"), ActReport, "method", []string{"D1", "T10", "X1"}},
		{"tomorrow here, today there", least("when", "2026-11-22"), ActReport, "when", []string{"2026-11-22"}},
		{"precision from a day", least("when", "2026-11-01"), ActReport, "when_precision", []string{"day"}},
		{"precision from a month", least("when", "2026-11"), ActReport, "when_precision", []string{"month"}},
		{"precision from a year", least("when", "2026"), ActReport, "when_precision", []string{"year"}},
		{"still happening, since", least("when", "2024-03", "when_precision", "ongoing"), ActReport, "when", []string{"2024-03"}},
		{"still happening", least("when_precision", "ongoing"), ActReport, "when", nil},
		{"unknown", least("when_precision", "unknown"), ActReport, "when_precision", []string{"unknown"}},
		{"a precision of nothing stops nobody", least("when_precision", "day"), ActReport, "when", nil},
		{"leap day", least("when", "2024-02-29"), ActReport, "when", []string{"2024-02-29"}},
		{"a deadline in three years", least("deadline", "2029-11-21"), ActReport, "deadline", []string{"2029-11-21"}},
		{"a paper that ran out", least("deadline", "2021-01-31"), ActReport, "deadline", []string{"2021-01-31"}},
		{"what without a date", least("deadline_what", "hearing"), ActReport, "deadline_what", []string{"hearing"}},
		{"unknown country", least("country_event", "unknown"), ActReport, "country_event", []string{"unknown"}},
		{"Kosovo", least("country_now", "XK"), ActReport, "country_now", []string{"XK"}},
		{"language with a variant", least("language", "be-tarask"), ActReport, "language", []string{"be-tarask"}},
		{"three letters", least("language", "rom"), ActReport, "language", []string{"rom"}},
		{"the form's own fields", least("form", "00ff", "code", "1", "lang", "be", "act", "report", "filler", "….."), ActReport, "form", nil},
		{"an empty file field", least("file", ""), ActReport, "file", nil},
		{"consent alone", form("consent", "store", "consent", "un", "person_agrees", "yes"), ActConsent, "consent", []string{"store", "un"}},
		{"stop", form("code", "1"), ActStop, "consent", nil},
		{"delete", Form{}, ActDelete, "consent", nil},
		{"follow-up without anything", Form{}, ActFollowUp, "narrative", nil},
		{"follow-up with one answer", form("country_now", "LT"), ActFollowUp, "country_now", []string{"LT"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, errs := Validate(tt.form, today, tt.act)
			if errs != nil {
				t.Fatal(errs)
			}
			if got := r.All(tt.field); !slices.Equal(got, tt.want) {
				t.Errorf("%s: got %q, want %q", tt.field, got, tt.want)
			}
		})
	}
}

func TestEveryCodeOfEveryFieldIsTaken(t *testing.T) {
	for _, f := range Fields() {
		for _, c := range f.Codes {
			if f.Name == "consent" && c == "store" {
				continue
			}
			r, errs := Validate(least(f.Name, c), today, ActReport)
			if errs != nil {
				t.Errorf("%s=%s: %v", f.Name, c, errs)
			} else if !slices.Contains(r.All(f.Name), c) {
				t.Errorf("%s=%s was lost", f.Name, c)
			}
		}
	}
	for _, c := range append(Countries(), Country{Code: UnknownCountry}) {
		if _, errs := Validate(least("country_event", c.Code), today, ActReport); errs != nil {
			t.Errorf("%s: %v", c.Code, errs)
		}
	}
}

func TestIsEmpty(t *testing.T) {
	for _, tt := range []struct {
		form Form
		want bool
	}{
		{Form{}, true},
		{form("language", "be", "files_identify", "yes"), true},
		{form("narrative", "More."), false},
		{form("name", "A."), false},
	} {
		r, errs := Validate(tt.form, today, ActFollowUp)
		if errs != nil || r.IsEmpty() != tt.want {
			t.Errorf("%v: %v, want %v", maps.Clone(tt.form), r.IsEmpty(), tt.want)
		}
	}
	if !Empty().IsEmpty() {
		t.Error("Empty is not empty")
	}
}

// Whatever is not a yes narrows, unless it happened to the reporter.
func TestEffectiveConsent(t *testing.T) {
	const all, few = "store statistics lawyer publish", "store statistics"
	for _, tt := range []struct{ target, agrees, want string }{
		{"", "", few}, {"", "self", all}, {"", "yes", all}, {"", "undecided", few}, {"", "unasked", few},
		{"me", "", all}, {"me", "self", all}, {"me", "yes", all}, {"me", "undecided", few}, {"me", "unasked", few},
		{"relative", "", few}, {"relative", "self", few}, {"relative", "yes", all}, {"relative", "undecided", few},
		{"acquaintance", "", few}, {"acquaintance", "self", few}, {"acquaintance", "yes", all},
		{"assisted", "", few}, {"assisted", "self", few}, {"assisted", "yes", all},
		{"group", "", few}, {"group", "self", few}, {"group", "yes", all}, {"group", "unasked", few},
	} {
		f := least("consent", "publish", "consent", "lawyer", "consent", "statistics", "target", tt.target, "person_agrees", tt.agrees)
		r, errs := Validate(f, today, ActReport)
		if errs != nil {
			t.Fatal(errs)
		}
		if got := strings.Join(InForce(r.All("consent"), r.One("target"), r.One("person_agrees")), " "); got != tt.want {
			t.Errorf("target %q, person_agrees %q: %s, want %s", tt.target, tt.agrees, got, tt.want)
		}
		if got := strings.Join(r.All("consent"), " "); got != all {
			t.Errorf("target %q, person_agrees %q: what was ticked became %s", tt.target, tt.agrees, got)
		}
	}
}

func TestNoSuchAct(t *testing.T) {
	defer func() {
		if got := recover(); got != "incident: no such act: exhibit" {
			t.Errorf("got %v", got)
		}
	}()
	_, _ = Validate(Form{}, today, "exhibit")
}

// FuzzValidate holds what everything behind it leans on: a report has only
// clean UTF-8 within limits, a refusal names a known code, and what was taken
// comes back the same from its committed values.
func FuzzValidate(f *testing.F) {
	f.Add("narrative", "They came.\r\n", "consent", "store", "when", "2026-05", uint8(0))
	f.Add("narrative", "a\x00", "contact", "\xff", "deadline", "2190-01-01", uint8(1))
	f.Add("method", "D1", "method", "D1", "file", "x", uint8(2))
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2, k3, v3 string, n uint8) {
		act := Acts()[int(n)%len(Acts())]
		in := form(k1, v1, k2, v2, k3, v3)
		r, errs := Validate(in, today, act)
		if (r == nil) == (len(errs) == 0) {
			t.Fatal("neither a report nor a refusal, or both")
		}
		for _, e := range errs {
			if !slices.Contains(Codes(), e.Code) || len(e.Field) > 32 {
				t.Fatalf("refusal %q %q", e.Field, e.Code)
			}
		}
		if r == nil {
			return
		}
		answers := map[string][]byte{}
		for _, v := range Newest().Values(r) {
			if !utf8.Valid(v.JSON) {
				t.Fatalf("%s is not UTF-8", v.Field)
			}
			answers[v.Field] = v.JSON
		}
		for _, field := range Fields() {
			var again []string
			var one string
			switch value := answers[field.Name]; {
			case len(value) == 0:
			case json.Unmarshal(value, &one) == nil:
				again = []string{one}
			case json.Unmarshal(value, &again) != nil:
				t.Fatalf("%s is no JSON", field.Name)
			}
			if !slices.Equal(r.All(field.Name), again) {
				t.Fatalf("%s changed", field.Name)
			}
		}
	})
}
