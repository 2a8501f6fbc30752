package incident

import "strings"

// Codes of refusals of an answer or a file. The codes are stable: they are in
// JSON answers and are keys of the locale files.
const (
	Required        = "required"           // this answer is needed
	UnknownCode     = "unknown_code"       // not one of the field's codes
	UnknownField    = "unknown_field"      // the form has no such field
	NotHere         = "not_here"           // a field that this kind of submission does not accept
	NotADate        = "not_a_date"         // not YYYY-MM-DD (for "when" also YYYY-MM, YYYY), or no such day
	OutOfRange      = "out_of_range"       // a date too far in the past or in the future
	Precision       = "precision"          // the form of "when" is not that of "when_precision"
	TooLong         = "too_long"           // more characters or bytes than the field accepts
	Control         = "control"            // a control character other than tab and line feed
	NotUTF8         = "not_utf8"           // bytes that are not UTF-8
	Twice           = "twice"              // several answers to a field that accepts one
	Repeated        = "repeated"           // the same code more than once in one field
	Nothing         = "nothing"            // a follow-up with neither answers nor files
	NotAFile        = "not_a_file"         // text where a file belongs
	TooMany         = "too_many"           // more than sixteen files
	FileEmpty       = "file_empty"         // a named file without a single byte
	FileTooLarge    = "file_too_large"     // one file is over the limit for a file
	ReportTooLarge  = "report_too_large"   // the files together are over the limit for a report
	FileNameTooLong = "file_name_too_long" // a file name of more than 255 characters
)

// Codes lists every code above, in that order; a locale has a sentence for
// each.
func Codes() []string {
	return []string{
		Required, UnknownCode, UnknownField, NotHere, NotADate, OutOfRange, Precision, TooLong, Control, NotUTF8,
		Twice, Repeated, Nothing, NotAFile, TooMany, FileEmpty, FileTooLarge, ReportTooLarge, FileNameTooLong,
	}
}

// FieldError is one refusal. Field is a name of the form's fields, "file" for
// files, or, with UnknownField only, the sent name if it looks like one, else
// "other". It never holds an answer.
type FieldError struct {
	Field string `json:"field"`
	Code  string `json:"code"`
}

func (e FieldError) Error() string { return e.Field + ": " + e.Code }

// Errors are refusals in the order of the form's fields, at most one a field.
type Errors []FieldError

func (e Errors) Error() string {
	words := make([]string, len(e))
	for i, f := range e {
		words[i] = f.Error()
	}
	return "the form was refused: " + strings.Join(words, "; ")
}

// Of returns the code for a field, or the empty string.
func (e Errors) Of(field string) string {
	for _, f := range e {
		if f.Field == field {
			return f.Code
		}
	}
	return ""
}
