package main

import (
	"fmt"
	"strings"
	"time"

	"zapis/internal/escape"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/review"
)

// reviewed is what a trustee wrote about a case, in show --json.
type reviewed struct {
	Kind        string    `json:"kind"`
	At          time.Time `json:"at"` // the author's clock
	By          string    `json:"by"`
	Fingerprint string    `json:"fingerprint"`
	Index       *uint64   `json:"index"`
	Private     bool      `json:"private"`
	Nexus       *string   `json:"nexus"`
	Source      *string   `json:"source"`
	Information *string   `json:"information"`
	Language    *string   `json:"language"`
	Translator  *string   `json:"translator"`
	Of          *string   `json:"of"`
	Sent        *string   `json:"sent"` // of an answer: where it stands; null where it was not signed
	Text        *string   `json:"text"`
}

func reviewsOf(o *casefile.Case) []reviewed {
	out := []reviewed{}
	for _, r := range o.Reviews {
		one := reviewed{Kind: string(r.Kind), At: r.At, By: r.By.Name, Fingerprint: r.By.Fingerprint(), Index: r.Index, Private: r.Private(),
			Nexus: orNull(r.Nexus), Source: orNull(r.Source), Information: orNull(r.Information), Language: orNull(r.Language),
			Translator: orNull(r.Translator), Sent: orNull(r.Sent), Text: orNull(r.Text)}
		if r.Kind == review.Translation {
			of := r.Of.String()
			one.Of = &of
		}
		out = append(out, one)
	}
	return out
}

// review shows what a trustee wrote.
func (p *page) review(o *casefile.Case, r casefile.Review) {
	escape.Fprintf(&p.b, "\n%s\n", reviewTitle(o, r))
	p.row("by", fmt.Sprintf("%s (%s), %s UTC by their clock", r.By.Name, r.By.Fingerprint(), r.At.Format("2006-01-02 15:04:05")))
	p.row("place", r.Where)
	switch r.Kind {
	case review.Grade:
		for _, g := range []struct {
			label, code string
			of          []review.Code
		}{{"nexus", r.Nexus, review.Nexuses()}, {"source", r.Source, review.Sources()}, {"information", r.Information, review.Informations()}} {
			if g.code != "" {
				p.row(g.label, g.code+"  "+review.English(g.of, g.code))
			}
		}
	case review.Translation:
		made := r.Translator
		if made == "" {
			made = r.By.Name
		}
		p.row("made by", made)
	case review.Reply:
		if r.Sent == "" {
			p.row("sent", "NO: it was not signed to its end; answer again")
		} else {
			p.row("sent", r.Sent)
		}
	}
	if r.Text != "" {
		p.row("says", r.Text)
	}
}

func reviewTitle(o *casefile.Case, r casefile.Review) string {
	var title string
	switch r.Kind {
	case review.Grade:
		title = "GRADE"
	case review.Translation:
		title = fmt.Sprintf("TRANSLATION, no original: %s, of the %s", escape.Text(r.Language), strings.ToLower(translated(o, r)))
	case review.Reply:
		title = "ANSWER TO THE REPORTER"
	default:
		title = "NOTE"
	}
	if r.Private() {
		title = "PRIVATE " + title
	}
	return title
}

// translated names what a translation is of.
func translated(o *casefile.Case, r casefile.Review) string {
	for _, s := range o.Submissions {
		if s.Hash == r.Of {
			return actTitle(s.Act) + " of " + s.Place
		}
	}
	return "submission " + r.Of.String()[:12] + ", which is not here"
}
