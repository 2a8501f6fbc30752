package bundle

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"

	"zapis/crypto/seal"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// ciphertext is a part in memory that can be read again.
type ciphertext struct{ *bytes.Reader }

func (ciphertext) Close() error { return nil }

func reopen(b []byte) func() (io.ReadSeekCloser, error) {
	return func() (io.ReadSeekCloser, error) { return ciphertext{bytes.NewReader(b)}, nil }
}

// sealedCase returns a case with sealed parts, with the keys of its statement
// and its one file.
func sealedCase(t testing.TB) (*house, Input, []DisclosedKey) {
	h := newHouse(t)
	s, body := h.submit(firstReport(letter))
	var lines []seal.Line
	for _, c := range slices.Concat(s.Lines, s.Identity) {
		l, err := seal.ParseLine(c)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	names := fields1
	slices.SortFunc(lines, func(a, b seal.Line) int { return slices.Index(names, a.Field) - slices.Index(names, b.Field) })
	items, _ := seal.Split(lines, nil)
	set := h.genesis.Set
	statement, err := (&seal.StatementPart{Head: seal.Head{Act: "report", Received: testTime}, Mailbox: set.Trustees[0].Age, Tags: h.hash(), Items: items}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	to, err := seal.NewRecipients(1, set.Trustees[0].Age, set.Trustees[1].Age)
	if err != nil {
		t.Fatal(err)
	}
	var keys []DisclosedKey
	for _, p := range []struct {
		kind    seal.Kind
		part    string
		at      int
		content []byte
	}{{seal.Statement, "statement", 1, statement}, {seal.Attachment, "A01", 3, letter.content}} {
		var sealed bytes.Buffer
		got, key, err := seal.SealWithKey(&sealed, p.kind, to, bytes.NewReader(p.content))
		if err != nil {
			t.Fatal(err)
		}
		body.Parts[p.at].Hash, body.Parts[p.at].Size = got.Ciphertext.Hash, got.Ciphertext.Size
		keys = append(keys, DisclosedKey{p.part, key, reopen(sealed.Bytes())})
	}
	s.Entry = h.append(body)
	cp := h.checkpoint()
	s.Receipt = h.receipt(1, cp)
	s.Keys = keys
	return h, Input{Ledger: h.genesis.Card(), Checkpoint: cp, Public: h.public(cp), Submissions: []Submission{s},
		Custody: h.custody(caseID(body)), Signer: h.signers["anna"], Time: testTime, Tool: "zapis test"}, keys
}

func TestDisclosedKeys(t *testing.T) {
	shorttest.Skip(t, "not tested: keys that are disclosed")
	t.Parallel()
	h, in, keys := sealedCase(t)
	zip := write(t, in)
	r := check(t, zip, Options{})
	for _, want := range []string{
		"The sealed bytes that the ledger names decrypt to A01: its key is in the bundle, and anybody can repeat that.",
		"The sealed statement of the report that the ledger names decrypts to the answers shown, and says itself: report, received 2026-11-21T20:47:45Z. Its key is in the bundle, and anybody can repeat that.",
	} {
		if !slices.Contains(r.Proved, want) {
			t.Errorf("not said: %s\n%q", want, r.Proved)
		}
	}
	if slices.ContainsFunc(r.NotProved, func(s string) bool { return strings.Contains(s, "this is the word of anna") }) {
		t.Errorf("still not proved: %q", r.NotProved)
	}
	followPage(t, zip)

	// With the key another payload can be put under the same header. It opens,
	// with stock age too, and it is not what the ledger names.
	sealed, _ := keys[1].Open()
	original, _ := io.ReadAll(sealed)
	forged := forge(t, original, keys[1].Key, bytes.Repeat([]byte("x"), 65536))
	opened, err := age.Decrypt(bytes.NewReader(forged), injected(t, keys[1].Key))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(opened); err != nil || !bytes.HasPrefix(plain, []byte("xxxx")) {
		t.Fatalf("the forgery does not open: %v", err)
	}
	for _, tt := range []struct {
		name   string
		change func(map[string][]byte)
		want   string
	}{
		{"a forged payload under the same header", func(f map[string][]byte) { f["data/keys/A01.age"] = forged }, "data/keys/A01.age: is not the part that the entry names"},
		{"another part", func(f map[string][]byte) { f["data/keys/A01.age"] = f["data/keys/statement.age"] }, "data/keys/A01.age: is not the part that the entry names"},
		{"another key", func(f map[string][]byte) { f["data/keys/A01.key"] = f["data/keys/statement.key"] }, "data/keys/A01.age: "},
		{"no key at all", func(f map[string][]byte) { f["data/keys/A01.key"] = []byte("secret\n") }, "data/keys/A01.key: is not a file key of 32 lower-case hex digits"},
		{"a key without its part", func(f map[string][]byte) { delete(f, "data/keys/A01.age") }, "data/keys/A01.age: is not the part that the entry names"},
		{"a part without its key", func(f map[string][]byte) { delete(f, "data/keys/A01.key") }, "data/keys/A01.age: belongs to nothing in this bundle"},
		{"a key of nothing", func(f map[string][]byte) { f["data/keys/A07.key"] = f["data/keys/A01.key"] }, "data/keys/A07.key: belongs to nothing in this bundle"},
		{"a time that the statement does not say", func(f map[string][]byte) {
			f[recordPath] = bytes.Replace(f[recordPath], []byte("20:47:45Z"), []byte("20:47:46Z"), 1)
			f[recordTextPath] = bytes.Replace(f[recordTextPath], []byte("20:47:45Z"), []byte("20:47:46Z"), 1)
		}, "data/report/report.json: says of the act, the time or the case something else than the statement in data/keys/statement.age"},
		{"an answer that is withheld, and is in the statement", func(f map[string][]byte) {
			less := in
			less.Submissions = []Submission{in.Submissions[0]}
			less.Submissions[0].Keys = nil
			less.Withhold = []Choice{{"language", ""}}
			key, part := f["data/keys/statement.key"], f["data/keys/statement.age"]
			clear(f)
			maps.Copy(f, files(t, write(t, less)))
			f["data/keys/statement.key"], f["data/keys/statement.age"] = key, part
		}, "data/keys/statement.age: shows language, which is said to be withheld"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := maps.Clone(files(t, zip))
			tt.change(f)
			if all := strings.Join(check(t, pack(t, resign(t, f, h.signers["anna"])), Options{}).Faults, "\n"); !strings.Contains(all, tt.want) {
				t.Errorf("faults:\n%s\nwant %s", all, tt.want)
			}
		})
	}
}

func TestKeysThatAreNotDisclosed(t *testing.T) {
	t.Parallel()
	_, good, keys := sealedCase(t)
	for _, tt := range []struct {
		name   string
		change func(*Input)
		status exit.Status
		want   string
	}{
		{"a statement of which something is withheld", func(in *Input) { in.Withhold = []Choice{{"narrative", ReasonSafety}} }, exit.Failed, "the statement's key would show narrative, which is withheld: the statement holds all answers"},
		{"a file that is withheld", func(in *Input) { in.Submissions[0].Keys = keys[1:]; in.Withhold = []Choice{{"A01", ""}} }, exit.Usage, "there is no key to disclose for A01"},
		{"the identity", func(in *Input) { in.Submissions[0].Keys = []DisclosedKey{{Part: "identity"}} }, exit.Usage, "there is no key to disclose for identity"},
		{"one key twice", func(in *Input) { in.Submissions[0].Keys = []DisclosedKey{keys[1], keys[1]} }, exit.Usage, "the key of A01 is to be disclosed twice"},
		{"the key of another part", func(in *Input) {
			in.Submissions[0].Keys = []DisclosedKey{{"A01", keys[0].Key, keys[1].Open}}
		}, exit.Mismatch, "the bundle would not verify: data/keys/A01.age: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := good
			in.Submissions = slices.Clone(good.Submissions)
			tt.change(&in)
			err := Write(io.Discard, in)
			if err == nil || !strings.Contains(err.Error(), tt.want) || exit.StatusOf(err) != tt.status {
				t.Errorf("%v (status %d)\nwant %s (status %d)", err, exit.StatusOf(err), tt.want, tt.status)
			}
		})
	}
}

func injected(t *testing.T, k seal.FileKey) age.Identity {
	t.Helper()
	b, err := hex.DecodeString(k.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return age.NewInjectedFileKeyIdentity(b)
}

// forge puts a payload of one chunk under the header of a part whose key is
// known (age-encryption.org/v1, "Payload").
func forge(t *testing.T, part []byte, k seal.FileKey, plain []byte) []byte {
	t.Helper()
	header, err := age.ExtractHeader(bytes.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := hex.DecodeString(k.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, 16)
	key, err := hkdf.Key(sha256.New, secret, nonce, "payload", chacha20poly1305.KeySize)
	if err != nil {
		t.Fatal(err)
	}
	box, err := chacha20poly1305.New(key)
	if err != nil {
		t.Fatal(err)
	}
	last := make([]byte, chacha20poly1305.NonceSize)
	last[len(last)-1] = 1
	return box.Seal(append(header, nonce...), last, plain, nil)
}
