package letter

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
)

var update = flag.Bool("update", false, "write the golden files again")

func sample() casefile.Case {
	return casefile.Case{
		ID: "c5f0c91ab2e", Ledger: "zapis-ledger+example.org/ledger+66",
		Submissions: []casefile.Submission{
			{Place: "entry 42", Body: "b1", Act: "report", Received: time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC),
				Answers: map[string][]string{
					"narrative": {"Яны прыйшлі а шостай раніцы і сказалі, што калі я не змоўкну, маю маці звольняць з працы. " +
						"Гэта было двойчы.\n\n\u202eexe.gpj\u200b\tТак."}, "method": {"H1", "T1"}, "when": {"2026-05"}, "when_precision": {"month"},
					"country_event": {"PL"}, "country_now": {"LT"}, "target": {"relative"}, "target_role": {"journalist"}, "basis": {"told_by_person"},
					"reported_to": {"police"}, "language": {"be"}, "danger_now": {"unsure"}, "deadline": {"2026-12-01"}, "deadline_what": {"a hearing"},
				},
				Identity: map[string][]string{"contact": {"+48 600 000 000"}, "contact_when": {"after six"}, "name": {"Y. Z."}}},
		},
		Exhibits: []casefile.Exhibit{
			{Name: "A01", Place: "entry 42", File: "A01.jpg", MediaType: "image/jpeg", Size: 17, SHA256: strings.Repeat("4", 64)},
			{Name: "A02", Place: "entry 42", Identifies: true, MediaType: "application/pdf", Size: 9, SHA256: strings.Repeat("7", 64)},
			{Name: "A03", Place: "entry 42", MediaType: "text/plain", Size: 3, SHA256: strings.Repeat("8", 64)},
		},
		Translation: []casefile.Translation{{Of: "b1", Language: "en", Translator: "a machine, read over", Text: "They came at six in the morning."},
			{Of: "b1", Language: "de", Text: "Sie kamen um sechs Uhr morgens."}},
	}
}

func letters(t testing.TB) []casefile.Addressee {
	var list []casefile.Addressee
	for _, a := range casefile.Addressees() {
		if a.Letter {
			list = append(list, a)
		}
	}
	if len(list) != 5 {
		t.Fatalf("there are letters to %d addressees, want 5", len(list))
	}
	return list
}

func input(t testing.TB, to casefile.Addressee, language string, identity bool) Input {
	t.Helper()
	c := sample()
	named := []string{"A03"}
	if to.Marked {
		named = nil
	}
	annexes, err := c.Annexes(to, named, []string{"A01"}, identity)
	if err != nil {
		t.Fatal(err)
	}
	return Input{To: to, Language: language, Case: c, Annexes: annexes, WithIdentity: identity}
}

func draft(t testing.TB, in Input) string {
	t.Helper()
	text, err := Draft(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every letter in every language is what testdata has, and the same the second time.
func TestGolden(t *testing.T) {
	for _, to := range letters(t) {
		have := Languages(to)
		if !slices.Contains(have, "en") || !to.Marked && len(have) != len(languages) {
			t.Errorf("the letter to %s is there in %v", to.Code, have)
		}
		for _, l := range have {
			got := draft(t, input(t, to, l, false))
			if again := draft(t, input(t, to, l, false)); again != got {
				t.Errorf("%s in %s: two runs differ", to.Code, l)
			}
			name := filepath.Join("testdata", to.Code+"."+l+".txt")
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if string(want) != got {
				t.Errorf("%s has changed; got\n%s", name, got)
			}
		}
	}
}

// A letter is plain text for a narrow window, without invisible characters.
func TestPlain(t *testing.T) {
	for _, to := range letters(t) {
		for _, l := range Languages(to) {
			for _, in := range []Input{input(t, to, l, true), {To: to, Language: l, Case: casefile.Case{ID: "c0"}}} {
				text := draft(t, in)
				for n, row := range strings.Split(text, "\n") {
					if escape.Columns(row) > 88 && !strings.Contains(row, "SHA-256") {
						t.Errorf("%s in %s, line %d has %d columns", to.Code, l, n+1, escape.Columns(row))
					}
					if strings.TrimRight(row, " \t") != row {
						t.Errorf("%s in %s, line %d ends in a space", to.Code, l, n+1)
					}
				}
				if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }); i >= 0 {
					t.Errorf("%s in %s: %q can't be seen", to.Code, l, text[i:i+4])
				}
				if strings.Contains(text, "<no value>") || strings.Contains(text, "\n\n\n") {
					t.Errorf("%s in %s:\n%s", to.Code, l, text)
				}
			}
		}
	}
}

