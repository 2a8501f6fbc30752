package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/internal/exit"
)

// quick is a work factor for tests.
const quick = 4

func newTestIdentity(t *testing.T) *Identity {
	t.Helper()
	id, err := NewIdentity("anna")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// No test of this package runs beside another one, so that collections that are forced can be counted.
func TestTheMemoryOfALargeDerivationIsGivenBack(t *testing.T) {
	for factor, want := range map[int]uint32{largeWorkFactor: 1, quick: 0} {
		sealed, err := newTestIdentity(t).Seal("x", factor)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := openIdentity(sealed, "x"); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if got := after.NumForcedGC - before.NumForcedGC; got != want {
			t.Errorf("at 2^%d the collector was asked %d times, want %d", factor, got, want)
		}
	}
}

func TestIdentityFile(t *testing.T) {
	id := newTestIdentity(t)
	name := filepath.Join(t.TempDir(), "anna.key")
	if err := id.WriteFiles(name, "kava z malakom", quick); err != nil {
		t.Fatal(err)
	}
	for file, mode := range map[string]os.FileMode{name: 0o600, name + ".card": 0o644} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("%s has mode %v, want %v", filepath.Base(file), info.Mode(), mode)
		}
	}

	pass := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(pass, []byte("kava z malakom\r\nnot this\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	back, err := KeyFlags{Identity: name, PassphraseFile: pass}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if back.Card != id.Card || back.Age.String() != id.Age.String() || !bytes.Equal(back.seed, id.seed) {
		t.Error("the identity changed on its way through the file")
	}

	text, err := os.ReadFile(CardFile(name))
	if err != nil {
		t.Fatal(err)
	}
	public, err := card.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if public != id.Card || public.Age != id.Age.Recipient().String() {
		t.Errorf("the card is not this identity's: %v", public)
	}

	// Nothing is ever overwritten, not even half of the pair.
	for _, gone := range []string{"", name} {
		if gone != "" {
			if err := os.Remove(gone); err != nil {
				t.Fatal(err)
			}
		}
		err = newTestIdentity(t).WriteFiles(name, "x", quick)
		if exit.StatusOf(err) != exit.Failed || !strings.HasSuffix(fmt.Sprint(err), "exists already and is never overwritten") {
			t.Errorf("a second identity under the same name: %v", err)
		}
	}
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Error("an identity was written beside another one's card")
	}
}

// Stock age reads the opened text as an identity file, comments and all.
func TestStockAgeReadsIt(t *testing.T) {
	id := newTestIdentity(t)
	sealed, err := id.Seal("x", quick)
	if err != nil {
		t.Fatal(err)
	}
	open, err := age.NewScryptIdentity("x")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := age.Decrypt(bytes.NewReader(sealed), open)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(ids) != 1 || fmt.Sprint(ids[0]) != id.Age.String() {
		t.Errorf("stock age found %d identities, and not this one", len(ids))
	}
	if !strings.HasPrefix(string(text), "# zapis/identity/v1\n# name anna\n# ssh-ed25519 ") {
		t.Error("the text does not begin as the format says")
	}
}

