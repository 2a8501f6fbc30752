package casefile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"zapis/internal/exit"
	"zapis/internal/incident"
)

func consents(t *testing.T) []string {
	f, ok := incident.FieldByName("consent")
	if !ok || len(f.Codes) == 0 {
		t.Fatal("the vocabulary has no consents: this test would pass whatever is allowed")
	}
	return f.Codes
}

// What each addressee needs, written down a second time.
var needs = map[string]string{
	"statistics": "statistics", "public": "publish", "lawyer": "lawyer", "police": "police", "court": "court",
	"un": "un state", "ccf": "ccf state", "ombud": "other", "bank": "other", "other": "other",
}

// Every addressee, and every single consent, pair of them, and all but one.
func TestEveryConsentByAddressee(t *testing.T) {
	all := consents(t)
	if len(needs) != len(Addressees()) {
		t.Fatalf("%d addressees, and the table has %d", len(Addressees()), len(needs))
	}
	for _, a := range Addressees() {
		want := strings.Fields(needs[a.Code])
		if !reflect.DeepEqual(a.Needs, want) {
			t.Errorf("%s needs %v, want %v", a.Code, a.Needs, want)
		}
		if len(a.Why) < 20 {
			t.Errorf("%s: no reason is given for what it needs", a.Code)
		}
		sets := [][]string{nil, all}
		for i, one := range all {
			sets = append(sets, []string{one}, slices.Delete(slices.Clone(all), i, i+1))
			for _, two := range all[i+1:] {
				sets = append(sets, []string{one, two})
			}
		}
		for _, set := range sets {
			enough := true
			for _, n := range want {
				enough = enough && slices.Contains(set, n)
			}
			asked := !slices.Contains(set, "ask") || a.Code == "statistics"
			s := Allowed{Case: "c0123456789", InForce: set, Given: set}
			err := s.Check(a, Leave{})
			if (err == nil) != (enough && asked) {
				t.Errorf("%s with %v: %v", a.Code, set, err)
			}
			if err := s.Check(a, Leave{Asked: "by phone"}); (err == nil) != enough {
				t.Errorf("%s with %v, asked: %v", a.Code, set, err)
			}
			if err != nil && !strings.Contains(err.Error(), "c0123456789") {
				t.Errorf("%s with %v: the case is not named: %v", a.Code, set, err)
			}
			for _, n := range want {
				if !enough && !slices.Contains(set, n) && !strings.Contains(err.Error(), fmt.Sprintf("%q", n)) {
					t.Errorf("%s with %v: %q is missing and not named: %v", a.Code, set, n, err)
				}
			}
			if err := s.Check(a, Leave{Override: "a court ordered it"}); err != nil {
				t.Errorf("%s with %v, against consent: %v", a.Code, set, err)
			}
		}
	}
}

func addressee(t *testing.T, code string) Addressee {
	t.Helper()
	a, ok := AddresseeByCode(code)
	if !ok {
		t.Fatalf("there is no addressee %s", code)
	}
	return a
}

