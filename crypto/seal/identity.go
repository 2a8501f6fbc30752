package seal

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"slices"
)

const identityVersion = "zapis/identity/v1"

// IdentityPart is the content of an identity part: the lines that the statement
// holds only hashes of, in the vocabulary's order. Contact, contact_when and name
// are always there, null where empty, so that nothing shows whether they were given.
//
//	zapis/identity/v1
//	["kS3x…=","contact","…"]
//	["Zr1b…=","contact_when",null]
//	["2C4d…=","name",null]
type IdentityPart struct{ Lines []Line }

// Line returns a field's line, or false where the part has none.
func (p *IdentityPart) Line(field string) (Line, bool) {
	i := slices.IndexFunc(p.Lines, func(l Line) bool { return l.Field == field })
	if i < 0 {
		return Line{}, false
	}
	return p.Lines[i], true
}

// An identity part is never printed, logged or put into JSON by accident.
func (IdentityPart) String() string               { return "[identity]" }
func (IdentityPart) Format(s fmt.State, _ rune)   { io.WriteString(s, "[identity]") }
func (IdentityPart) LogValue() slog.Value         { return slog.StringValue("[identity]") }
func (IdentityPart) MarshalText() ([]byte, error) { return []byte("[identity]"), nil }

// Marshal returns the content. It wraps ErrTooLarge where it does not fit an identity part.
func (p *IdentityPart) Marshal() ([]byte, error) {
	b := p.marshal()
	if n := int64(len(b)); n > Identity.Capacity() {
		return nil, refuse(ErrTooLarge, "the identity part has %d bytes, and %d fit", n, Identity.Capacity())
	}
	fields := make([]string, len(p.Lines))
	for i, l := range p.Lines {
		fields[i] = l.Field
	}
	read, err := ParseIdentity(b, fields)
	if err != nil {
		return nil, fmt.Errorf("the identity part: %w", err)
	}
	for _, l := range read.Lines {
		wipe(l.Value)
	}
	return b, nil
}

func (p *IdentityPart) marshal() []byte {
	size := len(identityVersion) + 1
	for _, l := range p.Lines {
		size += l.size()
	}
	b := append(make([]byte, 0, size), identityVersion+"\n"...) // one that grows leaves copies behind
	for _, l := range p.Lines {
		b = l.append(b)
	}
	return b
}

// ParseIdentity reads an identity part whose lines follow the order of fields. Errors wrap ErrMismatch and name the
// line, never its content.
func ParseIdentity(b []byte, fields []string) (*IdentityPart, error) {
	lines, err := textLines(b)
	if err != nil {
		return nil, err
	}
	if string(lines[0]) != identityVersion {
		return nil, mismatch("line 1: not %s", identityVersion)
	}
	p, next := &IdentityPart{}, 0
	for i, line := range lines[1:] {
		l, err := parseLine(line, "]")
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		at := slices.Index(fields[next:], l.Field)
		if at < 0 {
			return nil, mismatch("line %d: %s is twice there, out of order, or no field", i+2, l.Field)
		}
		next += at + 1
		if !attachmentSlot(l.Field) && !slices.Contains(identityFields, l.Field) {
			return nil, mismatch("line %d: %s does not belong into an identity part", i+2, l.Field)
		}
		p.Lines = append(p.Lines, l)
	}
	for _, field := range identityFields {
		if _, ok := p.Line(field); !ok {
			return nil, mismatch("%s is missing", field)
		}
	}
	got := p.marshal()
	defer wipe(got)
	if !bytes.Equal(got, b) {
		return nil, mismatch("line %d: not in its one encoding", firstDifference(got, b))
	}
	return p, nil
}