func TestOpenIdentityRefuses(t *testing.T) {
	id := newTestIdentity(t)
	good, err := id.Seal("right", quick)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(text string, to age.Recipient) []byte {
		var b bytes.Buffer
		w, err := age.Encrypt(&b, to)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	scrypt, err := age.NewScryptRecipient("right")
	if err != nil {
		t.Fatal(err)
	}
	scrypt.SetWorkFactor(quick)
	busy := bytes.Replace(good, fmt.Appendf(nil, " %d\n", quick), []byte(" 30\n"), 1)

	for _, tt := range []struct {
		name   string
		sealed []byte
		pass   string
		want   string
	}{
		{"wrong passphrase", good, "Right", "the passphrase does not open the identity file"},
		{"no passphrase", good, "", "passphrase can't be empty"},
		{"not age at all", []byte("hello\n"), "right", "this is not an identity file: "},
		{"empty", nil, "right", "this is not an identity file: "},
		{"sealed to a key", seal("x", id.Age.Recipient()), "right", "this is not an identity file: no passphrase protects it"},
		{"work factor", busy, "right", "the identity file asks for a scrypt work factor of 30, and at most 20 is spent on one"},
		{"cut", good[:len(good)-1], "right", "the identity file is damaged: "},
		{"another text", seal("# zapis/identity/v2\n", scrypt), "right", `the identity file opens, and holds no identity of ours: line 1: it must be "# zapis/identity/v1"`},
	} {
		_, err := OpenIdentity(tt.sealed, tt.pass)
		if exit.StatusOf(err) != exit.KeyMissing || !strings.HasPrefix(fmt.Sprint(err), tt.want) {
			t.Errorf("%s: status %d, %v", tt.name, exit.StatusOf(err), err)
		}
	}
}

func TestParseIdentityRefuses(t *testing.T) {
	id := newTestIdentity(t)
	good := string(id.Text())
	if _, err := ParseIdentity([]byte(good)); err != nil {
		t.Fatal(err)
	}
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(good, "\n")
	for _, tt := range []struct {
		line    int
		with    string
		refusal string
	}{
		{1, "# zapis/identity/v2\n", "line 1: "},
		{2, "# name Anna\n", "line 2: a name is"},
		{2, "", "line 2: "},
		{3, "# ssh-ed25519 AAAA\n", "line 3: an Ed25519 seed is 32 bytes in base64"},
		{4, classic.String() + "\n", "line 4: not a post-quantum age identity"},
		{4, strings.ToLower(lines[3]), "line 4: not a post-quantum age identity"},
		{4, lines[3] + lines[3], "line 5: nothing may follow here"},
		{4, strings.TrimSpace(lines[3]), "line 4: "},
	} {
		bad := strings.Join(lines[:tt.line-1], "") + tt.with + strings.Join(lines[tt.line:], "")
		_, err := ParseIdentity([]byte(bad))
		if err == nil || !strings.HasPrefix(err.Error(), tt.refusal) {
			t.Errorf("line %d as %q: %v", tt.line, tt.with, err)
		}
		if err != nil && strings.Contains(err.Error(), id.Age.String()[20:40]) {
			t.Errorf("line %d: the refusal quotes the key", tt.line)
		}
	}
}

func TestIdentityNeverPrints(t *testing.T) {
	id := newTestIdentity(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		got := fmt.Sprintf(verb, id)
		if strings.Contains(strings.ToUpper(got), "SECRET") || len(got) > 100 {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	const begin = "age-encryption.org/v1\n-> scrypt "
	key := file("key", begin)
	for _, tt := range []struct {
		flags KeyFlags
		want  string
	}{
		{KeyFlags{}, "this needs your identity"},
		{KeyFlags{Identity: filepath.Join(dir, "none")}, "the identity file: "},
		{KeyFlags{Identity: file("large", begin+strings.Repeat("x", maxIdentityFile))}, "is too large for an identity file"},
		{KeyFlags{Identity: file("card", "zapis/card/v1\n")}, "card is no identity file: it is a trustee's card"},
		{KeyFlags{Identity: key, PassphraseFile: filepath.Join(dir, "none")}, "the passphrase file: "},
		{KeyFlags{Identity: key, PassphraseFile: file("empty", "\nsecret\n")}, "has an empty first line"},
		{KeyFlags{Identity: key, PassphraseFile: file("long", strings.Repeat("x", 2000))}, "has more than 1024 bytes"},
	} {
		_, err := tt.flags.Load(t.Context())
		if exit.StatusOf(err) != exit.KeyMissing || !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("%+v: status %d, %v", tt.flags, exit.StatusOf(err), err)
		}
	}
}
