package seal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"unicode/utf8"

	"zapis/crypto/canonical"
)

// AttachmentValue is the value of the line of one file. Its JSON has the keys
// exhibit, sha256, size, media_type, name, in this order.
type AttachmentValue struct {
	Exhibit   string `json:"exhibit"`    // A01 …, our name for it
	SHA256    string `json:"sha256"`     // of the file's bytes, lower-case hex
	Size      int64  `json:"size"`       // bytes
	MediaType string `json:"media_type"` // image/jpeg …
	Name      string `json:"name"`       // the reporter's; never becomes a file name
}

// Value returns the attachment as the value of its line.
func (a AttachmentValue) Value() []byte {
	b := append(make([]byte, 0, 256+6*len(a.Name)), `{"exhibit":`...)
	b = canonical.AppendString(b, a.Exhibit)
	b = canonical.AppendString(append(b, `,"sha256":`...), a.SHA256)
	b = strconv.AppendInt(append(b, `,"size":`...), a.Size, 10)
	b = canonical.AppendString(append(b, `,"media_type":`...), a.MediaType)
	b = canonical.AppendString(append(b, `,"name":`...), a.Name)
	return append(b, '}')
}

// String describes the attachment without its name, which may contain a
// person's name.
func (a AttachmentValue) String() string {
	return fmt.Sprintf("[%s, %s, %d bytes]", a.Exhibit, a.MediaType, a.Size)
}

// Format makes every verb of fmt print what String returns.
func (a AttachmentValue) Format(s fmt.State, _ rune) { fmt.Fprint(s, a.String()) }

// LogValue makes slog print what String returns.
func (a AttachmentValue) LogValue() slog.Value { return slog.StringValue(a.String()) }

// ParseAttachment reads an attachment line's value.
func ParseAttachment(value []byte) (AttachmentValue, error) {
	var a AttachmentValue
	if err := json.Unmarshal(value, &a); err != nil || !bytes.Equal(a.Value(), value) {
		return AttachmentValue{}, mismatch("not an attachment in its one encoding")
	}
	switch {
	case !exhibit(a.Exhibit):
		return AttachmentValue{}, mismatch("an attachment without an exhibit number A01, A02 …")
	case !isHex(a.SHA256, 64):
		return AttachmentValue{}, mismatch("an attachment whose sha256 is not 64 lower-case hex digits")
	case a.Size < 0:
		return AttachmentValue{}, mismatch("an attachment of a negative size")
	case a.MediaType == "" || a.Name == "":
		return AttachmentValue{}, mismatch("an attachment without a media type or a name")
	}
	return a, nil
}

// exhibit: A, then a number from 1 with at least two digits.
func exhibit(s string) bool {
	if len(s) < 3 || s[0] != 'A' {
		return false
	}
	n, err := strconv.Atoi(s[1:])
	return err == nil && n >= 1 && (len(s) == 3 || s[1] != '0') && s[1] != '+'
}

func isHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// checkValue refuses what is not null, a string, an array of strings or an
// attachment, each in its one encoding and none of them empty.
func checkValue(value []byte) error {
	if !utf8.Valid(value) {
		return mismatch("the value is not UTF-8")
	}
	if len(value) == 0 {
		return mismatch("the value is missing")
	}
	switch value[0] {
	case 'n':
		if string(value) == "null" {
			return nil
		}
	case '"':
		if string(value) == `""` {
			return mismatch("an empty value is written null")
		}
		if canonicalString(value) {
			return nil
		}
	case '[':
		var list []string
		if json.Unmarshal(value, &list) == nil && bytes.Equal(canonical.AppendStrings(nil, list), value) {
			if len(list) == 0 {
				return mismatch("an empty value is written null")
			}
			if slices.Contains(list, "") {
				return mismatch("an empty string in a list")
			}
			return nil
		}
	case '{':
		_, err := ParseAttachment(value)
		return err
	}
	return mismatch("the value is not in its one encoding")
}

// canonicalString reports whether AppendString would have written value. It
// reads it in place: a string made of it would be a copy of an answer that
// can't be wiped.
func canonicalString(value []byte) bool {
	in, ok := bytes.CutPrefix(value, []byte(`"`))
	in, ok2 := bytes.CutSuffix(in, []byte(`"`))
	if !ok || !ok2 {
		return false
	}
	for i := 0; i < len(in); i++ {
		switch c := in[i]; {
		case c == '"' || c < 0x20:
			return false
		case c != '\\':
		case i+1 < len(in) && bytes.IndexByte([]byte(`"\bfnrt`), in[i+1]) >= 0:
			i++
		case i+5 < len(in) && controlEscape(in[i+1:i+6]):
			i += 5
		default:
			return false
		}
	}
	return true
}

// controlEscape: u00 and two digits, of a control character that has no letter.
func controlEscape(b []byte) bool {
	if string(b[:3]) != "u00" || b[3] != '0' && b[3] != '1' {
		return false
	}
	if b[3] == '1' {
		return bytes.IndexByte([]byte("0123456789abcdef"), b[4]) >= 0
	}
	return bytes.IndexByte([]byte("01234567bef"), b[4]) >= 0
}
