package review

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
)

var (
	first = ledger.Sum([]byte("a case"))
	at    = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
)

func all() []Review {
	return []Review{
		{Case: first, At: at, Kind: Note, Text: "Same lawyer as in the other case.\n\nCall her.\n"},
		{Case: first, At: at, Kind: Grade, Nexus: "proxy", Source: "B", Information: "2", Text: "The letter is on the ministry's paper; her cousin serves there.\n"},
		{Case: first, At: at, Kind: Grade, Nexus: "host_only"},
		{Case: first, At: at, Kind: Translation, Of: first, Language: "en", Text: "They came at six."},
		{Case: first, At: at, Kind: Translation, Of: first, Language: "be-tarask", Translator: "a machine: m2m, read over", Text: "Прыйшлі а шостай."},
		{Case: first, At: at, Kind: Reply, Message: ledger.Sum([]byte("m")), Text: "We have read it."},
		{Case: first, At: at, Kind: Exhibit, Of: ledger.Sum([]byte("x"))},
		{Case: first, At: at, Kind: Desk, Text: `{"v":1,"by":"anna","number":1,"time":"2026-11-22T09:00:00Z","case":"` + "c" + first.String()[:10] +
			`","kind":"state","payload":{"from":"received","to":"triaged"},"supersedes":[],"undoes":""}`},
	}
}

func TestRoundTrip(t *testing.T) {
	for _, want := range all() {
		text := want.Marshal()
		got, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v\n%s", want.Kind, err, text)
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s came back as %+v", text, got)
		}
	}
	if id := all()[0].CaseID(); id != "c"+first.String()[:10] {
		t.Errorf("case %s", id)
	}
}

func TestRefusals(t *testing.T) {
	note, grade, translation, exhibit := string(all()[0].Marshal()), string(all()[1].Marshal()), string(all()[3].Marshal()), string(all()[6].Marshal())
	for _, tt := range []struct{ text, want string }{
		{"", "review: it is empty"},
		{strings.Repeat("x", 65_529), "review: it has 65529 bytes, and at most 65528 are allowed"},
		{strings.Replace(note, "v1", "v2", 1), "review: line 1: "},
		{strings.Replace(note, "case ", "case A", 1), "review: line 2: "},
		{strings.Replace(note, "09:00:00Z", "09:00:00+01:00", 1), "review: line 3: not a time in UTC to the second (2006-01-02T15:04:05Z)"},
		{strings.Replace(note, "T09", "T9", 1), "review: line 3: not a time in UTC to the second (2006-01-02T15:04:05Z)"},
		{strings.Replace(note, "kind note", "kind rumour", 1), "review: line 4: there is no review of this kind"},
		{strings.Replace(exhibit, "kind exhibit\nof", "kind exhibit\nOf", 1), "review: line 5: "},
		{exhibit + "\nwords", "a review of the kind exhibit has no words of its own"},
		{exhibit + "\n", "review: nothing follows its blank line"},
		{exhibit[:len(exhibit)-1], "review: line 5: no line feed at its end"},
		{strings.Replace(note, "kind note\n", "kind note\nmore 1\n", 1), "review: line 5: "},
		{note[:strings.Index(note, "\n\n")+1], "there are no words in it"},
		{strings.Replace(note, "Same", "\x1b[2J", 1), "the words have control characters in them"},
		{strings.Replace(note, "Same", "\xff", 1), "the words are not UTF-8"},
		{note + strings.Repeat("y", 40_000), "the words have 40045 bytes, and at most 40000 are allowed"},
		{strings.Replace(grade, "proxy", "-", 1), ""},
		{strings.Replace(grade, "proxy", "enemy", 1), "nexus is one of state_agent, proxy, host_triggered, host_only, private, unknown"},
		{strings.Replace(grade, "source B", "source G", 1), "source is one of A, B, C, D, E, F"},
		{strings.Replace(grade, "information 2", "information 7", 1), "information is one of 1, 2, 3, 4, 5, 6"},
		{strings.NewReplacer("proxy", "-", "source B", "source -", "information 2", "information -").Replace(grade), "a grade says at least one of nexus, source and information"},
		{strings.Replace(translation, "language en", "language english!", 1), "a language is a tag like en or be-tarask"},
		{strings.Replace(translation, "language en", "language -", 1), "a language is a tag like en or be-tarask"},
		{strings.Replace(translation, "translator -", "translator "+strings.Repeat("z", 201), 1), "who translated it takes at most 200 bytes"},
	} {
		_, err := Parse([]byte(tt.text))
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%.200q: %v", tt.text, err)
		case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want) || !errors.Is(err, canonical.ErrMismatch)):
			t.Errorf("%.200q: %v, want %s", tt.text, err, tt.want)
		}
	}
	for _, line := range []string{"-", " x", "x\ny", "a\u202eb", "a\u200bb"} {
		r := all()[3]
		r.Translator = line
		if err := r.Check(); err == nil || err.Error() != "who translated it is one line of words" {
			t.Errorf("translator %q: %v", line, err)
		}
	}
}

func TestCodes(t *testing.T) {
	if len(Nexuses()) != 6 || len(Sources()) != 6 || len(Informations()) != 6 {
		t.Error("each table has six codes")
	}
	if got := English(Nexuses(), "proxy"); got != "somebody acting for the state" {
		t.Errorf("proxy: %s", got)
	}
	if got := English(Sources(), "Z"); got != "Z" {
		t.Errorf("Z: %s", got)
	}
}

// The page that specifies the codes and the code that holds them say the same.
func TestSpecification(t *testing.T) {
	page, err := os.ReadFile("../../../docs/spec/review.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range [][]Code{nexus, sources, information} {
		for _, c := range table {
			if row := fmt.Sprintf("| `%s` | %s |", c.Code, c.English); !strings.Contains(string(page), row) {
				t.Errorf("docs/spec/review.md lacks %s", row)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, r := range all() {
		f.Add(r.Marshal())
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err != nil {
			if !errors.Is(err, canonical.ErrMismatch) {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if again := r.Marshal(); string(again) != string(text) {
			t.Fatalf("%q is written as %q", text, again)
		}
	})
}
