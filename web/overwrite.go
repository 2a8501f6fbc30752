package web

import (
	"bufio"
	"errors"
	"io"
	"mime/multipart"
	"strings"
)

// What passes through a buffer of the standard library's stays in it until something else does. These readers can be
// told to pass zeros on at the end.

// overwrite fills a buffer with zeros.
func overwrite(b *bufio.Reader) {
	b.Reset(zeros{})
	_, _ = b.Peek(b.Size())
}

// zeros reads as zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// multipartSource is what a multipart.Reader reads from: a body, then an end that is an error. multipart returns io.EOF
// after the last boundary, but also for a body that breaks off in a part's header: with this, it is the former alone.
// A last boundary without its line break is complete.
type multipartSource struct {
	from io.Reader
	wide *bufio.Reader // once a file comes: words need no more than multipart's own buffer
	fake int           // zeros to pass on instead of the body
	over bool
}

func newMultipartSource(body io.Reader) *multipartSource {
	return &multipartSource{from: io.MultiReader(body, strings.NewReader("\r\n"), &sticky{err: io.ErrUnexpectedEOF})}
}

// wideBuffer is how much of a file is read at a time, in bytes.
const wideBuffer = 32 << 10

// widen reads the rest in larger pieces. A body that is at its end has nothing to read.
func (s *multipartSource) widen() {
	if s.wide == nil {
		s.wide = bufio.NewReaderSize(s.from, wideBuffer)
		s.from = s.wide
	}
}

func (s *multipartSource) Read(p []byte) (int, error) {
	if !s.over {
		return s.from.Read(p)
	}
	if s.fake <= 0 {
		return 0, errOverwritten
	}
	n := min(len(p), s.fake)
	clear(p[:n])
	s.fake -= n
	return n, nil
}

var errOverwritten = errors.New("the form was read")

// multipartBuffer is more than multipart.Reader buffers.
const multipartBuffer = 8 << 10

// overwrite fills parts' buffer, and our own, with zeros. What parts makes of those does not matter.
func (s *multipartSource) overwrite(parts *multipart.Reader) {
	s.over, s.fake = true, multipartBuffer
	_, _ = parts.NextRawPart()
	if s.wide != nil {
		overwrite(s.wide)
	}
}
