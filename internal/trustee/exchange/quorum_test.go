package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
)

var (
	h1, h2 = ledger.Sum([]byte("1")), ledger.Sum([]byte("2"))
	anna   = "SHA256:" + strings.Repeat("A", 43)
	key, _ = seal.ParseFileKey(strings.Repeat("0f", 16))
)

func request() Request {
	return Request{Nonce: h1, Case: "c0123456789", Why: "They must be warned: «сёння» \u202e.",
		Parts: []Part{{h1, "identity", h2}, {h1, "attachment", h1}}}
}

func grant() Grant {
	return Grant{Request: h1, Case: "c0123456789", To: anna, Parts: []ledger.Hash{h1, h2}, Sealed: []byte("age\n\nfile")}
}

func reseal() Reseal {
	return Reseal{Case: "c0123456789", To: anna, Parts: []Part{{h1, "statement", h2}}, Sealed: []byte("age\n\nfile")}
}

func TestTextsRoundTrip(t *testing.T) {
	for name, back := range map[string]func() (there, again []byte, err error){
		"request": func() ([]byte, []byte, error) {
			b := request().Marshal()
			q, err := ParseRequest(b)
			return b, q.Marshal(), err
		},
		"grant": func() ([]byte, []byte, error) {
			b := grant().Marshal()
			g, err := ParseGrant(b)
			return b, g.Marshal(), err
		},
		"shares": func() ([]byte, []byte, error) {
			b := Shares{h1, []Share{{h1, [32]byte{1}}, {h2, [32]byte{2}}}}.Marshal()
			s, err := ParseShares(b)
			return b, s.Marshal(), err
		},
		"reseal": func() ([]byte, []byte, error) {
			b := reseal().Marshal()
			s, err := ParseReseal(b)
			return b, s.Marshal(), err
		},
		"keys": func() ([]byte, []byte, error) {
			b := Keys{"c0123456789", []Key{{h1, key}, {h2, key}}}.Marshal()
			k, err := ParseKeys(b)
			return b, k.Marshal(), err
		},
	} {
		there, again, err := back()
		if err != nil || !bytes.Equal(there, again) {
			t.Errorf("%s: %v\n%s\n%s", name, err, there, again)
		}
	}
}

func refuses(t *testing.T, name string, err error, want string) {
	t.Helper()
	if !errors.Is(err, canonical.ErrMismatch) || !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("%s: %v; want %q", name, err, want)
	}
}

