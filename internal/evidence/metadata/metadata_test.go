package metadata

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func encryptedZip() []byte {
	b := zipOf(zip.Store, "a.jpg", jpegOf())
	b[6] |= 1 // the local header's flags
	b[bytes.Index(b, []byte("PK\x01\x02"))+8] |= 1
	return b
}

func nested(levels int) []byte {
	b := jpegOf(segment(0xe1, exifGPS))
	for range levels {
		b = zipOf(zip.Deflate, "x.zip", b)
	}
	return b
}

func TestUnsearched(t *testing.T) {
	for what, tt := range map[string]struct {
		data []byte
		want Reason
	}{
		"7z":                      {[]byte("7z\xbc\xaf\x27\x1c\x00\x04"), Compressed},
		"RAR":                     {[]byte("Rar!\x1a\x07\x01\x00"), Compressed},
		"xz":                      {[]byte("\xfd7zXZ\x00"), Compressed},
		"Zstandard in a tar":      {tarOf("a.zst", []byte("\x28\xb5\x2f\xfdxxxx")), Compressed},
		"a zip with a passphrase": {encryptedZip(), Encrypted},
		"a PDF with a passphrase": {pdfOf("<<>>", "<</Encrypt 5 0 R>>"), Encrypted},
		"a docx with a passphrase": {append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
			wide("EncryptedPackage")...), Encrypted},
		"an age file":          {[]byte("age-encryption.org/v1\n-> X25519 x\n"), Encrypted},
		"zips in zips in zips": {nested(5), TooDeep},
		"a zip that is cut":    {zipOf(zip.Deflate, "a.jpg", jpegOf())[:80], Damaged},
		"a JPEG that is cut":   {jpegOf()[:100], Damaged},
		"a PNG that is cut":    {pngOf()[:50], Damaged},
		"a GIF that is cut":    {gifOf()[:20], Damaged},
		"a film that is cut":   {film("mp42", box("moov", box("udta")))[:30], Damaged},
		"JPEG XL with Brotli":  {[]byte(box("JXL ", "\r\n\x87\n") + box("brob", "Exif")), Compressed},
		"PDF, LZW":             {pdfOf(stream("/Filter /LZWDecode", "xxxx")), Compressed},
		"a zip of zip's 95 (xz)": {func() []byte {
			b := zipOf(zip.Store, "a.jpg", jpegOf())
			b[8] = 95
			b[bytes.Index(b, []byte("PK\x01\x02"))+10] = 95
			return b
		}(), Compressed},
	} {
		if f := ScanBytes(tt.data); !slices.Contains(f.Unsearched, tt.want) {
			t.Errorf("%s: %+v, want %q", what, f, tt.want)
		}
	}
}

