package card_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"filippo.io/age"
	"pgregory.net/rapid"

	"zapis/crypto/card"
)

// anna is a signer and a card with fixed keys.
func anna(t testing.TB) (*card.Signer, card.Card) {
	t.Helper()
	s, err := card.NewSigner("anna", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	id, err := age.ParseHybridIdentity("AGE-SECRET-KEY-PQ-1VNQ6UH7J7F79RZDSD4QTPH2SHDHLGGQSWKQDDQGX9FKU9708A6DSJ063U9")
	if err != nil {
		t.Fatal(err)
	}
	return s, s.Card(id.Recipient().String())
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want || !errors.Is(err, card.ErrMismatch) {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestCard(t *testing.T) {
	s, c := anna(t)
	got, err := card.Parse(c.Marshal())
	if err != nil || got != c {
		t.Fatalf("read %+v, %v", got, err)
	}
	if c.Check() != nil || c.Fingerprint() != s.Fingerprint() || !strings.HasPrefix(c.Fingerprint(), "SHA256:") {
		t.Errorf("fingerprint %s, the signer's is %s", c.Fingerprint(), s.Fingerprint())
	}
	if (card.Card{SSH: "ssh-ed25519 x"}).Fingerprint() != "" {
		t.Error("a key that is none has a fingerprint")
	}
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	const (
		name      = "card: line 2: a name is 1 to 32 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit"
		keyLine   = "card: line 4: an SSH key is written ssh-ed25519 AAAA…, with no comment"
		damaged   = "card: line 3: the recipient is damaged: its checksum does not fit"
		noHybrid  = "card: line 3: not a post-quantum recipient (age1pq1… or age1tagpq1…)"
		ecdsaLine = "ssh ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAA="
	)
	for _, test := range []struct{ from, to, want string }{
		{"zapis/card/v1", "zapis/card/v2", `card: line 1: it must be "zapis/card/v1"`},
		{"name anna", "name Anna", name},
		{"name anna", "name -anna", name},
		{"name anna", "name " + strings.Repeat("a", 33), name},
		{"name anna", "name ánna", name},
		{c.Age, classic.Recipient().String(), noHybrid},
		{c.Age, strings.ToUpper(c.Age), noHybrid},
		{c.Age, c.Age[:len(c.Age)-1], damaged},
		{c.Age, c.Age[:400] + "q" + c.Age[400:], damaged},
		{c.Age[:400], c.Age[:399] + flip(c.Age[399]), damaged},
		{"age1pq1", "age1tagpq1", damaged},
		{"\nssh ", "\nssh", `card: line 4: it must begin with "ssh "`},
		{"AAAAC3", "AAAAD3", keyLine},
		{c.SSH, c.SSH + " anna@laptop", keyLine},
		{c.SSH, c.SSH[:len(c.SSH)-1] + "=", keyLine},
		{"ssh " + c.SSH, ecdsaLine, "card: line 4: only ssh-ed25519 keys are used"},
		{c.SSH + "\n", c.SSH, "card: line 4: no line feed at its end"},
		{c.SSH + "\n", c.SSH + "\nname boris\n", "card: line 5: nothing may follow here"},
	} {
		_, err := card.Parse([]byte(strings.Replace(string(c.Marshal()), test.from, test.to, 1)))
		refused(t, err, test.want)
	}
}

func flip(c byte) string {
	if c == 'q' {
		return "p"
	}
	return "q"
}

// Our reading of bech32 is age's: for recipients as they are made, and for any
// of their characters changed.
func TestRecipientAgreesWithAge(t *testing.T) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	good := id.Recipient().String()
	if err := card.CheckRecipient(good); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(good)-1).Draw(t, "at")
		c := rapid.SampledFrom([]byte("qpzry9x8gf2tvdw0s3jn54khce6mua7lb1Q ")).Draw(t, "c")
		s := good[:at] + string(c) + good[at+1:]
		_, theirs := age.ParseHybridRecipient(s)
		if ours := card.CheckRecipient(s); (ours == nil) != (theirs == nil) {
			t.Fatalf("character %d changed to %q: age says %v, we say %v", at, c, theirs, ours)
		}
	})
	// A hardware recipient's, from age's own tests.
	tag, err := os.ReadFile("testdata/age1tagpq1.txt")
	if err != nil {
		t.Fatal(err)
	}
	hardware := strings.TrimSpace(string(tag))
	if err := card.CheckRecipient(hardware); err != nil {
		t.Error(err)
	}
	if card.CheckRecipient(hardware[:1000]+flip(hardware[1000])+hardware[1001:]) == nil {
		t.Error("a damaged hardware recipient is accepted")
	}
}

func TestLedgerCard(t *testing.T) {
	c := card.LedgerCard{Origin: "example.org/ledger", Genesis: [32]byte{1, 2}}
	line := "zapis-ledger+example.org/ledger+0102" + strings.Repeat("00", 30)
	if c.String() != line {
		t.Errorf("written %s", c)
	}
	for _, s := range []string{line, line + "\n"} {
		if got, err := card.ParseLedgerCard(s); err != nil || got != c {
			t.Errorf("read %v, %v", got, err)
		}
	}
	const form = "ledger card: it is written zapis-ledger+ORIGIN+HEX"
	for s, want := range map[string]string{
		"":                                      form,
		"zapis-ledger+example.org":              form,
		"zapis-Ledger" + line[12:]:              form,
		line + "00":                             "ledger card: not 64 lower-case hexadecimal digits",
		line + "\n\n":                           "ledger card: not 64 lower-case hexadecimal digits",
		strings.Replace(line, "+01", "++01", 1): "ledger card: not 64 lower-case hexadecimal digits",
	} {
		_, err := card.ParseLedgerCard(s)
		refused(t, err, want)
	}
}

func TestOrigins(t *testing.T) {
	for _, good := range []string{
		"example.org/ledger", "example.org", "localhost:8080", "127.0.0.1:8080/a", "a-b.example/x~y/_z.1", "x", strings.Repeat("a", 200),
	} {
		if err := card.CheckOrigin(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "Example.org", "example.org/Ledger", "a b", "a+b", "a\tb", "a\nb", "http://example.org", "example.org/", "/ledger",
		"example..org", ".example.org", "-a.org", "a-.org", "a_b.org", "a:", "a:8o", "a//b", "a/../b", "a/.", "ä.org", "a/%20",
		"zapis/promise/v1", strings.Repeat("a", 201),
	} {
		if err := card.CheckOrigin(bad); err == nil || !strings.HasPrefix(err.Error(), "an origin is like example.org/ledger: ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Nothing that prints a signer prints its key.
func TestSignerHidesItsKey(t *testing.T) {
	s, _ := anna(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if out := fmt.Sprintf(verb, s); out != "anna" && out != "card.Signer(anna)" {
			t.Errorf("%s prints %s", verb, out)
		}
	}
	if _, err := card.NewSigner("anna", make([]byte, 31)); err == nil || err.Error() != "an Ed25519 seed has 32 bytes" {
		t.Error(err)
	}
	if _, err := card.NewSigner("Anna", make([]byte, 32)); err == nil || !strings.HasPrefix(err.Error(), "a name is 1 to 32") {
		t.Error(err)
	}
}
