package statistics

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zapis/crypto/canonical"
	"zapis/internal/shorttest"
)

// shape is how skewed random cases are: the larger, the more they fall on few codes.
type shape struct {
	cases, skew int
	hosts       []string
}

// random makes cases of one half-year.
func random(r *rand.Rand, p Period, s shape) []Case {
	pick := func(list []string) string {
		n := len(list)
		for range s.skew {
			n = 1 + r.IntN(n)
		}
		return list[r.IntN(n)]
	}
	year, half := p.Parts()
	out := make([]Case, s.cases)
	for i := range out {
		c := Case{Received: time.Date(year, time.Month(6*half-5+r.IntN(6)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC), Consents: []string{"store", "statistics"},
			Host: pick(s.hosts), Role: pick(roleRows), Told: []string{pick(toldRows)}, Response: pick(responseRows), Nexus: pick(append(slices.Clone(tiesRows), barrierRows...))}
		for range r.IntN(4) {
			c.Methods = append(c.Methods, pick(groupRows[:8])+"1")
		}
		if r.IntN(3) == 0 {
			c.Worked = []Solution{{pick(offices[:3]), pick(rules[:2]), pick(outcomes)}}
		}
		out[i] = c
	}
	return out
}

var someHosts = []string{"PL", "LT", "DE", "GE", "CZ", "unknown", "UA", "TR", "RS"}

func drawShape(t *rapid.T) shape {
	return shape{rapid.SampledFrom([]int{3, 6, 11, 20, 45, 90, 200, 400}).Draw(t, "cases"), rapid.IntRange(0, 3).Draw(t, "skew"),
		someHosts[:rapid.IntRange(1, len(someHosts)).Draw(t, "hosts")]}
}

func drawCases(t *rapid.T, p Period) []Case {
	return random(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), p, drawShape(t))
}

// realise makes cases that have these counts.
func realise(l *lattice, hosts, worked []string, values []int) []Case {
	at := func(table, row, column string) int { return values[l.number[Key{table, row, column}]] }
	var out []Case
	place := func(host string, n int, group func(string) int) {
		first := len(out)
		for range n {
			out = append(out, Case{Consents: []string{"statistics"}, Host: host})
		}
		with := out[first+group(None):]
		next := 0
		for _, g := range groupRows[:8] {
			for range group(g) {
				with[next%len(with)].Methods = append(with[next%len(with)].Methods, g+"1")
				next++
			}
		}
	}
	if len(hosts) == 0 {
		place("AQ", at(TableTotal, "reports", ""), func(g string) int { return at(TableMethod, g, "") })
	} else {
		for _, h := range append(slices.Clone(hosts), Other) {
			code := h
			if h == Other {
				code = "AQ"
			}
			place(code, at(TableHost, h, ""), func(g string) int { return at(TableCross, h, g) })
		}
	}
	deal := func(table string, rows []string, set func(*Case, string)) {
		n := 0
		for _, row := range rows {
			for range at(table, row, "") {
				set(&out[n], row)
				n++
			}
		}
	}
	deal(TableRole, roleRows, func(c *Case, row string) { c.Role = row })
	deal(TableTold, toldRows, func(c *Case, row string) { c.Told = []string{row} })
	deal(TableNexus, tiesRows, func(c *Case, row string) { c.Nexus = row })
	for _, told := range crossTold {
		n := 0
		for _, response := range responseRows {
			for range at(TableOutcome, told, response) {
				for out[n].told() != told {
					n++
				}
				out[n].Response = response
				n++
			}
		}
	}
	for _, row := range barrierRows {
		for range at(TableNexus, row, "") {
			out = append(out, Case{Consents: []string{"statistics"}, Nexus: row})
		}
	}
	for _, w := range worked {
		parts := strings.Split(w, ".")
		for i := range at(TableWorked, w, "") {
			out[i].Worked = append(out[i].Worked, Solution{parts[0], parts[1], parts[2]})
		}
	}
	return out
}

