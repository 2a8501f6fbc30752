package incident

import (
	"fmt"
	"strings"
)

// specLine is a field's row in docs/spec/incident.md.
func specLine(f Field) string {
	part := "statement"
	if f.Identity {
		part = "identity"
	}
	takes := map[Kind]string{
		KindDate: "`YYYY-MM-DD`", KindWhen: "`YYYY-MM-DD`, `YYYY-MM`, `YYYY`",
		KindCountry: "ISO 3166-1 alpha-2, `unknown`", KindLanguage: "a language tag",
		KindText: fmt.Sprintf("%d bytes", f.MaxBytes),
	}[f.Kind]
	switch {
	case f.Kind == KindLanguage:
		takes = fmt.Sprintf("a language tag, %d bytes", f.MaxBytes)
	case f.MaxChars > 0:
		takes = fmt.Sprintf("%d characters, %d bytes", f.MaxChars, f.MaxBytes)
	case f.Name == "method":
		takes = "the codes of `vocabulary.tsv`"
	case f.Kind == KindCode:
		takes = "`" + strings.Join(f.Codes, "` `") + "`"
	}
	several := "one"
	if f.Multi {
		several = "several"
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s |", f.Name, f.Kind, several, part, takes)
}
