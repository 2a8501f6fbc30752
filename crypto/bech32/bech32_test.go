package bech32_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"filippo.io/age/plugin"

	"zapis/crypto/bech32"
	"zapis/internal/shorttest"
)

// TestAge compares with age's encoder, which can be reached for plugins'
// recipients only; and no text is taken with another character in it, at another
// length, or under another prefix.
func TestAge(t *testing.T) {
	shorttest.Skip(t, "keys are not compared with those of age")
	const prefix = "age1name"
	for n := range 200 {
		data := make([]byte, n)
		rand.Read(data)
		text := string(bech32.Encode(prefix, data))
		if want := plugin.EncodeRecipient("name", data); text != want {
			t.Fatalf("%x: %s, want %s", data, text, want)
		}
		text = strings.TrimPrefix(text, prefix+"1")
		if len(text) != bech32.Length(n) || !bech32.Check(prefix, text, n) {
			t.Fatalf("%x: %s is refused", data, text)
		}
		for i := range text {
			for _, c := range "qp7bQ1\x80" {
				if other := text[:i] + string(c) + text[i+1:]; other != text && bech32.Check(prefix, other, n) {
					t.Fatalf("%s is taken", other)
				}
			}
		}
		if bech32.Check(prefix, text, n+1) || bech32.Check(prefix+"x", text, n) || bech32.Check(prefix, text+"q", n) {
			t.Fatalf("%s is taken at another length, or under another prefix", text)
		}
	}
}
