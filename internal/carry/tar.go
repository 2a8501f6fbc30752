package carry

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"zapis/crypto/canonical"
	"zapis/internal/exit"
)

const maxSize = 1 << 40 // bytes of one member; far above what entries may name

// beginning is the position in errors before the first member.
const beginning = "its beginning"

var zeros [blockSize]byte

// tarReader reads canonical members one after the other.
type tarReader struct {
	archive string // what errors call it
	r       *bufio.Reader
	name    string // of the member being read
	at      int64  // where its content begins in the archive
	size    int64
	left    int64       // bytes of it that were not read yet
	pad     int64       // zero bytes after it
	open    *partReader // the part that was returned last, which may not be read to its end
	failed  error       // what nextItem returned last, if that was an error
}

func newTarReader(archive string, r io.Reader) *tarReader {
	return &tarReader{archive: archive, r: bufio.NewReaderSize(r, 1<<18)}
}

// DamagedHint is the hint for a file that was changed.
const DamagedHint = "fetch the file again; if it stays so, keep it: somebody may have changed it on the way"

// refuse returns an error of exit status 3 about a member.
func (t *tarReader) refuse(member, format string, args ...any) error {
	return exit.New(exit.Mismatch, DamagedHint, "%s: %s: %w", t.archive, member, fmt.Errorf(format, args...))
}

// readError returns a refusal for an archive that ends too early, and the
// error itself for a disk that can't be read.
func (t *tarReader) readError(member string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return t.refuse(member, "the file ends in the middle of it")
	}
	return fmt.Errorf("%s: %s: %w", t.archive, member, err)
}

// member reads the rest of a part, and continues with the next member. At the
// archive's end it calls end, and returns io.EOF if that succeeds.
func (t *tarReader) member(end func() error) (name string, size int64, err error) {
	if t.open != nil {
		if _, err := io.Copy(io.Discard, t.open); err != nil {
			return "", 0, err
		}
		t.open = nil
	}
	name, size, err = t.next()
	if err == io.EOF {
		if missing := end(); missing != nil {
			err = t.refuse("its end", "%w", missing)
		}
	}
	return name, size, err
}

// nextItem reads the next member with read. An error, io.EOF too, is returned by every later call.
func nextItem[T any](t *tarReader, end func() error, read func(name string, size int64) (T, error)) (T, error) {
	var it, none T
	if t.failed != nil {
		return none, t.failed
	}
	name, size, err := t.member(end)
	if err == nil {
		it, err = read(name, size)
	}
	if t.failed = err; err != nil {
		return none, err
	}
	return it, nil
}

// next returns the next member's name and size. It returns io.EOF only after
// two zero blocks with nothing after them.
func (t *tarReader) next() (name string, size int64, err error) {
	if t.left > 0 {
		return "", 0, fmt.Errorf("%s: %s was not read to its end", t.archive, t.name)
	}
	var pad [blockSize]byte
	if _, err := io.ReadFull(t.r, pad[:t.pad]); err != nil {
		return "", 0, t.readError(t.name, err)
	}
	if !bytes.Equal(pad[:t.pad], zeros[:t.pad]) {
		return "", 0, t.refuse(t.name, "the bytes between it and the next member are not zero")
	}
	after := beginning
	if t.name != "" {
		after = "after " + t.name
	}
	block := make([]byte, blockSize, 3*blockSize)
	if _, err := io.ReadFull(t.r, block); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return "", 0, t.refuse(after, "the file was cut off here")
		}
		return "", 0, t.readError(after, err)
	}
	if bytes.Equal(block, zeros[:]) {
		return "", 0, t.end(after)
	}
	if block[156] == paxFlag {
		block = block[:3*blockSize]
		if _, err := io.ReadFull(t.r, block[blockSize:]); err != nil {
			return "", 0, t.readError(after, err)
		}
	}
	name, size, err = parseHeader(block)
	if err != nil {
		return "", 0, t.refuse(shown(name, after), "%w", err)
	}
	t.at += t.size + t.pad + int64(len(block))
	t.name, t.size, t.left, t.pad = name, size, size, -size&(blockSize-1)
	return name, size, nil
}

// shown returns a member's name for an error. In a file that does not begin
// like an archive, the bytes are not a name and are not shown.
func shown(name, after string) string {
	if name == "" || after == beginning && !plainName(name) {
		return after
	}
	if plainName(name) {
		return name
	}
	return fmt.Sprintf("%q", name)
}

func (t *tarReader) end(after string) error {
	var b [blockSize]byte
	if _, err := io.ReadFull(t.r, b[:]); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return t.readError(after, err)
	} else if err != nil || b != zeros {
		return t.refuse(after, "one block of zeros, where two end the file")
	}
	switch _, err := t.r.ReadByte(); err {
	case io.EOF:
		return io.EOF
	case nil:
		return t.refuse(after, "bytes follow the end of the archive")
	default:
		return t.readError(after, err)
	}
}

