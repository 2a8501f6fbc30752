package desk

import (
	"html/template"
	"time"

	"zapis/internal/incident"
)

// templateFuncs are the words that templates ask for by code.
var templateFuncs = template.FuncMap{
	"danger": func(code string) string { return dangerWords[code] },
	"method": methodWords,
	"day":    func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
}

// methodWords returns a method's plain English; a code that this vocabulary does not know is shown as it is.
func methodWords(code string) string {
	if m, ok := incident.MethodByCode(code); ok {
		return m.English
	}
	return code
}

var dangerWords = map[string]string{"yes": "NOW", "unsure": "perhaps"}
