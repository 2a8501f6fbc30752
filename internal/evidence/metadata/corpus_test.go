package metadata

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

// The corpus is made here: every format and container, once with a place and once without.

var picture = image.NewGray(image.Rect(0, 0, 8, 8))

func jpegOf(segments ...[]byte) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		panic(err)
	}
	out := append([]byte(nil), b.Bytes()[:2]...)
	for _, s := range segments {
		out = append(out, s...)
	}
	return append(out, b.Bytes()[2:]...)
}

func segment(code byte, content string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, code}, uint16(len(content)+2)), content...)
}

// tiffWith is a TIFF of one directory with these entries: tag, type, count, value.
func tiffWith(order binary.AppendByteOrder, entries ...[4]uint32) []byte {
	b := []byte("II")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM")
	}
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = order.AppendUint16(b, uint16(e[0]))
		b = order.AppendUint16(b, uint16(e[1]))
		b = order.AppendUint32(b, e[2])
		b = order.AppendUint32(b, e[3])
	}
	return append(b, make([]byte, 64)...)
}

func bigTIFF(typ uint16) []byte {
	b := []byte("II\x2b\x00\x08\x00\x00\x00")
	b = binary.LittleEndian.AppendUint64(b, 16)
	b = binary.LittleEndian.AppendUint64(b, 1)
	b = binary.LittleEndian.AppendUint16(b, tagGPS)
	b = binary.LittleEndian.AppendUint16(b, typ)
	b = binary.LittleEndian.AppendUint64(b, 1)
	b = binary.LittleEndian.AppendUint64(b, 60)
	return append(b, make([]byte, 64)...)
}

const long, ifd = 4, 13

func gpsTIFF(order binary.AppendByteOrder, typ uint32) []byte {
	return tiffWith(order, [4]uint32{tagGPS, typ, 1, 26})
}

var exifGPS = string(append([]byte("Exif\x00\x00"), gpsTIFF(binary.BigEndian, long)...))

