package reportcode

import "unicode"

// Groups is the number of groups of four digits in which a code is shown.
const Groups = Length / 4

// GroupWrong returns the groups, from 1, that do not have four digits, where each of the eight was typed apart. Spaces,
// dashes and invisible characters do not count, digits of any script do.
func GroupWrong(groups []string) []int {
	var wrong []int
	for i, g := range groups {
		if d, ok := digitsOf(g); !ok || len(d) != Length/Groups {
			wrong = append(wrong, i+1)
		}
	}
	return wrong
}

// Suspects returns the groups, from 1, in which one wrong digit, or two neighbours that were swapped, would explain why
// the check digits of s do not fit. It returns nil where s does not have 32 digits, where it is a code, or where no
// single slip explains it. The check digits are arithmetic that everybody can do: this tells nothing about codes.
func Suspects(s string) []int {
	d, ok := digitsOf(s)
	if !ok || len(d) != Length || fits(d) {
		return nil
	}
	defer clear(d)
	var found [Groups + 1]bool
	for i := range d {
		was := d[i]
		for digit := byte('0'); digit <= '9'; digit++ {
			if d[i] = digit; digit != was && fits(d) {
				found[i/4+1] = true
			}
		}
		d[i] = was
		if i+1 < len(d) && d[i] != d[i+1] {
			d[i], d[i+1] = d[i+1], d[i]
			if fits(d) {
				found[i/4+1], found[(i+1)/4+1] = true, true
			}
			d[i], d[i+1] = d[i+1], d[i]
		}
	}
	var groups []int
	for g := 1; g <= Groups; g++ {
		if found[g] {
			groups = append(groups, g)
		}
	}
	return groups
}

func fits(d []byte) bool {
	a, b := checkDigits(d[:random])
	return d[random] == a && d[random+1] == b
}

// digitsOf returns the decimal digits of what was typed, and whether it holds nothing else.
func digitsOf(s string) ([]byte, bool) {
	if len(s) > maxTyped {
		return nil, false
	}
	var d []byte
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Dash, unicode.Cf) {
			continue
		}
		digit, ok := decimal(r)
		if !ok {
			return nil, false
		}
		d = append(d, digit)
	}
	return d, true
}
