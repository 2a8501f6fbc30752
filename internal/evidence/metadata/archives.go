package metadata

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"io"
	"path"
	"strings"
)

const zipEncrypted = 1 // bit 0 of a member's flags (APPNOTE 4.4.4)

// zip inspects a zip's members. Office documents, OpenDocument texts and electronic books are zips too.
func (s *scanner) zip(data []byte, depth int) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		s.f.unsearched(Damaged)
		return
	}
	z.RegisterDecompressor(12, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	for _, m := range z.File {
		if s.parts <= 0 {
			s.f.unsearched(TooLarge)
			break
		}
		if m.FileInfo().IsDir() {
			continue
		}
		if m.Flags&zipEncrypted != 0 {
			s.f.unsearched(Encrypted)
			continue
		}
		if folder := path.Dir(m.Name); depth == 0 && (strings.HasPrefix(m.Name, "docProps/thumbnail.") || folder == "Thumbnails") {
			s.thumbnail(depth)
		}
		r, err := m.Open()
		if err == zip.ErrAlgorithm {
			s.f.unsearched(Compressed)
			continue
		}
		if err != nil {
			s.f.unsearched(Damaged)
			continue
		}
		content := s.unpack(r)
		_ = r.Close() // what is read was judged by unpack
		if m.Name == "word/document.xml" && (bytes.Contains(content, []byte("<w:del ")) || bytes.Contains(content, []byte("<w:moveFrom "))) ||
			m.Name == "content.xml" && bytes.Contains(content, []byte("<text:deletion")) {
			s.f.Earlier = s.f.Earlier || depth == 0
		}
		s.part(content, depth)
	}
	if i := bytes.LastIndex(data, []byte("PK\x05\x06")); i >= 0 && i+22 <= len(data) {
		comment := int(data[i+20]) | int(data[i+21])<<8
		s.trailing(data[min(len(data), i+22+comment):], depth)
	}
}

func (s *scanner) gzip(data []byte, depth int) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		s.f.unsearched(Damaged)
		return
	}
	s.part(s.unpack(r), depth)
}

func (s *scanner) bzip2(data []byte, depth int) {
	s.part(s.unpack(bzip2.NewReader(bytes.NewReader(data))), depth)
}

// tar inspects a tar's members. They are not compressed, so they need no budget.
func (s *scanner) tar(data []byte, depth int) {
	r := tar.NewReader(bytes.NewReader(data))
	for s.parts > 0 {
		_, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			s.f.unsearched(Damaged)
			return
		}
		s.part(s.unpack(r), depth)
	}
	s.f.unsearched(TooLarge)
}

// ole inspects an OLE compound file: an old Office document, or a mail of Outlook. It contains pictures unchanged, so
// marks find them. A new Office document with a passphrase is an OLE file with one sealed stream.
func (s *scanner) ole(data []byte, depth int) {
	if bytes.Contains(data, wide("EncryptedPackage")) {
		s.f.unsearched(Encrypted)
	}
	// Pictures in a letter's own streams, and files in a mail's: each is inspected from its beginning.
	for _, magic := range []string{"\xff\xd8\xff\xe0", "\xff\xd8\xff\xe1", "\x89PNG\r\n\x1a\n", "PK\x03\x04", "%PDF-"} {
		for rest := data; s.parts > 0; {
			i := bytes.Index(rest, []byte(magic))
			if i < 0 {
				break
			}
			rest = rest[i:]
			// The part's end is not known, so what follows would count as trailing bytes: only the places among the
			// findings are kept.
			inner := scanner{f: new(Findings), limits: s.limits}
			reach := min(int64(len(rest)), s.member)
			if inner.budget -= reach; inner.budget < 0 {
				s.f.unsearched(TooLarge)
				return
			}
			inner.part(rest[:reach], depth)
			for _, m := range inner.f.Places {
				s.f.place(m)
			}
			s.limits = inner.limits
			rest = rest[len(magic):]
		}
	}
}

// wide writes ASCII as UTF-16, little end first.
func wide(text string) []byte {
	b := make([]byte, 0, 2*len(text))
	for _, c := range []byte(text) {
		b = append(b, c, 0)
	}
	return b
}
