package seal

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"filippo.io/age"
)

// Sealed is the result of sealing: the digest for the ledger, and that of the
// content.
type Sealed struct {
	Ciphertext Digest // the whole age file
	Content    Digest // without padding
}

// Seal reads content to its end and writes one part to dst. The content's size
// need not be known: an attachment is padded when its end is reached. Memory
// is constant.
//
// When the error is not nil, what was written to dst is not a part and must be
// discarded. ErrTooLarge where the content does not fit.
func Seal(dst io.Writer, k Kind, r *Recipients, content io.Reader) (Sealed, error) {
	sealed, key, err := SealWithKey(dst, k, r, content)
	key.Wipe()
	return sealed, err
}

// SealWithKey is Seal, and returns the part's file key, for Reseal. The caller
// wipes it.
func SealWithKey(dst io.Writer, k Kind, r *Recipients, content io.Reader) (Sealed, FileKey, error) {
	s, err := newSealer(dst, k, r)
	if err != nil {
		return Sealed{}, FileKey{}, err
	}
	defer s.abandon()
	if err := s.take(content); err != nil {
		return Sealed{}, FileKey{}, err
	}
	sealed, err := s.finish()
	if err != nil {
		return Sealed{}, FileKey{}, err
	}
	return sealed, s.catcher.key, nil
}

// Reseal reads a part that was sealed with this file key and writes the same
// content to dst as a new part under a new file key: for a file that was sealed
// before its reporter ticked that it shows who they are. The file's padding is
// checked on the way. Errors as for Seal and OpenWithFileKey.
func Reseal(dst io.Writer, k Kind, r *Recipients, src io.Reader, key FileKey) (Sealed, error) {
	s, err := newSealer(dst, k, r)
	if err != nil {
		return Sealed{}, err
	}
	defer s.abandon()
	defer key.Wipe()
	if err := decryptInto(s, k, src, key.identity()); err != nil {
		return Sealed{}, err
	}
	return s.finish()
}

// sealer is a part being written: content in, age file out.
type sealer struct {
	kind    Kind
	out     *digester // the age file
	content *digester
	enc     io.WriteCloser
	catcher *keyCatcher
	sealed  []byte // ciphertext that is not hashed yet
	hashing []byte // ciphertext that is being hashed
	others  sync.WaitGroup
	padded  bool
}

func newSealer(dst io.Writer, k Kind, r *Recipients) (*sealer, error) {
	if err := k.known(); err != nil {
		return nil, err
	}
	if r == nil {
		return nil, refuse(ErrRecipient, "the set is empty")
	}
	recipients := r.age()
	if n := r.padding(); k == Attachment && n > 0 {
		labels, err := r.labels()
		if err != nil {
			return nil, fmt.Errorf("sealing a part of kind %s: %w", k, err)
		}
		recipients = append(recipients, &padRecipient{n, labels})
	}
	s := &sealer{kind: k, out: newDigester(dst), content: newDigester(nil)}
	s.out.later = &s.sealed
	s.catcher = &keyCatcher{Recipient: recipients[0]}
	recipients[0] = s.catcher
	enc, err := age.Encrypt(s.out, recipients...)
	if err != nil {
		s.abandon()
		return nil, fmt.Errorf("sealing a part of kind %s: %w", k, err)
	}
	s.enc = enc
	return s, nil
}

func (s *sealer) Write(p []byte) (int, error) {
	if err := s.fits(p); err != nil {
		return 0, err
	}
	defer s.others.Wait() // the caller may use p again
	return s.encrypt(p, s.content)
}

func (s *sealer) fits(p []byte) error {
	if int64(len(p)) > s.kind.Capacity()-s.content.n {
		return refuse(ErrTooLarge, "a part of kind %s holds %d bytes at most", s.kind, s.kind.Capacity())
	}
	return nil
}

// encrypt seals p while other cores hash p and the ciphertext of the piece
// before it: hashing twice costs more than encrypting once. They may still run
// when it returns, and p must not change until they are waited for, at the
// next piece or at the end.
func (s *sealer) encrypt(p []byte, content *digester) (int, error) {
	s.others.Wait()
	s.hashing, s.sealed = s.sealed, s.hashing[:0]
	hashes := []func(){func() { s.out.hash.Write(s.hashing) }}
	if content != nil {
		content.n += int64(len(p))
		hashes = append(hashes, func() { content.hash.Write(p) })
	}
	for _, hash := range hashes {
		if len(p)+len(s.hashing) < chunkSize {
			hash()
		} else {
			s.others.Go(hash)
		}
	}
	return s.enc.Write(p)
}