// The identity is in a letter only on request; the words of the account are in none to a bank.
func TestWhatALetterHolds(t *testing.T) {
	for _, to := range letters(t) {
		for _, l := range Languages(to) {
			for _, identity := range []bool{false, true} {
				text := draft(t, input(t, to, l, identity))
				for _, secret := range []string{"600 000", "after six", "Y. Z."} {
					if strings.Contains(text, secret) != identity {
						t.Errorf("%s in %s, identity %v: %q in it is %v", to.Code, l, identity, secret, !identity)
					}
				}
				for _, words := range []string{"Яны", "They came", "2026-05", "a hearing"} {
					want := to.Code != "bank" && (words != "They came" || l == "en")
					if strings.Contains(text, words) != want {
						t.Errorf("%s in %s: %q in it is %v", to.Code, l, words, !want)
					}
				}
				for _, not := range []string{strings.Repeat("7", 64), "\u202e", "zapis-ledger"} {
					if strings.Contains(text, not) {
						t.Errorf("%s in %s holds %q", to.Code, l, not)
					}
				}
				if to.Marked == strings.Contains(text, strings.Repeat("8", 64)) || !strings.Contains(text, strings.Repeat("4", 64)) {
					t.Errorf("%s in %s: the annexes are wrong", to.Code, l)
				}
			}
		}
	}
}

// A person's words can't be taken for ours.
func TestQuotedWords(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "",
		" \n ":                            "",
		"one":                             "> one",
		"one\n\ntwo":                      "> one\n>\n> two",
		"[place and date]":                "> [place and date]",
		"a\u202eb":                        "> a\\u{202e}b",
		"\ta":                             "> a",
		"x  y":                            "> x  y",
		strings.Repeat("wo ", 40) + "end": "> " + strings.TrimSpace(strings.Repeat("wo ", 26)) + "\n> " + strings.Repeat("wo ", 14) + "end",
		strings.Repeat("w", 200):          "> " + strings.Repeat("w", 200),
	} {
		if got := quote(in); got != want {
			t.Errorf("%q became\n%q, want\n%q", in, got, want)
		}
	}
	c := sample()
	c.Submissions[0].Answers["deadline_what"] = []string{"x\nTo the embassy"}
	to, _ := casefile.AddresseeByCode("police")
	if text := draft(t, Input{To: to, Language: "en", Case: c}); strings.Contains(text, "\nTo the embassy") {
		t.Error("an answer of one line has two")
	}
}

func TestRefusals(t *testing.T) {
	addressee := func(code string) casefile.Addressee { a, _ := casefile.AddresseeByCode(code); return a }
	annex := func(name string, m casefile.Mark) []casefile.Annex {
		e, _ := sample().Exhibit(name)
		return []casefile.Annex{{Exhibit: e, Mark: m}}
	}
	for _, tt := range []struct {
		in   Input
		want string
		hint string
	}{
		{Input{To: addressee("court"), Language: "en"}, "there is no letter to an international court", ""},
		{Input{To: addressee("ccf"), Language: "de"}, "the letter to Interpol's CCF is there in en: they read Arabic, English, French and Spanish", "--lang en"},
		{Input{To: addressee("bank"), Language: "fr"}, `there is no letter to a bank in "fr"`, "one of: en, de, pl, lt"},
		{Input{To: addressee("bank"), Language: "../en"}, `there is no letter to a bank in "../en"`, "one of: en, de, pl, lt"},
		{Input{To: addressee("un"), Language: "en", Annexes: annex("A01", casefile.Confidential)}, "A01 is not marked as one that may be communicated", ""},
		{Input{To: addressee("un"), Language: "en", Annexes: annex("A02", casefile.Communicable)}, "A02 can't be named: it is the identity's, or closed", ""},
	} {
		_, err := Draft(tt.in)
		if err == nil || err.Error() != tt.want || cli.Hint(err) != tt.hint {
			t.Errorf("%v (%s), want %s (%s)", err, cli.Hint(err), tt.want, tt.hint)
		}
	}
}

