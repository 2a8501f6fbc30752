package outbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"math"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/carry"
)

// maxAlone bounds a file of one statement, in bytes.
const maxAlone = card.MaxSigned + 1 + ledger.MaxSmall

// brought holds the offsets of bodies and parts in an outbox. They are read one at a time, since all together may
// exceed the memory and a trustee may be hostile.
type brought struct {
	file   io.ReaderAt
	places map[ledger.Hash]place
}

// place is the offset and size of a member in an outbox, in bytes.
type place struct{ at, size int64 }

// open returns a body or a part; nil where the outbox does not have it.
func (b brought) open(h ledger.Hash) *io.SectionReader {
	at, have := b.places[h]
	if !have {
		return nil
	}
	return io.NewSectionReader(b.file, at.at, at.size)
}

// read is open for small content: all but attachments.
func (b brought) read(h ledger.Hash) ([]byte, error) {
	r := b.open(h)
	if r == nil {
		return nil, nil
	}
	return io.ReadAll(r)
}

// File applies an outbox, or the file of one statement with its content, and calls told with each outcome. It refuses
// an outbox with a wrong form or hash as a whole: it reads it to its end first, and then a second time for the
// contents.
func (d *Desk) File(ctx context.Context, f io.ReaderAt, told func(Outcome)) error {
	in := bufio.NewReaderSize(io.NewSectionReader(f, 0, math.MaxInt64), 1<<16)
	begin, err := in.Peek(len("zapis/signed/v1\n"))
	if err != nil && err != io.EOF {
		return err
	}
	var all []card.Signed
	if bytes.Equal(begin, []byte("zapis/signed/v1\n")) {
		all, err = d.alone(in)
	} else {
		d.with = brought{f, make(map[ledger.Hash]place)}
		all, err = d.outbox(in)
	}
	defer func() { d.with = brought{} }()
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		content, err := d.with.read(s.Subject)
		if err != nil {
			return err
		}
		o, err := d.Take(ctx, s, content)
		if err != nil {
			return err
		}
		told(o)
	}
	return nil
}

func (d *Desk) alone(r io.Reader) ([]card.Signed, error) {
	file, err := io.ReadAll(io.LimitReader(r, maxAlone+1))
	if err != nil {
		return nil, err
	}
	if len(file) > maxAlone {
		return nil, refuse("a file of one statement has at most %d bytes", maxAlone)
	}
	signed, err := ledger.ParseSignedBody(file)
	if err != nil {
		return nil, refuse("%w", err)
	}
	d.with = brought{bytes.NewReader(signed.Content), map[ledger.Hash]place{signed.Statement.Subject: {0, int64(len(signed.Content))}}}
	return []card.Signed{signed.Statement}, nil
}

func (d *Desk) outbox(r io.Reader) ([]card.Signed, error) {
	in, err := carry.NewOutboxReader(r)
	if err != nil {
		return nil, err
	}
	var all []card.Signed
	for {
		it, err := in.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		switch it.Kind {
		case carry.OutStatement:
			all = append(all, it.Signed)
		case carry.OutBody:
			d.with.places[it.Hash] = place{it.At, int64(len(it.Text))}
		case carry.OutPart:
			d.with.places[it.Part.Hash] = place{it.At, it.Part.Size}
		}
	}
}
