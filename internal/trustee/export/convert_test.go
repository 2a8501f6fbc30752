package export

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
)

var update = flag.Bool("update", false, "write the golden files again")

// Every format, for every addressee who may have it, equals testdata, and does so the second time.
func TestGolden(t *testing.T) {
	for _, tt := range []struct {
		format   Format
		to       string
		identity bool
		file     string
	}{
		{CSV, "statistics", false, "statistics.csv"}, {CSV, "lawyer", false, "lawyer.csv"}, {CSV, "police", true, "identity.csv"},
		{Uwazi, "public", false, "public-uwazi.csv"}, {Uwazi, "other", false, "uwazi.csv"},
		{ESF, "other", false, "esf.json"}, {ESF, "lawyer", true, "esf-identity.json"},
		{CaseUCO, "lawyer", false, "case-uco.json"}, {CaseUCO, "court", true, "case-uco-identity.json"},
	} {
		got := write(t, tt.format, tt.to, tt.identity, sample()).Text
		if again := write(t, tt.format, tt.to, tt.identity, sample()).Text; !bytes.Equal(got, again) {
			t.Errorf("%s: two runs differ", tt.file)
		}
		name := filepath.Join("testdata", tt.file)
		if *update {
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s has changed; got\n%s", tt.file, got)
		}
	}
}

