package pdf

import (
	"bytes"
	"fmt"
)

// Lengths are in hundredths of a point (1/7200 inch).
const (
	pageWidth  = 59528 // A4
	pageHeight = 84189
	margin     = 5669 // 20 mm
	foot       = pageHeight - margin - 1417
	width      = pageWidth - 2*margin
	nameWidth  = 11906 // of the left column of a row: 42 mm
)

// mm converts tenths of a millimetre to hundredths of a point.
func mm(tenths int) int { return tenths * 7200 / 254 }

// A block is one element of the structure tree, with the pieces of text that
// belong to it.
type block struct {
	kind   string // H1, P, Table, TR, …
	kids   []*block
	pieces []piece
	object int
}

// A piece is a marked sequence of a page.
type piece struct{ page, id int }

type sheetPage struct {
	content bytes.Buffer
	owners  []*block // by the number of the marked sequence
}

type bookmark struct {
	title  string
	page   int
	y      int
	nested bool
}

// A sheet is a document while it is laid out: A4, our fonts, a footer with
// page numbers, bookmarks and a structure tree. y is measured from the top of
// the page.
type sheet struct {
	facts     Facts
	title     string
	lang      string
	pages     []*sheetPage
	y         int
	subsets   [3]*subset // sans, bold, mono
	root      *block
	table     *block // the one that rows are added to
	bookmarks []bookmark
}

func newSheet(title, lang string, f Facts) *sheet {
	s := &sheet{facts: f, title: title, lang: lang, root: &block{kind: "Document"}}
	for i, face := range []*face{sans(), bold(), mono()} {
		s.subsets[i] = newSubset(face)
	}
	s.newPage()
	s.bookmark(title, false)
	s.flow(s.block("H1"), bold(), 170, 2268, margin, width, title)
	s.y += mm(20)
	return s
}

func (s *sheet) page() *sheetPage { return s.pages[len(s.pages)-1] }

func (s *sheet) newPage() {
	s.pages = append(s.pages, new(sheetPage))
	s.y = margin
}

// reserve begins a new page where less height is left.
func (s *sheet) reserve(height int) {
	if s.y+height > foot {
		s.newPage()
	}
}

// block begins an element of the structure tree.
func (s *sheet) block(kind string) *block {
	b := &block{kind: kind}
	s.root.kids = append(s.root.kids, b)
	s.table = nil
	return b
}

func (s *sheet) bookmark(title string, nested bool) {
	s.bookmarks = append(s.bookmarks, bookmark{title, len(s.pages) - 1, s.y, nested})
}

func (s *sheet) subsetOf(f *face) (*subset, int) {
	for i, sub := range s.subsets {
		if sub.face == f {
			return sub, i
		}
	}
	panic("pdf: a face that no sheet has")
}

// draw writes a line at x and the baseline y, as a piece of b, or as an
// artifact where b is nil. Size is in tenths of a point.
func (s *sheet) draw(b *block, f *face, size, x, y int, l line) {
	p := s.page()
	if len(l.glyphs) == 0 {
		return
	}
	if b == nil {
		p.content.WriteString("/Artifact BMC\n")
	} else {
		id := len(p.owners)
		p.owners = append(p.owners, b)
		b.pieces = append(b.pieces, piece{len(s.pages) - 1, id})
		fmt.Fprintf(&p.content, "/%s <</MCID %d>> BDC\n", b.kind, id)
	}
	sub, n := s.subsetOf(f)
	fmt.Fprintf(&p.content, "BT /F%d %d.%d Tf %s %s Td [<", n+1, size/10, size%10, hundredths(x), hundredths(pageHeight-y))
	end := -1 // of a span
	for i, g := range l.glyphs {
		if g.span > 0 {
			end = i + g.span - 1
			fmt.Fprintf(&p.content, ">] TJ /Span <</ActualText %s>> BDC [<", textString(g.actual))
		}
		if g.dy != 0 {
			fmt.Fprintf(&p.content, ">] TJ %s Ts [<", hundredths(g.dy*size/100))
		}
		if g.dx != 0 {
			fmt.Fprintf(&p.content, ">%d<", -g.dx)
		}
		fmt.Fprintf(&p.content, "%04x", sub.use(g))
		if back := sub.advance(g.id) - g.advance + g.dx; back != 0 {
			fmt.Fprintf(&p.content, ">%d<", back)
		}
		if g.dy != 0 {
			p.content.WriteString(">] TJ 0 Ts [<")
		}
		if i == end {
			p.content.WriteString(">] TJ EMC [<")
		}
	}
	p.content.WriteString(">] TJ ET\n")
	p.content.WriteString("EMC\n")
}

// fit returns how many thousandths of a size fit into a width.
func fit(width, size int) int { return width * 100 / size }

// place returns the start of a line: right-aligned where it is read from right
// to left.
func place(x, width, size int, l line) int {
	if l.right {
		return x + width - l.width*size/100
	}
	return x
}

