package incident

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Form is a form as it was sent: field names and the values of each. It holds
// a person's words and prints as "[form]".
type Form map[string][]string

// Format makes every verb of fmt print "[form]".
func (Form) Format(s fmt.State, _ rune) { fmt.Fprint(s, "[form]") }

// LogValue makes slog print "[form]".
func (Form) LogValue() slog.Value { return slog.StringValue("[form]") }

// Validate validates a form as one act. It returns either a report, or
// refusals in the order of the fields (unknown fields last, by name), at most
// one per field.
//
// An empty answer counts as none, and so does a text without a visible
// character. CR LF and a field's own order of codes are normalised; nothing
// else is changed. now bounds the dates; only its instant counts. Validate
// panics on an act that is not one of Acts, which is the caller's mistake.
func (s *Schema) Validate(f Form, now time.Time, act Act) (*Report, Errors) {
	r, ok := rules[act]
	if !ok {
		panic("incident: no such act: " + string(act))
	}
	report := newReport()
	var errs Errors
	for _, field := range s.fields {
		given := answered(field, f[field.Name])
		code := ""
		switch {
		case len(given) > 0 && r.only != nil && !slices.Contains(r.only, field.Name):
			code = NotHere
		case len(given) > 1 && !field.Multi:
			code = Twice
		case len(given) > 0:
			given, code = field.check(given, now)
		}
		if code == "" {
			code = r.missing(field.Name, given)
		}
		if code != "" {
			errs = append(errs, FieldError{field.Name, code})
			continue
		}
		report.set(field.Name, given)
	}
	errs = append(errs, checkPrecision(report, errs)...)
	slices.SortStableFunc(errs, func(a, b FieldError) int { return s.position(a.Field) - s.position(b.Field) })
	errs = append(errs, s.strangers(f)...)
	if len(errs) > 0 {
		return nil, errs
	}
	return report, nil
}

// missing returns a code where an act needs more answers to a field than were
// given.
func (r rule) missing(name string, given []string) string {
	codes, needed := r.required[name]
	if !needed {
		return ""
	}
	if len(given) == 0 {
		return Required
	}
	for _, code := range codes {
		if !slices.Contains(given, code) {
			return Required
		}
	}
	return ""
}

// answered drops empty values.
func answered(f Field, values []string) []string {
	var out []string
	for _, v := range values {
		if f.Kind == KindText && blank(v) || v == "" {
			continue
		}
		out = append(out, v)
	}
	return out
}

// check returns the answers as they are kept, or a refusal.
func (f Field) check(given []string, now time.Time) (kept []string, code string) {
	switch f.Kind {
	case KindCode:
		return f.checkCodes(given)
	case KindText:
		text, code := f.checkText(given[0])
		return []string{text}, code
	case KindDate:
		return given, checkDeadline(given[0], now)
	case KindWhen:
		return given, checkWhen(given[0], now)
	case KindCountry:
		if CountryName(given[0]) == "" {
			return nil, UnknownCode
		}
	case KindLanguage:
		return given, f.checkLanguage(given[0])
	}
	return given, ""
}

func (f Field) checkCodes(given []string) ([]string, string) {
	for i, v := range given {
		if !slices.Contains(f.Codes, v) {
			return nil, UnknownCode
		}
		if slices.Contains(given[:i], v) {
			return nil, Repeated
		}
	}
	kept := slices.Clone(given)
	slices.SortFunc(kept, func(a, b string) int { return slices.Index(f.Codes, a) - slices.Index(f.Codes, b) })
	return kept, ""
}

// checkPrecision makes "when" and "when_precision" agree: a missing precision
// is derived from the form of the date, so that "when" always has one.
func checkPrecision(r *Report, errs Errors) Errors {
	when := r.One("when")
	if when == "" || errs.Of("when") != "" || errs.Of("when_precision") != "" {
		return nil
	}
	shape := precisionOf(when)
	switch r.One("when_precision") {
	case "":
		r.set("when_precision", []string{shape})
	case shape, "ongoing", "unknown": // the last two may name a beginning
	default:
		return Errors{{"when", Precision}}
	}
	return nil
}

// strangers refuses unknown fields: the sender of an answer that is silently
// dropped would believe that we have it.
func (s *Schema) strangers(f Form) Errors {
	var errs Errors
	for name, values := range f {
		if _, ok := s.FieldByName(name); ok || slices.Contains(housekeeping, name) {
			continue
		}
		switch {
		case name != FileField:
			errs = append(errs, FieldError{plainName(name), UnknownField})
		case strings.Join(values, "") != "":
			errs = append(errs, FieldError{FileField, NotAFile})
		}
	}
	slices.SortFunc(errs, func(a, b FieldError) int { return strings.Compare(a.Field, b.Field) })
	return slices.Compact(errs)
}

// plainName returns the name of an unknown field only where it can hold
// nothing but a name.
func plainName(name string) string {
	if name == "" || len(name) > 32 {
		return "other"
	}
	for _, c := range name {
		if c != '_' && c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return "other"
		}
	}
	return name
}
