package pdf

import (
	"bytes"
	"fmt"

	"codeberg.org/go-pdf/fpdf"
)

const (
	family     = "DejaVu"
	monoFamily = "DejaVuMono"
	margin     = 20.0 // mm, on A4
	width      = 210 - 2*margin
)

// A sheet is a PDF in the making: A4, our fonts embedded, a footer that counts
// pages, bookmarks for headings.
type sheet struct {
	pdf *fpdf.Fpdf
}

func newSheet(title, lang string, f Facts) *sheet {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(f.Made)
	pdf.SetModificationDate(f.Made)
	pdf.SetTitle(title+", case "+f.Case, true)
	pdf.SetSubject("Case "+f.Case+" of the ledger "+f.Ledger, true)
	pdf.SetAuthor(f.Signer, true)
	pdf.SetCreator(f.Tool, true)
	pdf.SetProducer("zapis", true)
	pdf.SetLang(lang)
	// fpdf writes into the fonts that it is given: each sheet has its own.
	pdf.AddUTF8FontFromBytes(family, sans().style, bytes.Clone(sans().ttf))
	pdf.AddUTF8FontFromBytes(family, bold().style, bytes.Clone(bold().ttf))
	pdf.AddUTF8FontFromBytes(monoFamily, mono().style, bytes.Clone(mono().ttf))
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(true, margin+5)
	pdf.AliasNbPages("{pages}")
	pdf.SetFooterFunc(func() {
		_, height := pdf.GetPageSize()
		pdf.SetXY(margin, height-margin)
		pdf.SetFont(family, "", 7.5)
		pdf.SetTextColor(90, 90, 90)
		pdf.CellFormat(width*0.7, 5, "Case "+f.Case+" · "+title, "", 0, "L", false, 0, "")
		pdf.CellFormat(width*0.3, 5, fmt.Sprintf("%d / {pages}", pdf.PageNo()), "", 0, "R", false, 0, "")
		pdf.SetTextColor(0, 0, 0)
	})
	pdf.AddPage()
	s := &sheet{pdf}
	pdf.Bookmark(title, 0, 0)
	s.set(bold(), 17)
	pdf.MultiCell(width, 8, bold().text(title), "", "L", false)
	pdf.Ln(2)
	return s
}

func (s *sheet) set(f *face, size float64) {
	name := family
	if f == mono() {
		name = monoFamily
	}
	s.pdf.SetFont(name, f.style, size)
}

// heading begins a section, and never stands alone at the foot of a page.
func (s *sheet) heading(text string) {
	s.room(22)
	s.pdf.Ln(3)
	s.pdf.Bookmark(bold().text(text), 1, -1)
	s.set(bold(), 12)
	s.pdf.MultiCell(width, 6, bold().text(text), "", "L", false)
	s.pdf.Ln(1)
}

func (s *sheet) room(mm float64) {
	_, height := s.pdf.GetPageSize()
	if s.pdf.GetY()+mm > height-margin-5 {
		s.pdf.AddPage()
	}
}

func (s *sheet) paragraph(format string, args ...any) {
	s.set(sans(), 9.5)
	s.pdf.MultiCell(width, 5, sans().text(fmt.Sprintf(format, args...)), "", "L", false)
	s.pdf.Ln(1.5)
}

// item is a paragraph with a dash before it.
func (s *sheet) item(format string, args ...any) {
	s.set(sans(), 9.5)
	s.pdf.CellFormat(5, 5, "–", "", 0, "L", false, 0, "")
	s.pdf.MultiCell(width-5, 5, sans().text(fmt.Sprintf(format, args...)), "", "L", false)
	s.pdf.Ln(0.5)
}

// row is a name and a value; code sets the value in letters of one width.
func (s *sheet) row(name, value string, code bool) {
	const left = 42.0
	s.room(10)
	y := s.pdf.GetY()
	s.set(bold(), 9)
	s.pdf.MultiCell(left-2, 4.8, bold().text(name), "", "L", false)
	after, page := s.pdf.GetY(), s.pdf.PageNo()
	s.pdf.SetXY(margin+left, y)
	f, size := sans(), 9.5
	if code {
		f, size = mono(), 8.2
	}
	s.set(f, size)
	s.pdf.SetLeftMargin(margin + left)
	s.pdf.MultiCell(width-left, 4.8, f.text(value), "", "L", false)
	s.pdf.SetLeftMargin(margin)
	if s.pdf.PageNo() == page {
		s.pdf.SetY(max(after, s.pdf.GetY()))
	}
	s.pdf.SetX(margin)
	s.pdf.Ln(0.8)
}

// quote is what somebody wrote, set apart by a line at its side.
func (s *sheet) quote(text string) {
	s.set(sans(), 10)
	s.pdf.SetLeftMargin(margin + 6)
	s.pdf.SetX(margin + 6)
	s.pdf.SetDrawColor(150, 150, 150)
	for _, line := range s.pdf.SplitText(sans().text(text), width-6) {
		s.room(6)
		y := s.pdf.GetY()
		s.pdf.Line(margin+2, y, margin+2, y+5.2)
		s.pdf.CellFormat(width-6, 5.2, line, "", 1, "L", false, 0, "")
	}
	s.pdf.SetLeftMargin(margin)
	s.pdf.SetX(margin)
	s.pdf.Ln(1.5)
}

// signature is a place to sign by hand.
func (s *sheet) signature(who string) {
	s.room(34)
	s.pdf.Ln(12)
	y := s.pdf.GetY()
	s.pdf.SetDrawColor(0, 0, 0)
	s.pdf.Line(margin, y, margin+75, y)
	s.pdf.Line(margin+95, y, margin+width, y)
	s.set(sans(), 8)
	s.pdf.CellFormat(95, 5, sans().text(who), "", 0, "L", false, 0, "")
	s.pdf.CellFormat(75, 5, "Place and date", "", 1, "L", false, 0, "")
	s.pdf.Ln(4)
}

func (s *sheet) bytes() ([]byte, error) {
	var b bytes.Buffer
	if err := s.pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	return b.Bytes(), nil
}
