package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Commitment is one field's hash.
type Commitment struct {
	Hash  [32]byte // SHA-256 of the disclosure line with its LF
	Field string
}

// Listing is commitments.txt: what sha256sum prints for the disclosure lines as
// files. Its SHA-256 stands in the entry.
//
//	3b1c…  danger_now.json
//	90fe…  deadline.json
type Listing []Commitment

// ListingOf commits to the lines, in their order.
func ListingOf(lines []Line) Listing {
	out := make(Listing, len(lines))
	for i, l := range lines {
		out[i] = Commitment{l.Hash(), l.Field}
	}
	return out
}

func (c Commitment) append(dst []byte) []byte {
	dst = hex.AppendEncode(dst, c.Hash[:])
	return append(append(append(dst, "  "...), c.Field...), ".json\n"...)
}

// Marshal returns the file.
func (l Listing) Marshal() []byte {
	b := make([]byte, 0, 96*len(l))
	for _, c := range l {
		b = c.append(b)
	}
	return b
}

// Hash returns what the entry's commitments line says.
func (l Listing) Hash() [32]byte { return sha256.Sum256(l.Marshal()) }

// parseCommitment reads one line without its LF.
func parseCommitment(b []byte) (Commitment, error) {
	const at = 64
	if len(b) < at || !isHex(string(b[:at]), at) {
		return Commitment{}, mismatch("no SHA-256 in lower-case hex")
	}
	name, ok := bytes.CutPrefix(b[at:], []byte("  "))
	name, ok2 := bytes.CutSuffix(name, []byte(".json"))
	if !ok || !ok2 || !FieldName(string(name)) {
		return Commitment{}, mismatch("the hash is not followed by two spaces and a field's name with .json")
	}
	c := Commitment{Field: string(name)}
	hex.Decode(c.Hash[:], b[:at])
	return c, nil
}

// ParseListing reads commitments.txt, which must name each of the fields once, in
// their order. The error names the line.
func ParseListing(b []byte, fields []string) (Listing, error) {
	lines, err := textLines(b)
	if err != nil {
		return nil, err
	}
	if len(lines) != len(fields) {
		return nil, mismatch("%d commitments for %d fields", len(lines), len(fields))
	}
	out := make(Listing, len(lines))
	for i, line := range lines {
		if out[i], err = parseCommitment(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		if out[i].Field != fields[i] {
			return nil, fmt.Errorf("line %d: %w", i+1, mismatch("%s where %s belongs", out[i].Field, fields[i]))
		}
	}
	return out, nil
}

// textLines splits text whose last line ends with LF too. CR is left for the
// lines' own parsers to refuse.
func textLines(b []byte) ([][]byte, error) {
	if len(b) == 0 {
		return nil, mismatch("the text is empty")
	}
	body, ok := bytes.CutSuffix(b, []byte("\n"))
	if !ok {
		return nil, mismatch("the last line does not end with LF")
	}
	return bytes.Split(body, []byte("\n")), nil
}
