package seal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zapis/crypto/canonical"
	"zapis/internal/shorttest"
)

// fields is a vocabulary like the real one, which this package does not know.
func fields() []string {
	out := strings.Fields(`danger_now deadline deadline_what narrative language method when when_precision
		country_event country_now target target_role basis person_agrees reported_to consent
		contact contact_when name files_identify`)
	for i := 1; i <= 16; i++ {
		out = append(out, fmt.Sprintf("attachment-%d", i))
	}
	return out
}

// TestStringsAsPython: our JSON strings are those of Python's json.dumps with
// ensure_ascii=False, byte for byte.
func TestStringsAsPython(t *testing.T) {
	shorttest.Skip(t, "strings are not compared with the specification's program in Python")
	var all []string
	for r := rune(0); r < 0x3000; r++ {
		if r < 0xd800 {
			all = append(all, string(r))
		}
	}
	all = append(all, "", "\u2028\u2029", "<b>&amp;</b>", `\"\\"`, "Ё\tё\n", "\ufeff\ufffd\uffff", "🙂\U0010ffff", "a\x00b\x1f\x7f\u0080")
	all = append(all, rapid.SliceOfN(rapid.String(), 500, 500).Example(1)...)
	in, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-c", `
import json, sys
for s in json.load(sys.stdin.buffer):
    sys.stdout.buffer.write(json.dumps(s, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")`)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python3: %v", err)
	}
	lines := bytes.Split(bytes.TrimSuffix(out, []byte("\n")), []byte("\n"))
	if len(lines) != len(all) {
		t.Fatalf("%d strings came back of %d", len(lines), len(all))
	}
	for i, s := range all {
		if got := canonical.AppendString(nil, s); !bytes.Equal(got, lines[i]) {
			t.Errorf("%q: %s, and Python says %s", s, got, lines[i])
		}
	}
}

func TestLineRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(
			rapid.Just[[]byte](nil),
			rapid.Map(rapid.StringN(1, 50, -1), func(s string) []byte { return canonical.AppendString(nil, s) }),
			rapid.Map(rapid.SliceOfN(rapid.StringN(1, 9, -1), 1, 5), func(l []string) []byte { return canonical.AppendStrings(nil, l) }),
		).Draw(t, "value")
		lines, err := Commit([]string{"narrative"}, map[string][]byte{"narrative": value})
		if err != nil {
			t.Fatal(err)
		}
		b := lines[0].Marshal()
		got, err := ParseLine(b)
		if err != nil || got.Salt != lines[0].Salt || got.Field != "narrative" || !bytes.Equal(got.Value, value) || got.Null() != (value == nil) {
			t.Fatalf("%s: %v", b, err)
		}
		var shape []any // and any JSON parser reads it
		if err := json.Unmarshal(b, &shape); err != nil || len(shape) != 3 || shape[1] != "narrative" {
			t.Fatalf("%s: %v", b, err)
		}
	})
}

