package reportcode

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"

	"filippo.io/age"

	"zapis/internal/shorttest"
)

func newCode(t testing.TB) Code {
	t.Helper()
	c, err := New(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func derive(t testing.TB, c Code) *Keys {
	t.Helper()
	k, err := NewDeriver("example.org/ledger").Derive(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestNew(t *testing.T) {
	var seen [10]int
	for range 2_000 {
		c := newCode(t)
		again, err := Parse(c.Digits())
		if err != nil || !again.Equal(c) {
			t.Fatalf("%s came back as %v, %v", c.Digits(), again, err)
		}
		n, _ := new(big.Int).SetString(strings.ReplaceAll(c.Digits(), " ", ""), 10)
		if n.Mod(n, big.NewInt(97)).Int64() != 1 {
			t.Fatalf("%s is not 1 modulo 97", c.Digits())
		}
		for _, d := range (*c.d)[:random] {
			seen[d-'0']++
		}
	}
	// 60,000 digits: each 6,000 times, with a standard deviation of 73.
	for d, n := range seen {
		if n < 5_500 || n > 6_500 {
			t.Errorf("digit %d came %d times", d, n)
		}
	}
}

func TestNewDrawsEachDigitAlike(t *testing.T) {
	// Of the 256 values of a byte six are passed over, and each digit has 25.
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	var seen [10]int
	src := io.MultiReader(bytes.NewReader(all), bytes.NewReader(make([]byte, 64)))
	for range 8 {
		c, err := New(src)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range (*c.d)[:random] {
			seen[d-'0']++
		}
	}
	if seen[0]-seen[9] > 40 { // the zeros at the end of the source
		t.Errorf("%v", seen)
	}
}

func TestNewPassesOverWhatWouldFavourADigit(t *testing.T) {
	src := append(bytes.Repeat([]byte{255, 250, 253, 251}, 16), bytes.Repeat([]byte{249}, 64)...)
	c, err := New(bytes.NewReader(src))
	if err != nil || c.Digits()[:9] != "9999 9999" {
		t.Errorf("%s, %v", c.Digits(), err)
	}
}

func TestNewWithoutRandomness(t *testing.T) {
	c, err := New(iotest.ErrReader(errors.New("no entropy")))
	if !c.IsZero() || err == nil || err.Error() != "drawing a code: no entropy" {
		t.Errorf("%v, %v", c, err)
	}
	if _, err := New(bytes.NewReader([]byte{1, 2, 3})); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

// TestOneWrongDigitOrSwapIsFound tries every slip of one digit and every swap of neighbours.
func TestOneWrongDigitOrSwapIsFound(t *testing.T) {
	for range 20 {
		d := strings.ReplaceAll(newCode(t).Digits(), " ", "")
		for i := range Length {
			for wrong := byte('0'); wrong <= '9'; wrong++ {
				if s := d[:i] + string(wrong) + d[i+1:]; s != d {
					if _, err := Parse(s); !errors.Is(err, ErrCheckDigits) {
						t.Fatalf("%s for %s: %v", s, d, err)
					}
				}
			}
			if i > 0 && d[i-1] != d[i] {
				s := d[:i-1] + string(d[i]) + string(d[i-1]) + d[i+1:]
				if _, err := Parse(s); !errors.Is(err, ErrCheckDigits) {
					t.Fatalf("%s for %s: %v", s, d, err)
				}
			}
		}
	}
}

// TestScripts holds the assumption of decimal: every decimal digit of Unicode
// is in a run of ten that starts at its zero.
func TestScripts(t *testing.T) {
	n := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		digit, ok := decimal(r)
		if ok != unicode.Is(unicode.Nd, r) {
			t.Fatalf("%U: a digit? %v", r, ok)
		}
		if ok {
			if want := byte('0' + n%10); digit != want {
				t.Fatalf("%U is %c, want %c", r, digit, want)
			}
			n++
		}
	}
	for _, run := range unicode.Nd.R16 {
		if (run.Hi-run.Lo+1)%10 != 0 || run.Stride != 1 {
			t.Errorf("%U to %U is not a run of tens", run.Lo, run.Hi)
		}
	}
	for _, run := range unicode.Nd.R32 {
		if (run.Hi-run.Lo+1)%10 != 0 || run.Stride != 1 {
			t.Errorf("%U to %U is not a run of tens", run.Lo, run.Hi)
		}
	}
}

func TestParseIsBounded(t *testing.T) {
	if _, err := Parse(strings.Repeat(" ", 1<<20)); err != ErrLength {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	v := readVectors(f)
	for _, a := range v.Accepted {
		f.Add(a.Typed)
	}
	for _, r := range v.Refused {
		f.Add(r.Typed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse(s)
		if err != nil {
			if !c.IsZero() || err != ErrLength && err != ErrCheckDigits {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := Parse(c.Digits())
		if err != nil || !again.Equal(c) || len(c.Digits()) != 39 {
			t.Fatalf("%q: %v", c.Digits(), err)
		}
	})
}

func TestSameCodeElsewhere(t *testing.T) {
	shorttest.Skip(t, "no code is derived for several ledgers at full cost")
	c := newCode(t)
	a := derive(t, c)
	b, err := NewDeriver("example.org/other").Derive(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if a.Recipient() == b.Recipient() || a.TagSecret() == b.TagSecret() || a.LocatorName(0) == b.LocatorName(0) {
		t.Error("two ledgers share a key")
	}
}

func TestIdentityOpens(t *testing.T) {
	k := derive(t, newCode(t))
	r, err := age.ParseHybridRecipient(k.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, r)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "hello")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	open, err := age.Decrypt(&sealed, k.Identity())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(open); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDeriveQueues(t *testing.T) {
	d := NewDeriver("example.org/ledger")
	for range atOnce {
		d.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := newCode(t)
	if _, err := d.Derive(ctx, c); !errors.Is(err, context.Canceled) || err.Error() != "waiting to derive a code's keys: context canceled" {
		t.Errorf("%v", err)
	}
	<-d.slots
	if _, err := d.Derive(context.Background(), c); err != nil {
		t.Error(err)
	}
	if len(d.slots) != atOnce-1 {
		t.Errorf("%d places taken", len(d.slots))
	}
	if _, err := d.Derive(context.Background(), Code{}); err != ErrLength {
		t.Errorf("the zero code: %v", err)
	}
}

func TestLocatorRefuses(t *testing.T) {
	k, other := derive(t, newCode(t)), derive(t, newCode(t))
	l := Locator{Body: [32]byte{1}, First: [32]byte{2}, Exhibits: 3, Act: 1}
	box := k.SealLocator(5, l)
	if len(box) != LocatorSize || len(k.SealLocator(0, Locator{})) != LocatorSize {
		t.Fatalf("%d bytes", len(box))
	}
	for i := range len(box) * 8 {
		box[i/8] ^= 1 << (i % 8)
		if got, err := k.OpenLocator(5, box); !errors.Is(err, ErrLocator) || got != (Locator{}) {
			t.Fatalf("bit %d: %v, %v", i, got, err)
		}
		box[i/8] ^= 1 << (i % 8)
	}
	if _, err := k.OpenLocator(4, box); err == nil || err.Error() != "the locator does not open with this code" {
		t.Errorf("another place: %v", err)
	}
	if _, err := other.OpenLocator(5, box); !errors.Is(err, ErrLocator) {
		t.Errorf("another code: %v", err)
	}
	if _, err := k.OpenLocator(5, box[1:]); err == nil || err.Error() != "the locator does not open with this code: 96 bytes in place of 97" {
		t.Errorf("short: %v", err)
	}
	if got, err := k.OpenLocator(5, box); err != nil || got != l {
		t.Errorf("%v, %v", got, err)
	}
	// Other content for the same place uses another nonce.
	l.Act = 2
	if bytes.Equal(k.SealLocator(5, l)[:12], box[:12]) {
		t.Error("a nonce was used twice")
	}
}

func TestWipe(t *testing.T) {
	shorttest.Skip(t, "no derived key is looked for in memory")
	c := newCode(t)
	k := derive(t, c)
	held := *k.k
	k.Wipe()
	if *held != (keys{}) {
		t.Error("keys are left")
	}
	digits := *c.d
	c.Wipe()
	if *digits != ([Length]byte{}) {
		t.Error("digits are left")
	}
	Code{}.Wipe()
}

// TestNothingPrintsACode tries the ways in which a secret gets into a log.
func TestNothingPrintsACode(t *testing.T) {
	c, err := Parse("4827 1093 5560 2718 2818 2845 9045 2311")
	if err != nil {
		t.Fatal(err)
	}
	k := derive(t, c)
	type inside struct {
		code   Code
		keys   Keys
		ptr    *Keys
		Public Code
	}
	var out bytes.Buffer
	for _, v := range []any{c, &c, k, *k, []Code{c}, map[string]Code{"a": c}, inside{c, *k, k, c}, &inside{c, *k, k, c},
		fmt.Errorf("no keys for %v", c)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(h).Info("message", "value", v, slog.Group("g", "value", v))
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	for _, v := range []any{c, *k} {
		b, err := xml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	secret := k.TagSecret()
	// Eight digits each: four come up by chance, in a time or an address.
	for _, leak := range []string{"48271093", "4827 1093", "4827-1093", "52 56 50 55", fmt.Sprintf("%x", "4827"), fmt.Sprintf("%x", secret[:4]),
		fmt.Sprint(secret[:4])[1:10], "AGE-SECRET", "0x34, 0x38"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%q was printed", leak)
		}
	}
	for _, want := range []string{"[code]", "[keys]"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s", want)
		}
	}
}

func BenchmarkDerive(b *testing.B) {
	d, c := NewDeriver("example.org/ledger"), newCode(b)
	for b.Loop() {
		if _, err := d.Derive(context.Background(), c); err != nil {
			b.Fatal(err)
		}
	}
}
