package statistics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zapis/internal/incident"
	"zapis/internal/trustee/deskstate"
)

// Case is what is counted of one case. Codes that are in no list count as the last one ("other", "unanswered",
// "unknown").
type Case struct {
	Received time.Time // UTC
	Consents []string  // in force; without "statistics" the case is not counted
	Methods  []string  // codes of the vocabulary, of any version: a code's letter is its group
	Host     string    // ISO 3166-1 alpha-2 of the country where it happened, or "unknown"
	Role     string    // target_role of the report
	Told     []string  // reported_to of the report
	Response string    // authority_response
	Nexus    string    // the link to the state, as graded by trustees; empty where it is not graded
	Worked   []Solution
}

// Solution is something that helped.
type Solution struct{ Office, Rule, Outcome string }

// Period is a half-year: "2026-H1" is January to June 2026, in UTC.
type Period string

// PeriodOf returns the half-year of a moment.
func PeriodOf(t time.Time) Period {
	t = t.UTC()
	half := 1
	if t.Month() > time.June {
		half = 2
	}
	return Period(fmt.Sprintf("%04d-H%d", t.Year(), half))
}

// Parts returns a period's year and half.
func (p Period) Parts() (year, half int) {
	y, h, _ := strings.Cut(string(p), "-H")
	year, _ = strconv.Atoi(y)
	half, _ = strconv.Atoi(h)
	return year, half
}

func (p Period) valid() bool {
	year, half := p.Parts()
	return year >= 2000 && year < 10_000 && (half == 1 || half == 2) && string(p) == fmt.Sprintf("%04d-H%d", year, half)
}

// Delay is how many months must pass between a half-year's end and its release.
const Delay = 3

// Due returns the first day on which a half-year may be released.
func (p Period) Due() time.Time {
	year, half := p.Parts()
	return time.Date(year, time.Month(1+6*half+Delay), 1, 0, 0, 0, 0, time.UTC)
}

// None is the row of cases without an answer, in the tables where these count.
const None = "none"

// Rows and columns, in their order.
var (
	groupRows    = append(letters(), None)
	roleRows     = append(codes("target_role"), "unanswered")
	toldRows     = []string{"police", "other", "nobody", "unanswered"}
	crossTold    = []string{"police", "other"} // only a reporter who told an office can have an answer
	responseRows = append(fieldCodes("authority_response"), "unknown")
	tiesRows     = []string{"state_agent", "proxy", "host_triggered", "unknown", "ungraded"}
	barrierRows  = []string{"host_only", "private"}
	offices      = partCodes("office")
	rules        = partCodes("rule")
	outcomes     = partCodes("outcome")
)

func letters() (out []string) {
	for _, g := range incident.Groups() {
		out = append(out, g.Letter)
	}
	return out
}

func codes(field string) []string {
	f, _ := incident.FieldByName(field)
	return slices.Clone(f.Codes)
}

func fieldCodes(name string) []string {
	f, _ := deskstate.FieldByName(name)
	return slices.Clone(f.Codes)
}

func partCodes(name string) []string {
	f, _ := deskstate.FieldByName("solution")
	for _, part := range f.Parts {
		if part.Name == name {
			return slices.Clone(part.Codes)
		}
	}
	return nil
}

func oneOf(list []string, code string) string {
	if slices.Contains(list, code) {
		return code
	}
	return list[len(list)-1]
}

// counts reports whether the case is counted at all.
func (c Case) counts() bool { return slices.Contains(c.Consents, "statistics") }

// barrier reports whether the case is a barrier by the host country or by private persons alone, and no repression: it
// is counted separately.
func (c Case) barrier() bool { return slices.Contains(barrierRows, c.Nexus) }

// groups returns the case's groups of methods, each once, or None.
func (c Case) groups() []string {
	var out []string
	for _, m := range c.Methods {
		if m == "" {
			continue
		}
		g := "X"
		if slices.Contains(groupRows, m[:1]) {
			g = m[:1]
		}
		if !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	if out == nil {
		out = []string{None}
	}
	return out
}

func (c Case) host() string {
	if incident.CountryName(c.Host) == "" {
		return incident.UnknownCountry
	}
	return c.Host
}

func (c Case) told() string {
	for _, t := range toldRows {
		if slices.Contains(c.Told, t) {
			return t
		}
	}
	return "unanswered"
}

func (c Case) nexus() string {
	if c.barrier() || slices.Contains(tiesRows, c.Nexus) {
		return c.Nexus
	}
	return "ungraded"
}

// worked returns what helped, each once: solutions whose outcome is granted or partly granted.
func (c Case) worked() []string {
	var out []string
	for _, s := range c.Worked {
		if s.Outcome != "granted" && s.Outcome != "partly" {
			continue
		}
		row := strings.Join([]string{oneOf(offices, s.Office), oneOf(rules, s.Rule), s.Outcome}, ".")
		if !slices.Contains(out, row) {
			out = append(out, row)
		}
	}
	return out
}
