package seal

import (
	"bytes"
	"encoding/binary"
	"io"
)

// unpadder is an io.Writer of an age plaintext that passes on the content. The length is at the end, so it holds zeros
// back until something follows them; its memory does not grow with the file.
type unpadder struct {
	dst   io.Writer
	kind  Kind
	tail  []byte // the last 8 bytes so far
	zeros int64  // seen since the last byte that was not zero
	wrote int64  // passed on
}

func newUnpadder(dst io.Writer, k Kind) *unpadder {
	return &unpadder{dst: dst, kind: k, tail: make([]byte, 0, 2*lengthSize)}
}

func (u *unpadder) Write(p []byte) (int, error) {
	if len(p) < lengthSize {
		u.tail = append(u.tail, p...)
		over := max(0, len(u.tail)-lengthSize)
		if err := u.body(u.tail[:over]); err != nil {
			return 0, err
		}
		u.tail = append(u.tail[:0], u.tail[over:]...)
		return len(p), nil
	}
	if err := u.body(u.tail); err != nil {
		return 0, err
	}
	body := p[:len(p)-lengthSize]
	if err := u.body(body); err != nil {
		return 0, err
	}
	u.tail = append(u.tail[:0], p[len(body):]...)
	return len(p), nil
}

func (u *unpadder) body(b []byte) error {
	kept := trimZeros(b)
	if len(kept) > 0 {
		if err := u.flush(u.zeros); err != nil {
			return err
		}
		if _, err := u.dst.Write(kept); err != nil {
			return err
		}
		u.wrote += int64(len(kept))
		u.zeros = 0
	}
	u.zeros += int64(len(b) - len(kept))
	return nil
}

// trimZeros takes off the zeros at the end: by comparing a stretch at a time, since most of a small part is padding.
func trimZeros(b []byte) []byte {
	for _, stretch := range []int{4096, 64} {
		for len(b) >= stretch && bytes.Equal(b[len(b)-stretch:], zeros[:stretch]) {
			b = b[:len(b)-stretch]
		}
	}
	return bytes.TrimRight(b, "\x00")
}

func (u *unpadder) flush(n int64) error {
	u.wrote += n
	for n > 0 {
		z := min(n, int64(len(zeros)))
		if _, err := u.dst.Write(zeros[:z]); err != nil {
			return err
		}
		n -= z
	}
	return nil
}

// finish checks the framing and passes on the content's own last zeros.
func (u *unpadder) finish() error {
	size := u.wrote + u.zeros + int64(len(u.tail))
	if !u.kind.sizeAllowed(size) {
		return mismatch("a plaintext of %d bytes is no size of kind %s", size, u.kind)
	}
	length := binary.BigEndian.Uint64(u.tail)
	if length > uint64(size-lengthSize) {
		return mismatch("the length at the end says %d bytes, and only %d fit", length, size-lengthSize)
	}
	n := int64(length)
	if n < u.wrote {
		return mismatch("the padding after %d bytes is not all zeros", n)
	}
	if want, err := u.kind.PaddedSize(n); err != nil || want != size {
		return mismatch("%d bytes of content stand in a plaintext of %d bytes, which is not the smallest size", n, size)
	}
	return u.flush(n - u.wrote)
}
