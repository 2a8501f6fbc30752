// Package metadata finds hidden content of a file: the place where it was made, a thumbnail, bytes after the file's
// end, an earlier version. It inspects containers: documents, archives, mail.
//
// It is a search for the usual marks, and no proof: it does not find what a person sees in a picture, or a place
// written in words. What could not be searched is reported with the reason. Contents are hostile: every loop is
// bounded by the contents' size, and unpacking by a budget.
package metadata

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// A Mark is the kind of metadata in which a place was found.
type Mark string

const (
	Exif      Mark = "Exif"
	XMP       Mark = "XMP"
	IPTC      Mark = "IPTC"
	QuickTime Mark = "QuickTime"
	ThreeGPP  Mark = "3GPP"
	Matroska  Mark = "Matroska"
	Comment   Mark = "comment"   // a Vorbis comment of Ogg or FLAC
	Telemetry Mark = "telemetry" // positions recorded along with a film
	ISO6709   Mark = "ISO 6709"  // a position in the notation of that standard, in whatever field
	Track     Mark = "track"     // GPX, KML, GeoJSON, a calendar's or a business card's GEO
	Map       Mark = "map"       // a PDF page with geographic coordinates
)

// A Reason is why a file, or a part of it, could not be searched.
type Reason string

const (
	Encrypted  Reason = "encrypted"
	Compressed Reason = "compressed" // packed in a way that is not read here: 7z, RAR, xz, Zstandard
	TooLarge   Reason = "too large"
	TooDeep    Reason = "too deep" // a container in a container in a container
	Damaged    Reason = "damaged"
)

// Findings are the results for one file.
type Findings struct {
	Places     []Mark   // each once, in the order in which they were found
	Thumbnail  bool     // the file holds a small copy of its picture, or a second picture
	Trailing   bool     // bytes other than zeros or spaces after the file's own end
	Earlier    bool     // the file contains an earlier version of itself: an updated PDF, a document's deleted text
	Unsearched []Reason // each once
}

// Place reports whether a place was found.
func (f *Findings) Place() bool { return len(f.Places) > 0 }

func (f *Findings) place(m Mark) {
	if !slices.Contains(f.Places, m) {
		f.Places = append(f.Places, m)
	}
}

func (f *Findings) unsearched(r Reason) {
	if !slices.Contains(f.Unsearched, r) {
		f.Unsearched = append(f.Unsearched, r)
	}
}

// limits bound one search.
type limits struct {
	held   int64 // bytes of a file that are held in memory to look inside it
	film   int64 // the limit for a file in which marks find the places: films, sound, and unknown formats
	member int64 // bytes of one member of a container
	budget int64 // bytes that are unpacked of one file in all
	parts  int   // members, streams and runs that are looked at in one file
}

var ordinary = limits{held: 128 << 20, film: 4 << 20, member: 64 << 20, budget: 512 << 20, parts: 20_000}

const maxDepth = 3 // a photo in a document in an archive has depth 2

// Scan reads a file to its end and returns the findings. The error is the reader's. It holds up to 128 MiB of the file
// in memory, of films and sound 4 MiB; in a larger one it looks for places only, and reports that where it is not
// enough.
func Scan(r io.Reader) (Findings, error) { return scan(r, ordinary) }

func scan(r io.Reader, l limits) (Findings, error) {
	var held bytes.Buffer
	if _, err := io.CopyN(&held, r, 64<<10); err != nil && err != io.EOF {
		return Findings{}, err
	}
	most, marksDo := l.held, streamable(held.Bytes())
	if marksDo {
		most = l.film
	}
	if _, err := io.CopyN(&held, r, max(0, most+1-int64(held.Len()))); err != nil && err != io.EOF {
		return Findings{}, err
	}
	if int64(held.Len()) <= most {
		return scanBytes(held.Bytes(), l), nil
	}
	var f Findings
	if !marksDo {
		f.unsearched(TooLarge)
	}
	err := f.stream(io.MultiReader(&held, r))
	return f, err
}

// ScanBytes is Scan for a file in memory.
func ScanBytes(data []byte) Findings { return scanBytes(data, ordinary) }

func scanBytes(data []byte, l limits) Findings {
	var f Findings
	s := scanner{f: &f, limits: l}
	s.inspect(data, 0)
	return f
}

// block is how much of a large file is searched at a time, and overlap exceeds the longest mark with the bytes after
// it.
const (
	block   = 1 << 20
	overlap = 512
)