// flow writes text over as many lines and pages as needed.
func (s *sheet) flow(b *block, f *face, size, height, x, width int, text string) {
	for _, l := range f.lines(f.text(text), fit(width, size)) {
		s.reserve(height)
		s.draw(b, f, size, place(x, width, size, l), s.y+height*3/4, l)
		s.y += height
	}
}

// heading begins a section, and is never the last line of a page.
func (s *sheet) heading(text string) {
	s.reserve(mm(250))
	s.y += mm(30)
	s.bookmark(text, true)
	s.flow(s.block("H2"), bold(), 120, 1700, margin, width, text)
	s.y += mm(10)
}

func (s *sheet) subheading(text string) {
	s.reserve(mm(200))
	s.y += mm(10)
	s.flow(s.block("H3"), bold(), 95, 1417, margin, width, text)
	s.y += mm(5)
}

const lineHeight = 1360

func (s *sheet) paragraph(format string, args ...any) {
	s.flow(s.block("P"), sans(), 95, lineHeight, margin, width, fmt.Sprintf(format, args...))
	s.y += mm(15)
}

// small writes a paragraph in smaller letters.
func (s *sheet) small(text string) {
	s.flow(s.block("P"), sans(), 80, 1190, margin, width, text)
	s.y += mm(10)
}

// item writes a paragraph with a dash before it.
func (s *sheet) item(format string, args ...any) {
	s.reserve(2 * lineHeight)
	b := s.block("P")
	s.draw(b, sans(), 95, margin, s.y+lineHeight*3/4, sans().shape("–", false))
	s.flow(b, sans(), 95, lineHeight, margin+mm(50), width-mm(50), fmt.Sprintf(format, args...))
	s.y += mm(5)
}

// row writes a name and a value; code sets the value in a monospaced font.
// Where it does not fit on the page, name and value continue together on the
// next.
func (s *sheet) row(name, value string, code bool) {
	f, size := sans(), 95
	if code {
		f, size = mono(), 82
	}
	names := bold().lines(bold().text(name), fit(nameWidth-mm(20), 90))
	values := f.lines(f.text(value), fit(width-nameWidth, size))
	if n := len(names) + len(values); n < 12 {
		s.reserve(max(len(names), len(values)) * lineHeight)
	}
	if s.table == nil {
		s.table = s.block("Table")
		s.table = s.root.kids[len(s.root.kids)-1]
	}
	head, cell := &block{kind: "TH"}, &block{kind: "TD"}
	s.table.kids = append(s.table.kids, &block{kind: "TR", kids: []*block{head, cell}})
	for i := range max(len(names), len(values)) {
		s.reserve(lineHeight)
		if i < len(names) {
			s.draw(head, bold(), 90, margin, s.y+lineHeight*3/4, names[i])
		}
		if i < len(values) {
			l := values[i]
			s.draw(cell, f, size, place(margin+nameWidth, width-nameWidth, size, l), s.y+lineHeight*3/4, l)
		}
		s.y += lineHeight
	}
	s.y += mm(8)
}

// quote writes a person's text, marked by a line at its side.
func (s *sheet) quote(text string) {
	b := s.block("BlockQuote")
	const size, height = 100, 1474
	for _, l := range sans().lines(sans().text(text), fit(width-mm(60), size)) {
		s.reserve(height)
		s.rule(margin+mm(20), s.y, margin+mm(20), s.y+height, 60)
		s.draw(b, sans(), size, place(margin+mm(60), width-mm(60), size, l), s.y+height*3/4, l)
		s.y += height
	}
	s.y += mm(15)
}

// rule draws a line; grey in hundredths.
func (s *sheet) rule(x1, y1, x2, y2, grey int) {
	fmt.Fprintf(&s.page().content, "/Artifact BMC\nq 0.%02d G 0.6 w %s %s m %s %s l S Q\nEMC\n", grey,
		hundredths(x1), hundredths(pageHeight-y1), hundredths(x2), hundredths(pageHeight-y2))
}

// signature draws a line to sign by hand.
func (s *sheet) signature(who string) {
	s.reserve(mm(340))
	s.y += mm(140)
	s.rule(margin, s.y, margin+mm(750), s.y, 0)
	s.rule(margin+mm(950), s.y, margin+width, s.y, 0)
	b := s.block("P")
	y := s.y + mm(40)
	s.draw(b, sans(), 80, margin, y, sans().shape(sans().text(who), false))
	s.draw(b, sans(), 80, margin+mm(950), y, sans().shape("Place and date", false))
	s.y += mm(90)
}

// footers draws the footers, once the number of pages is known.
func (s *sheet) footers() {
	all := s.pages
	for i := range all {
		s.pages = all[:i+1]
		left := sans().shape(sans().text("Case "+s.facts.Case+" · "+s.title), false)
		right := sans().shape(fmt.Sprintf("%d / %d", i+1, len(all)), false)
		s.draw(nil, sans(), 75, margin, pageHeight-margin+mm(30), left)
		s.draw(nil, sans(), 75, margin+width-right.width*75/100, pageHeight-margin+mm(30), right)
	}
	s.pages = all
}

