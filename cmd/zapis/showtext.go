package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"zapis/crypto/seal"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
)

// writeCase shows an opened case to a person. Everything that a reporter wrote goes through package escape.
func writeCase(s *cli.Streams, o *casefile.Case) error {
	p := newPage(s.Width())
	escape.Fprintf(&p.b, "Case %s\n%s\n", o.ID, consentText(&o.Summary))
	for _, h := range o.Summary.Holds {
		escape.Fprintf(&p.b, "%s\n", onHold(h))
	}
	if o.Summary.SamePage != "" {
		escape.Fprintf(&p.b, "%s\n", sentTwice(&o.Summary))
	}
	for _, text := range numberWords(o.Summary.Numbering) {
		escape.Fprintf(&p.b, "%s\n", text)
	}
	if text := danger(&o.Summary); text != "" {
		escape.Fprintf(&p.b, "%s\n", text)
	}
	for _, sub := range o.Submissions {
		escape.Fprintf(&p.b, "\n%s\n", actTitle(sub.Act))
		p.row("received", sub.Received.Format("2006-01-02 15:04:05")+" UTC, by "+clockOf(sub))
		if sub.OffSlot != "" {
			p.row("BUT", "the time of receipt "+sub.OffSlot+": rely on the slot")
		}
		if text := authorWords(sub.Author); text != "" {
			p.row("signed", text)
		}
		p.row("place", sub.Place)
		if sub.Collector != nil {
			p.row("collected by", sub.Collector.Name+" ("+sub.Collector.Fingerprint()+"), who signed for it")
		}
		for _, f := range incident.Fields() {
			if l, ok := sub.Lines.Line(f.Name); ok && !l.Null() {
				p.answer(f.Name, l)
			}
		}
		p.identity(sub)
		for _, e := range o.ExhibitsOf(sub) {
			p.exhibit(e)
		}
	}
	for _, r := range o.Reviews {
		p.review(o, r)
	}
	_, err := io.WriteString(s.Out, p.b.String())
	return err
}

func clockOf(s casefile.Submission) string {
	if s.Lines.First() || s.Lines.Mailbox != "-" {
		return "the server's clock"
	}
	return "the trustee's clock"
}

// authorWords says whether the reporter's key signed a submission; empty where that is no question.
func authorWords(a casefile.Authorship) string {
	switch a {
	case casefile.AuthorSigned:
		return "with the reporter's key, which the report commits to"
	case casefile.AuthorUnsigned:
		return "NOT SIGNED with the reporter's key: it counts for nothing. The people who run the intake can have made it"
	case casefile.AuthorWrong:
		return "WRONGLY SIGNED: not with the key that the report commits to. It counts for nothing"
	case casefile.AuthorUnknown:
		return "not known: the report, which names the key, does not open here. It counts for nothing"
	case casefile.AuthorBefore:
		return "not signed: from before"
	}
	return ""
}

// numberWords says what the numbers of a case's submissions show.
func numberWords(n casefile.Numbering) []string {
	var lines []string
	list := func(numbers []uint64) string {
		words := make([]string, len(numbers))
		for i, one := range numbers {
			words[i] = fmt.Sprint(one)
		}
		return strings.Join(words, ", ")
	}
	if len(n.Missing) > 0 {
		lines = append(lines, "MISSING: the reporter's submissions number "+list(n.Missing)+", after which later ones are numbered")
	}
	if len(n.Twice) > 0 {
		lines = append(lines, "TWICE: more than one submission has the number "+list(n.Twice))
	}
	return lines
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

// page is what is being written, for a terminal of so many columns; 0 where nothing limits them.
type page struct {
	b       strings.Builder
	columns int
}

const labelWidth = 14

// newPage keeps lines to what an eye follows, and to what a narrow terminal has.
func newPage(columns int) *page {
	if columns > 0 {
		columns = max(40, min(columns, 100))
	}
	return &page{columns: columns}
}

// row writes a label and a text whose further lines stand under the first.
func (p *page) row(label, text string) {
	for line := range strings.SplitSeq(strings.TrimRight(escape.Lines(text), "\n"), "\n") {
		for _, piece := range wrap(line, p.columns-labelWidth-4) {
			escape.Fprintf(&p.b, "%s\n", strings.TrimRight(fmt.Sprintf("  %-*s  %s", labelWidth, label, piece), " "))
			label = ""
		}
	}
}

func (p *page) answer(field string, l seal.Line) {
	var one string
	var several []string
	if json.Unmarshal(l.Value, &one) == nil {
		p.row(incident.AnswerLabel(field), incident.AnswerWords(field, one))
		return
	}
	if json.Unmarshal(l.Value, &several) != nil {
		return
	}
	for i, code := range several {
		several[i] = incident.AnswerWords(field, code)
	}
	p.row(incident.AnswerLabel(field), strings.Join(several, "\n"))
}

func (p *page) identity(s casefile.Submission) {
	if s.IdentityLines == nil {
		p.row("identity", "closed: "+s.Closed)
		return
	}
	empty := true
	for _, name := range incident.IdentityNames() {
		if l, ok := s.IdentityLines.Line(name); ok && !l.Null() {
			p.answer(name, l)
			empty = false
		}
	}
	if empty {
		p.row("identity", "nothing was given")
	}
}

func (p *page) exhibit(e casefile.Exhibit) {
	if !e.Described() {
		p.row(e.Name, "closed: "+e.Closed)
		return
	}
	p.row(e.Name, fmt.Sprintf("%s, %d bytes", e.MediaType, e.Size))
	p.row("", "SHA-256 "+e.SHA256)
	p.row("", "named "+strings.ReplaceAll(e.Original, "\n", `\n`))
	if e.Closed != "" {
		p.row("", "closed: "+e.Closed)
	}
}
