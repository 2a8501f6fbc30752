package paperkey

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"rsc.io/qr"

	"zapis/crypto/canonical"
)

// Formats returns the endings of the files that Page writes.
func Formats() []string { return []string{".pdf", ".html", ".txt"} }

// Page writes the paper in the format of a file with this extension, and parses it back first: it refuses what would
// not restore. A page of plain text has the lines only. The page tells the reader to run restore, a command line, with the
// scanned or typed lines in FILE.
func Page(w io.Writer, ending string, file []byte, restore string) error {
	if len(file) == 0 || len(file) > MaxFile {
		return canonical.Refuse("a file of %d bytes is put on no paper: at most %d are", len(file), MaxFile)
	}
	texts, err := Codes(file)
	if err != nil {
		return err
	}
	for _, way := range []string{Lines(file), strings.Join(texts, "\n")} {
		if back, err := Restore([]byte(way)); err != nil || !bytes.Equal(back, file) {
			return fmt.Errorf("the paper would not give the file back: %w", err)
		}
	}
	p := page{Sum: grouped(fmt.Sprintf("%x", sha256.Sum256(file))), Lines: Lines(file), restore: restore}
	for _, text := range texts {
		code, err := drawn(text)
		if err != nil {
			return err
		}
		p.codes = append(p.codes, code)
	}
	switch ending {
	case ".pdf":
		return p.pdf(w)
	case ".html":
		return p.html(w)
	}
	return p.text(w)
}

type page struct {
	Sum   string
	Lines string
	codes []*qr.Code

	restore string // a command line
}

// grouped inserts a space after every eight characters.
func grouped(s string) string {
	var b strings.Builder
	for i := range s {
		if i > 0 && i%8 == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

const title = "A paper copy of a Zapis identity"

// say returns the paragraphs above the codes and the lines.
func (p page) say() []string {
	return []string{
		"Whose it is: ____________________      Made on: ____________________",
		"It opens with its passphrase and with nothing else. The passphrase must not be kept with this paper. Anyone who has both can read " +
			"what was sealed to this trustee, and sign in their name.",
		"The way back: scan the codes, or type the lines below, into a file; then",
		"    " + p.restore,
		"Small letters are as good as large ones, and 0, 1, 8 are read as O, I, B. The four characters at a line's end check it. " +
			"Without Zapis: a single code holds what the program age opens; base32 -d reads the characters between the lines' numbers and their last four, with = added until there are a multiple of eight.",
		"SHA-256 of the identity file, as sha256sum shows it:",
	}
}

func (p page) text(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s\n\n%s\n    %s\n\n%s", title, strings.Join(p.say(), "\n\n"), p.Sum, p.Lines)
	return err
}

//go:embed page.html
var pageHTML string

var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageHTML)) })

func (p page) html(w io.Writer) error {
	var codes []template.HTML
	for _, c := range p.codes {
		codes = append(codes, svg(c))
	}
	var out bytes.Buffer
	err := pageTemplate().Execute(&out, map[string]any{"Title": title, "Say": p.say(), "Sum": p.Sum, "Lines": p.Lines, "Codes": codes})
	if err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

// quiet is the white border that a code needs, in modules.
const quiet = 4

// svg draws a code, one rectangle for each run of black modules.
func svg(c *qr.Code) template.HTML {
	var b strings.Builder
	side := c.Size + 2*quiet
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path d="`, side, side)
	runs(c, func(x, y, n int) { fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, n, n) })
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String())
}

func runs(c *qr.Code, visit func(x, y, n int)) {
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			from := x
			for x < c.Size && c.Black(x, y) {
				x++
			}
			if x > from {
				visit(from, y, x-from)
			}
		}
	}
}

// pdf draws A4 pages: the codes two in a row, then the lines.
func (p page) pdf(w io.Writer) error {
	const margin, codeSide, lineHeight = 18.0, 84.0, 5.2 // mm
	doc := fpdf.New("P", "mm", "A4", "")
	// The paper does not show the hour at which the copy was made.
	doc.SetCreationDate(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC))
	doc.SetModificationDate(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC))
	doc.SetMargins(margin, margin, margin)
	doc.SetAutoPageBreak(true, margin)
	doc.AddPage()
	doc.SetFont("Helvetica", "B", 14)
	doc.MultiCell(0, 8, title, "", "L", false)
	doc.SetFont("Helvetica", "", 9.5)
	for _, s := range p.say() {
		doc.MultiCell(0, 4.6, s, "", "L", false)
		doc.Ln(1.2)
	}
	doc.SetFont("Courier", "", 9)
	doc.MultiCell(0, 4.6, p.Sum, "", "L", false)
	doc.Ln(2)
	_, height := doc.GetPageSize()
	y := doc.GetY()
	for i, c := range p.codes {
		if i%2 == 0 && i > 0 {
			y += codeSide
		}
		if y+codeSide > height-margin {
			doc.AddPage()
			y = margin
		}
		module := codeSide / float64(c.Size+2*quiet)
		left := margin + float64(i%2)*(codeSide+4)
		runs(c, func(x, line, n int) {
			doc.Rect(left+float64(x+quiet)*module, y+float64(line+quiet)*module, float64(n)*module, module, "F")
		})
	}
	doc.SetY(y + codeSide + 2)
	doc.SetFont("Courier", "", 10.5)
	for line := range strings.Lines(p.Lines) {
		doc.CellFormat(0, lineHeight, strings.TrimSpace(line), "", 1, "L", false, 0, "")
	}
	return doc.Output(w)
}
