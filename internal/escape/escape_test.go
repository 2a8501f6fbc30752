package escape

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "Мяне выклікалі ў консульства.", "Мяне выклікалі ў консульства."},
		{"several scripts", "ქართული, Łódź, 漢字, ₴100, “yes” — 5 %", "ქართული, Łódź, 漢字, ₴100, “yes” — 5 %"},
		{"spaces of print", "10\u00a0000\u202f€", "10\u00a0000\u202f€"},
		{"picture", "☎\ufe0f 😀", "☎\ufe0f 😀"},
		{"combining", "e\u0301", "e\u0301"},
		{"backslash", `C:\temp`, `C:\temp`},
		{"escape sequence", "a\x1b[2J\x1b]0;x\x07b", `a\u{1b}[2J\u{1b}]0;x\u{7}b`},
		{"C0", "\x00\b\t\n\r\x7f", `\u{0}\u{8}\u{9}\u{a}\u{d}\u{7f}`},
		{"C1", "\u009b31m\u0085", `\u{9b}31m\u{85}`},
		{"a broken byte", "a\x9b1\xff", `a\x{9b}1\x{ff}`},
		{"a replacement rune as written", "a\ufffdb", "a\ufffdb"},
		{"direction", "\u202egpj.exe\u2066\u200f\u061c", `\u{202e}gpj.exe\u{2066}\u{200f}\u{61c}`},
		{"zero width", "a\u200bb\u200d\u2060\ufeff\u00ad", `a\u{200b}b\u{200d}\u{2060}\u{feff}\u{ad}`},
		{"line and paragraph separators", "\u2028\u2029", `\u{2028}\u{2029}`},
		{"tags", "\U000e0041\U000e007f", `\u{e0041}\u{e007f}`},
		{"fillers that look like nothing", "\u3164\u115f\uffa0\u034f", `\u{3164}\u{115f}\u{ffa0}\u{34f}`},
		{"selectors that carry data", "a\ufe00\U000e0100", `a\u{fe00}\u{e0100}`},
		{"private use", "\ue000\U0010fffd", `\u{e000}\u{10fffd}`},
		{"unassigned", "\u0378\U000fffff", `\u{378}\u{fffff}`},
	} {
		if got := Text(tt.in); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := Lines("one\r\ntwo\x1b\n"); got != "one\\u{d}\ntwo\\u{1b}\n" {
		t.Errorf("Lines: %q", got)
	}
}

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "ў": 1, "у\u0306": 1, "漢字": 4, "😀": 2, "\u200b": 8} {
		if got := Columns(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b[2J", "\u202e", "a\xffb", "\ufffd", "\U000e0041", "два\nradki"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Text(text)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		for _, r := range got {
			if !visible(r) {
				t.Fatalf("%q lets %U through", got, r)
			}
		}
		if Text(got) != got {
			t.Fatalf("%q changes when it is escaped again", got)
		}
		if want := strings.Count(text, "\n"); strings.Count(Lines(text), "\n") != want {
			t.Fatalf("Lines(%q) does not keep its %d lines", text, want)
		}
		var asJSON bytes.Buffer
		if err := JSON(&asJSON, []string{text}); err != nil {
			t.Fatal(err)
		}
		var back []string
		if err := json.Unmarshal(asJSON.Bytes(), &back); err != nil {
			t.Fatalf("%s: %v", asJSON.Bytes(), err)
		}
		if utf8.ValidString(text) && back[0] != text {
			t.Fatalf("%q came back as %q", text, back[0])
		}
		for _, r := range strings.ReplaceAll(asJSON.String(), "\n", "") {
			if !visible(r) {
				t.Fatalf("JSON %q lets %U through", asJSON.Bytes(), r)
			}
		}
	})
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	err := JSON(&out, struct {
		Name  string   `json:"name"`
		Index *int     `json:"index"`
		None  []string `json:"none"`
	}{"<b>&\u202e\u009b\U000e0041\u2028 ў\n", nil, []string{}})
	if err != nil {
		t.Fatal(err)
	}
	want := "{\n  \"name\": \"<b>&\\u202e\\u009b\\udb40\\udc41\\u2028 ў\\n\",\n  \"index\": null,\n  \"none\": []\n}\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	if err := JSON(&out, func() {}); err == nil {
		t.Error("a function was written as JSON")
	}
}
