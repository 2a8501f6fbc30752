package postgres

import (
	"encoding/binary"
	"io"

	"zapis/store/blob"
)

// copyRows is an attachment as COPY reads it, in PostgreSQL's binary format of COPY ("File Formats" of its manual's page on COPY): a
// header, a row (k, n, v) for each rowBytes, a trailer. Rows are read from the file into the buffer that is sent, and copied nowhere else. A file
// that is shorter than it was said to be is io.ErrUnexpectedEOF. It belongs to one goroutine.
type copyRows struct {
	h    blob.Hash
	r    io.Reader
	left int64 // bytes of the file that no row has yet
	n    uint32
	head []byte // what comes before the bytes of the file
	row  int64  // bytes of the row that are not sent yet
	end  bool   // the trailer is in head, or was sent
}

// copyHeader is the signature, flags, and the length of an extension that is not there.
const copyHeader = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

func newCopyRows(h blob.Hash, r io.Reader, size int64) *copyRows {
	return &copyRows{h: h, r: r, left: size, head: []byte(copyHeader)}
}

// Read fills b.
func (c *copyRows) Read(b []byte) (n int, err error) {
	for n < len(b) {
		switch {
		case len(c.head) > 0:
			k := copy(b[n:], c.head)
			c.head, n = c.head[k:], n+k
		case c.row > 0:
			k, err := c.r.Read(b[n:min(int64(len(b)), int64(n)+c.row)])
			c.row, n = c.row-int64(k), n+k
			if err != nil && (err != io.EOF || c.row > 0) {
				return n, unexpected(err)
			}
		case c.end:
			return n, io.EOF
		default:
			c.next()
		}
	}
	return n, nil
}

// next puts the head of the next row, or the trailer, into head.
func (c *copyRows) next() {
	c.row = min(c.left, rowBytes)
	if c.row == 0 {
		c.head, c.end = binary.BigEndian.AppendUint16(c.head[:0], 1<<16-1), true
		return
	}
	c.left -= c.row
	c.head = binary.BigEndian.AppendUint16(c.head[:0], 3) // columns, each after its length
	c.head = append(binary.BigEndian.AppendUint32(c.head, uint32(len(c.h))), c.h[:]...)
	c.head = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(c.head, 4), c.n)
	c.head = binary.BigEndian.AppendUint32(c.head, uint32(c.row))
	c.n++
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