// stream looks for marks only.
func (f *Findings) stream(r io.Reader) error {
	buffer := make([]byte, overlap+block)
	kept := 0
	for {
		n, err := io.ReadFull(r, buffer[kept:])
		seen := buffer[:kept+n]
		f.marks(seen)
		switch {
		case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
		kept = copy(buffer, seen[len(seen)-overlap:])
	}
}

// A scanner is one search.
type scanner struct {
	f      *Findings
	limits // what is left of them
}

// A format is detected by its first bytes.
type format struct {
	offset     int
	magic      string
	inspect    func(s *scanner, data []byte, depth int)
	streamable bool // marks alone find what there is to find
}

var formats []format

func init() { // the table's functions use the table
	formats = []format{
		{0, "\xff\xd8\xff", (*scanner).jpeg, false},
		{0, "\x89PNG\r\n\x1a\n", (*scanner).png, false},
		{0, "GIF8", (*scanner).gif, false},
		{0, "II*\x00", (*scanner).tiff, false}, {0, "MM\x00*", (*scanner).tiff, false},
		{0, "II+\x00", (*scanner).tiff, false}, {0, "MM\x00+", (*scanner).tiff, false},
		{0, "RIFF", (*scanner).riff, true},
		{4, "ftyp", (*scanner).boxes, true}, {4, "moov", (*scanner).boxes, true}, {4, "mdat", (*scanner).boxes, true},
		{4, "wide", (*scanner).boxes, true}, {4, "free", (*scanner).boxes, true}, {4, "skip", (*scanner).boxes, true},
		{4, "JXL ", (*scanner).boxes, false}, {4, "jP  ", (*scanner).boxes, false},
		{0, "8BPS", (*scanner).photoshop, false},
		{0, "\x1aE\xdf\xa3", nil, true}, {0, "OggS", (*scanner).comments, true}, {0, "fLaC", (*scanner).comments, true},
		{0, "ID3", nil, true}, {0, "#!AMR", nil, true}, {0, "FORM", nil, true}, {0, "FLV", nil, true},
		{0, "\x00\x00\x01\xba", nil, true}, {0, "\x00\x00\x01\xb3", nil, true}, {0, "\x30\x26\xb2\x75", nil, true},
		{0, "PK\x03\x04", (*scanner).zip, false}, {0, "PK\x05\x06", (*scanner).zip, false},
		{0, "\x1f\x8b", (*scanner).gzip, false}, {0, "BZh", (*scanner).bzip2, false}, {257, "ustar", (*scanner).tar, false},
		{0, "7z\xbc\xaf\x27\x1c", (*scanner).closed, false}, {0, "Rar!\x1a\x07", (*scanner).closed, false},
		{0, "\xfd7zXZ\x00", (*scanner).closed, false}, {0, "\x28\xb5\x2f\xfd", (*scanner).closed, false},
		{0, "MSCF", (*scanner).closed, false}, {0, "LZIP", (*scanner).closed, false}, {0, "xar!", (*scanner).closed, false},
		{0, "SQLite format 3\x00", nil, false},
		{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", (*scanner).ole, false},
		{0, "age-encryption.org/", (*scanner).sealed, false}, {0, "-----BEGIN PGP MESSAGE", (*scanner).sealed, false},
	}
}

func formatOf(data []byte) *format {
	for i, f := range formats {
		if len(data) >= f.offset+len(f.magic) && string(data[f.offset:f.offset+len(f.magic)]) == f.magic {
			return &formats[i]
		}
	}
	// A PDF may begin later (ISO 32000-2, annex I.2).
	if bytes.Contains(data[:min(1024, len(data))], []byte("%PDF-")) {
		return &format{inspect: (*scanner).pdf}
	}
	if isText(data) {
		return &format{inspect: (*scanner).text}
	}
	return nil
}

func streamable(head []byte) bool {
	f := formatOf(head)
	return f == nil || f.streamable
}

// inspect inspects one file, or one part of a file.
func (s *scanner) inspect(data []byte, depth int) {
	s.f.marks(data)
	if f := formatOf(data); f != nil && f.inspect != nil {
		f.inspect(s, data, depth)
	}
}

// part inspects a part of a container.
func (s *scanner) part(data []byte, depth int) {
	switch {
	case s.parts <= 0:
		s.f.unsearched(TooLarge)
	case depth+1 > maxDepth:
		s.f.marks(data)
		if f := formatOf(data); f != nil && f.inspect != nil {
			s.f.unsearched(TooDeep)
		}
	default:
		s.parts--
		s.inspect(data, depth+1)
	}
}

// unpack decompresses a container's member, within the budget. For damaged or too large content it returns what was
// read.
func (s *scanner) unpack(r io.Reader) []byte {
	limit := min(s.budget, s.member)
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, limit+1))
	s.budget -= n
	switch {
	case n > limit:
		s.f.unsearched(TooLarge)
	case err != nil:
		s.f.unsearched(Damaged)
	}
	return b.Bytes()
}

func (s *scanner) closed([]byte, int) { s.f.unsearched(Compressed) }
func (s *scanner) sealed([]byte, int) { s.f.unsearched(Encrypted) }

// trailing inspects what follows a file's own end, as phones append a film to a photo.
func (s *scanner) trailing(data []byte, depth int) {
	if len(bytes.Trim(data, "\x00 \t\r\n")) == 0 {
		return
	}
	if depth == 0 {
		s.f.Trailing = true
	}
	s.part(data, depth)
}
