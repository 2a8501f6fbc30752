package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"zapis/crypto/seal"
	"zapis/internal/command"
	"zapis/internal/incident"
	"zapis/internal/vault"
)

// writeCase shows an opened case to a person. Everything that a reporter wrote goes through command.Escape.
func writeCase(w io.Writer, o *vault.OpenedCase) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Case %s\n%s\n", o.Case, standing(o.Summary))
	if said := danger(o.Summary); said != "" {
		fmt.Fprintf(&b, "%s\n", said)
	}
	for _, s := range o.Submissions {
		fmt.Fprintf(&b, "\n%s\n", actTitle(s.Statement.Act))
		row(&b, "received", s.Statement.Received.Format("2006-01-02 15:04:05")+" UTC, by the server's clock")
		row(&b, "place", s.Where())
		for _, f := range incident.Fields() {
			if l, ok := s.Statement.Line(f.Name); ok && !l.Null() {
				answer(&b, f.Name, l)
			}
		}
		writeIdentity(&b, s)
		for _, e := range s.Exhibits {
			writeExhibit(&b, e)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func actTitle(act string) string {
	switch incident.Act(act) {
	case incident.ActReport:
		return "REPORT"
	case incident.ActFollowUp:
		return "FOLLOW-UP"
	case incident.ActConsent:
		return "CHANGE OF CONSENT"
	case incident.ActStop:
		return "WITHDRAWAL: STOP USING IT"
	case incident.ActDelete:
		return "WITHDRAWAL: STOP, AND ERASE IT"
	}
	return "COLLECTED BY THE TRUSTEES"
}

const labelWidth = 16

// row writes a label and a text whose further lines stand under the first.
func row(b *strings.Builder, label, text string) {
	lines := strings.Split(strings.TrimRight(command.EscapeLines(text), "\n"), "\n")
	fmt.Fprintf(b, "  %-*s%s\n", labelWidth, label, lines[0])
	for _, line := range lines[1:] {
		fmt.Fprintf(b, "  %*s%s\n", labelWidth, "", line)
	}
}

func answer(b *strings.Builder, field string, l seal.Line) {
	var one string
	var several []string
	if json.Unmarshal(l.Value, &one) == nil {
		row(b, field, plain(field, one))
		return
	}
	if json.Unmarshal(l.Value, &several) != nil {
		return
	}
	for i, code := range several {
		several[i] = plain(field, code)
	}
	row(b, field, strings.Join(several, "\n"))
}

// plain puts the words beside a code.
func plain(field, given string) string {
	switch field {
	case "method":
		if m, ok := incident.MethodByCode(given); ok {
			return given + "  " + m.English
		}
	case "country_event", "country_now":
		if name := incident.CountryName(given); name != "" && name != given {
			return given + "  " + name
		}
	}
	return given
}

func writeIdentity(b *strings.Builder, s vault.OpenedSubmission) {
	if s.Identity == nil {
		row(b, "identity", "closed: "+s.Closed)
		return
	}
	empty := true
	for _, name := range incident.IdentityNames() {
		if l, ok := s.Identity.Line(name); ok && !l.Null() {
			answer(b, name, l)
			empty = false
		}
	}
	if empty {
		row(b, "identity", "nothing was given")
	}
}

func writeExhibit(b *strings.Builder, e vault.Exhibit) {
	if e.Value == nil {
		row(b, e.Name, "closed: "+e.Closed)
		return
	}
	row(b, e.Name, fmt.Sprintf("%s, %d bytes", e.Value.MediaType, e.Value.Size))
	row(b, "", "SHA-256 "+e.Value.SHA256)
	row(b, "", "named "+strings.ReplaceAll(e.Value.Name, "\n", `\n`))
	if e.Closed != "" {
		row(b, "", "closed: "+e.Closed)
	}
}