func TestRefused(t *testing.T) {
	good := map[string]string{"request": string(request().Marshal()), "grant": string(grant().Marshal()), "reseal": string(reseal().Marshal()),
		"shares": string(Shares{h1, []Share{{h1, [32]byte{1}}}}.Marshal()), "keys": string(Keys{"c0123456789", []Key{{h1, key}}}.Marshal())}
	parse := map[string]func([]byte) error{
		"request": func(b []byte) error { _, err := ParseRequest(b); return err },
		"grant":   func(b []byte) error { _, err := ParseGrant(b); return err },
		"reseal":  func(b []byte) error { _, err := ParseReseal(b); return err },
		"shares":  func(b []byte) error { _, err := ParseShares(b); return err },
		"keys":    func(b []byte) error { _, err := ParseKeys(b); return err },
	}
	for _, tt := range []struct{ what, old, with, want string }{
		{"request", "zapis/ask/v1", "zapis/ask/v2", `request: line 1: it must be "zapis/ask/v1"`},
		{"request", "case c0123456789", "case c012345678", "request: line 3: a case is c and ten hexadecimal digits"},
		{"request", "case c0123456789", "case cABCDEF6789", "request: line 3: a case is c and ten hexadecimal digits"},
		{"request", "why They", "why  They", `line 4: a space too many, or no value after "why"`},
		{"request", "why They", "why " + strings.Repeat("x", MaxWhy), "line 4: a reason has at most 2000 bytes, and this one has"},
		{"request", " identity ", " signal ", "line 5: a part here is a statement, an identity or an attachment"},
		{"request", "identity " + h2.String(), "identity " + h1.String(), "line 6: this part is named twice"},
		{"request", "nonce ", "salt ", `line 2: it must begin with "nonce "`},
		{"request", "\nwhy", "\nmore 1\nwhy", `line 4: it must begin with "why "`},
		{"grant", "to SHA256:", "to MD5:", "grant: line 4: a key's fingerprint is written SHA256:"},
		{"grant", "part " + h2.String(), "part " + h1.String(), "grant: line 6: this part is named twice"},
		{"grant", "\n\nage", "\nage", "grant: line 7: "},
		{"grant", "age\n\nfile", "", "grant: no sealed shares after a blank line"},
		{"shares", "zapis/shares/v1", "zapis/keys/v1", `shares: line 1: it must be "zapis/shares/v1"`},
		{"shares", "\nshare ", "\nkey ", `shares: line 3: it must begin with "share "`},
		{"reseal", "age\n\nfile", "", "reseal: no sealed keys after a blank line"},
		{"reseal", "case c", "case d", "reseal: line 2: a case is c and ten hexadecimal digits"},
		{"keys", strings.Repeat("0f", 16), strings.Repeat("0F", 16), "keys: line 3: a file key is 32 lower-case hex digits"},
	} {
		text := strings.Replace(good[tt.what], tt.old, tt.with, 1)
		if text == good[tt.what] {
			t.Fatalf("%s has no %q", tt.what, tt.old)
		}
		refuses(t, tt.what+" "+tt.with, parse[tt.what]([]byte(text)), tt.want)
	}
	many := request()
	many.Parts = nil
	for i := range MaxParts + 1 {
		many.Parts = append(many.Parts, Part{h1, "attachment", ledger.Sum([]byte{byte(i), byte(i >> 8)})})
	}
	_, err := ParseRequest(many.Marshal())
	refuses(t, "too many", err, "more than 400 parts")
	for why, want := range map[string]string{"": "a reason has words in it", " x": "no space at either end", "a\nb": "a reason is one line of text",
		"\xff": "a reason is one line of text", strings.Repeat("x", MaxWhy+1): "at most 2000 bytes"} {
		refuses(t, fmt.Sprintf("%.10q", why), CheckWhy(why), want)
	}
}

func TestFiles(t *testing.T) {
	signer, err := card.NewSigner("anna", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	file := func(kind string, content []byte) []byte {
		s, err := signer.SignStatement(card.Statement{Number: 1, Kind: kind, Subject: ledger.Sum(content)})
		if err != nil {
			t.Fatal(err)
		}
		return ledger.SignedBody{Statement: s, Content: content}.Marshal()
	}
	if _, q, err := ParseRequestFile(file(card.KindAsk, request().Marshal())); err != nil || q.Case != "c0123456789" {
		t.Error(err)
	}
	if _, g, err := ParseGrantFile(file(card.KindGrant, grant().Marshal())); err != nil || len(g.Parts) != 2 {
		t.Error(err)
	}
	if _, s, err := ParseResealFile(file(card.KindReseal, reseal().Marshal())); err != nil || len(s.Parts) != 1 {
		t.Error(err)
	}
	_, _, err = ParseGrantFile(file(card.KindAsk, request().Marshal()))
	refuses(t, "a request as a grant", err, "grant: its statement is of the kind ask, not grant")
	_, _, err = ParseRequestFile(bytes.Repeat([]byte("x"), MaxFile+1))
	refuses(t, "too large", err, "request: it has 262145 bytes, and at most 262144 are allowed")
	_, _, err = ParseResealFile([]byte("hello"))
	refuses(t, "no statement", err, "reseal: ")
}

// What is read is written again the same, or refused.
func FuzzFormats(f *testing.F) {
	for _, b := range [][]byte{request().Marshal(), grant().Marshal(), reseal().Marshal(),
		Shares{h1, []Share{{h1, [32]byte{1}}}}.Marshal(), Keys{"c0123456789", []Key{{h1, key}}}.Marshal()} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		same := func(again []byte, err error) {
			if err == nil && !bytes.Equal(again, b) {
				t.Errorf("%q came back as %q", b, again)
			}
		}
		q, err := ParseRequest(b)
		same(q.Marshal(), err)
		g, err := ParseGrant(b)
		same(g.Marshal(), err)
		s, err := ParseReseal(b)
		same(s.Marshal(), err)
		h, err := ParseShares(b)
		same(h.Marshal(), err)
		k, err := ParseKeys(b)
		same(k.Marshal(), err)
	})
}
