package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"zapis/internal/incident"
)

// normalizeDates converts typed dates into the forms that incident accepts: 2006-01-02, 2006-01, 2006. Anything else
// stays as it was typed, and incident refuses it. A date is shortened to the precision that the reporter gives.
func normalizeDates(f incident.Form) {
	for _, name := range []string{"deadline", "when"} {
		for i, v := range f[name] {
			f[name][i] = strings.TrimSpace(v)
			if iso, ok := isoDate(v); ok {
				f[name][i] = iso
			}
		}
	}
	length := map[string]int{"month": len("2006-01"), "year": len("2006")}[oneValue(f["when_precision"])]
	if when := f["when"]; length > 0 && len(when) == 1 && len(when[0]) > length && isISO(when[0]) {
		when[0] = when[0][:length]
	}
}

// oneValue returns the one value that is not empty, or the empty string.
func oneValue(values []string) string {
	one := ""
	for _, v := range values {
		if v != "" && one != "" {
			return ""
		}
		one += v
	}
	return one
}

var isoLayouts = []string{"2006-01-02", "2006-01", "2006"}

func isISO(s string) bool {
	for _, layout := range isoLayouts {
		if t, err := time.Parse(layout, s); err == nil && t.Format(layout) == s {
			return true
		}
	}
	return false
}

// isoDate parses a date in the orders and words of the form's languages: day, month and year in figures with any
// separator (day first, unless the year comes first or the second figure can't be a month), or with the name of the
// month. A month or a year may occur alone. Years have four digits.
func isoDate(typed string) (iso string, ok bool) {
	var numbers []string
	month, monthAt := 0, 0
	for _, token := range dateTokens(typed) {
		switch {
		case unicode.IsDigit(rune(token[0])):
			numbers = append(numbers, token)
		case dateFillers[token]:
		default:
			if m := monthOf(token); m > 0 && month == 0 {
				month, monthAt = m, len(numbers)
				continue
			}
			return "", false
		}
	}
	if month > 0 {
		at := min(monthAt, len(numbers))
		numbers = append(numbers[:at:at], append([]string{strconv.Itoa(month)}, numbers[at:]...)...)
		if len(numbers) == 3 && at == 0 { // May 17, 2026
			numbers[0], numbers[1] = numbers[1], numbers[0]
		}
	}
	return orderDate(numbers, month > 0)
}

// orderDate sorts the figures of a date into year, month and day.
func orderDate(n []string, named bool) (iso string, ok bool) {
	if len(n) == 1 && len(n[0]) == 8 { // 20260517
		n = []string{n[0][:4], n[0][4:6], n[0][6:]}
	}
	isYear := func(s string) bool { return len(s) == 4 }
	switch {
	case len(n) == 1 && isYear(n[0]) && !named:
		iso = n[0]
	case len(n) == 2 && isYear(n[0]):
		iso = join(n[0], n[1])
	case len(n) == 2 && isYear(n[1]):
		iso = join(n[1], n[0])
	case len(n) == 3 && isYear(n[0]):
		iso = join(n[0], n[1], n[2])
	case len(n) == 3 && isYear(n[2]):
		day, month := n[0], n[1]
		if m, _ := strconv.Atoi(month); m > 12 && !named { // 05/17/2026
			day, month = month, day
		}
		iso = join(n[2], month, day)
	}
	return iso, iso != "" && isISO(iso)
}

// join writes a year and what follows it as ISO 8601 does. Figures that are too long yield no date.
func join(year string, rest ...string) string {
	for _, r := range rest {
		if len(r) > 2 {
			return ""
		}
		year += fmt.Sprintf("-%02s", r)
	}
	return year
}

// dateTokens cuts a date into runs of digits and runs of letters, folded to lower case without marks. Digits of other
// scripts become 0 to 9.
func dateTokens(typed string) []string {
	if len(typed) > 100 {
		return []string{"?"}
	}
	var tokens []string
	kind := 0 // of the last rune: 1 digit, 2 letter
	add := func(now int, s string) {
		if now == kind {
			tokens[len(tokens)-1] += s
		} else {
			tokens = append(tokens, s)
		}
		kind = now
	}
	for _, r := range norm.NFKD.String(strings.ToLower(typed)) {
		switch {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
		case r >= '0' && r <= '9':
			add(1, string(r))
		case unicode.IsLetter(r):
			add(2, string(r))
		case unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) || strings.ContainsRune(".,/\\'’_", r):
			kind = 0
		default:
			return []string{"?"}
		}
	}
	return tokens
}

// dateFillers are words around figures in the form's languages, folded as dateTokens folds.
var dateFillers = words("st nd rd th of the in am im den w we dnia roku rok r m d men diena dienos menuo metai metu metais " +
	"г год года году го ого ое е у в во р рік року рокут року роки році годзе i")

// monthStems are the beginnings of the months' names, in all seven languages and their cases, folded.
var monthStems = [12]map[string]bool{
	words("jan янв студ січ сiч sty saus sau jann"),
	words("feb фев лют lut vas"),
	words("mar мар сак берез бер kov maer"),
	words("apr апр красав крас квіт кві kwi bal"),
	words("may mai maj май мая маі трав траў geg"),
	words("jun июн чэрв чэр черв чер cze birz bir"),
	words("jul июл ліп лип lip liep lie"),
	words("aug авг жнів жніў серп сер sie rugp"),
	words("sep сен верас верес вер wrz rugs"),
	words("oct okt окт кастр жовт жов paz spal spa"),
	words("nov ноя лістап ліс листоп лис lis lapkr lap"),
	words("dec dez дек снеж снежн груд гру gru gruod"),
}

// words makes a set of what stands between spaces, folded as dateTokens folds.
func words(list string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(list) {
		var folded strings.Builder
		for _, r := range norm.NFKD.String(w) {
			if !unicode.Is(unicode.Mn, r) {
				folded.WriteRune(r)
			}
		}
		set[folded.String()] = true
	}
	return set
}

// monthOf finds the month whose name begins the word, by the longest stem; 0 for none.
func monthOf(word string) int {
	best, month := 0, 0
	for i, stems := range monthStems {
		for stem := range stems {
			if len(stem) > best && strings.HasPrefix(word, stem) {
				best, month = len(stem), i+1
			}
		}
	}
	return month
}
