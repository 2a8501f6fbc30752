package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// Digest names bytes: their SHA-256 and how many there are.
type Digest struct {
	Hash [32]byte
	Size int64 // bytes
}

// DigestOf returns the digest of b.
func DigestOf(b []byte) Digest {
	return Digest{sha256.Sum256(b), int64(len(b))}
}

// String returns the lower-case hex hash and the size, as they stand in an
// entry.
func (d Digest) String() string {
	return fmt.Sprintf("%s %d", hex.EncodeToString(d.Hash[:]), d.Size)
}

// digester passes on what is written to it, and knows its digest.
type digester struct {
	dst   io.Writer // nil: hash only
	hash  hash.Hash
	n     int64
	later *[]byte // where not nil, bytes that the owner of the pointer will hash
}

func newDigester(dst io.Writer) *digester {
	return &digester{dst: dst, hash: sha256.New()}
}

func (d *digester) Write(p []byte) (int, error) {
	if d.dst != nil {
		if n, err := d.dst.Write(p); err != nil {
			return n, err
		}
	}
	if d.later != nil {
		*d.later = append(*d.later, p...)
	} else {
		d.hash.Write(p)
	}
	d.n += int64(len(p))
	return len(p), nil
}

func (d *digester) digest() Digest {
	return Digest{[32]byte(d.hash.Sum(nil)), d.n}
}

// source passes on what it reads and remembers whether the reader itself
// failed: a disk that can't be read is not a part that does not verify.
type source struct {
	src io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.src.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// sink does the same for a writer.
type sink struct {
	dst io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.dst.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		s.err = err
	}
	return n, err
}
