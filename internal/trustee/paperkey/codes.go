package paperkey

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"filippo.io/age/armor"
	"rsc.io/qr"

	"zapis/crypto/canonical"
)

// A file that fits is one code, with age's armor: a scanner yields what stock age opens. A larger one is split into
// several, each of which begins with a line that identifies it:
//
//	zapis-paper 2/4 5f0c91ab
//	<some lines of the armor>
//
// 5f0c91ab is the beginning of the file's SHA-256.
const (
	armorBegin = "-----BEGIN AGE ENCRYPTED FILE-----"
	pieceWord  = "zapis-paper "
	codeBytes  = 1000 // in one code: what an old phone still reads off paper
	maxCodes   = 16
)

// Codes returns the texts of the codes.
func Codes(file []byte) ([]string, error) {
	var b bytes.Buffer
	w := armor.NewWriter(&b)
	if _, err := w.Write(file); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if b.Len() <= codeBytes {
		return []string{b.String()}, nil
	}
	var pieces []string
	piece := ""
	for line := range strings.Lines(b.String()) {
		if len(piece)+len(line) > codeBytes-40 {
			pieces, piece = append(pieces, piece), ""
		}
		piece += line
	}
	pieces = append(pieces, piece)
	for i := range pieces {
		pieces[i] = fmt.Sprintf("%s%d/%d %s\n%s", pieceWord, i+1, len(pieces), tag(file), pieces[i])
	}
	return pieces, nil
}

func tag(file []byte) string {
	sum := sha256.Sum256(file)
	return fmt.Sprintf("%x", sum[:4])
}

// drawn encodes a code's text. A quarter of it may be damaged.
func drawn(text string) (*qr.Code, error) { return qr.Encode(text, qr.Q) }

var pieceLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^zapis-paper ([1-9][0-9]?)/([1-9][0-9]?) ([0-9a-f]{8})\r?$`)
})

// fromCodes joins scanned texts.
func fromCodes(text string) ([]byte, error) {
	heads := pieceLine().FindAllStringSubmatchIndex(text, -1)
	if len(heads) == 0 {
		file, err := dearmor(text)
		if err != nil {
			return nil, canonical.Refuse("what was scanned is not whole: %w", err)
		}
		return file, nil
	}
	pieces := make(map[int]string)
	of, tagged := 0, ""
	for i, at := range heads {
		number := func(n int) int { v, _ := strconv.Atoi(text[at[2*n]:at[2*n+1]]); return v }
		n, count, name := number(1), number(2), text[at[6]:at[7]]
		if of == 0 {
			of, tagged = count, name
		}
		if count != of || name != tagged || n > count || count > maxCodes {
			return nil, canonical.Refuse("code %d of %d (%s) is of another paper than code 1 that was read, of %d (%s)", n, count, name, of, tagged)
		}
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		piece := linesOf(text[at[1]:end])
		if before, twice := pieces[n]; twice && before != piece {
			return nil, canonical.Refuse("code %d was scanned twice, and differently", n)
		}
		pieces[n] = piece
	}
	var all strings.Builder
	for n := 1; n <= of; n++ {
		piece, have := pieces[n]
		if !have {
			return nil, canonical.Refuse("code %d of %d is missing", n, of)
		}
		all.WriteString(piece)
	}
	file, err := dearmor(all.String())
	if err != nil {
		return nil, canonical.Refuse("what was scanned is not whole: %w", err)
	}
	if tag(file) != tagged {
		return nil, canonical.Refuse("the codes give a file that begins with %s, and say %s", tag(file), tagged)
	}
	return file, nil
}

// linesOf returns the lines of one code's text, up to a blank one: what follows comes from the scanner.
func linesOf(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimLeft(text, "\r\n")) {
		if line = strings.TrimSpace(line); line == "" {
			break
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func dearmor(text string) ([]byte, error) {
	return io.ReadAll(io.LimitReader(armor.NewReader(strings.NewReader(strings.TrimSpace(text)+"\n")), MaxFile))
}