// Every code of the vocabulary that a letter may hold has its words in every language.
func TestEveryCodeHasWords(t *testing.T) {
	for _, l := range languages {
		for _, field := range []string{"method", "danger_now", "when_precision", "target", "target_role", "basis", "reported_to"} {
			f, ok := incident.FieldByName(field)
			if !ok || len(f.Codes) == 0 {
				t.Fatalf("%s has no codes", field)
			}
			for _, code := range f.Codes {
				if words()[l][field+"."+code] == "" && field+"."+code != "danger_now.no" {
					t.Errorf("%s.%s has no words in %s", field, code, l)
				}
			}
		}
		for _, m := range []casefile.Mark{casefile.Confidential, casefile.Communicable} {
			if words()[l]["mark."+string(m)] == "" {
				t.Errorf("%q has no words in %s", m, l)
			}
		}
		for _, c := range incident.Countries() {
			if name := country(c.Code, l, words()[l]); name == "" || name == c.Code {
				t.Errorf("%s has no name in %s", c.Code, l)
			}
		}
	}
	if got := words()["en"].of("method", "Z9\u202e"); got != `Z9\u{202e}` {
		t.Errorf("a code of a later vocabulary is shown as %q", got)
	}
}

// There is no template for an addressee or a language that does not exist.
func TestTemplatesAreReached(t *testing.T) {
	reached := make(map[string]bool)
	for _, to := range letters(t) {
		for _, l := range Languages(to) {
			reached[file(l, to.Code)], reached[file(l, "common")] = true, true
		}
	}
	found := 0
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found++
			text, _ := files.ReadFile(path)
			if !reached[path] || bytes.Contains(text, []byte("\r")) {
				t.Errorf("%s is reached by no letter, or has CR in it", path)
			}
		}
		return err
	})
	if err != nil || found < 6 {
		t.Errorf("%d templates, %v", found, err)
	}
}

// The guide's table of letters has for each the consents and languages of the code.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/guides/letters.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range letters(t) {
		_, rest, found := strings.Cut(string(guide), "| `"+to.Code+"` | ")
		row, _, _ := strings.Cut(rest, "\n")
		if !found || !strings.HasSuffix(row, "| "+strings.Join(Languages(to), ", ")+" |") || strings.Contains(row, "reach the state") != to.Marked {
			t.Errorf("it says of the letter to %s: %s", to.Code, row)
		}
	}
}

// The answered name is the reporter's: it is that of the person concerned only where they are the same.
func TestWhoseName(t *testing.T) {
	for _, to := range letters(t) {
		for _, l := range Languages(to) {
			in := input(t, to, l, true)
			other := draft(t, in)
			in.Case.Submissions[0].Answers["target"] = []string{"me"}
			self := draft(t, in)
			first := func(text, of string) string {
				for _, row := range strings.Split(text, "\n") {
					if strings.Contains(row, of) {
						return row[:strings.Index(row, ":")]
					}
				}
				return "nowhere"
			}
			if a, b := first(other, "Y. Z."), first(self, "Y. Z."); a == b || a == "nowhere" || b == "nowhere" {
				t.Errorf("%s in %s: the name stands under %q and under %q", to.Code, l, a, b)
			}
			if a, b := first(other, "600 000"), first(self, "600 000"); a == b || a == "nowhere" || b == "nowhere" {
				t.Errorf("%s in %s: the contact stands under %q and under %q", to.Code, l, a, b)
			}
		}
	}
}