// For each small cell there are real sets of cases that give the same release, one with 0 in the cell and one with
// 4 or more: what the certificates claim holds for cases, not only for sums.
func TestSmallCellsStayHidden(t *testing.T) {
	shorttest.Skip(t, "no other cases are looked for that give the same release")
	periods, nothing := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		cases := drawCases(t, "2026-H1")
		hosts, worked := listedHosts(cases, 5), listedWorked(cases, 10)
		table := count(cases, hosts, worked)
		if !table.holds(table.values) {
			t.Fatal("the lattice does not hold for what was counted")
		}
		s, ok := suppress(table)
		periods++
		if !ok {
			nothing++
			return
		}
		for n, shown := range s.shown {
			if shown && s.small(n) {
				t.Fatalf("%v shows %d", s.keys[n], s.values[n])
			}
			if !shown && !slices.ContainsFunc(s.certificates, func(v []int) bool { return v[n] != s.values[n] }) && !s.small(n) {
				t.Fatalf("%v is hidden for nothing, or is known", s.keys[n])
			}
			if s.small(n) && (!s.covered(n, 0) || !s.covered(n, Protected)) {
				t.Fatalf("%v with %d has no certificate", s.keys[n], s.values[n])
			}
		}
		for _, values := range s.certificates {
			again := count(realise(s.lattice, hosts, worked, values), hosts, worked)
			if !slices.Equal(again.values, values) {
				t.Fatalf("no cases have these counts:\n%v\n%v", values, again.values)
			}
			for n, shown := range s.shown {
				if shown && values[n] != s.values[n] {
					t.Fatalf("%v is shown as %d, and %d in a certificate", s.keys[n], s.values[n], values[n])
				}
			}
		}
	})
	if nothing*2 > periods {
		t.Errorf("of %d half-years %d could not be released: the search for certificates fails too often", periods, nothing)
	}
}

func sign(text []byte) ([]byte, error) { return []byte("signed " + string(text[:30])), nil }

func check(text, signature []byte) error {
	if want, _ := sign(text); string(want) != string(signature) {
		return canonical.Refuse("the signature does not fit")
	}
	return nil
}

// Successive releases, over cases that come late, are graded again and take their consent back in between: a solver
// over all tables of all releases finds no hidden figure.
func TestAttackFindsNothing(t *testing.T) {
	shorttest.Skip(t, "no solver attacks a series of releases")
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom([]Mode{Suppress, Suppress, Suppress, Round5, Round10}).Draw(t, "mode")
		cases := append(drawCases(t, "2026-H1"), drawCases(t, "2026-H2")...)
		truth := map[Period]table{}
		var records []Record
		for _, day := range []string{"2026-10-01", "2026-12-24", "2027-04-02", "2027-12-01"} {
			now, _ := time.Parse(time.DateOnly, day)
			earlier, err := Verify(records, check)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Draft(cases, earlier, now, mode)
			if refusal := new(Refusal); errors.As(err, &refusal) {
				if refusal == ErrRecovered && mode == Suppress {
					t.Fatal("suppression was recovered")
				}
			} else if err != nil {
				t.Fatal(err)
			} else {
				for _, c := range r.Counts {
					truth[c.Period] = count(inPeriod(cases, c.Period), c.Hosts, c.Worked)
				}
				rec, err := Sign(r, sign)
				if err != nil {
					t.Fatal(err)
				}
				records = append(records, rec)
			}
			// Some take their consent back, some are graded again, one comes late.
			for i := range cases {
				switch rapid.IntRange(0, 19).Draw(t, "change") {
				case 0:
					cases[i].Consents = []string{"store"}
				case 1:
					cases[i].Nexus = "host_only"
				}
			}
			cases = append(cases, drawCases(t, "2026-H1")[0])
		}
		releases, err := Verify(records, check)
		if err != nil {
			t.Fatal(err)
		}
		intervals, findings, err := Attack(releases)
		if err != nil || len(findings) > 0 {
			t.Fatal(err, findings)
		}
		for _, i := range intervals {
			table := truth[i.Period]
			n := table.number[i.Key]
			v := float64(table.values[n])
			if v < i.Low || v > i.High {
				t.Fatalf("%v: %v is not what was counted, %v: the attack's model is wrong", i.Key, i, v)
			}
			if mode == Suppress && table.small(n) && (i.Low > 0 || i.High < Protected) {
				t.Fatalf("%v of %v is from %v to %v", i.Key, i.Period, i.Low, i.High)
			}
		}
	})
}

