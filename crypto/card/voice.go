package card

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"math/big"
	"strings"
	"sync"
)

//go:embed voice.txt
var voiceText string

// voiceWords are 256 English words of two syllables, no two of which differ by
// one letter only, in alphabetical order: number 0 is acorn.
var voiceWords = sync.OnceValue(func() []string { return strings.Fields(voiceText) })

// voiceBytes is how much of a file's SHA-256 is read out: 128 bits, beyond a
// search for a second file.
const voiceBytes = 16

// Spoken is the beginning of a file's SHA-256, in two forms that people can
// read to each other. Both encode the same 128 bits.
type Spoken [voiceBytes]byte

// Voice returns what two people compare by voice to know that they have the
// same file, such as a card.
func Voice(file []byte) Spoken {
	sum := sha256.Sum256(file)
	return Spoken(sum[:voiceBytes])
}

// Words returns one word for each byte: sixteen, with a space between.
func (s Spoken) Words() string {
	words := make([]string, len(s))
	for i, b := range s {
		words[i] = voiceWords()[b]
	}
	return strings.Join(words, " ")
}

// Digits returns the same as one decimal number of forty digits, zeros in
// front, in groups of five.
func (s Spoken) Digits() string {
	all := fmt.Sprintf("%040d", new(big.Int).SetBytes(s[:]))
	var groups []string
	for ; all != ""; all = all[5:] {
		groups = append(groups, all[:5])
	}
	return strings.Join(groups, " ")
}
