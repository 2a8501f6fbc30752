package incident

import "testing"

func TestCleanText(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "",
		"First\x0bSecond\x0cPage":        "First\nSecond\nPage",
		"a\u0085b\x1ec\x1fd":             "a\nbcd",
		"a\r\nb\rc\nd":                   "a\nb\nc\nd",
		"a\tb\x00c\x7fd\u009be":          "a\tbcde",
		"\u202e\u200d\u2028за́мок\ufeff": "\u202e\u200d\u2028за́мок\ufeff",
		"caf\xe9\x0b":                    "caf\xe9\n",
		"\r\r\n":                         "\n\n",
	} {
		if got := CleanText(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
