package card_test

import (
	"bytes"
	"testing"

	"zapis/crypto/card"
)

func FuzzParse(f *testing.F) {
	_, c := anna(f)
	f.Add(c.Marshal())
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := card.Parse(text); err == nil && !bytes.Equal(c.Marshal(), text) {
			t.Errorf("%q is written again as %q", text, c.Marshal())
		}
	})
}

func FuzzParseSigned(f *testing.F) {
	f.Add(signed(f, card.Statement{Number: 1, Kind: card.KindReply}).Marshal())
	f.Fuzz(func(t *testing.T, file []byte) {
		if s, err := card.ParseSigned(file); err == nil && !bytes.Equal(s.Marshal(), file) {
			t.Errorf("%q is written again as %q", file, s.Marshal())
		}
	})
}

func FuzzParseLedgerCard(f *testing.F) {
	f.Add(card.LedgerCard{Origin: "example.org/ledger"}.String())
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := card.ParseLedgerCard(s); err == nil && c.String() != s && c.String()+"\n" != s {
			t.Errorf("%q is written again as %q", s, c)
		}
	})
}

// What Verify accepts, it accepts in one writing only.
func FuzzVerify(f *testing.F) {
	s, c := anna(f)
	good, err := s.Sign(card.NamespaceStatement, []byte("text"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, sig []byte) {
		if card.Verify(card.NamespaceStatement, []byte("text"), sig, c.SSH) == nil && !bytes.Equal(sig, good) {
			t.Errorf("accepted %q", sig)
		}
	})
}
