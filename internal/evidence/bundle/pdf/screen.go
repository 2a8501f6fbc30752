package pdf

import (
	"bytes"
	_ "embed"
	"html/template"
	"strings"
	"time"
)

//go:embed screen.html
var screenHTML string

// seen writes as code points what nobody sees on a screen.
func seen(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '\n' && r != '\t' && (r < 0x20 || unseen(r)) {
			b.WriteString("[U+" + strings.ToUpper(hex4(r)) + "]")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hex4(r rune) string {
	const digits = "0123456789abcdef"
	out := []byte{digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15]}
	if r > 0xffff {
		out = append([]byte{digits[r>>16&15]}, out...)
	}
	return string(out)
}

// screen is the same for reading on a screen: one page, no script, nothing from
// anywhere else.
func screen(f Facts) ([]byte, error) {
	page, err := template.New("index.html").Funcs(template.FuncMap{
		"time":      func(t time.Time) string { return t.Format(timeLayout) },
		"here":      func(path string) string { return strings.TrimPrefix(path, "data/") },
		"describe":  Describe,
		"witnesses": witnesses,
		"place":     Submission.place,
		"runs":      runs,
		"clock":     Submission.clock,
		"seen":      seen,
	}).Parse(screenHTML)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := page.Execute(&b, f); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
