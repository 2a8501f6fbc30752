package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"html"
	"strings"
	"time"
	"unicode/utf16"
)

// A file is a PDF 1.7 document that follows the rules of PDF/A-2, conformance
// A (ISO 19005-2): embedded fonts with their texts, a structure tree, XMP
// metadata, an output intent, nothing encrypted and no external resource. All
// numbers are integers, and nothing is compressed: the same text yields the
// same bytes on every machine and with every toolchain.
type file struct {
	objects [][]byte // object n at n-1; nil where it is reserved
}

// reserve returns the number of an object that is written later.
func (f *file) reserve() int {
	f.objects = append(f.objects, nil)
	return len(f.objects)
}

func (f *file) set(n int, format string, args ...any) {
	f.objects[n-1] = fmt.Appendf(nil, format, args...)
}

func (f *file) add(format string, args ...any) int {
	n := f.reserve()
	f.set(n, format, args...)
	return n
}

// stream adds a stream with entries of its dictionary.
func (f *file) stream(entries string, content []byte) int {
	n := f.reserve()
	f.objects[n-1] = append(fmt.Appendf(nil, "<<%s/Length %d>>\nstream\n", entries, len(content)), append(content, "\nendstream"...)...)
	return n
}

// bytes writes the file. Its identifier is a hash of its objects.
func (f *file) bytes(root, info int) []byte {
	b := []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var offsets []int
	for i, o := range f.objects {
		offsets = append(offsets, len(b))
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	id := sha256.Sum256(b)
	start := len(b)
	b = fmt.Appendf(b, "xref\n0 %d\n0000000000 65535 f \n", len(f.objects)+1)
	for _, at := range offsets {
		b = fmt.Appendf(b, "%010d 00000 n \n", at)
	}
	return fmt.Appendf(b, "trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%x><%x>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(f.objects)+1, root, info, id[:16], id[:16], start)
}

// textString writes a text string (ISO 32000-1, section 7.9.2.2) as UTF-16 in hex.
func textString(s string) string {
	b := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return "<" + hex.EncodeToString(b) + ">"
}

func date(t time.Time) string { return "(" + t.UTC().Format("D:20060102150405") + "Z)" }

// hundredths formats a length given in hundredths of a point.
func hundredths(n int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// metadata returns the XMP packet, which repeats the document information.
func metadata(title, author, subject, tool string, made time.Time) []byte {
	x := html.EscapeString
	when := made.UTC().Format("2006-01-02T15:04:05Z")
	return []byte(`<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">` + x(title) + `</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>` + x(author) + `</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">` + x(subject) + `</rdf:li></rdf:Alt></dc:description>
<xmp:CreatorTool>` + x(tool) + `</xmp:CreatorTool>
<xmp:CreateDate>` + when + `</xmp:CreateDate>
<xmp:ModifyDate>` + when + `</xmp:ModifyDate>
<pdf:Producer>zapis</pdf:Producer>
<pdfaid:part>2</pdfaid:part>
<pdfaid:conformance>A</pdfaid:conformance>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>`)
}

// addFont adds a composite font of the glyphs in use (ISO 32000-1, section 9.7).
func (f *file) addFont(s *subset) int {
	used := len(s.glyphs) // components of composites come behind, and are drawn by no text
	ttf := s.fontFile()
	name := s.name(sha256.Sum256(ttf))
	data := f.stream(fmt.Sprintf("/Length1 %d", len(ttf)), ttf)
	box, ascent, descent := s.box()
	flags := 4 // symbolic: its characters are numbered by us
	if s.face == mono() {
		flags |= 1
	}
	descriptor := f.add("<</Type/FontDescriptor/FontName/%s/Flags %d/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>",
		name, flags, box[0], box[1], box[2], box[3], ascent, descent, ascent*3/4, data)
	var widths strings.Builder
	for n, g := range s.glyphs[:used] {
		fmt.Fprintf(&widths, "%d[%d]", n, s.advance(g.id))
	}
	descendant := f.add("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor %d 0 R/CIDToGIDMap/Identity/DW 0/W[%s]>>",
		name, descriptor, widths.String())
	return f.add("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>",
		name, descendant, f.stream("", toUnicode(s.glyphs[:used])))
}

// toUnicode maps glyph numbers to the texts that they stand for.
func toUnicode(glyphs []subsetGlyph) []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for from := 1; from < len(glyphs); from += 100 {
		part := glyphs[from:min(from+100, len(glyphs))]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(part))
		for i, g := range part {
			text := g.text
			if text == "" {
				text = "\u200b" // a further glyph of a cluster; ActualText has the line
			}
			fmt.Fprintf(&b, "<%04x> <", from+i)
			for _, u := range utf16.Encode([]rune(text)) {
				fmt.Fprintf(&b, "%04x", u)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend")
	return b.Bytes()
}

// profile returns an ICC profile (version 2.1, section 6) of sRGB's primaries,
// with gamma 2.2, which the output intent of PDF/A requires. Our documents
// have no colours.
func profile() []byte {
	be := binary.BigEndian
	xyz := func(x, y, z uint32) []byte {
		b := append([]byte("XYZ "), 0, 0, 0, 0)
		return be.AppendUint32(be.AppendUint32(be.AppendUint32(b, x), y), z)
	}
	name := "sRGB primaries, gamma 2.2"
	desc := append([]byte("desc"), 0, 0, 0, 0)
	desc = be.AppendUint32(desc, uint32(len(name)+1))
	desc = append(append(desc, name...), 0)
	desc = append(desc, make([]byte, 4+4+2+1+67)...)
	curve := append([]byte("curv"), 0, 0, 0, 0, 0, 0, 0, 1, 0x02, 0x33, 0, 0)
	tags := []struct {
		name string
		data []byte
	}{
		{"desc", desc}, {"cprt", append([]byte("text\x00\x00\x00\x00Public domain"), 0)}, {"wtpt", xyz(0xf6d6, 0x10000, 0xd32d)},
		{"rXYZ", xyz(0x6fa2, 0x38f5, 0x390)}, {"gXYZ", xyz(0x6299, 0xb785, 0x18da)}, {"bXYZ", xyz(0x24a0, 0xf84, 0xb6cf)},
		{"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	}
	table := be.AppendUint32(nil, uint32(len(tags)))
	var data []byte
	at := 128 + 4 + 12*len(tags)
	for _, t := range tags {
		table = append(table, t.name...)
		table = be.AppendUint32(be.AppendUint32(table, uint32(at+len(data))), uint32(len(t.data)))
		data = append(data, t.data...)
		for len(data)%4 != 0 {
			data = append(data, 0)
		}
	}
	head := make([]byte, 128)
	be.PutUint32(head, uint32(at+len(data)))
	be.PutUint32(head[8:], 0x02100000)
	copy(head[12:], "mntrRGB XYZ ")
	copy(head[24:], []byte{0x07, 0xd0, 0, 1, 0, 1}) // 2000-01-01
	copy(head[36:], "acsp")
	copy(head[68:], []byte{0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d}) // D50
	return append(append(head, table...), data...)
}
