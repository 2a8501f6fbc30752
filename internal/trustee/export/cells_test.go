package export

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"plain":                "plain",
		"a-b = c@d":            "a-b = c@d",
		"=1+1":                 "'=1+1",
		"+48 600":              "'+48 600",
		"-1":                   "'-1",
		"@SUM(A1)":             "'@SUM(A1)",
		"\t=1":                 "'\t'=1",
		"\r=1":                 "'\r'=1",
		"\ttab":                "'\ttab",
		"  =1":                 "  '=1",
		"\ufeff=1":             "\ufeff'=1",
		"\u200b\u202e\"=1":     "\u200b\u202e\"'=1",
		"＝1":                   "'＝1",
		"a;=1":                 "a;'=1",
		"a, -b":                "a, '-b",
		"one\n- two\n\n- five": "one\n'- two\n\n'- five",
		"a|@b":                 "a|'@b",
		"'=1":                  "'=1",
		"==1":                  "'==1",
	} {
		if got := harmless(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// executable reports whether a spreadsheet that splits at sep, with or without regard for quotation marks, would find
// a formula at the head of a cell. It is written apart from harmless, on purpose.
func executable(text string, sep rune) string {
	cells := strings.FieldsFunc(text, func(r rune) bool { return r == sep || r == '\n' || r == '\r' })
	for _, c := range cells {
		c = strings.TrimLeft(c, " \t\"\u00a0\u2003\ufeff\u200b\u202e\v\f")
		if c != "" && strings.ContainsRune("=+-@＝＋－＠", firstRune(c)) {
			return c
		}
	}
	return ""
}

func firstRune(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }

func FuzzNoFormula(f *testing.F) {
	for _, seed := range []string{"=1+1", "x;=cmd|' /C calc'!A0", "\t=1", "\n\n@x", "a\",\"=1", " \u200b+1", "\r-1", "'", "\"\"=2", "a|b|=c", "\xff=1"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		text := string(appendRow(appendRow(nil, []string{"x", a, b}), []string{b, a, "y"}))
		for _, sep := range []rune{',', ';', '|'} {
			if found := executable(text, sep); found != "" {
				t.Fatalf("split at %q, a cell begins %q:\n%q", sep, found, text)
			}
		}
		lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(lines) != 2 || len(lines[0]) != 3 {
			t.Fatalf("it does not read back: %v, %q", err, lines)
		}
		for _, cell := range lines[0] {
			if cell != "" && strings.ContainsRune("=+-@\t\r", firstRune(cell)) {
				t.Fatalf("a cell begins %q", cell)
			}
		}
		// csv.Reader reads CR LF within a cell as LF.
		plain := func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "'", "") }
		if got := plain(lines[0][1]); got != plain(strings.ToValidUTF8(a, "\ufffd")) && utf8.ValidString(a) {
			t.Fatalf("more than apostrophes was added: %q became %q", a, lines[0][1])
		}
	})
}