func inPeriod(cases []Case, p Period) (out []Case) {
	for _, c := range cases {
		if c.counts() && PeriodOf(c.Received) == p {
			out = append(out, c)
		}
	}
	return out
}

// fixed is a half-year of invented cases that does not change.
func fixed() []Case {
	return random(rand.New(rand.NewPCG(7, 7)), "2026-H1", shape{300, 1, someHosts[:5]})
}

func october() time.Time { return time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC) }

// The attack finds what a careless release gives away: small cells alone are hidden, and their neighbours not.
func TestAttackFindsCarelessReleases(t *testing.T) {
	cases := fixed()
	r, err := Draft(cases, nil, october(), Suppress)
	if err != nil {
		t.Fatal(err)
	}
	careless := r
	c := careless.Counts[0]
	truth := count(inPeriod(cases, c.Period), c.Hosts, c.Worked)
	c.Cells = slices.Clone(c.Cells)
	small := 0
	for n := range c.Cells {
		c.Cells[n].Hidden, c.Cells[n].Count = truth.small(n), truth.values[n]
		if truth.small(n) {
			small++
			c.Cells[n].Count = 0
		}
	}
	careless.Counts = []Counts{c}
	_, findings, err := Attack([]Release{careless})
	if err != nil || len(findings) == 0 {
		t.Fatalf("of %d small cells none was found: %v", small, err)
	}
	if !slices.ContainsFunc(findings, func(f Finding) bool { return f.What == "exact" }) {
		t.Errorf("no cell was found exactly: %v", findings)
	}
	for _, f := range findings {
		if v := float64(truth.values[truth.number[f.Key]]); f.What == "exact" && (f.Low != v || f.High != v) {
			t.Errorf("%v, and it is %v", f, v)
		}
	}

	// Every cell that suppression hid beside the small ones is needed: shown again, the release gives one away.
	for n, cell := range r.Counts[0].Cells {
		if !cell.Hidden || truth.small(n) {
			continue
		}
		c := r.Counts[0]
		c.Cells = slices.Clone(c.Cells)
		c.Cells[n].Hidden, c.Cells[n].Count = false, truth.values[n]
		intervals, _, err := Attack([]Release{{Mode: Suppress, Counts: []Counts{c}}})
		if err != nil {
			t.Fatal(err)
		}
		given := slices.ContainsFunc(intervals, func(i Interval) bool {
			return truth.small(truth.number[i.Key]) && (i.Low > 0 || i.High < Protected)
		})
		if !given {
			t.Logf("%v was hidden, and need not have been", cell.Key)
		}
	}
}

// Two releases of one half-year give away who came in between; Verify refuses the second.
func TestDifferencing(t *testing.T) {
	cases := fixed()
	first, err := Draft(cases, nil, october(), Suppress)
	if err != nil {
		t.Fatal(err)
	}
	late := Case{Received: time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC), Consents: []string{"statistics"}, Host: "PL", Methods: []string{"D1"}, Nexus: "proxy"}
	second, err := Draft(append(cases, late), nil, october(), Suppress)
	if err != nil {
		t.Fatal(err)
	}
	_, findings, err := Attack([]Release{first, second})
	if err == nil && !slices.ContainsFunc(findings, func(f Finding) bool { return f.What == "changed" && f.Key == (Key{TableTotal, "reports", ""}) }) {
		t.Errorf("findings %v", findings)
	}
	if _, err := Draft(append(cases, late), []Release{first}, october(), Suppress); err != ErrTooEarly {
		t.Errorf("the half-year is released again: %v", err)
	}
	second.Number, second.Previous = 2, first.Hash()
	a, err := Sign(first, sign)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Sign(second, sign)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify([]Record{a, b}, check); err == nil || err.Error() != "release 2: 2026-H1 was released with number 1 already" {
		t.Error(err)
	}
}

