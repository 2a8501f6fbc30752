package web

import (
	"bufio"
	"errors"
	"io"
	"mime/multipart"
	"strings"
)

// The standard library's buffers keep their content until something overwrites it. These readers feed them zeros at
// the end.

// zeroBuffer fills a buffer with zeros.
func zeroBuffer(b *bufio.Reader) {
	b.Reset(zeros{})
	_, _ = b.Peek(b.Size())
}

// zeros is an endless reader of zero bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// multipartSource is what a multipart.Reader reads from: the body, then an error. multipart.Reader returns io.EOF after
// the last boundary, but also for a body that breaks off in a part's header; with this source io.EOF means the former. A
// last boundary without its line break is complete.
type multipartSource struct {
	source    io.Reader
	large     *bufio.Reader // set once a file part begins; for fields multipart's own buffer is enough
	zerosLeft int           // zeros still to return instead of the body
	finished  bool
}

func newMultipartSource(body io.Reader) *multipartSource {
	return &multipartSource{source: io.MultiReader(body, strings.NewReader("\r\n"), &stickyReader{err: io.ErrUnexpectedEOF})}
}

// fileBufferSize is how much of a file is read at a time, in bytes.
const fileBufferSize = 32 << 10

// enlarge reads the rest in larger pieces.
func (s *multipartSource) enlarge() {
	if s.large == nil {
		s.large = bufio.NewReaderSize(s.source, fileBufferSize)
		s.source = s.large
	}
}

func (s *multipartSource) Read(p []byte) (int, error) {
	if !s.finished {
		return s.source.Read(p)
	}
	if s.zerosLeft <= 0 {
		return 0, errFormRead
	}
	n := min(len(p), s.zerosLeft)
	clear(p[:n])
	s.zerosLeft -= n
	return n, nil
}

var errFormRead = errors.New("the form was read")

// multipartBufferSize exceeds what multipart.Reader buffers, in bytes.
const multipartBufferSize = 8 << 10

// zeroBuffers fills the multipart.Reader's buffer, and our own, with zeros. It ignores what the reader returns.
func (s *multipartSource) zeroBuffers(parts *multipart.Reader) {
	s.finished, s.zerosLeft = true, multipartBufferSize
	_, _ = parts.NextRawPart()
	if s.large != nil {
		zeroBuffer(s.large)
	}
}