// Excel reads a table without a byte order mark in the system's code page. The rest is the same.
func TestByteOrderMarkForExcel(t *testing.T) {
	to, _ := casefile.AddresseeByCode("lawyer")
	in := Input{To: to, Cases: []casefile.Case{sample()}}
	plain, err := Write(CSV, in)
	if err != nil {
		t.Fatal(err)
	}
	in.Excel = true
	if marked, err := Write(CSV, in); err != nil || string(marked.Text) != "\xef\xbb\xbf"+string(plain.Text) {
		t.Errorf("%v, %.40q", err, marked.Text)
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, tt := range []struct {
		format   Format
		to       string
		cases    int
		identity bool
		want     string
	}{
		{"xlsx", "lawyer", 1, false, `there is no format "xlsx"`},
		{ESF, "statistics", 1, false, "statistics gets codes alone, and esf holds more than these"},
		{CaseUCO, "public", 1, false, "the public gets codes alone, and case-uco holds more than these"},
		{CSV, "public", 1, true, "the public never gets the identity"},
		{CaseUCO, "lawyer", 2, false, "case-uco holds one case, and 2 were named"},
	} {
		_, err := Write(tt.format, Input{To: to(t, tt.to), Cases: make([]casefile.Case, tt.cases), WithIdentity: tt.identity})
		if err == nil || err.Error() != tt.want || exit.StatusOf(err) != exit.Usage {
			t.Errorf("%s to %s: %v, want %s", tt.format, tt.to, err, tt.want)
		}
	}
	for _, f := range Formats() {
		if err := Check(f, to(t, f.Default()), 1, false); err != nil {
			t.Errorf("%s is not for whom it is meant: %v", f, err)
		}
	}
}

// rows reads a table back with another reader than the writer's.
func rows(t *testing.T, text []byte) []map[string]string {
	t.Helper()
	if !bytes.HasSuffix(text, []byte("\r\n")) {
		t.Fatal("the last row does not end in CR LF")
	}
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, line := range lines[1:] {
		row := make(map[string]string)
		for i, name := range lines[0] {
			if _, twice := row[name]; twice {
				t.Fatalf("two columns are called %s", name)
			}
			row[name] = line[i]
		}
		out = append(out, row)
	}
	return out
}

// Uwazi's rules of import: a title, names of properties in small letters, its form of dates, a bar between values; a
// column called language would be taken for its own.
func TestUwaziReads(t *testing.T) {
	row := rows(t, write(t, Uwazi, "other", false, sample()).Text)[0]
	for name := range row {
		if name == "language" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || strings.Contains(name, "__") {
			t.Errorf("a property can't be called %q", name)
		}
	}
	if row["title"] != "c5f0c91ab2e: Interpol notice or wanted listing; threat (2026)" {
		t.Errorf("title %q", row["title"])
	}
	if _, err := time.Parse("2006-01-02", row["when"]); err != nil {
		t.Errorf("Uwazi reads no such date: %v", err)
	}
	if got := strings.Split(row["method"], "|"); !slices.Equal(got, []string{"H1 Interpol notice or wanted listing", "T1 threat"}) {
		t.Errorf("methods %q", got)
	}
	if row["country_event"] != "Poland" || row["report_language"] != "be" || row["exhibits"] != "A01" {
		t.Errorf("%q", row)
	}
	for when, want := range map[string]string{"2026": "2026-01-01", "2026-05": "2026-05-01", "2026-05-07": "2026-05-07", "": ""} {
		if got := isoDate(when, Uwazi); got != want {
			t.Errorf("%q is written %q", when, got)
		}
	}
}

// What identifies a person, or is a word of theirs, or leads back to the ledger, is in no table of codes,
// whatever a hostile intake has let through as a code.
func TestCodesAlone(t *testing.T) {
	c := sample()
	c.Submissions[0].Answers["method"] = []string{"H1", "MARKER a|b"}
	for _, field := range []string{"when", "when_precision", "country_event", "country_now", "target", "target_role", "basis", "language"} {
		c.Submissions[0].Answers[field] = []string{"MARKER " + field}
	}
	c.Submissions[0].Answers["reported_to"] = []string{"MARKER r"}
	c.Nexus, c.Source, c.Information = "MARKER n", "MARKER s", "MARKER i"
	c.Submissions[0].Answers["deadline_what"] = []string{"MARKER d"}
	for _, f := range []Format{CSV, Uwazi} {
		for _, a := range casefile.Addressees() {
			if !a.Codes {
				continue
			}
			text := string(write(t, f, a.Code, false, c, sample()).Text)
			for _, not := range []string{"MARKER", "c5f0c91ab2e", "HYPERLINK", "came", "прыйшлі", "600 000", "Y. Z.", "entry", "2026-05", "2026-11", "A01", hex64("4"), hex64("a"), "tarask", "anna"} {
				if strings.Contains(text, not) {
					t.Errorf("%s for %s holds %q:\n%s", f, a.Code, not, text)
				}
			}
			if !strings.Contains(text, "H1") && f == CSV {
				t.Errorf("%s for %s holds no codes:\n%s", f, a.Code, text)
			}
		}
	}
}

// The identity, and the content of a file of the identity, are included only on request.
func TestIdentityOnlyWhereAsked(t *testing.T) {
	for _, f := range Formats() {
		for _, identity := range []bool{false, true} {
			text := string(write(t, f, "lawyer", identity, sample()).Text)
			for _, secret := range []string{"600 000", "Y. Z.", hex64("7")} {
				if f == CaseUCO && secret != hex64("7") {
					continue // it holds exhibits and custody, and no answers
				}
				if strings.Contains(text, secret) != identity {
					t.Errorf("%s, identity %v: %q in it is %v", f, identity, secret, !identity)
				}
			}
		}
	}
}

// The order of a table of codes does not show the ledger's.
func TestOrderOfCodes(t *testing.T) {
	a, b, c := sample(), sample(), sample()
	a.Submissions[0].Answers["country_now"], b.ID = []string{"DE"}, "c0000000000"
	one, two := write(t, CSV, "statistics", false, a, b, c), write(t, CSV, "statistics", false, c, a, b)
	if !bytes.Equal(one.Text, two.Text) {
		t.Error("the order in which cases are named shows")
	}
	if one.Rows != 3 || one.Alone != 1 {
		t.Errorf("%d rows, %d of them alone", one.Rows, one.Alone)
	}
}

// Every method has its place in the lists of others, or none.
func TestMethods(t *testing.T) {
	groups := map[string]string{"D": "1.1", "H": "1.2", "M": "1.3", "T": "1.4", "P": "1.4"}
	methods := map[string]string{"1.1": "direct attacks", "1.2": "co-opting other countries", "1.3": "mobility controls", "1.4": "threats from a distance"}
	if len(categories()) != len(incident.Methods()) {
		t.Errorf("%d methods have a category, of %d", len(categories()), len(incident.Methods()))
	}
	for _, m := range incident.Methods() {
		k, ok := categories()[m.Code]
		if !ok || k.act == "" {
			t.Errorf("%s has no category", m.Code)
		}
		if k.pace != groups[m.Group] || k.freedomHouse != methods[k.pace] {
			t.Errorf("%s is %+v", m.Code, k)
		}
	}
}

// The specification's sample and its table of addressees are what the code has.
func TestSpec(t *testing.T) {
	spec, err := os.ReadFile("../../../docs/spec/convert.md")
	if err != nil {
		t.Fatal(err)
	}
	sample := strings.ReplaceAll(string(write(t, CSV, "statistics", false, sample()).Text), "\r\n", "\n")
	if !strings.Contains(string(spec), "```\n"+sample+"```\n") {
		t.Errorf("its sample is not\n%s", sample)
	}
	for _, a := range casefile.Addressees() {
		row := "| `" + a.Code + "` | " + a.English + " | `" + strings.Join(a.Needs, "`, `") + "` | " + a.Why + " |\n"
		if !strings.Contains(string(spec), row) {
			t.Errorf("it does not have the row\n%s", row)
		}
	}
	for _, f := range Formats() {
		row := "| `" + string(f) + "` | "
		_, rest, found := strings.Cut(string(spec), row)
		line, _, _ := strings.Cut(rest, "\n")
		if !found || !strings.HasSuffix(line, "| `"+f.Default()+"` |") {
			t.Errorf("it does not say that %s is for %s", f, f.Default())
		}
	}
	for _, col := range columnsFor(CSV, Input{To: to(t, "lawyer"), WithIdentity: true}) {
		if !strings.Contains(string(spec), "`"+col.name+"`") && !strings.Contains(string(spec), `"`+col.name+`"`) {
			t.Errorf("it does not name the column %s", col.name)
		}
	}
}
