package incident

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"
)

func TestMethods(t *testing.T) {
	first, err := Version(1)
	if err != nil {
		t.Fatal(err)
	}
	if m := first.Methods(); len(m) != 43 || m[0] != (Method{"D1", "killing", "killed, or an attempt to kill", "D", 1}) || m[42].Code != "X1" {
		t.Errorf("%d methods, %v … %v", len(m), m[0], m[len(m)-1])
	}
	m := Methods()
	if len(m) != 54 || m[6] != (Method{"D7", "disappearance", "taken away, and nobody knows where", "D", 2}) || m[53].Code != "X1" {
		t.Errorf("%d methods, %v … %v", len(m), m[6], m[len(m)-1])
	}
	seen := map[string]bool{}
	var letters []string
	for _, x := range m {
		if seen[x.Code] || seen[x.Key] {
			t.Errorf("%s or %s stands twice", x.Code, x.Key)
		}
		seen[x.Code], seen[x.Key] = true, true
		if !slices.Contains(letters, x.Group) {
			letters = append(letters, x.Group)
		}
	}
	var want []string
	for _, g := range Groups() {
		want = append(want, g.Letter)
	}
	if !slices.Equal(letters, want) {
		t.Errorf("groups %v, headings %v", letters, want)
	}
	if got, ok := MethodByCode("T6"); !ok || got.Key != "spyware" {
		t.Errorf("T6: %v %v", got, ok)
	}
	if got, ok := MethodByCode("Q1"); ok || got != (Method{}) {
		t.Errorf("Q1: %v %v", got, ok)
	}
}

// TestCountries compares with an independent list of the assigned codes.
func TestCountries(t *testing.T) {
	list := Countries()
	if len(list) != 250 || !slices.IsSortedFunc(list, func(a, b Country) int { return strings.Compare(a.Code, b.Code) }) {
		t.Fatalf("%d countries, or not in order", len(list))
	}
	// What x/text calls a country and ISO 3166-1 only reserves, or has withdrawn.
	reserved := strings.Fields("AC AN CP CQ CS DG EA EZ FQ IC NT PC SU TA UN YU")
	var want []string
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string(a) + string(b)
			r, err := language.ParseRegion(code)
			if err == nil && r.IsCountry() && r.String() == code && r.Canonicalize() == r && !slices.Contains(reserved, code) {
				want = append(want, code)
			}
		}
	}
	var got []string
	for _, c := range list {
		got = append(got, c.Code)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	for code, name := range map[string]string{"BY": "Belarus", "PL": "Poland", "XK": "Kosovo", "unknown": "unknown", "ZZ": "", "": "", "pl": ""} {
		if got := CountryName(code); got != name {
			t.Errorf("%q: %q, want %q", code, got, name)
		}
	}
}

func TestBrokenTablesAreNoticed(t *testing.T) {
	for _, tt := range []struct{ tsv, want string }{
		{"code\tkey\n", `incident: embedded table starts with "code\tkey"`},
		{"code\tEnglish\nPL\n", `incident: embedded table, line 2: "PL"`},
		{"code\tEnglish\nPL\tPoland\nLT\t\n", `incident: embedded table, line 3: "LT\t"`},
	} {
		func() {
			defer func() {
				if got := recover(); got != tt.want {
					t.Errorf("got %v, want %s", got, tt.want)
				}
			}()
			readCountries(tt.tsv)
		}()
	}
}

// TestSpec keeps docs/spec/incident.md and the tables the same truth.
func TestSpec(t *testing.T) {
	b, err := os.ReadFile("../../docs/spec/incident.md")
	if err != nil {
		t.Fatal(err)
	}
	spec := string(b)
	for _, f := range Fields() {
		if line := specLine(f); !strings.Contains(spec, line+"\n") {
			t.Errorf("docs/spec/incident.md has no line\n%s", line)
		}
	}
	for _, c := range Codes() {
		if !strings.Contains(spec, "| `"+c+"` |") {
			t.Errorf("docs/spec/incident.md does not explain %s", c)
		}
	}
	for _, g := range Groups() {
		if !strings.Contains(spec, "| "+g.Letter+" | "+g.English+" |") {
			t.Errorf("docs/spec/incident.md has no group %s", g.Letter)
		}
	}
}
