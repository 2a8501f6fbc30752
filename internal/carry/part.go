package carry

import (
	"crypto/sha256"
	"hash"
	"io"

	"zapis/crypto/ledger"
)

// part streams the member, whose bytes must have this hash; member reads what
// is left of it.
func (t *tarReader) part(want ledger.Hash) *partReader {
	t.open = &partReader{t: t, want: want, h: sha256.New()}
	return t.open
}

// partReader streams a part and compares its hash at the end.
type partReader struct {
	t    *tarReader
	want ledger.Hash
	h    hash.Hash
	keep func([]byte) error // is called with the whole content, if not nil
	buf  []byte
	err  error
}

func (p *partReader) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.t.Read(b)
	p.saw(b[:n])
	p.err = p.judge(err)
	return n, p.err
}

// WriteTo implements io.WriterTo: it hashes and writes without copying. The
// content must not be used unless the error is nil.
func (p *partReader) WriteTo(w io.Writer) (total int64, err error) {
	for p.err == nil {
		b, err := p.t.peek()
		if len(b) > 0 {
			p.saw(b)
			n, err := w.Write(b)
			total += int64(n)
			if err != nil {
				p.err = err // half of it is consumed: the rest can't be read again
				return total, err
			}
			p.t.discard(len(b))
		}
		p.err = p.judge(err)
	}
	if p.err == io.EOF {
		return total, nil
	}
	return total, p.err
}

func (p *partReader) saw(b []byte) {
	p.h.Write(b)
	if p.keep != nil {
		p.buf = append(p.buf, b...)
	}
}

// judge compares the hash when err is the end of the content.
func (p *partReader) judge(err error) error {
	if err != io.EOF {
		return err
	}
	if got := ledger.Hash(p.h.Sum(nil)); got != p.want {
		return p.t.refuse(p.t.name, "its bytes have the hash %s", got)
	}
	if p.keep != nil {
		if bad := p.keep(p.buf); bad != nil {
			return p.t.refuse(p.t.name, "%w", bad)
		}
	}
	return io.EOF
}
