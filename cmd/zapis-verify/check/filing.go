package check

import (
	"fmt"
	"html"
	"strings"
	"time"

	"zapis/internal/escape"
	"zapis/internal/evidence/bundle"
)

// Filing says what was checked, when, and by what, so that the answer can be put
// into a file beside the evidence.
type Filing struct {
	Name    string
	Size    int64  // bytes
	SHA256  string // of the whole file, hex
	At      time.Time
	Checker string   // program and version
	Trusted []string // what was given with --trust
}

const filingTime = "2006-01-02T15:04:05Z"

// Lines says it in sentences.
func (f Filing) Lines() []string {
	lines := []string{
		fmt.Sprintf("The file %s, %d bytes, SHA-256 %s.", f.Name, f.Size, f.SHA256),
		fmt.Sprintf("Checked at %s, by the clock of the computer that checked it, with %s.", f.At.UTC().Format(filingTime), f.Checker),
	}
	if len(f.Trusted) == 0 {
		return append(lines, "Nothing was given that is known from elsewhere.")
	}
	return append(lines, "Known from elsewhere: "+strings.Join(f.Trusted, "; ")+".")
}

// FiledReport is a report with what was checked: the JSON of zapis-verify.
type FiledReport struct {
	bundle.Report
	First     string    `json:"first"`
	File      FiledFile `json:"file"`
	CheckedAt string    `json:"checked_at"` // UTC, by the clock of the computer that checked
	Checker   string    `json:"checker"`
	Trusted   []string  `json:"trusted"`
}

// FiledFile names the file that was checked.
type FiledFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Filed puts a verdict and what was checked together.
func Filed(v Verdict, f Filing) FiledReport {
	trusted := f.Trusted
	if trusted == nil {
		trusted = []string{}
	}
	return FiledReport{v.Report, v.First(), FiledFile{f.Name, f.Size, f.SHA256}, f.At.UTC().Format(filingTime), f.Checker, trusted}
}

// Names lists what is known, for a sentence about it.
func (t *Known) Names() (names []string) {
	for _, c := range t.options.Ledgers {
		names = append(names, "the ledger card "+c.String())
	}
	for _, c := range t.options.Cards {
		names = append(names, "the card of "+c.Name+" with the key "+c.Fingerprint())
	}
	if n := len(t.options.Logs); n > 0 {
		names = append(names, fmt.Sprintf("keys of %d logs", n))
	}
	if t.options.Times.Roots != nil {
		names = append(names, "root certificates of time-stamping authorities")
	}
	for _, w := range t.witnesses {
		names = append(names, "the witness "+w.Name())
	}
	for _, s := range t.seen {
		names = append(names, fmt.Sprintf("a checkpoint of %d entries", s.Size))
	}
	return names
}

// Page writes a verdict as one page without script, to be printed and filed.
func Page(v Verdict, f Filing) []byte {
	var b strings.Builder
	text := func(s string) string { return html.EscapeString(escape.Text(s)) }
	fmt.Fprintf(&b, `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Check of %s</title>
<style>
body { font: 11pt/1.45 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
h1 { font-size: 1.4em } h2 { font-size: 1.1em; margin-top: 1.6em }
li { margin: 0 0 .4em; overflow-wrap: anywhere }
.first { font-weight: 600; border: 1px solid #555; padding: .5rem .8rem }
.sign { margin-top: 3rem; border-top: 1px solid #555; padding-top: .3rem; max-width: 22rem }
@page { size: A4; margin: 20mm }
</style>
</head>
<body>
<main>
<h1>Check of %s</h1>
<p class="first">%s</p>
`, text(f.Name), text(f.Name), text(v.First()))
	list := func(title string, sentences []string, escape func(string) string) {
		fmt.Fprintf(&b, "<h2>%s</h2>\n<ul>\n", title)
		for _, s := range sentences {
			fmt.Fprintf(&b, "<li>%s</li>\n", escape(s))
		}
		b.WriteString("</ul>\n")
	}
	list("What was checked", f.Lines(), text)
	for _, l := range v.Lists() {
		list(l.Title, l.Sentences, html.EscapeString)
	}
	b.WriteString(`<p>This page says what a program found at that time. It is not signed. Anybody can repeat the check with the same file.</p>
<p class="sign">Name, date and signature of the person who ran the check</p>
</main>
</body>
</html>
`)
	return []byte(b.String())
}
