package card

import (
	"slices"
	"strings"
	"testing"
)

func TestVoiceWords(t *testing.T) {
	if len(voiceWords()) != 256 {
		t.Fatalf("%d words, want one for each byte", len(voiceWords()))
	}
	if !slices.IsSorted(voiceWords()) {
		t.Error("the words are not in alphabetical order: a number could not be found by hand")
	}
	for i, w := range voiceWords() {
		if len(w) < 4 || len(w) > 9 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%q is no plain word of four to nine letters", w)
		}
		for _, other := range voiceWords()[:i] {
			if oneLetterApart(w, other) {
				t.Errorf("%q and %q can be misheard for each other", w, other)
			}
		}
	}
}

// oneLetterApart reports whether one letter more, less or other makes one of two words the other.
func oneLetterApart(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i == len(a) || a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}

// The figures can be had from stock tools: sha256sum, and a calculator.
func TestVoice(t *testing.T) {
	got := Voice([]byte("abc")) // ba7816bf 8f01cfea 414140de 5dae2223 …
	words := strings.Fields(got.Words())
	if len(words) != 16 || words[0] != voiceWords()[0xba] || words[15] != voiceWords()[0x23] {
		t.Errorf("words: %v", words)
	}
	if want := "02478 59944 22886 73994 18143 71750 92361 38531"; got.Digits() != want {
		t.Errorf("digits: %s, want %s", got.Digits(), want)
	}
	if zero := (Spoken{}).Digits(); zero != "00000 00000 00000 00000 00000 00000 00000 00000" {
		t.Errorf("zeros: %s", zero)
	}
	if all := Spoken(slices.Repeat([]byte{0xff}, 16)).Digits(); all != "03402 82366 92093 84634 63374 60743 17682 11455" {
		t.Errorf("the largest: %s", all)
	}
	if one := Voice([]byte("abd")); one == got {
		t.Error("two files sound the same")
	}
}
