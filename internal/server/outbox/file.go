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

// brought is where in an outbox its bodies and parts lie. They are read from there when their statement's turn
// comes, one after the other: all at once they may be more than the machine's memory, and a trustee may be hostile.
type brought struct {
	file   io.ReaderAt
	places map[ledger.Hash]place
}

// place is a member's bytes in an outbox.
type place struct{ at, size int64 }

// open returns a body or a part; nil where it did not come along.
func (b brought) open(h ledger.Hash) *io.SectionReader {
	at, have := b.places[h]
	if !have {
		return nil
	}
	return io.NewSectionReader(b.file, at.at, at.size)
}

// read is open for what is small: all but attachments.
func (b brought) read(h ledger.Hash) ([]byte, error) {
	r := b.open(h)
	if r == nil {
		return nil, nil
	}
	return io.ReadAll(r)
}

// File takes an outbox, or the file of one statement with what it is about, and calls told with what became of
// each. An outbox whose form or hashes do not fit is refused as a whole, before anything of it is taken: it is read
// to its end first, and then once more for what each statement is about.
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