// Read reads the member's content; io.EOF comes at its end.
func (t *tarReader) Read(p []byte) (int, error) {
	if t.left == 0 {
		return 0, io.EOF
	}
	n, err := t.r.Read(p[:min(int64(len(p)), t.left)])
	t.left -= int64(n)
	if err != nil {
		return n, t.readError(t.name, err)
	}
	return n, nil
}

// peek returns the buffered part of the member's content, at least one byte;
// io.EOF at its end. discard consumes it.
func (t *tarReader) peek() ([]byte, error) {
	if t.left == 0 {
		return nil, io.EOF
	}
	if _, err := t.r.Peek(1); err != nil {
		return nil, t.readError(t.name, err)
	}
	b, _ := t.r.Peek(int(min(int64(t.r.Buffered()), t.left)))
	return b, nil
}

func (t *tarReader) discard(n int) {
	t.r.Discard(n) // it was peeked at, so it is there
	t.left -= int64(n)
}

// bytes reads a small member whole.
func (t *tarReader) bytes(max int) ([]byte, error) {
	if t.left > int64(max) {
		return nil, t.refuse(t.name, "it has %d bytes, and at most %d are allowed", t.left, max)
	}
	b := make([]byte, t.left)
	_, err := io.ReadFull(t, b)
	return b, err
}

// parseHeader parses a member's one or three blocks. It accepts one encoding
// only, and its errors tell the reader what to do.
func parseHeader(b []byte) (name string, size int64, err error) {
	last := b[len(b)-blockSize:]
	name = text(last[345:500])
	if name != "" {
		name += "/"
	}
	name += text(last[:100])
	for rest := b; len(rest) > 0; rest = rest[min(2*blockSize, len(rest)):] {
		if number(rest[148:154]) != sum(rest[:blockSize]) {
			return name, 0, fmt.Errorf("its header's checksum does not fit")
		}
	}
	if len(b) > blockSize {
		size, name, err = parsePax(b[blockSize:2*blockSize], name)
		if err != nil {
			return name, 0, err
		}
	} else {
		size = number(last[124:135])
	}
	switch {
	case last[156] != fileFlag:
		return name, 0, fmt.Errorf("it is %s, and only plain files are allowed", typeName(last[156]))
	case !plainName(name):
		return name, 0, fmt.Errorf("not a name that we give")
	case number(last[100:107]) != 0o444:
		return name, 0, fmt.Errorf("its mode is not 0444")
	case number(last[108:115]) != 0 || number(last[116:123]) != 0 || text(last[265:297]) != "" || text(last[297:329]) != "":
		return name, 0, fmt.Errorf("it names an owner")
	case number(last[136:147]) != 0:
		return name, 0, fmt.Errorf("it has a time")
	case size < 0 || size > maxSize:
		return name, 0, fmt.Errorf("its size can't be")
	case !bytes.Equal(b, headerOf(name, size)):
		return name, 0, fmt.Errorf("its header is not in the one way to write it")
	}
	return name, size, nil
}

func parsePax(records []byte, name string) (int64, string, error) {
	s := strings.TrimRight(string(records), "\x00")
	for s != "" {
		line, rest, ok := strings.Cut(s, "\n")
		_, record, _ := strings.Cut(line, " ")
		key, value, _ := strings.Cut(record, "=")
		switch {
		case ok && key == "path":
			name = value
		case ok && key == "size" && rest == "":
			n, err := canonical.ParseDecimal(value)
			if err != nil || n > maxSize {
				return 0, name, fmt.Errorf("its size can't be")
			}
			return int64(n), name, nil
		default:
			return 0, name, fmt.Errorf("a pax header that is not for a size")
		}
		s = rest
	}
	return 0, name, fmt.Errorf("a pax header that is not for a size")
}

// text returns a field up to its first NUL.
func text(field []byte) string {
	s, _, _ := strings.Cut(string(field), "\x00")
	return s
}

// number parses octal digits; -1 for anything else.
func number(field []byte) (n int64) {
	for _, c := range field {
		if c < '0' || c > '7' {
			return -1
		}
		n = n<<3 | int64(c-'0')
	}
	return n
}

// plainName reports whether a name has only allowed characters, no empty or
// dot segment, and fits a header.
func plainName(name string) bool {
	if len(name) > 160 {
		return false
	}
	for _, piece := range strings.Split(name, "/") {
		if piece == "" || piece == "." || piece == ".." || len(piece) > 100 {
			return false
		}
	}
	return onlyOurs(name)
}

func onlyOurs(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '/' && c != '-' {
			return false
		}
	}
	return true
}

func typeName(flag byte) string {
	switch flag {
	case '1':
		return "a hard link"
	case '2':
		return "a symbolic link"
	case '3', '4':
		return "a device"
	case '5':
		return "a folder"
	case '6':
		return "a pipe"
	}
	return fmt.Sprintf("of the type %q", flag)
}