func TestParseLine(t *testing.T) {
	const salt = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	const file = `{"exhibit":"A01","sha256":"` + hash + `","size":9,"media_type":"image/png","name":"a.png"}`
	line := func(field, value string) string { return `["` + salt + `","` + field + `",` + value + "]\n" }
	for _, good := range []string{
		line("narrative", `"тест \"<>&\" \u0001"`), line("narrative", "null"), line("method", `["D1","T3"]`),
		line("attachment-1", file), line("attachment-16", "null"), line("x", "\"\u2028\""),
		line("attachment-2", strings.Replace(file, "A01", "A100", 1)),
	} {
		l, err := ParseLine([]byte(good))
		if err != nil || string(l.Marshal()) != good {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, c := range []struct{ line, says string }{
		{"", `a disclosure line begins with [" and 44 characters of salt`},
		{"null\n", `a disclosure line begins with ["`},
		{" " + line("a", "null"), `a disclosure line begins with ["`},
		{`["` + salt[:43] + `","a",null]` + "\n", "the salt is not 32 bytes in base64"},
		{strings.Replace(line("a", "null"), "Hh8=", "Hh9=", 1), "the salt is not 32 bytes in base64"},
		{strings.Replace(line("a", "null"), "Hh8=", "Hh8", 1), "the salt is not 32 bytes in base64"},
		{strings.Replace(line("a", "null"), "AAEC", "AA\nC", 1), "the salt is not 32 bytes in base64"},
		{strings.Replace(line("a", "null"), "AAEC", "_-EC", 1), "the salt is not 32 bytes in base64"},
		{`["` + salt + `", "a",null]` + "\n", "no field follows the salt"},
		{`["` + salt + `"]` + "\n", "no field follows the salt"},
		{line("", "null"), "the field's name is not made of a-z, 0-9, _ and -"},
		{line("Narrative", "null"), "the field's name is not made"},
		{line("../x", "null"), "the field's name is not made"},
		{line("a\u0301", "null"), "the field's name is not made"},
		{line(strings.Repeat("a", 33), "null"), "the field's name is not made"},
		{line("narrative", `"x"`)[:62], "narrative: the line does not end with ] and LF"},
		{strings.TrimSuffix(line("narrative", `"x"`), "\n"), "narrative: the line does not end with ] and LF"},
		{strings.TrimSuffix(line("narrative", `"x"`), "\n") + "\r\n", "narrative: the line does not end with ] and LF"},
		{line("narrative", `"x"`) + "\n", "narrative: the line does not end with ] and LF"},
		{line("narrative", ""), "narrative: the value is missing"},
		{line("narrative", `""`), "narrative: an empty value is written null"},
		{line("method", `[]`), "method: an empty value is written null"},
		{line("method", `[""]`), "method: an empty string in a list"},
		{line("method", `["a", "b"]`), "method: the value is not in its one encoding"},
		{line("method", `["a",["b"]]`), "method: the value is not in its one encoding"},
		{line("method", `["a",null]`), "method: the value is not in its one encoding"},
		{line("narrative", ` "x"`), "narrative: the value is not in its one encoding"},
		{line("narrative", `"x" `), "narrative: the value is not in its one encoding"},
		{line("narrative", `"x","y"`), "narrative: the value is not in its one encoding"},
		{line("narrative", `"\u0041"`), "narrative: the value is not in its one encoding"},
		{line("narrative", `"\/"`), "narrative: the value is not in its one encoding"},
		{line("narrative", `"\u003c"`), "narrative: the value is not in its one encoding"},
		{line("narrative", `"\u000a"`), "narrative: the value is not in its one encoding"},
		{line("narrative", `"\u001F"`), "narrative: the value is not in its one encoding"},
		{line("narrative", `"\u2028"`), "narrative: the value is not in its one encoding"},
		{line("narrative", `"\ud800"`), "narrative: the value is not in its one encoding"},
		{line("narrative", `"\ud83d\ude42"`), "narrative: the value is not in its one encoding"},
		{line("narrative", "\"a\nb\""), "narrative: the value is not in its one encoding"},
		{line("narrative", "\"\xff\""), "narrative: the value is not UTF-8"},
		{line("narrative", "\"\xed\xa0\x80\""), "narrative: the value is not UTF-8"},
		{line("narrative", "true"), "narrative: the value is not in its one encoding"},
		{line("narrative", "7"), "narrative: the value is not in its one encoding"},
		{line("narrative", "nul"), "narrative: the value is not in its one encoding"},
		{line("narrative", file), "narrative: the value's type is not the field's"},
		{line("attachment-1", `"a.png"`), "attachment-1: the value's type is not the field's"},
		{line("attachment-01", file), "attachment-01: the value's type is not the field's"},
		{line("attachment-0", file), "attachment-0: the value's type is not the field's"},
		{line("attachment-1", strings.Replace(file, `"size":9`, `"size":09`, 1)), "attachment-1: not an attachment in its one encoding"},
		{line("attachment-1", strings.Replace(file, `"size":9`, `"size":9.0`, 1)), "attachment-1: not an attachment in its one encoding"},
		{line("attachment-1", strings.Replace(file, `"size":9`, `"size":"9"`, 1)), "attachment-1: not an attachment in its one encoding"},
		{line("attachment-1", strings.Replace(file, `"size":9`, `"size":-9`, 1)), "attachment-1: an attachment of a negative size"},
		{line("attachment-1", strings.Replace(file, `"size":9`, `"size":9,"hidden":"x"`, 1)), "attachment-1: not an attachment in its one encoding"},
		{line("attachment-1", strings.Replace(file, `"size":9`, `"size":9,"size":9`, 1)), "attachment-1: not an attachment in its one encoding"},
		{line("attachment-1", strings.Replace(file, `"size"`, `"Size"`, 1)), "attachment-1: not an attachment in its one encoding"},
		{line("attachment-1", strings.Replace(file, `,"name":"a.png"`, "", 1)), "attachment-1: not an attachment in its one encoding"},
		{line("attachment-1", strings.Replace(file, `a.png`, "", 1)), "attachment-1: an attachment without a media type or a name"},
		{line("attachment-1", strings.Replace(file, hash, strings.ToUpper(hash), 1)), "attachment-1: an attachment whose sha256 is not"},
		{line("attachment-1", strings.Replace(file, "A01", "A1", 1)), "attachment-1: an attachment without an exhibit number"},
		{line("attachment-1", strings.Replace(file, "A01", "A00", 1)), "attachment-1: an attachment without an exhibit number"},
		{line("attachment-1", strings.Replace(file, "A01", "A001", 1)), "attachment-1: an attachment without an exhibit number"},
		{line("attachment-1", strings.Replace(file, "A01", "A+1", 1)), "attachment-1: an attachment without an exhibit number"},
		{line("attachment-1", strings.Replace(file, "A01", "B01", 1)), "attachment-1: an attachment without an exhibit number"},
	} {
		_, err := ParseLine([]byte(c.line))
		refused(t, err, ErrMismatch, c.says)
	}
}

func TestCommit(t *testing.T) {
	lines, err := Commit(fields(), map[string][]byte{"narrative": []byte(`"x"`)})
	if err != nil {
		t.Fatal(err)
	}
	salts := map[[SaltSize]byte]bool{}
	for i, l := range lines {
		if l.Field != fields()[i] || l.Null() != (l.Field != "narrative") {
			t.Errorf("line %d is %s", i, l.Field)
		}
		salts[l.Salt] = true
	}
	if len(salts) != len(fields()) || salts[[SaltSize]byte{}] {
		t.Errorf("%d salts for %d fields", len(salts), len(fields()))
	}
	for _, c := range []struct {
		fields []string
		values map[string][]byte
		says   string
	}{
		{[]string{"a", "b", "a"}, nil, "the field a is listed twice"},
		{[]string{"a", "B"}, nil, "field 2 can't be named so"},
		{[]string{"a"}, map[string][]byte{"b": []byte(`"x"`)}, `a value for "b", which is not a field`},
		{[]string{"a"}, map[string][]byte{"a": []byte(`"x" `)}, "a: the value is not in its one encoding"},
		{[]string{"a"}, map[string][]byte{"a": {}}, "a: the value is missing"},
	} {
		_, err := Commit(c.fields, c.values)
		refused(t, err, nil, c.says)
	}
	_, err = commit(strings.NewReader("short"), []string{"a"}, nil)
	refused(t, err, nil, "no salt")
}

// TestListing: the listing is the output of sha256sum for the lines as files,
// and sha256sum -c accepts it.
func TestListing(t *testing.T) {
	lines, err := Commit(fields(), map[string][]byte{"narrative": []byte(`"x"`), "method": []byte(`["D1"]`)})
	if err != nil {
		t.Fatal(err)
	}
	listing := ListingOf(lines)
	text := listing.Marshal()
	again, err := ParseListing(text, fields())
	if err != nil || !slices.Equal(again, listing) || again.Hash() != listing.Hash() || listing.Hash() != DigestOf(text).Hash {
		t.Fatal(err)
	}
	h := strings.Repeat("0", 64)
	for _, c := range []struct{ text, says string }{
		{"", "the text is empty"},
		{h + "  a.json\n" + h + "  b.json", "the last line does not end with LF"},
		{h + "  a.json\n", "1 commitments for 2 fields"},
		{h + "  a.json\n" + h + "  b.json\n" + h + "  c.json\n", "3 commitments for 2 fields"},
		{h + "  b.json\n" + h + "  a.json\n", "line 1: b where a belongs"},
		{h + "  a.json\n" + h + "  a.json\n", "line 2: a where b belongs"},
		{h + " a.json\n" + h + "  b.json\n", "line 1: the hash is not followed by two spaces"},
		{h + "   a.json\n" + h + "  b.json\n", "line 1: the hash is not followed by two spaces"},
		{h + " *a.json\n" + h + "  b.json\n", "line 1: the hash is not followed by two spaces"},
		{h + "  a.json\r\n" + h + "  b.json\n", "line 1: the hash is not followed by two spaces"},
		{h + "  a\n" + h + "  b.json\n", "line 1: the hash is not followed by two spaces"},
		{h + "  ../a.json\n" + h + "  b.json\n", "line 1: the hash is not followed by two spaces"},
		{h + "  a.json\n" + strings.Repeat("A", 64) + "  b.json\n", "line 2: no SHA-256 in lower-case hex"},
		{h + "  a.json\n\n", "line 2: no SHA-256 in lower-case hex"},
	} {
		_, err := ParseListing([]byte(c.text), []string{"a", "b"})
		refused(t, err, ErrMismatch, c.says)
	}
}

// TestNothingPrints: what a person wrote does not come out of a format verb, a
// log or a JSON encoder.
func TestNothingPrints(t *testing.T) {
	const canary = "canary-canary"
	lines, err := Commit([]string{"narrative", "contact", "contact_when", "name"}, map[string][]byte{
		"narrative": []byte(`"` + canary + `"`), "contact": []byte(`"` + canary + `"`)})
	if err != nil {
		t.Fatal(err)
	}
	items, identity := Split(lines, nil)
	s := &StatementPart{Head: Head{Act: "report"}, Mailbox: canary, Tags: [32]byte([]byte(canary + canary + canary)), Items: items}
	key := FileKey{[16]byte([]byte(canary + "123"))}
	salt := fmt.Sprintf("%v", lines[0].Salt)
	for _, v := range []any{lines[0], &lines[0], lines, items, s, *s, identity, *identity, key, &key, struct{ K FileKey }{key}, struct{ L *StatementPart }{s}} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		encoded, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		all := log.String() + string(encoded) + fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v)
		for _, leak := range []string{canary, fmt.Sprintf("%x", canary), strings.Trim(fmt.Sprint([]byte(canary)), "[]"), strings.Trim(salt, "[]")} {
			if strings.Contains(all, leak) {
				t.Errorf("%T gives away %q: %s", v, leak, all)
			}
		}
	}
}

// What is read in place is read as encoding/json and AppendString would.
func TestCanonicalString(t *testing.T) {
	ours := func(v string) bool { return canonicalString([]byte(v)) }
	theirs := func(v string) bool {
		var s string
		return json.Unmarshal([]byte(v), &s) == nil && string(canonical.AppendString(nil, s)) == v
	}
	pieces := []string{"a", `"`, `\`, `\"`, `\\`, `\/`, `\n`, `\t`, `\b`, `\f`, `\r`, `\u`, `\u0000`, `\u0008`, `\u000b`, `\u000B`, `\u001f`, `\u0020`, `\u0041`,
		"\n", "\x00", "\x7f", "я", "\u2028", "<", "", `\u00`, `\u000`}
	for _, a := range pieces {
		for _, b := range pieces {
			for _, v := range []string{`"` + a + b + `"`, `"` + a + b, a + b + `"`, a + b} {
				if ours(v) != theirs(v) {
					t.Errorf("%q: %v, and encoding/json says %v", v, ours(v), theirs(v))
				}
			}
		}
	}
}