const xmpGPS = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description exif:GPSLatitude="53,54.1N"/></x:xmpmeta>`

func deflated(text string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func pngOf(chunks ...string) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		panic(err)
	}
	out := append([]byte(nil), b.Bytes()[:33]...) // signature and IHDR
	for i := 0; i < len(chunks); i += 2 {
		out = binary.BigEndian.AppendUint32(out, uint32(len(chunks[i+1])))
		body := chunks[i] + chunks[i+1]
		out = append(out, body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(body)))
	}
	return append(out, b.Bytes()[33:]...)
}

func rawProfile(content string) string {
	return fmt.Sprintf("\nexif\n%8d\n%s\n", len(content), hex.EncodeToString([]byte(content)))
}

func gifOf() []byte {
	var b bytes.Buffer
	if err := gif.Encode(&b, picture, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func riffOf(kind string, chunks ...string) []byte {
	body := kind
	for i := 0; i < len(chunks); i += 2 {
		body += chunks[i] + string(binary.LittleEndian.AppendUint32(nil, uint32(len(chunks[i+1])))) + chunks[i+1]
		if len(chunks[i+1])%2 != 0 {
			body += "\x00"
		}
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func box(name string, content ...string) string {
	body := strings.Join(content, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8))) + name + body
}

func film(brand string, boxes ...string) []byte {
	return []byte(box("ftyp", brand, "\x00\x00\x00\x00isom") + strings.Join(boxes, "") + box("mdat", "sound and pictures"))
}

func zipOf(method uint16, members ...any) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: members[i].(string), Method: method})
		if err != nil {
			panic(err)
		}
		_, _ = w.Write(members[i+1].([]byte))
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func gzipOf(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(content)
	_ = w.Close()
	return b.Bytes()
}

func tarOf(name string, content []byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))})
	_, _ = w.Write(content)
	_ = w.Close()
	return b.Bytes()
}

func pdfOf(objects ...string) []byte {
	b := "%PDF-1.7\n"
	for i, o := range objects {
		b += fmt.Sprintf("%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	return []byte(b + "trailer\n<</Root 1 0 R>>\n%%EOF\n")
}

func stream(dictionary, content string) string {
	return fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dictionary, len(content), content)
}

func lines(text string) string {
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	return b.String() + text + "\r\n"
}

func mail(attached []byte) []byte {
	return []byte("From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: image/jpeg\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n" + lines(base64.StdEncoding.EncodeToString(attached)) + "--x--\r\n")
}

const iso6709 = "+53.9000+027.5667/"

func utf16le(text string) string { return string(wide(text)) }

// xmpTrailer ends XMP in a GIF: whichever of its bytes a walk of the blocks meets, it leads to the end.
var xmpTrailer = func() string {
	b := []byte{1}
	for i := 255; i >= 0; i-- {
		b = append(b, byte(i))
	}
	return string(append(b, 0))
}()

var tagged = "\x1aE\xdf\xa3\x93\x42\x82\x88matroska" + "\x12\x54\xc3\x67\x90\x73\x73\x80\x67\xc8\x90\x45\xa3\x88LOCATION\x44\x87\x85Minsk"

// places are files that tell a place, each with the mark that must be found.
var places = map[string]struct {
	data []byte
	mark Mark
}{
	"JPEG, Exif, Motorola":            {jpegOf(segment(0xe1, exifGPS)), Exif},
	"JPEG, Exif, Intel":               {jpegOf(segment(0xe1, "Exif\x00\x00"+string(gpsTIFF(binary.LittleEndian, long)))), Exif},
	"JPEG, Exif, pointer of type IFD": {jpegOf(segment(0xe1, "Exif\x00\x00"+string(gpsTIFF(binary.LittleEndian, ifd)))), Exif},
	"JPEG, Exif, pointer of count 2":  {jpegOf(segment(0xe1, "Exif\x00\x00"+string(tiffWith(binary.LittleEndian, [4]uint32{tagGPS, 4, 2, 26})))), Exif},
	"JPEG, XMP":                       {jpegOf(segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+xmpGPS)), XMP},
	"JPEG, IPTC city":                 {jpegOf(segment(0xed, "Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x0a\x1c\x02\x5a\x00\x05Minsk")), IPTC},
	"JPEG with a film behind it":      {append(jpegOf(), film("mp42", box("moov", box("udta", box("\xa9xyz", "\x00\x12\x15\xc7"+iso6709))))...), QuickTime},
	"PNG, eXIf":                       {pngOf("eXIf", exifGPS[6:]), Exif},
	"PNG, XMP":                        {pngOf("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+xmpGPS), XMP},
	"PNG, compressed XMP":             {pngOf("iTXt", "XML:com.adobe.xmp\x00\x01\x00en\x00k\x00"+deflated(xmpGPS)), XMP},
	"PNG, raw profile":                {pngOf("tEXt", "Raw profile type exif\x00"+rawProfile(exifGPS)), Exif},
	"PNG, compressed raw profile":     {pngOf("zTXt", "Raw profile type exif\x00\x00"+deflated(rawProfile(exifGPS))), Exif},
	"WebP, Exif":                      {riffOf("WEBP", "VP8L", "xxxx", "EXIF", exifGPS[6:]), Exif},
	"WebP, XMP":                       {riffOf("WEBP", "VP8L", "xxxx", "XMP ", xmpGPS), XMP},
	"TIFF":                            {gpsTIFF(binary.BigEndian, long), Exif},
	"TIFF, pointer of type IFD":       {gpsTIFF(binary.LittleEndian, ifd), Exif},
	"BigTIFF":                         {bigTIFF(16), Exif},
	"BigTIFF, pointer of type IFD8":   {bigTIFF(18), Exif},
	"HEIC":                            {film("heic", box("mdat", "\x00\x00\x00\x06"+exifGPS)), Exif},
	"AVIF, XMP":                       {film("avif", box("mdat", xmpGPS)), XMP},
	"GIF, XMP":                        {append(gifOf()[:len(gifOf())-1], "\x21\xff\x0bXMP DataXMP"+xmpGPS+xmpTrailer+"\x3b"...), XMP},
	"MP4, user data":                  {film("mp42", box("moov", box("udta", box("\xa9xyz", "\x00\x12\x15\xc7"+iso6709)))), QuickTime},
	"MP4, item list":                  {film("mp42", box("moov", box("udta", box("meta", "\x00\x00\x00\x00", box("ilst", box("\xa9xyz", box("data", "\x00\x00\x00\x01\x00\x00\x00\x00"+iso6709))))))), QuickTime},
	"MP4, free form":                  {film("mp42", box("moov", box("udta", box("ilst", box("----", "place", iso6709))))), ISO6709},
	"MP4, 3GPP":                       {film("3gp5", box("moov", box("udta", box("loci", "\x00\x00\x00\x00\x15\xc7Minsk\x00")))), ThreeGPP},
	"MP4, telemetry":                  {film("mp42", box("moov", box("stsd", box("gpmd", "\x00\x00\x00\x00\x00\x00\x00\x01")))), Telemetry},
	"MOV, keys":                       {film("qt  ", box("moov", box("meta", box("keys", "\x00\x00\x00\x00\x00\x00\x00\x01", box("mdta", "com.apple.quicktime.location.ISO6709"))))), QuickTime},
	"MOV, another writer's key":       {film("qt  ", box("moov", box("meta", box("keys", "\x00\x00\x00\x00\x00\x00\x00\x01", box("mdta", "location-eng"))))), QuickTime},
	"MOV, compressed":                 {film("qt  ", box("moov", box("cmov", box("dcom", "zlib")+box("cmvd", "\x00\x00\x01\x00"+deflated(box("moov", box("udta", box("\xa9xyz", "\x00\x12\x15\xc7"+iso6709)))))))), QuickTime},
	"M4A":                             {film("M4A ", box("moov", box("udta", box("\xa9xyz", "\x00\x12\x15\xc7"+iso6709)))), QuickTime},
	"Matroska":                        {[]byte(tagged), Matroska},
	"Ogg":                             {[]byte("OggS\x00\x02" + strings.Repeat("\x00", 30) + "OpusTags\x0e\x00\x00\x00Location=Minsk"), Comment},
	"FLAC":                            {[]byte("fLaC\x04\x00\x00\x20" + "\x0e\x00\x00\x00LOCATION=Minsk"), Comment},
	"MP3":                             {[]byte("ID3\x04\x00\x00\x00\x00\x00\x40TXXX\x00\x00\x00\x20\x00\x00\x03location\x00" + iso6709), ISO6709},
	"docx, deflated":                  {zipOf(zip.Deflate, "word/media/image1.jpeg", jpegOf(segment(0xe1, exifGPS+strings.Repeat("x", 200)))), Exif},
	"odt, stored":                     {zipOf(zip.Store, "Pictures/1.jpg", jpegOf(segment(0xe1, exifGPS))), Exif},
	"docx in a zip":                   {zipOf(zip.Deflate, "a.docx", zipOf(zip.Deflate, "word/media/image1.png", pngOf("zTXt", "Raw profile type exif\x00\x00"+deflated(rawProfile(exifGPS))))), Exif},
	"zip in a zip in a zip":           {zipOf(zip.Store, "a.zip", zipOf(zip.Deflate, "b.zip", zipOf(zip.Deflate, "c.jpg", jpegOf(segment(0xe1, exifGPS))))), Exif},
	"tar":                             {tarOf("a.png", pngOf("iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00"+deflated(xmpGPS))), XMP},
	"tar.gz":                          {gzipOf(tarOf("a.jpg", jpegOf(segment(0xe1, exifGPS)))), Exif},
	"PDF, XMP":                        {pdfOf(stream("/Type /Metadata", xmpGPS)), XMP},
	"PDF, compressed XMP":             {pdfOf(stream("/Type /Metadata /Filter /FlateDecode", deflated(xmpGPS))), XMP},
	"PDF, XMP in UTF-16":              {pdfOf(stream("/Type /Metadata", utf16le(xmpGPS))), XMP},
	"PDF, picture":                    {pdfOf(stream("/Subtype /Image /Filter /DCTDecode", string(jpegOf(segment(0xe1, exifGPS))))), Exif},
	"PDF, attached file":              {pdfOf(stream("/Type /EmbeddedFile /Filter /FlateDecode", deflated(string(jpegOf(segment(0xe1, exifGPS)))))), Exif},
	"PDF, map":                        {pdfOf("<</Type /Measure /Subtype /GEO /GPTS [53.9 27.5]>>"), Map},
	"doc":                             {append(append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 504)...), jpegOf(segment(0xe1, exifGPS))...), Exif},
	"rtf":                             {[]byte("{\\rtf1 {\\pict\\jpegblip\n" + lines(hex.EncodeToString(jpegOf(segment(0xe1, exifGPS)))) + "}}"), Exif},
	"mail":                            {mail(jpegOf(segment(0xe1, exifGPS))), Exif},
	"mail with a docx":                {mail(zipOf(zip.Deflate, "word/media/image1.jpeg", jpegOf(segment(0xe1, exifGPS)))), Exif},
	"business card":                   {[]byte("BEGIN:VCARD\r\nN:A\r\nGEO:geo:53.9,27.56\r\nEND:VCARD\r\n"), Track},
	"business card's photo":           {[]byte("BEGIN:VCARD\r\nPHOTO;ENCODING=b;TYPE=JPEG:" + strings.ReplaceAll(lines(base64.StdEncoding.EncodeToString(jpegOf(segment(0xe1, exifGPS)))), "\r\n", "\r\n ") + "\r\nEND:VCARD\r\n"), Exif},
	"calendar":                        {[]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nGEO:53.9;27.56\nEND:VEVENT\n"), Track},
	"page":                            {[]byte(`<html><img src="data:image/jpeg;base64,` + base64.StdEncoding.EncodeToString(jpegOf(segment(0xe1, exifGPS))) + `">`), Exif},
	"GPX":                             {[]byte(`<?xml version="1.0"?><gpx><trkpt lat="53.9" lon="27.56"/></gpx>`), Track},
	"KML":                             {[]byte(`<kml><Placemark><Point><coordinates>27.56,53.9</coordinates></Point></Placemark></kml>`), Track},
	"kmz":                             {zipOf(zip.Deflate, "doc.kml", []byte(`<kml><coordinates> 27.56,53.9</coordinates></kml>`)), Track},
	"a photo's sidecar":               {[]byte(`{"title":"a.jpg","geoData":{"latitude": 53.9}}`), Track},
	"subtitles of a drone":            {[]byte("1\n00:00:00,000 --> 00:00:00,033\n[latitude: 53.9] [longitude: 27.56]\n"), Track},
}

// without are files that tell none.
var without = map[string][]byte{
	"nothing": nil, "JPEG": jpegOf(), "PNG": pngOf(), "GIF": gifOf(), "WebP": riffOf("WEBP", "VP8L", "xxxx"), "WAV": riffOf("WAVE", "data", "xxxx"),
	"TIFF": tiffWith(binary.LittleEndian, [4]uint32{256, 3, 1, 8}), "MP4": film("mp42", box("moov", box("udta"))), "HEIC": film("heic"),
	"Matroska": []byte("\x1aE\xdf\xa3\x93\x42\x82\x88matroska\x45\xa3\x85TITLE"), "zip": zipOf(zip.Deflate, "a.jpg", jpegOf(), "b.txt", []byte("hello")),
	"docx": zipOf(zip.Deflate, "word/document.xml", []byte("<w:t>53.9, 27.56</w:t>")), "tar.gz": gzipOf(tarOf("a.jpg", jpegOf())),
	"PDF": pdfOf(stream("/Type /Metadata /Filter /FlateDecode", deflated("<x/>"))), "mail": mail(jpegOf()),
	"chat":                []byte("12.05.26, 10:01 - Анна: сустрэнемся тут: https://maps.example/?q=53.9,27.56\n"),
	"a word":              []byte("velociraptor, gpmd, and 1+1-2/3"),
	"QuickTime's letters": []byte("\x00\x00\xa9xyzabcdef"),
	"a drawing":           []byte(`<svg><path d="m-12.345-67.890l+1.5-2.5/"/></svg>`),
}

func TestPlaces(t *testing.T) {
	for what, tt := range places {
		f := ScanBytes(tt.data)
		if !f.Place() || f.Places[0] != tt.mark && !strings.Contains(fmt.Sprint(f.Places), string(tt.mark)) {
			t.Errorf("%s: %v, want %s", what, f.Places, tt.mark)
		}
		if len(f.Unsearched) > 0 {
			t.Errorf("%s: not searched: %v", what, f.Unsearched)
		}
		// A photo in a zip, whatever it is.
		packed := ScanBytes(zipOf(zip.Deflate, "x", tt.data))
		if !packed.Place() && len(packed.Unsearched) == 0 {
			t.Errorf("%s, in a zip: nothing is said", what)
		}
	}
	for what, data := range without {
		if f := ScanBytes(data); f.Place() || f.Thumbnail || f.Trailing || f.Earlier || len(f.Unsearched) > 0 {
			t.Errorf("%s: %+v", what, f)
		}
	}
}
