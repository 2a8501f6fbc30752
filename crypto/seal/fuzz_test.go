package seal

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"filippo.io/age"

	"zapis/crypto/canonical"
)

// Every parser: what it accepts, it writes back byte for byte; what it refuses
// is an ErrMismatch; it never panics.

func fuzzText(f *testing.F, parse func([]byte) ([]byte, error)) {
	f.Fuzz(func(t *testing.T, b []byte) {
		again, err := parse(b)
		if err != nil {
			if !errors.Is(err, ErrMismatch) {
				t.Fatalf("refused as something else: %v", err)
			}
			return
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("taken, and written back as\n%q", again)
		}
	})
}

func FuzzParseLine(f *testing.F) {
	fuzzText(f, func(b []byte) ([]byte, error) {
		l, err := ParseLine(b)
		if err == nil && !json.Valid(b) {
			return nil, errors.New("taken, and no JSON")
		}
		return l.Marshal(), err
	})
}

func FuzzParseListing(f *testing.F) {
	fuzzText(f, func(b []byte) ([]byte, error) {
		l, err := ParseListing(b, []string{"narrative", "contact", "attachment-1"})
		return l.Marshal(), err
	})
}

func FuzzParseStatement(f *testing.F) {
	fuzzText(f, func(b []byte) ([]byte, error) {
		s, err := ParseStatement(b, []string{"narrative", "contact", "attachment-1"})
		if err != nil {
			return nil, err
		}
		return s.Marshal()
	})
}

func FuzzParseIdentity(f *testing.F) {
	fuzzText(f, func(b []byte) ([]byte, error) {
		p, err := ParseIdentity(b, []string{"narrative", "contact", "contact_when", "name", "attachment-1"})
		if err != nil {
			return nil, err
		}
		return p.marshal(), nil
	})
}

func FuzzParseSignal(f *testing.F) {
	fuzzText(f, func(b []byte) ([]byte, error) {
		s, err := ParseSignal(b)
		if err != nil {
			return nil, err
		}
		return s.Marshal()
	})
}

func FuzzParseAttachment(f *testing.F) {
	fuzzText(f, func(b []byte) ([]byte, error) {
		a, err := ParseAttachment(b)
		return a.Value(), err
	})
}

func FuzzParseQuorum(f *testing.F) {
	f.Fuzz(func(t *testing.T, k, n string, body []byte) {
		q, err := parseQuorum(&age.Stanza{Type: quorumType, Args: []string{k, n}, Body: body})
		if err != nil {
			if !errors.Is(err, ErrMismatch) {
				t.Fatal(err)
			}
			return
		}
		s := q.marshal()
		if s.Args[0] != k || s.Args[1] != n || !bytes.Equal(s.Body, body) {
			t.Fatal("taken, and written back as something else")
		}
	})
}

// FuzzPart passes hostile files to every reader of parts.
func FuzzPart(f *testing.F) {
	one, two := set(1, 2), set(2, 2)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, r := range []*Recipients{one, two} {
			if err := CheckPart(bytes.NewReader(b), Signal, r, int64(len(b))); err != nil && !errors.Is(err, ErrMismatch) {
				t.Fatal(err)
			}
			if err := CheckOwn(bytes.NewReader(b), r, 1, people()[0]); !errors.Is(err, ErrMismatch) {
				t.Fatalf("these keys were made a moment ago, and yet: %v", err)
			}
		}
		for _, id := range []age.Identity{people()[0], QuorumIdentity(map[int][]byte{1: b, 2: b})} {
			if _, err := OpenBytes(Signal, bytes.NewReader(b), DigestOf(b), id); err == nil {
				t.Fatal("opened")
			}
		}
		if _, err := OpenShare(bytes.NewReader(b), 1, people()[0]); err == nil {
			t.Fatal("gave a share")
		}
	})
}

// FuzzUnpad compares the streaming reader of padding with the simple one, for
// any pieces of the plaintext.
func FuzzUnpad(f *testing.F) {
	f.Fuzz(func(t *testing.T, content []byte, stain int, length uint64, pieces []byte) {
		plain := make([]byte, 1024)
		copy(plain[:1016], content)
		if stain >= 0 {
			plain[stain%1016] ^= 1
		}
		binary.BigEndian.PutUint64(plain[1016:], length)

		var want []byte
		ok := length <= 1016 && len(bytes.Trim(plain[length:1016], "\x00")) == 0
		if ok {
			want = plain[:length]
		}
		var got bytes.Buffer
		u := newUnpadder(&got, Signal)
		for rest, i := plain, 0; len(rest) > 0; i++ {
			n := len(rest)
			if i < len(pieces) {
				n = min(n, int(pieces[i]))
			}
			if _, err := u.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		err := u.finish()
		if ok != (err == nil) || ok && !bytes.Equal(got.Bytes(), want) {
			t.Fatalf("%d bytes, %v; want %v, %d bytes", got.Len(), err, ok, len(want))
		}
		if err != nil && !errors.Is(err, ErrMismatch) {
			t.Fatal(err)
		}
	})
}

// FuzzString: any JSON parser reads what AppendString writes, and our own
// check of values accepts it.
func FuzzString(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || s == "" {
			return
		}
		b := canonical.AppendString(nil, s)
		var got string
		if err := json.Unmarshal(b, &got); err != nil || got != s {
			t.Fatalf("%s: %q, %v", b, got, err)
		}
		if err := checkValue(b); err != nil {
			t.Fatal(err)
		}
	})
}

// TestCorpora: every fuzz target above has seeds, and they are found.
func TestCorpora(t *testing.T) {
	src, err := os.ReadFile("fuzz_test.go")
	if err != nil {
		t.Fatal(err)
	}
	targets := 0
	for line := range strings.Lines(string(src)) {
		name, ok := strings.CutPrefix(line, "func Fuzz")
		if !ok {
			continue
		}
		targets++
		name, _, _ = strings.Cut("Fuzz"+name, "(")
		seeds, err := filepath.Glob(filepath.Join("testdata", "fuzz", name, "*"))
		if err != nil || len(seeds) < 2 {
			t.Errorf("%s has %d seeds, %v", name, len(seeds), err)
		}
	}
	if targets != 10 {
		t.Errorf("%d fuzz targets were found, and there are 10", targets)
	}
}