// finish pads, where that was not done, writes the length and closes the age file.
func (s *sealer) finish() (Sealed, error) {
	if !s.padded {
		if err := s.pad(); err != nil {
			return Sealed{}, err
		}
	}
	if err := s.enc.Close(); err != nil {
		return Sealed{}, err
	}
	s.others.Wait()
	s.out.hash.Write(s.sealed)
	return Sealed{s.out.digest(), s.content.digest()}, nil
}

func (s *sealer) pad() error {
	n := s.content.n
	padded, err := s.kind.PaddedSize(n)
	if err != nil {
		return err
	}
	for left := padded - n - lengthSize; left > 0; {
		z := min(left, int64(len(zeros)))
		if _, err := s.encrypt(zeros[:z], nil); err != nil {
			return err
		}
		left -= z
	}
	var length [lengthSize]byte
	binary.BigEndian.PutUint64(length[:], uint64(n))
	_, err = s.encrypt(length[:], nil)
	return err
}

// padHere seals the last n bytes of the content together with the padding,
// where both fit into buf. age buffers its input in a buffer that grows: a
// small part that came in pieces would leave copies of its words in each
// smaller buffer.
func (s *sealer) padHere(buf []byte, n int) error {
	if err := s.fits(buf[:n]); err != nil {
		return err
	}
	total := s.content.n + int64(n)
	padded, err := s.kind.PaddedSize(total)
	if err != nil {
		return err
	}
	end := int64(n) + padded - total
	if end > int64(len(buf)) {
		_, err := s.encrypt(buf[:n], s.content)
		return err
	}
	s.others.Wait()
	s.content.Write(buf[:n])
	clear(buf[n : end-lengthSize])
	binary.BigEndian.PutUint64(buf[end-lengthSize:end], uint64(total))
	s.padded = true
	_, err = s.encrypt(buf[:end], nil)
	return err
}

// abandon forgets the file key; age keeps a copy of its own until it is collected.
// No goroutine outlives it.
func (s *sealer) abandon() {
	s.others.Wait()
	s.catcher.key.Wipe()
}

// pieceSize is how much is read, hashed and encrypted at a time, bytes.
const pieceSize = 4 * chunkSize

var zeros [pieceSize]byte

var buffers = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// take seals the content to its end.
func (s *sealer) take(content io.Reader) error {
	var p pieces
	defer p.done()
	defer s.others.Wait()
	for {
		buf, n, err := p.next(content)
		if err == io.EOF {
			return s.padHere(buf, n)
		}
		if err != nil {
			return err
		}
		if err := s.fits(buf); err != nil {
			return err
		}
		if _, err := s.encrypt(buf, s.content); err != nil {
			return err
		}
	}
}

// copyWiped copies through a buffer that holds no plaintext afterwards.
func copyWiped(dst io.Writer, src io.Reader) error {
	var p pieces
	defer p.done()
	for {
		buf, n, err := p.next(src)
		if err != nil && err != io.EOF {
			return err
		}
		if _, err := dst.Write(buf[:n]); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
	}
}

// pieces reads into two buffers in turn, so that the piece before stays as it is
// while the next one comes.
type pieces struct {
	bufs [2]*[pieceSize]byte
	used [2]int
	at   int
}

// next returns a buffer, and how much of it was read: all except at the end,
// which is io.EOF.
func (p *pieces) next(src io.Reader) (buf []byte, n int, err error) {
	p.at = 1 - p.at
	if p.bufs[p.at] == nil {
		p.bufs[p.at] = buffers.Get().(*[pieceSize]byte)
	}
	buf = p.bufs[p.at][:]
	n, err = fill(src, buf)
	p.used[p.at] = max(p.used[p.at], n)
	return buf, n, err
}

// done wipes what was read.
func (p *pieces) done() {
	for i, buf := range p.bufs {
		if buf != nil {
			wipe(buf[:p.used[i]])
			buffers.Put(buf)
		}
	}
}

// fill reads until the buffer is full or the source ends, so that a slow
// sender does not cost a hand-over between cores for every few bytes.
func fill(src io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = src.Read(buf[n:])
		n += m
	}
	return n, err
}
