package reportcode

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"zapis/crypto/reporterkey"
	"zapis/internal/shorttest"
)

// vectors are docs/spec/vectors/code.json. They were made by another program in
// another language, with the recipient by age's own tool.
type vectors struct {
	Spec    string
	Derived []struct {
		Origin, Code, Salt, Master, Identity string
		RecipientSHA256                      string `json:"recipient_sha256"`
		Mailbox                              string
		SigningSeed                          string `json:"signing_seed"`
		ReporterKey                          string `json:"reporter_key"` // the fingerprint
		Tags                                 []struct{ N, Tag string }
		Locators                             []struct {
			N, Body, First string
			Exhibits       uint32
			Act            uint8
			Name, Box      string
		}
	}
	Code     string
	Accepted []struct{ Typed, Why string }
	Refused  []struct{ Typed, Error, Why string }
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("../../docs/spec/vectors/code.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if v.Spec != "zapis/code/v1" || len(v.Derived) == 0 || len(v.Accepted) == 0 || len(v.Refused) == 0 {
		t.Fatal("docs/spec/vectors/code.json is empty, or of another version")
	}
	return v
}

func unhex(t *testing.T, s string) [32]byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 {
		t.Fatalf("vector: %q is not 32 bytes of hex", s)
	}
	return [32]byte(b)
}

func unhexed(t *testing.T, s string) []byte {
	b := unhex(t, s)
	return b[:]
}

func number(t *testing.T, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestVectorsDerived(t *testing.T) {
	shorttest.Skip(t, "no vector is derived at the full cost")
	for _, v := range readVectors(t).Derived {
		c, err := Parse(v.Code)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Digits(); got != v.Code {
			t.Errorf("digits %s", got)
		}
		d := NewDeriver(v.Origin)
		if d.salt != unhex(t, v.Salt) {
			t.Errorf("salt %x", d.salt)
		}
		if got := argon2.IDKey((*c.d)[:], d.salt[:], argonTime, argonMemory, argonThreads, 32); [32]byte(got) != unhex(t, v.Master) {
			t.Errorf("master %x", got)
		}
		k, err := d.Derive(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.Identity().String(); got != v.Identity {
			t.Errorf("identity %s", got)
		}
		if got := sha256.Sum256([]byte(k.Recipient())); got != unhex(t, v.RecipientSHA256) {
			t.Errorf("recipient %s", k.Recipient())
		}
		if got := k.TagSecret(); got != unhex(t, v.Mailbox) {
			t.Errorf("mailbox %x", got)
		}
		seed, err := hkdf.Key(sha256.New, unhexed(t, v.Master), nil, "zapis/code/v1 signing", reporterkey.SeedSize)
		if err != nil || hex.EncodeToString(seed) != v.SigningSeed {
			t.Errorf("signing seed %x, %v", seed, err)
		}
		if got := k.Signing().Fingerprint(); got != reporterkey.Fingerprint(unhex(t, v.ReporterKey)) {
			t.Errorf("reporter's key %x", got)
		}
		for _, tag := range v.Tags {
			if got := ReplyTag(k.TagSecret(), number(t, tag.N)); got != unhex(t, tag.Tag) {
				t.Errorf("tag %s: %x", tag.N, got)
			}
		}
		for _, l := range v.Locators {
			n := number(t, l.N)
			want := Locator{unhex(t, l.Body), unhex(t, l.First), l.Exhibits, l.Act}
			if got := k.LocatorName(n); got != unhex(t, l.Name) {
				t.Errorf("name %s: %x", l.N, got)
			}
			box := k.SealLocator(n, want)
			if got := hex.EncodeToString(box); got != l.Box {
				t.Errorf("box %s: %s", l.N, got)
			}
			if got, err := k.OpenLocator(n, box); err != nil || got != want {
				t.Errorf("box %s opens as %v, %v", l.N, got, err)
			}
		}
	}
}

func TestVectorsAccepted(t *testing.T) {
	v := readVectors(t)
	for _, a := range v.Accepted {
		c, err := Parse(a.Typed)
		if err != nil {
			t.Errorf("%s: %v", a.Why, err)
		} else if c.Digits() != v.Code {
			t.Errorf("%s: read as %s", a.Why, c.Digits())
		}
	}
}

func TestVectorsRefused(t *testing.T) {
	classes := map[string]error{"length": ErrLength, "check digits": ErrCheckDigits}
	texts := map[string]string{"length": "a code has 32 digits", "check digits": "a digit of the code seems wrong"}
	for _, r := range readVectors(t).Refused {
		c, err := Parse(r.Typed)
		if classes[r.Error] == nil || !errors.Is(err, classes[r.Error]) || err.Error() != texts[r.Error] || !c.IsZero() {
			t.Errorf("%s: got %v, want the class %q", r.Why, err, r.Error)
		}
	}
}

// TestSpecSample holds the sample at the top of docs/spec/code.md to the vectors.
func TestSpecSample(t *testing.T) {
	b, err := os.ReadFile("../../docs/spec/code.md")
	if err != nil {
		t.Fatal(err)
	}
	v := readVectors(t).Derived[0]
	for _, line := range []string{v.Code, "salt      " + v.Salt, "master    " + v.Master, "identity  " + v.Identity, "mailbox   " + v.Mailbox,
		"tag 0     " + v.Tags[0].Tag, "tag 1     " + v.Tags[1].Tag, "locator 0 " + v.Locators[0].Name + "   (its name)"} {
		if !strings.Contains(string(b), "\n"+line+"\n") {
			t.Errorf("docs/spec/code.md has no line\n%s", line)
		}
	}
}
