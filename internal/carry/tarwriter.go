package carry

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

// tarWriter writes canonical members one after the other.
type tarWriter struct {
	archive string
	w       io.Writer
	buf     []byte // of what is copied
}

const copyBytes = 128 << 10

// misuse returns an error about a mistake of the writing program.
func (t *tarWriter) misuse(err error) error {
	if err == nil {
		return nil
	}
	return exit.New(exit.Failed, "", "%s: %w", t.archive, err)
}

func (t *tarWriter) bytes(name string, b []byte) error {
	return t.stream(name, int64(len(b)), bytes.NewReader(b))
}

// stream writes a member from r, which must yield exactly size bytes.
func (t *tarWriter) stream(name string, size int64, r io.Reader) error {
	if _, err := t.w.Write(headerOf(name, size)); err != nil {
		return err
	}
	if t.buf == nil {
		t.buf = make([]byte, copyBytes)
	}
	n, err := io.CopyBuffer(t.w, io.LimitReader(r, size), t.buf)
	if err != nil {
		return err
	}
	if n < size {
		return fmt.Errorf("%s: it ended after %d of %d bytes", name, n, size)
	}
	if extra, _ := io.CopyN(io.Discard, r, 1); extra > 0 {
		return fmt.Errorf("%s: it has more than %d bytes", name, size)
	}
	_, err = t.w.Write(zeros[:-size&(blockSize-1)])
	return err
}

// part writes a member that must have the hash and size of p.
func (t *tarWriter) part(name string, p ledger.Part, r io.Reader) error {
	h := sha256.New()
	if err := t.stream(name, p.Size, io.TeeReader(r, h)); err != nil {
		return err
	}
	if ledger.Hash(h.Sum(nil)) != p.Hash {
		return fmt.Errorf("%s: its bytes have another hash", name)
	}
	return nil
}

// close ends the archive, unless end names what is missing.
func (t *tarWriter) close(end func() error) error {
	if err := end(); err != nil {
		return t.misuse(err)
	}
	_, err := t.w.Write(make([]byte, 2*blockSize))
	return err
}
