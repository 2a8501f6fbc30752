package web

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"zapis/crypto/reportcode"
	"zapis/internal/incident"
)

// Codes of refusals of a code, beside those of incident.
const (
	codeLength  = "code_length"  // not 32 digits
	codeDigit   = "code_digit"   // the check digits do not fit
	codeUnknown = "code_unknown" // no report with this code
)

// readCode parses the code of a form: one value, or the values of the eight boxes for its groups. It also accepts a
// whole code that was pasted into one box.
func readCode(values []string) (reportcode.Code, incident.Errors) {
	wrong := func(code string) (reportcode.Code, incident.Errors) {
		return reportcode.Code{}, incident.Errors{{Field: "code", Code: code}}
	}
	typed := nonEmpty(values)
	switch {
	case len(typed) == 0:
		return wrong(incident.Required)
	case len(typed) > 1 && (len(values) > reportcode.Groups || anyWhole(typed)):
		return wrong(incident.Twice)
	}
	c, err := reportcode.Parse(strings.Join(typed, " "))
	switch {
	case err == nil:
		return c, nil
	case errors.Is(err, reportcode.ErrCheckDigits):
		return wrong(codeDigit)
	}
	return wrong(codeLength)
}

func nonEmpty(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return strings.TrimSpace(v) == "" })
}

func anyWhole(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return len(v) >= reportcode.Length })
}

// codeBox is one of the eight boxes for a code.
type codeBox struct {
	ID    string
	Label string // "Group 3 of 8"
	Value string
	Wrong bool
}

// codeEntry is the part of a page that asks for a code.
type codeEntry struct {
	Boxes []codeBox
	Wrong string
}

// codeEntry puts the typed digits into eight boxes, and marks which groups are or may be wrong.
func (loc *localizer) codeEntry(values []string, wrong incident.Errors) codeEntry {
	groups := codeGroups(values)
	e := codeEntry{}
	var marked []int
	if code := wrong.Of("code"); code != "" {
		e.Wrong, marked = loc.codeSentence(code, values, groups)
	}
	for i := range reportcode.Groups {
		box := codeBox{ID: "code", Label: loc.t("code.group", "n", i+1, "all", reportcode.Groups)}
		if i > 0 {
			box.ID += "-" + strconv.Itoa(i+1)
		}
		if i < len(groups) {
			box.Value = groups[i]
		}
		for _, g := range marked {
			box.Wrong = box.Wrong || g == i+1
		}
		e.Boxes = append(e.Boxes, box)
	}
	return e
}

// codeSentence returns the sentence for what is wrong with a code, and the groups to mark.
func (loc *localizer) codeSentence(code string, values, groups []string) (string, []int) {
	generic := loc.errorSentence(incident.FieldError{Field: "code", Code: code})
	switch {
	case code == codeLength && len(values) == reportcode.Groups && len(nonEmpty(values)) > 1:
		if wrong := reportcode.GroupWrong(groups); len(wrong) > 0 && len(wrong) < reportcode.Groups {
			return loc.t("wrong.code_groups", "groups", loc.list(numerals(wrong))), wrong
		}
	case code == codeDigit:
		// Check digits find that a slip occurred. Where it is one digit, or two neighbours swapped, these groups explain it.
		if suspects := reportcode.Suspects(strings.Join(groups, " ")); len(suspects) > 0 && len(suspects) < reportcode.Groups {
			return generic + " " + loc.t("wrong.code_suspects", "groups", loc.either(numerals(suspects))), suspects
		}
	}
	return generic, nil
}

func numerals(numbers []int) []string {
	list := make([]string, len(numbers))
	for i, n := range numbers {
		list[i] = strconv.Itoa(n)
	}
	return list
}

// codeGroups returns up to eight typed groups: the values of the boxes, or one value cut into four digits each.
func codeGroups(values []string) []string {
	typed := nonEmpty(values)
	if len(typed) != 1 || len(values) == reportcode.Groups && len(typed[0]) < 8 {
		return values[:min(len(values), reportcode.Groups)]
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		if strings.ContainsRune(" -\t\u00a0", r) {
			return -1
		}
		return 'x'
	}, typed[0])
	if strings.Contains(digits, "x") || len(digits) > reportcode.Length {
		return typed // it is shown as it was typed
	}
	var groups []string
	for len(digits) > 4 {
		groups, digits = append(groups, digits[:4]), digits[4:]
	}
	return append(groups, digits)
}

// digits is a code as it is shown, in memory that can be wiped.
type digits []byte

func codeDigits(c reportcode.Code) digits { return c.AppendDigits(nil) }

// String returns the digits as a string that shares their memory: it must not be used after wipe.
func (d digits) String() string { return unsafe.String(unsafe.SliceData(d), len(d)) }

func (d digits) wipe() { clear(d) }