func TestThumbnailTrailingEarlier(t *testing.T) {
	thumb := string(jpegOf())
	ifd1 := tiffWith(binary.LittleEndian, [4]uint32{tagThumbnail, 4, 1, 40})
	for what, tt := range map[string]struct {
		data                         []byte
		thumbnail, trailing, earlier bool
	}{
		"JPEG, Exif thumbnail":       {jpegOf(segment(0xe1, "Exif\x00\x00"+string(ifd1)+thumb)), true, false, false},
		"JPEG, Exif pointer alone":   {jpegOf(segment(0xe1, "Exif\x00\x00"+string(ifd1))), true, false, false},
		"JPEG, JFIF thumbnail":       {jpegOf(segment(0xe0, "JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x01\x01rgb")), true, false, false},
		"JPEG, JFIF":                 {jpegOf(segment(0xe0, "JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00")), false, false, false},
		"JPEG, Photoshop thumbnail":  {jpegOf(segment(0xed, "Photoshop 3.0\x008BIM\x04\x0c\x00\x00\x00\x00\x00\x04xxxx")), true, false, false},
		"JPEG, second picture":       {jpegOf(segment(0xe2, "MPF\x00II*\x00")), true, false, false},
		"JPEG, XMP thumbnail":        {jpegOf(segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<xmpGImg:image>")), true, false, false},
		"PNG, Exif thumbnail":        {pngOf("eXIf", string(ifd1)), true, false, false},
		"WebP, Exif thumbnail":       {riffOf("WEBP", "VP8L", "xxxx", "EXIF", string(ifd1)+thumb), true, false, false},
		"TIFF, reduced":              {tiffWith(binary.BigEndian, [4]uint32{tagReduced, 4, 1, 1}), true, false, false},
		"HEIC":                       {film("heic", box("meta", "\x00\x00\x00\x00", box("iref", "\x00\x00\x00\x00", box("thmb", "\x00\x02\x00\x01\x00\x01")))), true, false, false},
		"MP4, cover":                 {film("mp42", box("moov", box("udta", box("meta", "\x00\x00\x00\x00", box("ilst", box("covr", "x")))))), true, false, false},
		"docx":                       {zipOf(zip.Deflate, "docProps/thumbnail.jpeg", jpegOf()), true, false, false},
		"odt":                        {zipOf(zip.Deflate, "Thumbnails/thumbnail.png", pngOf()), true, false, false},
		"JPEG, bytes behind":         {append(jpegOf(), "secret"...), false, true, false},
		"JPEG, zeros behind":         {append(jpegOf(), 0, 0, '\n'), false, false, false},
		"PNG, bytes behind":          {append(pngOf(), "secret"...), false, true, false},
		"GIF, bytes behind":          {append(gifOf(), "secret"...), false, true, false},
		"WebP, bytes behind":         {append(riffOf("WEBP", "VP8L", "xxxx"), "secret!!"...), false, true, false},
		"PDF, bytes behind":          {append(pdfOf("<<>>"), "secret"...), false, true, false},
		"zip, bytes behind":          {append(zipOf(zip.Store, "a", []byte("x")), "secret"...), false, true, false},
		"MP4, bytes behind":          {append(film("mp42"), "\x00\x00\x00\x01\x01\x02\x03\x04secret"...), false, true, false},
		"PDF, added to":              {append(pdfOf("<<>>"), "2 0 obj\n<<>>\nendobj\n%%EOF\n"...), false, false, true},
		"docx, deleted text":         {zipOf(zip.Deflate, "word/document.xml", []byte(`<w:del w:id="1"><w:delText>name</w:delText></w:del>`)), false, false, true},
		"a zip of a JPEG with bytes": {zipOf(zip.Store, "a.jpg", append(jpegOf(), "secret"...)), false, false, false},
	} {
		f := ScanBytes(tt.data)
		if f.Thumbnail != tt.thumbnail || f.Trailing != tt.trailing || f.Earlier != tt.earlier {
			t.Errorf("%s: %+v", what, f)
		}
	}
}

func TestScan(t *testing.T) {
	photo := jpegOf(segment(0xe1, exifGPS))
	for _, r := range []io.Reader{bytes.NewReader(photo), iotest.OneByteReader(bytes.NewReader(photo))} {
		if f, err := Scan(r); err != nil || !f.Place() {
			t.Errorf("%+v %v", f, err)
		}
	}
	if _, err := Scan(iotest.ErrReader(io.ErrClosedPipe)); err != io.ErrClosedPipe {
		t.Error(err)
	}
}

// zeros is a reader of so many of them.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// What does not fit into memory is searched for marks, and named where marks are not enough.
func TestLarge(t *testing.T) {
	few := limits{held: 1 << 20, film: 1 << 20, member: 1 << 20, budget: 2 << 20, parts: 100}
	head := string(film("mp42"))
	tail := box("moov", box("udta", box("\xa9xyz", "\x00\x12\x15\xc7"+iso6709)))
	for _, at := range []int64{few.held + 10, few.held + block - 5, few.held + overlap + block - 5} {
		f, err := scan(io.MultiReader(strings.NewReader(head), zeros(at-int64(len(head))), strings.NewReader(tail)), few)
		if err != nil || !slices.Equal(f.Places, []Mark{QuickTime, ISO6709}) || len(f.Unsearched) > 0 {
			t.Errorf("%+v %v", f, err)
		}
	}
	f, err := scan(io.MultiReader(strings.NewReader("PK\x03\x04"), zeros(few.held)), few)
	if err != nil || !slices.Equal(f.Unsearched, []Reason{TooLarge}) {
		t.Errorf("%+v %v", f, err)
	}
}

// A bomb is unpacked up to the budget, and reported.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, zeros(2<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	few := limits{held: 1 << 20, member: 1 << 20, budget: 4 << 20, parts: 100}
	if f := scanBytes(b.Bytes(), few); !slices.Equal(f.Unsearched, []Reason{TooLarge}) {
		t.Errorf("%+v", f)
	}
	s := scanner{f: new(Findings), limits: limits{member: 100, budget: 100, parts: 2}}
	s.inspect(zipOf(zip.Deflate, "a", []byte(strings.Repeat("a", 60)), "b", []byte(strings.Repeat("b", 60)), "c", []byte{}), 0)
	if !slices.Equal(s.f.Unsearched, []Reason{TooLarge}) || s.budget > 0 {
		t.Errorf("%+v, %d left", s.f, s.budget)
	}
}

// Every file of the corpus, cut anywhere and with any byte turned, is searched without a fault.
func TestDamaged(t *testing.T) {
	for _, tt := range places {
		for n := 0; n < len(tt.data); n += 1 + n/16 {
			ScanBytes(tt.data[:n])
			turned := slices.Clone(tt.data)
			turned[n] ^= 0xff
			ScanBytes(turned)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, tt := range places {
		f.Add(tt.data)
	}
	for _, data := range without {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found := ScanBytes(data)
		if again := ScanBytes(data); !slices.Equal(again.Places, found.Places) || !slices.Equal(again.Unsearched, found.Unsearched) {
			t.Errorf("%+v, then %+v", found, again)
		}
	})
}
