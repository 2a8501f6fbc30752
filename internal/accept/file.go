package accept

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/carry"
)

// maxAlone bounds a file of one statement, in bytes.
const maxAlone = card.MaxSigned + 1 + ledger.MaxSmall

// File takes an outbox, or the file of one statement with what it is about, and calls told with what became of
// each. An outbox whose form or hashes do not fit is refused as a whole, before anything of it is taken.
func (d *Desk) File(ctx context.Context, r io.Reader, told func(Outcome)) error {
	in := bufio.NewReaderSize(r, 1<<16)
	begin, err := in.Peek(len("zapis/signed/v1\n"))
	if err != nil && err != io.EOF {
		return err
	}
	d.with = newBrought()
	defer d.with.discard()
	var all []card.Signed
	if bytes.Equal(begin, []byte("zapis/signed/v1\n")) {
		all, err = d.alone(in)
	} else {
		all, err = d.outbox(in)
	}
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		o, err := d.Take(ctx, s, d.with.bodies[s.Subject])
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
	said, err := ledger.ParseSaid(file)
	if err != nil {
		return nil, refuse("%w", err)
	}
	d.with.bodies[said.Statement.Subject] = said.Content
	return []card.Signed{said.Statement}, nil
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
			d.with.bodies[it.Hash] = it.Text
		case carry.OutPart:
			if err := d.with.part(d.st, it.Part, it.Content); err != nil {
				return nil, err
			}
		}
	}
}
