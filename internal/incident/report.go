package incident

import (
	"fmt"
	"log/slog"
	"slices"
)

// Report holds valid answers behind two pointers, so that printing a struct
// with a Report in an unexported field does not show them: fmt calls no
// methods there, and follows one pointer for a verb that does not fit.
type Report struct{ answers **answers }

type answers map[string][]string

func newReport() *Report {
	a := &answers{}
	return &Report{&a}
}

func (r *Report) set(name string, values []string) {
	if len(values) > 0 {
		(**r.answers)[name] = values
	}
}

// Empty returns a report without any answer, for acts that have none (stop,
// delete) and for follow-ups that are files only.
func Empty() *Report { return newReport() }

// One returns the first answer to a field, or the empty string.
func (r *Report) One(name string) string {
	if values := (**r.answers)[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// All returns the answers to a field in the order of its codes, or nil.
func (r *Report) All(name string) []string { return slices.Clone((**r.answers)[name]) }

// IsEmpty reports whether nothing was answered except the language and whether
// the files identify the reporter. Without files that is not a submission.
func (r *Report) IsEmpty() bool {
	for name := range **r.answers {
		if name != "language" && name != "files_identify" {
			return false
		}
	}
	return true
}

// FilesIdentify reports whether the files show who the reporter is.
func (r *Report) FilesIdentify() bool { return r.One("files_identify") == "yes" }

// Value is one field's answer as it is committed: compact JSON, a string or an
// array of strings; nil where there is none (committed as null).
type Value struct {
	Field string
	JSON  []byte
}

const redacted = "[report]"

// Format makes every verb of fmt print "[report]".
func (Report) Format(s fmt.State, _ rune) { fmt.Fprint(s, redacted) }

// String returns "[report]".
func (Report) String() string { return redacted }

// LogValue makes slog print "[report]".
func (Report) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText makes encoders of JSON, XML and the like write "[report]".
func (Report) MarshalText() ([]byte, error) { return []byte(redacted), nil }