func TestRefusals(t *testing.T) {
	if _, ok := AddresseeByCode("kgb"); ok {
		t.Error("there is an addressee kgb")
	}
	given := []string{"store", "statistics", "police", "un"}
	for _, tt := range []struct {
		to   string
		s    Allowed
		want string
	}{
		{"lawyer", Allowed{InForce: given, Given: given}, `c0: what goes to a lawyer needs the consent "lawyer", and the reporter has not given "lawyer"`},
		{"un", Allowed{InForce: given, Given: given}, `c0: what goes to the UN's special procedures needs the consents "un" and "state", and the reporter has not given "state"`},
		{"ccf", Allowed{InForce: given, Given: given}, `c0: what goes to Interpol's CCF needs the consents "ccf" and "state", and the reporter has not given "ccf" and "state"`},
		{"police", Allowed{InForce: given[:2], Given: given, PersonAgrees: "unasked"},
			`c0: the consent "police" is not in force: the person concerned has not said yes, and the case may only be kept and counted`},
		{"police", Allowed{Withdrawn: "delete"}, "c0: the reporter has withdrawn the case (delete), and nothing may go to the police or a prosecutor any more"},
		{"police", Allowed{InForce: []string{"police", "ask"}},
			"c0: the reporter wants to be asked each time before it is given to anyone, and was not asked about the police or a prosecutor"},
	} {
		tt.s.Case = "c0"
		err := tt.s.Check(addressee(t, tt.to), Leave{})
		if err == nil || err.Error() != tt.want || exit.StatusOf(err) != exit.Failed || exit.AdviceOf(err).Code == 0 {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// A person who was not asked, or is undecided, is counted and nothing else.
func TestPersonWhoDidNotAgreeIsCounted(t *testing.T) {
	all := consents(t)
	for _, agrees := range []string{"undecided", "unasked"} {
		s := Allowed{Case: "c0", InForce: []string{"store", "statistics"}, Given: all, PersonAgrees: agrees}
		for _, a := range Addressees() {
			if err := s.Check(a, Leave{Asked: "yes"}); (err == nil) != (a.Code == "statistics") {
				t.Errorf("%s, %s: %v", agrees, a.Code, err)
			}
		}
	}
}

// A hand-over needs no named consent; but a case that is withdrawn, only kept, or whose reporter wants to be asked is
// refused by default.
func TestHandOver(t *testing.T) {
	for _, tt := range []struct {
		s         Allowed
		l         Leave
		want, why string
	}{
		{Allowed{InForce: []string{"store", "police"}}, Leave{}, "", ""},
		{Allowed{InForce: []string{"store", "publish"}}, Leave{Override: "needless"}, "", ""},
		{Allowed{}, Leave{}, "c0: the case may only be kept and counted, and not go to M.", ""},
		{Allowed{InForce: []string{"store", "statistics", "state"}}, Leave{Asked: "by phone"}, "c0: the case may only be kept and counted, and not go to M.", "the reporter was asked: by phone"},
		{Allowed{InForce: []string{"store"}}, Leave{Override: "a court"}, "", "although it may only be kept and counted: a court"},
		{Allowed{Withdrawn: "delete"}, Leave{Asked: "x"}, "c0: the reporter has withdrawn the case (delete), and nothing may go to M. any more", "the reporter was asked: x"},
		{Allowed{Withdrawn: "stop"}, Leave{Override: "a court"}, "", "although the case was withdrawn (stop): a court"},
		{Allowed{InForce: []string{"un", "ask"}}, Leave{}, "c0: the reporter wants to be asked each time before it is given to anyone, and was not asked about M.", ""},
		{Allowed{InForce: []string{"un", "ask"}}, Leave{Asked: "3 May"}, "", "the reporter was asked: 3 May"},
		{Allowed{InForce: []string{"un", "ask"}}, Leave{Override: "no time"}, "", "without asking first: no time"},
	} {
		tt.s.Case = "c0"
		err := tt.s.Check(Anybody("M."), tt.l)
		if got := fmt.Sprint(err); got != tt.want && (err != nil || tt.want != "") {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
		if got := tt.s.Why(Anybody("M."), tt.l); got != tt.why {
			t.Errorf("%+v, %+v: %q, want %q", tt.s, tt.l, got, tt.why)
		}
	}
}

func TestReasonsForAMissingConsent(t *testing.T) {
	un := addressee(t, "un")
	for _, tt := range []struct {
		s    Allowed
		l    Leave
		want string
	}{
		{Allowed{InForce: []string{"un", "state"}}, Leave{}, ""},
		{Allowed{InForce: []string{"un", "state"}}, Leave{Override: "needless"}, ""},
		{Allowed{InForce: []string{"un"}}, Leave{Override: "she is in danger"}, `without the consent "state": she is in danger`},
		{Allowed{}, Leave{Override: "x"}, `without the consents "un" and "state": x`},
		{Allowed{Withdrawn: "stop"}, Leave{Override: "a court"}, "although the case was withdrawn (stop): a court"},
		{Allowed{InForce: []string{"un", "state", "ask"}}, Leave{Override: "no time"}, "without asking first: no time"},
		{Allowed{InForce: []string{"un", "state", "ask"}}, Leave{Asked: "her reply of 3 May"}, "the reporter was asked: her reply of 3 May"},
		{Allowed{InForce: []string{"un", "ask"}}, Leave{Asked: "3 May", Override: "x"}, `without the consent "state": x; the reporter was asked: 3 May`},
	} {
		if got := tt.s.Why(un, tt.l); got != tt.want {
			t.Errorf("%+v, %+v: %q, want %q", tt.s, tt.l, got, tt.want)
		}
	}
}

func sample() Case {
	return Case{ID: "c0", Submissions: []Submission{
		{Place: "entry 1", Body: "b1", Act: "report", Answers: map[string][]string{"narrative": {"First."}, "method": {"T1", "H1"}, "when": {"2026-05"}, "country_now": {"PL"}},
			Identity: map[string][]string{"name": {"Y."}}},
		{Place: "entry 4", Body: "b4", Act: "exhibit", Answers: map[string][]string{"narrative": {"Ours."}, "method": {"X1"}}},
		{Place: "entry 5", Body: "b5", Act: "follow-up", Answers: map[string][]string{"narrative": {"Then."}, "method": {"D1", "Z9"}, "country_now": {"LT"}},
			Closed: "2 of 3 trustees must agree"},
	}, Exhibits: []Exhibit{{Name: "A01", File: "A01.jpg"}, {Name: "A02", Identifies: true}, {Name: "A03", Closed: "it was erased"}},
		Translation: []Translation{{Of: "b5", Language: "en", Text: "old"}, {Of: "b1", Language: "en", Text: "one"}, {Of: "b5", Language: "en", Text: "new"}, {Of: "b1", Language: "de", Text: "eins"}}}
}

func TestMerging(t *testing.T) {
	c := sample()
	for got, want := range map[string]string{
		c.Narrative():                      "First.\n\nThen.",
		strings.Join(c.All("method"), ""):  "D1H1T1Z9",
		c.Newest("country_now"):            "LT",
		c.Newest("when") + c.Year():        "2026-052026",
		c.Newest("target"):                 "",
		Case{}.Year() + Case{}.First().Act: "",
		fmt.Sprint(c.Translations("en")):   "[{b1 en  one} {b5 en  new}]",
		fmt.Sprint(c.Identity()):           "map[name:Y.]",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAnnexes(t *testing.T) {
	c, police, un := sample(), addressee(t, "police"), addressee(t, "un")
	got, err := c.Annexes(police, []string{"A02"}, []string{"A01"}, true)
	if err != nil || len(got) != 2 || got[0].Name != "A01" || got[0].Mark != Communicable || got[1].Mark != Confidential {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := c.Annexes(un, nil, []string{"A01"}, false); err != nil || len(got) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := c.Annexes(un, nil, nil, false); err != nil || len(got) != 0 {
		t.Errorf("nothing goes along by itself: %+v, %v", got, err)
	}
	for _, tt := range []struct {
		to     Addressee
		name   string
		want   string
		status exit.Status
	}{
		{police, "A09", "c0 has no exhibit A09", exit.Usage},
		{police, "A02", "A02 shows who the reporter is, and the letter is made without the identity", exit.Failed},
		{police, "A03", "A03 is closed: it was erased", exit.KeyMissing},
		{un, "A01", "A01 is confidential, and what goes to the UN's special procedures may be communicated to the state", exit.Failed},
	} {
		_, err := c.Annexes(tt.to, []string{tt.name}, nil, false)
		if err == nil || err.Error() != tt.want || exit.StatusOf(err) != tt.status {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestIdentity(t *testing.T) {
	c := sample()
	c.Submissions = c.Submissions[:1]
	if err := c.CheckIdentity(addressee(t, "police")); err != nil {
		t.Error(err)
	}
	for code, want := range map[string]string{
		"statistics": "statistics never gets the identity",
		"public":     "the public never gets the identity",
		"police":     "c0: the identity part of entry 5 is closed: 2 of 3 trustees must agree",
	} {
		c := sample()
		c.Submissions = slices.Delete(c.Submissions, 1, 2)
		if err := c.CheckIdentity(addressee(t, code)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", code, err, want)
		}
	}
}
