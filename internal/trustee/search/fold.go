package search

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Word is a word of a text.
type Word struct {
	Folded     string
	Start, End int // bytes of the text
}

// alike maps letters that Unicode does not decompose to their search form.
var alike = map[rune]string{
	'і': "и", 'ґ': "г", 'є': "е", 'ł': "l", 'đ': "d", 'ø': "o", 'æ': "ae", 'œ': "oe", 'ß': "ss", 'ı': "i", 'þ': "th", 'ð': "d", 'ς': "σ",
}

// silent are the characters that are dropped within a word: apostrophes, and modifier letters used as apostrophes.
const silent = "'’‘ʼʹ`´′‛ʻ＇"

// cached is how many code points folds holds: those of nearly all texts.
const cached = 0x2100

// folds caches foldRune. The first word that is folded makes it: a verb that searches nothing starts without.
var folds = sync.OnceValue(func() *[cached]string {
	var table [cached]string
	for r := range table {
		table[r] = foldRune(rune(r))
	}
	return &table
})

// breaks is the result for a character that separates words.
const breaks = " "

func fold(r rune) string {
	if r < cached {
		return folds()[r]
	}
	return foldRune(r)
}

// foldRune returns the search form of a character: empty for marks, apostrophes and format characters, breaks for
// separators.
func foldRune(r rune) string {
	if unicode.Is(unicode.Cf, r) || strings.ContainsRune(silent, r) {
		return ""
	}
	var b strings.Builder
	for _, d := range norm.NFKD.String(string(r)) {
		switch {
		case unicode.Is(unicode.Mn, d), unicode.Is(unicode.Me, d):
			continue
		case !unicode.IsLetter(d) && !unicode.IsDigit(d) && !unicode.Is(unicode.Mc, d):
			return breaks
		}
		d = unicode.ToLower(d)
		if s, ok := alike[d]; ok {
			b.WriteString(s)
		} else {
			b.WriteRune(d)
		}
	}
	return b.String()
}

// Fold returns the words of a text in search form, with one space between them.
func Fold(text string) string {
	var b strings.Builder
	for i, w := range Words(text) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.Folded)
	}
	return b.String()
}

// Words splits a text. Bytes that are not UTF-8 separate words.
func Words(text string) []Word {
	var out []Word
	eachWord(text, func(w []byte, start, end int) { out = append(out, Word{string(w), start, end}) })
	return out
}

// eachWord calls f for each word; the bytes of w are valid during the call only.
func eachWord(text string, f func(w []byte, start, end int)) {
	buf := make([]byte, 0, 64)
	start, end := 0, 0
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		folded := breaks
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		if r != utf8.RuneError || size > 1 {
			folded = fold(r)
		}
		switch {
		case folded == "": // within a word or beside one
		case folded != breaks:
			if len(buf) == 0 {
				start = i
			}
			buf = append(buf, folded...)
			end = i + size
		case len(buf) > 0:
			f(buf, start, end)
			buf = buf[:0]
		}
		i += size
	}
	if len(buf) > 0 {
		f(buf, start, end)
	}
}
