package pdf

import (
	_ "embed"
	"fmt"
	"html"
	"strings"

	"zapis/internal/evidence/filekind"
)

//go:embed screen.css
var screenCSS string

// seen replaces invisible characters by their code points.
func seen(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '\n' && r != '\t' && (r < 0x20 || unseen(r)) {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// A page is index.html while it is written. It does not use html/template: a
// checker generates it again and compares bytes, and a template's escaping
// changes with the toolchain.
type page struct{ strings.Builder }

// text escapes text between tags or in a quoted attribute.
func text(s string) string { return html.EscapeString(seen(s)) }

// put writes our markup; every %s takes a text, which is escaped.
func (p *page) put(markup string, texts ...string) {
	escaped := make([]any, len(texts))
	for i, t := range texts {
		escaped[i] = text(t)
	}
	fmt.Fprintf(p, markup, escaped...)
}

// pair writes a term and its description.
func (p *page) pair(term, description string) { p.put("<dt>%s</dt><dd>%s</dd>\n", term, description) }

func (p *page) code(term, description string) {
	p.put("<dt>%s</dt><dd class=\"code\">%s</dd>\n", term, description)
}

// screen renders one page for reading on a screen, without scripts and
// external resources.
func screen(f Facts) ([]byte, error) {
	p := new(page)
	lang := f.language()
	p.put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	p.put("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src file: 'self'\">\n")
	p.put("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n")
	p.put("<title>Case %s</title>\n<style>\n", f.Case)
	p.WriteString(screenCSS)
	p.put("</style>\n</head>\n<body>\n<main>\n<h1>Case %s</h1>\n", f.Case)
	p.put("<p>This was given through a report form. It is <strong>unsworn</strong>. It is <strong>unchanged since the entry was made</strong>; whether it is true is not decided here. To check it, begin with <code>VERIFY.txt</code>, one folder up.</p>\n")
	p.put("<dl>\n")
	p.code("Ledger", f.Ledger)
	p.pair("Bundle", fmt.Sprintf("made %s by %s with %s", f.Made.Format(timeLayout), f.Signer, f.Tool))
	p.code("Key", f.Fingerprint)
	identity := "withheld"
	if f.Identity {
		identity = "included, as typed, and not verified"
	}
	p.pair("Identity", identity)
	p.put("</dl>\n<p>To print: <a href=\"00_index.pdf\">index of exhibits</a>, <a href=\"01_chain-of-custody.pdf\">chain of custody</a>, <a href=\"02_certificate.pdf\">declarations</a>, <a href=\"report/report.pdf\">the account</a>.</p>\n")
	for _, sub := range f.Submission {
		p.submission(sub, lang, f.Signer)
	}
	p.ledger(f)
	p.custody(f)
	p.put("</main>\n</body>\n</html>\n")
	return []byte(p.String()), nil
}

func (p *page) submission(sub Submission, lang, signer string) {
	p.put("<h2>%s</h2>\n<dl>\n", sub.Title)
	p.pair("Received", sub.Received+", by the clock of "+sub.clock()+sub.wordOf(signer))
	p.pair("Place", sub.place())
	p.code("Body", sub.Body)
	if sub.Hash != "" {
		p.code("Entry", sub.Hash)
		p.code("Previous entry", sub.Previous)
	}
	if sub.Between != "" {
		p.pair("Put there", sub.Between+", if those who are named there are relied upon")
	}
	p.put("</dl>\n<h3>Answers</h3>\n<dl>\n")
	var empty []string
	for _, a := range sub.Answers {
		if len(a.Values) == 0 {
			empty = append(empty, a.Label)
			continue
		}
		p.put("<dt>%s</dt>\n", a.Label)
		for _, v := range a.Values {
			word, local := Explain("en", a.Field, v), Explain(lang, a.Field, v)
			if local != word {
				p.put("<dd><blockquote>%s <span lang=\"%s\" class=\"local\">(%s)</span></blockquote></dd>\n", word, lang, strings.TrimPrefix(local, v+"  "))
			} else {
				p.put("<dd><blockquote dir=\"auto\">%s</blockquote></dd>\n", word)
			}
		}
	}
	p.put("</dl>\n")
	if len(empty) > 0 && len(empty) == len(sub.Answers) {
		p.put("<p class=\"empty\">Every question was left empty.</p>\n")
	} else if len(empty) > 0 {
		p.put("<p class=\"empty\">Left empty: %s.</p>\n", strings.Join(empty, "; "))
	}
	for _, t := range sub.Translations {
		p.put("<h3>Translation: %s</h3>\n<p>Made by %s, kept by the trustee %s on %s. Not the reporter’s words, and not verified here.</p>\n<blockquote dir=\"auto\">%s</blockquote>\n",
			t.Language, t.By, t.Keeper, t.At, t.Text)
	}
	p.files(sub)
	if len(sub.Withheld) > 0 {
		p.put("<h3>Withheld</h3>\n<ul>\n")
		for _, w := range runs(sub.Withheld) {
			p.put("<li>%s: %s</li>\n", w.Label, w.Reason)
		}
		p.put("</ul>\n")
	}
}

func (p *page) files(sub Submission) {
	if len(sub.Exhibits) == 0 {
		return
	}
	p.put("<h3>Files</h3>\n<table>\n<thead><tr><th scope=\"col\">File</th><th scope=\"col\">What</th><th scope=\"col\">SHA-256</th></tr></thead>\n<tbody>\n")
	for _, e := range sub.Exhibits {
		here := strings.TrimPrefix(e.File, "data/")
		p.put("<tr><td><a href=\"%s\">%s</a>", here, e.Number)
		if thumbnail(e.MediaType) {
			p.put("<br><a href=\"%s\"><img src=\"%s\" alt=\"%s\" width=\"160\" loading=\"lazy\"></a>", here, here, e.Number)
		}
		p.put("</td><td>%s, %s, %s bytes, called “<bdi>%s</bdi>” where it came from</td><td class=\"code\">%s</td></tr>\n",
			string(filekind.Describe(e.MediaType)), e.MediaType, fmt.Sprint(e.Size), e.Name, e.SHA256)
	}
	p.put("</tbody>\n</table>\n")
}

// thumbnail reports whether a browser shows a picture of this type.
func thumbnail(mediaType string) bool {
	return mediaType == "image/jpeg" || mediaType == "image/png" || mediaType == "image/gif" || mediaType == "image/webp"
}

func (p *page) ledger(f Facts) {
	p.put("<h2>The ledger</h2>\n<dl>\n")
	p.pair("Checkpoint", fmt.Sprintf("%d entries, signed %s by the log’s clock", f.Size, f.Signed.Format(timeLayout)))
	p.code("Root", f.Root)
	p.pair("Witnesses", witnesses(f.Witnesses))
	p.put("<dt>Time tokens</dt><dd>")
	for _, t := range f.Tokens {
		p.put("<p>%s, over the first %s entries (in entry %s); not verified by this page</p>", t.Text, fmt.Sprint(t.Size), fmt.Sprint(t.Entry))
	}
	if len(f.Tokens) == 0 {
		p.put("none in this bundle")
	}
	p.put("</dd>\n</dl>\n")
}

func (p *page) custody(f Facts) {
	p.put("<h2>Custody</h2>\n<p>Where the plaintext existed:</p>\n<ul>\n")
	for _, line := range f.plaintext() {
		p.put("<li>%s</li>\n", line)
	}
	p.put("</ul>\n<p>The log of %s has %s events, up to the root <code>%s</code>. Those of this case:</p>\n", f.Signer, fmt.Sprint(f.EventsTotal), f.Head)
	p.put("<table>\n<thead><tr><th scope=\"col\">No.</th><th scope=\"col\">When (trustee’s clock)</th><th scope=\"col\">Act</th></tr></thead>\n<tbody>\n")
	for _, e := range f.Events {
		word := acts[e.Act]
		if word == "" {
			word = e.Act
		}
		p.put("<tr><td>%s</td><td>%s</td><td>%s: %s", fmt.Sprint(e.Number), e.At.Format(timeLayout), word, e.Subject)
		if e.By != "" {
			p.put(", by %s", e.By)
		}
		if e.Why != "" {
			p.put(". %s", e.Why)
		}
		p.put("</td></tr>\n")
	}
	p.put("</tbody>\n</table>\n")
}