func (s *sheet) bytes() ([]byte, error) {
	s.footers()
	f := new(file)
	catalog, pages := f.reserve(), f.reserve()
	var numbers []int
	for range s.pages {
		numbers = append(numbers, f.reserve())
	}
	tree := s.structure(f, numbers)
	var fonts string
	for i, sub := range s.subsets {
		fonts += fmt.Sprintf("/F%d %d 0 R", i+1, f.addFont(sub))
	}
	var kids string
	for i, p := range s.pages {
		content := f.stream("", p.content.Bytes())
		f.set(numbers[i], "<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]/Resources<</Font<<%s>>>>/Contents %d 0 R/StructParents %d/Tabs/S>>",
			pages, hundredths(pageWidth), hundredths(pageHeight), fonts, content, i)
		kids += fmt.Sprintf("%d 0 R ", numbers[i])
	}
	f.set(pages, "<</Type/Pages/Count %d/Kids[%s]>>", len(s.pages), kids)
	title := s.title + ", case " + s.facts.Case
	subject := "Case " + s.facts.Case + " of the ledger " + s.facts.Ledger
	meta := f.stream("/Type/Metadata/Subtype/XML", metadata(title, s.facts.Signer, subject, s.facts.Tool, s.facts.Made))
	icc := f.stream("/N 3", profile())
	intent := f.add("<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB primaries, gamma 2.2)/DestOutputProfile %d 0 R>>", icc)
	info := f.add("<</Title %s/Author %s/Subject %s/Creator %s/Producer(zapis)/CreationDate%s/ModDate%s>>",
		textString(title), textString(s.facts.Signer), textString(subject), textString(s.facts.Tool), date(s.facts.Made), date(s.facts.Made))
	outline := s.outline(f, numbers)
	f.set(catalog, "<</Type/Catalog/Pages %d 0 R/Lang(%s)/MarkInfo<</Marked true>>/ViewerPreferences<</DisplayDocTitle true>>/StructTreeRoot %d 0 R/Metadata %d 0 R/OutputIntents[%d 0 R]/Outlines %d 0 R/PageMode/UseOutlines>>",
		pages, s.lang, tree, meta, intent, outline)
	return f.bytes(catalog, info), nil
}

// structure writes the structure tree (ISO 32000-1, section 14.7).
func (s *sheet) structure(f *file, pages []int) int {
	root := f.reserve()
	var write func(b *block, parent int)
	write = func(b *block, parent int) {
		b.object = f.reserve()
		kids := ""
		for _, p := range b.pieces {
			kids += fmt.Sprintf("<</Type/MCR/Pg %d 0 R/MCID %d>>", pages[p.page], p.id)
		}
		for _, k := range b.kids {
			write(k, b.object)
			kids += fmt.Sprintf("%d 0 R ", k.object)
		}
		more := ""
		if b.kind == "TH" {
			more = "/A<</O/Table/Scope/Row>>"
		}
		f.set(b.object, "<</Type/StructElem/S/%s/P %d 0 R/K[%s]%s>>", b.kind, parent, kids, more)
	}
	write(s.root, root)
	nums := ""
	for i, p := range s.pages {
		owners := ""
		for _, b := range p.owners {
			owners += fmt.Sprintf("%d 0 R ", b.object)
		}
		nums += fmt.Sprintf("%d %d 0 R ", i, f.add("[%s]", owners))
	}
	parents := f.add("<</Nums[%s]>>", nums)
	f.set(root, "<</Type/StructTreeRoot/K %d 0 R/ParentTree %d 0 R/ParentTreeNextKey %d>>", s.root.object, parents, len(s.pages))
	return root
}

// outline writes the bookmarks: the title, and the sections below it.
func (s *sheet) outline(f *file, pages []int) int {
	root := f.reserve()
	var numbers []int
	for range s.bookmarks {
		numbers = append(numbers, f.reserve())
	}
	for i, m := range s.bookmarks {
		parent, links := numbers[0], ""
		if i == 0 {
			parent = root
			if n := len(numbers); n > 1 {
				links = fmt.Sprintf("/First %d 0 R/Last %d 0 R/Count %d", numbers[1], numbers[n-1], n-1)
			}
		}
		if i > 1 {
			links += fmt.Sprintf("/Prev %d 0 R", numbers[i-1])
		}
		if i > 0 && i+1 < len(numbers) {
			links += fmt.Sprintf("/Next %d 0 R", numbers[i+1])
		}
		f.set(numbers[i], "<</Title %s/Parent %d 0 R/Dest[%d 0 R/XYZ null %s null]%s>>", textString(m.title), parent, pages[m.page], hundredths(pageHeight-m.y), links)
	}
	f.set(root, "<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>", numbers[0], numbers[0], len(numbers))
	return root
}