func TestRefusals(t *testing.T) {
	cases := fixed()
	first, err := Draft(cases, nil, october(), Suppress)
	if err != nil {
		t.Fatal(err)
	}
	without := slices.Clone(cases)
	for i := range without {
		without[i].Consents = []string{"store", "lawyer"}
	}
	few := without
	few = append(slices.Clone(few), cases[:4]...)
	for _, tt := range []struct {
		name    string
		cases   []Case
		earlier []Release
		now     time.Time
		mode    Mode
		want    *Refusal
	}{
		{"a day too early", cases, nil, october().Add(-10 * time.Hour), Suppress, ErrTooEarly},
		{"no consent", without, nil, october(), Suppress, ErrTooEarly},
		{"four cases", few, nil, october(), Suppress, ErrFewerThan5},
		{"two cases, rounded", few[:len(few)-2], nil, october(), Round5, ErrFewerThan5},
		{"released already", cases, []Release{first}, october(), Suppress, ErrTooEarly},
		{"mixed", cases, []Release{first}, october(), Round5, ErrMixed},
		{"the clock went back", cases, []Release{first}, october().Add(-100 * time.Hour), Suppress, ErrOrder},
	} {
		if _, err := Draft(tt.cases, tt.earlier, tt.now, tt.mode); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if ErrFewerThan5.Error() != "Fewer than 5 in every cell: nothing can be published" || ErrFewerThan5.Code != "fewer_than_5" {
		t.Error(ErrFewerThan5)
	}
}

// A host is listed with five cases or more, and while all that are not listed have five together.
func TestListedHosts(t *testing.T) {
	for _, tt := range []struct {
		counts map[string]int
		want   string
	}{
		{map[string]int{"PL": 20, "LT": 6, "DE": 5}, "LT PL"},
		{map[string]int{"PL": 20, "LT": 6, "DE": 2}, "PL"},
		{map[string]int{"PL": 20, "LT": 10}, "PL"},
		{map[string]int{"PL": 20}, ""},
		{map[string]int{"PL": 4, "LT": 4, "DE": 4}, ""},
		{map[string]int{"PL": 5, "LT": 4, "DE": 4, "unknown": 7}, "PL unknown"},
	} {
		var cases []Case
		for host, n := range tt.counts {
			for range n {
				cases = append(cases, Case{Host: host})
			}
		}
		cases = append(cases, slices.Repeat([]Case{{Host: "CZ", Nexus: "host_only"}}, 9)...)
		if got := strings.Join(listedHosts(cases, 5), " "); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.counts, got, tt.want)
		}
	}
}

func TestPeriods(t *testing.T) {
	for day, want := range map[string]string{"2026-01-01": "2026-H1 2026-10-01", "2026-06-30": "2026-H1 2026-10-01", "2026-07-01": "2026-H2 2027-04-01", "2026-12-31": "2026-H2 2027-04-01"} {
		at, _ := time.Parse(time.DateOnly, day)
		p := PeriodOf(at)
		if got := fmt.Sprint(p, " ", p.Due().Format(time.DateOnly)); got != want {
			t.Errorf("%s: %s, want %s", day, got, want)
		}
	}
	for _, bad := range []Period{"", "2026", "2026-H3", "2026-H0", "26-H1", "2026-h1", "2026-H1 ", "x-H1"} {
		if bad.valid() {
			t.Errorf("%q is taken for a half-year", bad)
		}
	}
}

// Codes of vocabularies that this version does not know are counted too.
func TestCodesOfOtherVersions(t *testing.T) {
	c := Case{Methods: []string{"T14", "T1", "L5", "Q7", ""}, Host: "ZZ", Role: "astronaut", Told: []string{"nobody", "police"}, Response: "lost", Nexus: "?"}
	if got := c.groups(); !slices.Equal(got, []string{"T", "L", "X"}) {
		t.Errorf("groups %v", got)
	}
	if c.host() != "unknown" || oneOf(roleRows, c.Role) != "unanswered" || c.told() != "police" || oneOf(responseRows, c.Response) != "unknown" || c.nexus() != "ungraded" {
		t.Errorf("%s %s %s", c.host(), c.told(), c.nexus())
	}
	if got := (Case{}).groups(); !slices.Equal(got, []string{None}) || (Case{}).told() != "unanswered" {
		t.Errorf("groups %v", got)
	}
	c.Worked = []Solution{{"bank", "asylum_law", "granted"}, {"zoo", "x", "partly"}, {"bank", "asylum_law", "granted"}, {"bank", "asylum_law", "refused"}}
	if got := c.worked(); !slices.Equal(got, []string{"bank.asylum_law.granted", "other.other.partly"}) {
		t.Errorf("worked %v", got)
	}
}
