package incident

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"zapis/crypto/canonical"
)

// ErrVersion is returned for a version of the vocabulary that this program does
// not know: a newer program wrote it.
var ErrVersion = errors.New("a newer program is needed to read this vocabulary")

// committedHead are the lines about the statement itself, before the
// questions, from headSince on (docs/spec/commitments.md). Package seal fills
// them and refuses a list of fields that begins otherwise.
var committedHead = []string{"act", "case", "number", "received", "reporter_key", "reporter_signature"}

const headSince = 2

// Schema is one version of the vocabulary: the questions, the codes of their
// answers, and the names of everything that a submission commits to. It is
// immutable and safe for concurrent use.
type Schema struct {
	version int
	fields  []Field
	methods []Method
	names   []string
}

// schemas are all versions from 1, in order.
var schemas = newSchemas(fields, methods, VocabularyVersion)

// newSchemas derives versions 1 to newest from tables whose rows hold the
// version that added them. Rows are never removed and keep their order.
func newSchemas(fields []Field, methods []Method, newest int) []*Schema {
	var all []*Schema
	for version := 1; version <= newest; version++ {
		s := &Schema{version: version}
		for _, m := range methods {
			if m.Since <= version {
				s.methods = append(s.methods, m)
			}
		}
		for _, f := range fields {
			if f.Since > version {
				continue
			}
			if f.Name == "method" {
				f.Codes = codesOf(s.methods)
			}
			s.fields = append(s.fields, f)
		}
		if version >= headSince {
			s.names = append(s.names, committedHead...)
		}
		for _, f := range s.fields {
			s.names = append(s.names, f.Name)
		}
		for n := range Slots {
			s.names = append(s.names, SlotName(n+1))
		}
		all = append(all, s)
	}
	return all
}

func codesOf(methods []Method) []string {
	codes := make([]string, len(methods))
	for i, m := range methods {
		codes[i] = m.Code
	}
	return codes
}

// Version returns one version of the schema. The error wraps ErrVersion where
// this program does not know it.
func Version(version int) (*Schema, error) {
	if version < 1 || version > len(schemas) {
		return nil, fmt.Errorf("vocabulary %d, and this program knows 1 to %d: %w", version, len(schemas), ErrVersion)
	}
	return schemas[version-1], nil
}

// Newest returns the version for new ledgers.
func Newest() *Schema { return schemas[len(schemas)-1] }

// FieldNames returns the name of everything that is committed under a version,
// in the fixed order: from version 2 on the statement's own lines, then the
// questions, then attachment-1 to attachment-16.
func FieldNames(version int) ([]string, error) {
	s, err := Version(version)
	if err != nil {
		return nil, err
	}
	return s.FieldNames(), nil
}

// Version returns the version's number.
func (s *Schema) Version() int { return s.version }

// FieldNames returns the name of everything that is committed, as the function
// FieldNames does.
func (s *Schema) FieldNames() []string { return slices.Clone(s.names) }

// CommitsHead reports whether act, case, number, time and the reporter's key
// are disclosure lines.
func (s *Schema) CommitsHead() bool { return s.version >= headSince }

// Fields returns the questions in their fixed order.
func (s *Schema) Fields() []Field { return slices.Clone(s.fields) }

// FieldByName finds a question.
func (s *Schema) FieldByName(name string) (f Field, ok bool) {
	i := s.position(name)
	if i < 0 {
		return Field{}, false
	}
	return s.fields[i], true
}

func (s *Schema) position(name string) int {
	return slices.IndexFunc(s.fields, func(f Field) bool { return f.Name == name })
}

// Methods returns the codes of the version in their order.
func (s *Schema) Methods() []Method { return slices.Clone(s.methods) }

// Check refuses answers that this version does not have, in a report that was
// validated under a newer one. It returns refusals as Validate does.
func (s *Schema) Check(r *Report) Errors {
	var errs Errors
	for _, newest := range fields {
		given := r.All(newest.Name)
		f, ok := s.FieldByName(newest.Name)
		switch {
		case len(given) == 0:
		case !ok:
			errs = append(errs, FieldError{newest.Name, UnknownField})
		case f.Kind == KindCode && slices.ContainsFunc(given, func(c string) bool { return !slices.Contains(f.Codes, c) }):
			errs = append(errs, FieldError{newest.Name, UnknownCode})
		}
	}
	return errs
}

// Values returns the report's answer to every question of the version in the
// fixed order, answered or not, without the attachments.
func (s *Schema) Values(r *Report) []Value {
	values := make([]Value, len(s.fields))
	for i, f := range s.fields {
		values[i].Field = f.Name
		switch given := (**r.answers)[f.Name]; {
		case len(given) == 0:
		case f.Multi:
			values[i].JSON = canonical.AppendStrings(nil, given)
		default:
			values[i].JSON = quoted(given[0])
		}
	}
	return values
}

// Validate is Schema.Validate of the newest version.
func Validate(f Form, now time.Time, act Act) (*Report, Errors) {
	return Newest().Validate(f, now, act)
}

// Fields returns the questions of the newest version, which include those of
// every other.
func Fields() []Field { return Newest().Fields() }

// FieldByName finds a question of any version.
func FieldByName(name string) (f Field, ok bool) { return Newest().FieldByName(name) }

// Methods returns the codes of the newest version in their order.
func Methods() []Method { return Newest().Methods() }

// IdentityNames returns the questions whose answers are in the identity part.
func IdentityNames() []string {
	var names []string
	for _, f := range fields {
		if f.Identity {
			names = append(names, f.Name)
		}
	}
	return names
}
