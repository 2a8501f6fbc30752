package main

import (
	"strings"

	"zapis/crypto/card"
	"zapis/internal/escape"
)

// spoken writes what two people read to each other to know that they have the same card: sixteen words, four in a
// row, or forty digits, which say the same.
func spoken(file []byte) string {
	var b strings.Builder
	voice := card.Voice(file)
	words := strings.Fields(voice.Words())
	for i := 0; i < len(words); i += 4 {
		escape.Fprintf(&b, "  %s\n", strings.Join(words[i:i+4], "  "))
	}
	digits := voice.Digits()
	half := len(digits) / 2
	escape.Fprintf(&b, "  %s\n  %s\n", strings.TrimSpace(digits[:half]), strings.TrimSpace(digits[half:]))
	return b.String()
}
