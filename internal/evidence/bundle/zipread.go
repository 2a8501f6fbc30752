package bundle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// maxDirectory bounds the memory for a foreign central directory, in bytes. A
// case of ninety-nine submissions needs half a megabyte.
const maxDirectory = 8 << 20

// A formatError is the reason why a file is not a bundle's zip.
type formatError struct{ text string }

func (e *formatError) Error() string { return e.text }

func misformed(format string, args ...any) error {
	return &formatError{text: fmt.Sprintf(format, args...)}
}

// readZip returns the members of the zip in r, in their order. It accepts the
// one encoding of zipWriter: any difference in the central directory, the
// local headers, or between them, is refused by name. A *formatError is about
// the content; any other error is the reader's own.
func readZip(r io.ReaderAt, size int64) ([]member, error) {
	directory, offset, count, err := readDirectory(r, size)
	if err != nil {
		return nil, err
	}
	members := make([]member, 0, min(count, 4096))
	var next int64
	for len(directory) > 0 {
		m, rest, err := parseCentral(directory)
		if err != nil {
			return nil, err
		}
		if m.Offset != next {
			return nil, misformed("zip: %s does not start where the file before it ends", printable(m.Name))
		}
		if n := len(members); n > 0 && members[n-1].Name == m.Name {
			return nil, misformed("zip: %s is there twice", printable(m.Name))
		} else if n > 0 && members[n-1].Name > m.Name {
			return nil, misformed("zip: %s is out of order", printable(m.Name))
		}
		if len(members) > 0 && m.Date != members[0].Date {
			return nil, misformed("zip: %s has another date than the files before it", printable(m.Name))
		}
		if m.Size > offset || m.end() > offset {
			return nil, misformed("zip: %s reaches into the central directory", printable(m.Name))
		}
		want := localHeader(m)
		got := make([]byte, len(want))
		if err := readFull(r, got, m.Offset); err != nil {
			return nil, err
		}
		if !bytes.Equal(got, want) {
			return nil, misformed("zip: local and central header of %s disagree", printable(m.Name))
		}
		next, directory = m.end(), rest
		members = append(members, m)
	}
	if int64(len(members)) != count {
		return nil, misformed("zip: the directory counts %d files and lists %d", count, len(members))
	}
	if next != offset {
		return nil, misformed("zip: there are bytes between the last file and the central directory")
	}
	return members, nil
}

// readDirectory finds the central directory from the end of the file.
func readDirectory(r io.ReaderAt, size int64) (directory []byte, offset, count int64, err error) {
	if size < endSize {
		return nil, 0, 0, misformed("zip: too short to be one")
	}
	le := binary.LittleEndian
	end := make([]byte, endSize)
	if err := readFull(r, end, size-endSize); err != nil {
		return nil, 0, 0, err
	}
	if le.Uint32(end) != endMagic || le.Uint16(end[20:]) != 0 {
		return nil, 0, 0, misformed("zip: does not end with the end of a central directory (cut off, or followed by other bytes)")
	}
	count, length := int64(le.Uint16(end[10:])), int64(le.Uint32(end[12:]))
	offset = int64(le.Uint32(end[16:]))
	tail := int64(endSize)
	if count == max16 || length == max32 || offset == max32 {
		tail += end64Size + locator64Size
		if size < tail {
			return nil, 0, 0, misformed("zip: ZIP64 record is missing")
		}
		end = make([]byte, tail)
		if err := readFull(r, end, size-tail); err != nil {
			return nil, 0, 0, err
		}
		wideCount, wideLength, wideOffset := le.Uint64(end[32:]), le.Uint64(end[40:]), le.Uint64(end[48:])
		if wideCount > uint64(size) || wideLength > uint64(size) || wideOffset > uint64(size) {
			return nil, 0, 0, misformed("zip: ZIP64 record holds numbers larger than the file")
		}
		count, length, offset = int64(wideCount), int64(wideLength), int64(wideOffset)
	}
	if !bytes.Equal(end, directoryEnd(count, offset, length)) {
		return nil, 0, 0, misformed("zip: the end of the central directory is not written the one way it may be")
	}
	if offset+length+tail != size {
		return nil, 0, 0, misformed("zip: there are bytes before the first file or around the central directory")
	}
	if length > maxDirectory {
		return nil, 0, 0, misformed("zip: central directory of %d bytes, more than the %d a bundle can need", length, maxDirectory)
	}
	directory = make([]byte, length)
	return directory, offset, count, readFull(r, directory, offset)
}

// parseCentral parses one header of the central directory and returns the
// rest.
func parseCentral(b []byte) (member, []byte, error) {
	le := binary.LittleEndian
	var m member
	if len(b) < centralSize || le.Uint32(b) != centralMagic {
		return m, nil, misformed("zip: central directory is cut off or damaged")
	}
	nameLen, extraLen := int(le.Uint16(b[28:])), int(le.Uint16(b[30:]))
	whole := centralSize + nameLen + extraLen
	if len(b) < whole {
		return m, nil, misformed("zip: central directory is cut off or damaged")
	}
	name := string(b[centralSize : centralSize+nameLen])
	extra := b[centralSize+nameLen : whole]
	m.CRC = le.Uint32(b[16:])
	if m.Date = le.Uint16(b[14:]); m.Date != firstDate {
		m.Date = 0
	}
	m.Size, m.Offset = int64(le.Uint32(b[24:])), int64(le.Uint32(b[42:]))
	for _, n := range []*int64{&m.Size, &m.Offset} {
		if *n != max32 {
			continue
		}
		skip := 4
		if n == &m.Offset && m.Size >= max32 {
			skip = 20
		}
		if len(extra) < skip+8 || le.Uint64(extra[skip:]) > 1<<62 {
			return m, nil, misformed("zip: %s: ZIP64 numbers are missing or absurd", printable(name))
		}
		*n = int64(le.Uint64(extra[skip:]))
	}
	switch {
	case le.Uint16(b[10:]) != 0:
		return m, nil, misformed("zip: %s is compressed (method %d); a bundle's files are stored", printable(name), le.Uint16(b[10:]))
	case le.Uint32(b[38:])>>16&0o170000 == 0o120000:
		return m, nil, misformed("zip: %s is a link", printable(name))
	case !strings.HasPrefix(name, Top):
		return m, nil, misformed("zip: %s is not in the folder %s", printable(name), Top)
	}
	m.Name = strings.TrimPrefix(name, Top)
	if !bytes.Equal(b[:whole], centralHeader(m)) {
		return m, nil, misformed("zip: the directory's line for %s is not written the one way it may be", printable(m.Name))
	}
	return m, b[whole:], nil
}

func readFull(r io.ReaderAt, b []byte, offset int64) error {
	n, err := r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		return misformed("zip: ends before byte %d", offset+int64(len(b)))
	}
	return err
}
