package bundle

import (
	"encoding/json"
	"fmt"
	"strings"

	"zapis/crypto/canonical"
	"zapis/internal/evidence/bundle/pdf"
	"zapis/internal/incident"
)

// The words of report.txt, here and in pdf/labels.tsv, are part of the format: the checker writes the file
// again and compares. A change needs a new version in recordFormats.

var actTitles = map[string]string{
	string(incident.ActReport):   "REPORT",
	string(incident.ActFollowUp): "FOLLOW-UP",
	string(incident.ActConsent):  "CHANGE OF CONSENT",
	string(incident.ActStop):     "WITHDRAWAL: STOP USING IT",
	string(incident.ActDelete):   "WITHDRAWAL: STOP AND DELETE",
	actCollected:                 "COLLECTED BY THE TRUSTEES",
}

// A recordWords holds the words of report.txt in one version of the record.
type recordWords struct {
	begin, clock string
	explain      func(field, value string) string
	field        func(name string) string
	emptyLines   bool // one line for each question that was left empty
}

var recordTexts = map[string]recordWords{
	recordFormats[version1]: {`This is what was given through a report form, as far as this bundle shows it. It
is unsworn. It is intact since received; whether it is so, nobody here has
decided. In answers, \u{...} stands for a character that cannot be seen.

`, "by the clock of the intake server", incident.Explain, func(name string) string { return name }, true},
	recordFormats[version2]: {`This is what was given through a report form, as far as this bundle shows it. It
is unsworn. It is unchanged since the entry was made; whether it is true is not
decided here. In answers, \u{...} stands for a character that cannot be seen.

`, "by the clock of the intake server, as the trustee states", explain, fieldName, false},
}

// text renders the record for reading in any script.
func (r record) text() ([]byte, error) {
	var b strings.Builder
	words := recordTexts[r.Format]
	fmt.Fprintf(&b, "CASE %s\n\n", r.Case)
	b.WriteString(words.begin)
	fmt.Fprintf(&b, "Ledger  %s\n", r.Ledger)
	for n, s := range r.Submissions {
		fmt.Fprintf(&b, "\n\n%d. %s\n\n", n+1, actTitles[s.Act])
		if s.Act == actCollected {
			fmt.Fprintf(&b, "Collected %s, by the clock of the trustee who did\n", s.ReceivedAt)
		} else {
			fmt.Fprintf(&b, "Received  %s, %s\n", s.ReceivedAt, words.clock)
		}
		if s.Entry != nil {
			fmt.Fprintf(&b, "Place     entry %d of the ledger\n", *s.Entry)
		} else {
			fmt.Fprintf(&b, "Place     none yet; promised for %s\n", *s.PromisedFor)
		}
		fmt.Fprintf(&b, "Body      %s\n", s.Body)
		if err := s.writeAnswers(&b, words); err != nil {
			return nil, err
		}
		s.writeFiles(&b, words)
	}
	return []byte(b.String()), nil
}

func (s submission) writeAnswers(b *strings.Builder, words recordWords) error {
	b.WriteByte('\n')
	var empty []string
	for _, a := range s.Answers {
		values, err := a.strings()
		if err != nil {
			return err
		}
		if len(values) == 0 && words.emptyLines {
			fmt.Fprintf(b, "%s: (left empty)\n", pdf.Label(a.Field))
		} else if len(values) == 0 {
			empty = append(empty, pdf.Label(a.Field))
		}
		if len(values) == 0 {
			continue
		}
		fmt.Fprintf(b, "%s:\n", pdf.Label(a.Field))
		for _, v := range values {
			for line := range strings.Lines(plainText(words.explain(a.Field, v))) {
				fmt.Fprintf(b, "    %s\n", strings.TrimSuffix(line, "\n"))
			}
		}
	}
	if len(empty) > 0 && len(empty) == len(s.Answers) {
		b.WriteString("Every question was left empty.\n")
	} else if len(empty) > 0 {
		fmt.Fprintf(b, "Left empty: %s\n", strings.Join(empty, "; "))
	}
	return nil
}

func (s submission) writeFiles(b *strings.Builder, words recordWords) {
	if len(s.Attachments) > 0 {
		b.WriteString("\nFiles:\n")
	}
	for _, a := range s.Attachments {
		fmt.Fprintf(b, "    %s  %s\n         %s, %d bytes\n         SHA-256 %s\n         called \"%s\" where it came from\n",
			a.Exhibit, a.File, plainText(a.MediaType), a.Size, a.SHA256, plainLine(a.Name))
	}
	if len(s.Withheld) > 0 {
		b.WriteString("\nWithheld:\n")
	}
	for _, w := range s.Withheld {
		fmt.Fprintf(b, "    %s: %s\n", words.field(w.Field), w.Reason.Sentence())
	}
}

// fieldName returns the name of a field in words: attachment-3 is file 3.
func fieldName(name string) string { return pdf.FieldName(name, pdf.Label(name)) }

// explain returns a code in English words. Methods keep their code.
func explain(field, value string) string { return pdf.Explain("en", field, value) }

// strings returns an answer's one or more values; none where it is null.
func (a answer) strings() ([]string, error) {
	if string(a.Value) == "null" {
		return nil, nil
	}
	var one string
	if json.Unmarshal(a.Value, &one) == nil {
		return []string{one}, nil
	}
	var many []string
	if json.Unmarshal(a.Value, &many) != nil {
		return nil, misformed("%s: its value is neither a text, nor a list of texts, nor null", a.Field)
	}
	return many, nil
}

// plainText keeps tab and line feed and replaces every other invisible
// character by its code point.
func plainText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if canonical.Hidden(r) && r != '\n' && r != '\t' {
			fmt.Fprintf(&b, `\u{%x}`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// plainLine is plainText for one line.
func plainLine(s string) string {
	return strings.NewReplacer("\n", `\u{a}`, "\t", `\u{9}`).Replace(plainText(s))
}
