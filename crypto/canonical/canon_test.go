package canonical_test

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zapis/crypto/canonical"
)

// read reads the one text that these tests are about.
func read(text string) (name string, n uint64, h [32]byte, err error) {
	r := canonical.NewReader([]byte(text), 200)
	r.Exact("sample/v1")
	name = r.Word("name")
	w := r.Words("count", 2)
	n = r.Decimal(w[0], 1000)
	h = r.Hash(w[1])
	for r.Has("note") {
		r.Value("note")
	}
	return name, n, h, r.End()
}

func TestRefusals(t *testing.T) {
	good := "sample/v1\nname anna\ncount 7 " + strings.Repeat("ab", 32) + "\nnote two words\n"
	if name, n, h, err := read(good); name != "anna" || n != 7 || h[31] != 0xab || err != nil {
		t.Fatal(name, n, h, err)
	}
	for _, test := range []struct{ from, to, want string }{
		{good, "", "it is empty"},
		{"two words", strings.Repeat("x", 200), "it has 299 bytes, and at most 200 are allowed"},
		{"sample/v1", "sample/v2", `line 1: it must be "sample/v1"`},
		{"name anna", "nama anna", `line 2: it must begin with "name "`},
		{"name anna", "nameanna", `line 2: it must begin with "name "`},
		{"name anna", "name anna b", `line 2: one value must follow "name"`},
		{"name anna", "name  anna", `line 2: a space too many, or no value after "name"`},
		{"name anna", "name anna ", `line 2: a space too many, or no value after "name"`},
		{"name anna", "name ", `line 2: a space too many, or no value after "name"`},
		{"name anna", "name anna\r", "line 2: a control character (U+000D)"},
		{"name anna", "name a\tb", "line 2: a control character (U+0009)"},
		{"name anna", "name a\x7f", "line 2: a control character (U+007F)"},
		{"name anna", "name a\xff", "line 2: not UTF-8"},
		{"name anna\n", "name anna\n\n", "line 3: a blank line"},
		{"count 7 ", "count 07 ", "line 3: not a decimal number without leading zeros"},
		{"count 7 ", "count +7 ", "line 3: not a decimal number without leading zeros"},
		{"count 7 ", "count 99999999999999999999 ", "line 3: not a decimal number without leading zeros"},
		{"count 7 ", "count 1001 ", "line 3: 1001 is more than 1000"},
		{"count 7 ", "count 7  ", `line 3: 2 values must follow "count"`},
		{"count 7 ", "count 7", `line 3: 2 values must follow "count"`},
		{"abab\n", "ABAB\n", "line 3: not 64 lower-case hexadecimal digits"},
		{"abab\n", "aba\n", "line 3: not 64 lower-case hexadecimal digits"},
		{"abab\n", "abag\n", "line 3: not 64 lower-case hexadecimal digits"},
		{"words\n", "words", "line 4: no line feed at its end"},
		{"words\n", "words\nmore\n", "line 5: nothing may follow here"},
		{"words\n", "words\n\n", "line 5: nothing may follow here"},
		{"count", "", `line 3: it must begin with "count "`},
		{good, "sample/v1\n", "line 2: the text ends here, and more lines must follow"},
	} {
		_, _, _, err := read(strings.Replace(good, test.from, test.to, 1))
		if err == nil || err.Error() != test.want || !errors.Is(err, canonical.ErrMismatch) {
			t.Errorf("%q for %q: %v, want %s", test.to, test.from, err, test.want)
		}
	}
}

// The first refusal stays, whatever is asked afterwards.
func TestFirstRefusalSticks(t *testing.T) {
	r := canonical.NewReader([]byte("a 1\nb 2\n"), 100)
	r.Word("x")
	if r.Line() != "" || r.Has("b") || r.More() || r.Decimal("1", 9) != 0 || r.Hash("") != [32]byte{} {
		t.Error("reads on after a refusal")
	}
	r.Fail("something else")
	r.Check(errors.New("something else"))
	if err := r.End(); err == nil || err.Error() != `line 1: it must begin with "x "` || err != r.Err() {
		t.Error(err)
	}
}

func TestDoneGivesNothingOfARefusedText(t *testing.T) {
	read := func(text string) (string, error) {
		r := canonical.NewReader([]byte(text), 100)
		return canonical.Done(r, "sample", r.Word("name"))
	}
	if v, err := read("name anna\n"); v != "anna" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	v, err := read("name anna\nmore\n")
	if v != "" || err == nil || err.Error() != "sample: line 2: nothing may follow here" || !errors.Is(err, canonical.ErrMismatch) {
		t.Errorf("%q, %v", v, err)
	}
	var refused *canonical.Error
	if !errors.As(err, &refused) || refused.Line != 2 {
		t.Errorf("the line is lost: %v", err)
	}
}

func TestRefuseKeepsWhatItWraps(t *testing.T) {
	err := canonical.Refuse("entry 5: %w", io.ErrUnexpectedEOF)
	if err.Error() != "entry 5: unexpected EOF" || !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, canonical.ErrMismatch) {
		t.Error(err)
	}
	if errors.Is(io.EOF, canonical.ErrMismatch) {
		t.Error("every error is a mismatch")
	}
}

func TestNumbersHaveOneWriting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64().Draw(t, "n")
		if got, err := canonical.ParseDecimal(strconv.FormatUint(n, 10)); err != nil || got != n {
			t.Fatalf("%d read as %d, %v", n, got, err)
		}
		s := rapid.StringMatching(`[-+0-9 _xe.]{0,22}`).Draw(t, "s")
		if got, err := canonical.ParseDecimal(s); err == nil && strconv.FormatUint(got, 10) != s {
			t.Fatalf("%q read as %d", s, got)
		}
		h := rapid.StringMatching(`[0-9a-fA-Fg]{63,65}`).Draw(t, "h")
		if got, err := canonical.ParseHash(h); err == nil && fmt.Sprintf("%x", got) != h {
			t.Fatalf("%q read as %x", h, got)
		}
	})
}
