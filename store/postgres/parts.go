package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/kv"
)

// chunk is how many bytes of an attachment are in one row.
const chunk = 1 << 20

// Parts stores attachments in the database, in chunks.
type Parts struct{ d *DB }

// Parts returns the attachments in the database. They share its connections, and are closed with it.
func (d *DB) Parts() *Parts { return &Parts{d} }

func (p *Parts) table(h blob.Hash) string { return p.d.names[partsName][p.d.piece(h[:])] }

// Put copies the spooled file in one transaction, which the standby must acknowledge.
func (p *Parts) Put(ctx context.Context, h blob.Hash, spool blob.Spool) error {
	f, err := os.Open(spool.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	c := p.d.config.Copy()
	warned := new(atomic.Bool)
	c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Severity == "WARNING" {
			warned.Store(true)
		}
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return p.d.connectError(err)
	}
	defer conn.Close(context.Background())
	if err := copyIn(ctx, conn, pgx.Identifier{"zapis", fmt.Sprintf("%s_%02x", partsName, p.d.piece(h[:]))}, h, f); err != nil {
		return err
	}
	if warned.Load() {
		return fmt.Errorf("attachment %s: %w", h, errWarned)
	}
	return spool.Remove()
}

func copyIn(ctx context.Context, conn *pgx.Conn, table pgx.Identifier, h blob.Hash, r io.Reader) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.Background())
	_, err = tx.CopyFrom(ctx, table, []string{"k", "n", "v"}, &chunks{h: h, r: r, buf: make([]byte, chunk), n: -1})
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == "23505":
		return blob.ErrTaken
	case errors.As(err, &pg) && pg.Code == "53100":
		return fmt.Errorf("%w (%s)", blob.ErrFull, pg.Message)
	case err != nil:
		return redact(err)
	}
	return tx.Commit(ctx)
}

// chunks reads a file as rows.
type chunks struct {
	h   blob.Hash
	r   io.Reader
	buf []byte
	got int
	n   int32
	err error
}

func (c *chunks) Next() bool {
	c.got, c.err = io.ReadFull(c.r, c.buf)
	c.n++
	if errors.Is(c.err, io.EOF) || errors.Is(c.err, io.ErrUnexpectedEOF) {
		c.err = nil
	}
	return c.err == nil && c.got > 0
}

func (c *chunks) Values() ([]any, error) { return []any{c.h[:], c.n, c.buf[:c.got]}, nil }

func (c *chunks) Err() error { return c.err }

// Open reads an attachment chunk by chunk, as the caller does.
func (p *Parts) Open(ctx context.Context, h blob.Hash) (io.ReadCloser, int64, error) {
	var size *int64
	r := &partReader{p: p, ctx: ctx, h: h}
	batch := new(pgx.Batch)
	batch.Queue("SELECT sum(length(v))::bigint FROM "+p.table(h)+" WHERE k = $1", h[:]).QueryRow(func(row pgx.Row) error { return row.Scan(&size) })
	batch.Queue(r.statement(), h[:], r.n).QueryRow(r.take)
	if err := p.d.readers.SendBatch(ctx, batch).Close(); err != nil {
		return nil, 0, redact(err)
	}
	if size == nil {
		return nil, 0, &fs.PathError{Op: "open", Path: p.Where(h), Err: fs.ErrNotExist}
	}
	r.left = *size - int64(len(r.buf))
	return r, *size, nil
}

// partReader reads chunk by chunk. The first comes with the size.
type partReader struct {
	p    *Parts
	ctx  context.Context
	h    blob.Hash
	n    int32  // the next chunk
	buf  []byte // of the last chunk
	left int64  // bytes of the chunks from n on
}

func (r *partReader) statement() string {
	return "SELECT " + upTo(chunk) + " FROM " + r.p.table(r.h) + " WHERE k = $1 AND n = $2"
}

// take reads a chunk that was asked for; without one, buf stays empty.
func (r *partReader) take(row pgx.Row) error {
	err := row.Scan(&r.buf)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil && (r.buf == nil || len(r.buf) > chunk) {
		return exit.New(exit.Mismatch, "", "%w: %s: chunk %d has more than %d bytes", kv.ErrTooLarge, r.p.Where(r.h), r.n, chunk)
	}
	if err == nil {
		r.n++
	}
	return err
}

func (r *partReader) Read(b []byte) (int, error) {
	if len(r.buf) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		n := r.n
		if err := r.take(r.p.d.readers.QueryRow(r.ctx, r.statement(), r.h[:], n)); err != nil {
			return 0, redact(err)
		}
		if len(r.buf) == 0 {
			return 0, fmt.Errorf("%s: chunk %d is missing: %w", r.p.Where(r.h), n, io.ErrUnexpectedEOF)
		}
		r.left -= int64(len(r.buf))
	}
	n := copy(b, r.buf)
	r.buf = r.buf[n:]
	return n, nil
}

func (r *partReader) Close() error { return nil }

// Remove deletes an attachment's rows. Forget removes their bytes.
func (p *Parts) Remove(ctx context.Context, h blob.Hash) error {
	tx, err := p.d.readers.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.Background())
	tag, err := tx.Exec(ctx, "DELETE FROM "+p.table(h)+" WHERE k = $1", h[:])
	if err != nil {
		return redact(err)
	}
	if tag.RowsAffected() == 0 {
		return &fs.PathError{Op: "remove", Path: p.Where(h), Err: fs.ErrNotExist}
	}
	if _, err := tx.Exec(ctx, markDirty, p.table(h)); err != nil {
		return redact(err)
	}
	return tx.Commit(ctx)
}

// Each visits the attachments piece by piece.
func (p *Parts) Each(ctx context.Context, visit func(h blob.Hash) error, strange func(name string) error) error {
	for some := range slices.Chunk(p.d.names[partsName], piecesAhead) {
		keys := make([][][]byte, len(some))
		batch := new(pgx.Batch)
		for i, name := range some {
			batch.Queue("SELECT DISTINCT k FROM " + name + " ORDER BY k").Query(func(rows pgx.Rows) (err error) {
				keys[i], err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
				return err
			})
		}
		if err := p.d.readers.SendBatch(ctx, batch).Close(); err != nil {
			return redact(err)
		}
		for i, name := range some {
			if err := eachKey(name, keys[i], visit, strange); err != nil {
				return err
			}
		}
	}
	return nil
}

func eachKey(table string, keys [][]byte, visit func(h blob.Hash) error, strange func(name string) error) (err error) {
	for _, k := range keys {
		switch {
		case len(k) == len(blob.Hash{}):
			err = visit(blob.Hash(k))
		case strange != nil:
			err = strange(fmt.Sprintf("%s: %x", table, k))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Where returns the table and the key.
func (p *Parts) Where(h blob.Hash) string {
	return fmt.Sprintf("zapis.%s_%02x: %s", partsName, p.d.piece(h[:]), h)
}

// InDatabase returns true.
func (p *Parts) InDatabase() bool { return true }

// Close does nothing.
func (p *Parts) Close() error { return nil }
