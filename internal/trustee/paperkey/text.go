// Package paperkey prints an identity file on paper and restores it: as codes to scan, and as lines to type. The paper
// holds the file as it is, encrypted with its passphrase. The package is pure.
//
// The lines (docs/spec/paper.md):
//
//	01 MFTWK LLFNZ RXE6L QORUW 63RON 5ZGOL 3WGEF C2PRA 4Q7H
//	…
//	15 7VOJ2 XQ 5D2K
//	end 15 351 QK4Z PM3A
//
// A line is its number, at most forty characters of RFC 4648 base32 (A-Z, 2-7) in groups of five, and four check
// characters; 0, 1 and 8, which base32 does not have, are read as O, I and B, and small letters as capitals. The last
// line has the numbers of lines and bytes, and a checksum of the whole.
package paperkey

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"

	"zapis/crypto/canonical"
)

// MaxFile bounds the printed file, in bytes.
const MaxFile = 8 << 10

const (
	lineBytes  = 25 // 40 characters
	groupChars = 5
	checkChars = 4
	endWord    = "end"
)

var b32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// Lines returns a file as lines to be typed, each ended by LF.
func Lines(file []byte) string {
	var b strings.Builder
	n := 0
	for rest := file; len(rest) > 0; {
		part := rest[:min(lineBytes, len(rest))]
		rest = rest[len(part):]
		n++
		text := b32.EncodeToString(part)
		fmt.Fprintf(&b, "%02d", n)
		for ; text != ""; text = text[min(groupChars, len(text)):] {
			b.WriteString(" " + text[:min(groupChars, len(text))])
		}
		b.WriteString(" " + lineCheck(n, part) + "\n")
	}
	whole := wholeCheck(file)
	fmt.Fprintf(&b, "%s %d %d %s %s\n", endWord, n, len(file), whole[:checkChars], whole[checkChars:])
	return b.String()
}

// lineCheck returns four check characters, 20 bits: one typing error in a million is not detected.
func lineCheck(n int, part []byte) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "zapis/paper/v1 %d\n%s", n, part))
	return b32.EncodeToString(sum[:])[:checkChars]
}

func wholeCheck(file []byte) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "zapis/paper/v1 end\n%s", file))
	return b32.EncodeToString(sum[:])[:2*checkChars]
}

// parseLines parses typed lines: spaces and case are ignored.
func parseLines(text string) ([]byte, error) {
	var file []byte
	n := 0
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if strings.EqualFold(words[0], endWord) {
			return file, parseEnd(words, n, file)
		}
		got, err := strconv.Atoi(words[0])
		if err != nil || len(words) < 3 {
			return nil, canonical.Refuse("after line %d: %q is no line of the paper: each begins with its number", n, cut(strings.TrimRight(line, "\r\n")))
		}
		if n++; got != n {
			return nil, canonical.Refuse("line %d is missing: line %d follows line %d", n, got, n-1)
		}
		part, err := parseLine(n, strings.Join(words[1:], ""))
		if err != nil {
			return nil, err
		}
		if len(file)%lineBytes != 0 {
			return nil, canonical.Refuse("line %d is too short, and is not the last", n-1)
		}
		file = append(file, part...)
		if len(file) > MaxFile {
			return nil, canonical.Refuse("more lines than an identity file has")
		}
	}
	return nil, canonical.Refuse("the last line is missing: it begins with %q", endWord)
}

func parseLine(n int, typed string) ([]byte, error) {
	typed = asMeant(typed)
	if len(typed) <= checkChars {
		return nil, canonical.Refuse("line %d is too short", n)
	}
	text, check := typed[:len(typed)-checkChars], typed[len(typed)-checkChars:]
	part, err := b32.DecodeString(text)
	if err != nil || b32.EncodeToString(part) != text || len(part) > lineBytes || lineCheck(n, part) != check {
		return nil, canonical.Refuse("line %d was mistyped: its last four characters do not fit the others", n)
	}
	return part, nil
}

func asMeant(typed string) string {
	return strings.NewReplacer("0", "O", "1", "I", "8", "B").Replace(strings.ToUpper(typed))
}

func parseEnd(words []string, n int, file []byte) error {
	if len(words) < 4 {
		return canonical.Refuse("the last line is not whole")
	}
	switch {
	case words[1] != strconv.Itoa(n):
		return canonical.Refuse("there are %d lines, and the last one says %s", n, cut(words[1]))
	case words[2] != strconv.Itoa(len(file)):
		return canonical.Refuse("the lines have %d bytes, and the last one says %s", len(file), cut(words[2]))
	case asMeant(strings.Join(words[3:], "")) != wholeCheck(file):
		return canonical.Refuse("the last line was mistyped: its characters do not fit the whole")
	}
	return nil
}

// cut keeps an error from repeating a whole file.
func cut(s string) string {
	if len(s) > 20 {
		return s[:20] + "…"
	}
	return s
}

// Restore returns the file from what was typed or scanned: the lines, or the codes' texts, in any order, concatenated.
func Restore(text []byte) ([]byte, error) {
	if len(text) > 16*MaxFile {
		return nil, canonical.Refuse("it has more bytes than any paper of ours")
	}
	if bytes.Contains(text, []byte(armorBegin)) || bytes.Contains(text, []byte(pieceWord)) {
		return fromCodes(string(text))
	}
	return parseLines(string(text))
}
