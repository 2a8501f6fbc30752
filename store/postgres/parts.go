package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/kv"
)

// rowBytes is how many bytes of an attachment are in one row: a row of so many fills a page, and none of it lies beside its table, where
// PostgreSQL would cut it into pieces of 2 KB with an index entry for each. Earlier programs wrote mostOfRow into one, and read both.
const rowBytes = 8064

// mostOfRow is the most bytes of an attachment in one row.
const mostOfRow = 1 << 20

// rowsAtOnce is how many rows a reader fetches in one round trip.
const rowsAtOnce = 128

// onPage is the storage parameter of the tables of attachments: PostgreSQL leaves a row on its page up to its size.
const onPage = "toast_tuple_target=8160"

// Parts stores attachments in the database, in chunks.
type Parts struct{ d *DB }

// Parts returns the attachments in the database. They share its connections, and are closed with it.
func (d *DB) Parts() *Parts { return &Parts{d} }

func (p *Parts) table(h blob.Hash) string { return p.d.names[partsName][p.d.piece(h[:])] }

// Open reads an attachment row by row, as the caller does. All rows but the last have the size of the first, so that its size
// is known from these two.
func (p *Parts) Open(ctx context.Context, h blob.Hash) (io.ReadCloser, int64, error) {
	r := &partReader{p: p, ctx: ctx, h: h}
	var last, first, each int64
	found := true
	batch := new(pgx.Batch)
	batch.Queue("SELECT n, length(v), coalesce((SELECT length(v) FROM "+p.table(h)+" WHERE k = $1 AND n = 0), 0) FROM "+p.table(h)+" WHERE k = $1 ORDER BY n DESC LIMIT 1", h[:]).
		QueryRow(func(row pgx.Row) error {
			err := row.Scan(&last, &first, &each)
			if errors.Is(err, pgx.ErrNoRows) {
				found, err = false, nil
			}
			return err
		})
	batch.Queue(r.manyRows(), h[:], r.n, rowsAtOnce).Query(r.takeMany)
	if err := p.d.readers.SendBatch(ctx, batch).Close(); err != nil {
		return nil, 0, redact(err)
	}
	if !found {
		return nil, 0, &fs.PathError{Op: "open", Path: p.Where(h), Err: fs.ErrNotExist}
	}
	size := last*each + first
	r.left = size - int64(len(r.buf))
	return r, size, nil
}

// partReader reads some rows at a time. The first come with the size.
type partReader struct {
	p    *Parts
	ctx  context.Context
	h    blob.Hash
	n    int32  // the next row
	buf  []byte // of the rows before it
	room []byte // what buf is part of
	one  bool   // rows are larger than rowBytes: one is read at a time
	left int64  // bytes of the rows from n on
}

func (r *partReader) manyRows() string {
	return "SELECT n, " + upTo(rowBytes) + " FROM " + r.p.table(r.h) + " WHERE k = $1 AND n >= $2 ORDER BY n LIMIT $3"
}

func (r *partReader) oneRow() string {
	return "SELECT " + upTo(mostOfRow) + " FROM " + r.p.table(r.h) + " WHERE k = $1 AND n = $2"
}

// takeMany reads the rows that were asked for, up to one that is missing or larger than rowBytes; where that is the first, buf stays empty.
func (r *partReader) takeMany(rows pgx.Rows) error {
	r.buf = r.room[:0]
	for rows.Next() {
		var n int32
		var v []byte
		if err := rows.Scan(&n, (*pgtype.DriverBytes)(&v)); err != nil {
			return err
		}
		if n != r.n {
			break
		}
		if v == nil {
			r.one = len(r.buf) == 0
			break
		}
		if len(v) > rowBytes {
			return r.tooLarge(rowBytes)
		}
		r.buf, r.n = append(r.buf, v...), n+1
	}
	r.room = r.buf
	rows.Close()
	return rows.Err()
}

// takeOne reads a row that was asked for; without one, buf stays empty.
func (r *partReader) takeOne(row pgx.Row) error {
	err := row.Scan(&r.buf)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil && (r.buf == nil || len(r.buf) > mostOfRow) {
		return r.tooLarge(mostOfRow)
	}
	if err == nil {
		r.n++
	}
	return err
}

func (r *partReader) tooLarge(most int) error {
	return exit.New(exit.Mismatch, "", "%w: %s: chunk %d has more than %d bytes", kv.ErrTooLarge, r.p.Where(r.h), r.n, most)
}

// fetch brings the next rows into buf.
func (r *partReader) fetch() error {
	if !r.one {
		rows, err := r.p.d.readers.Query(r.ctx, r.manyRows(), r.h[:], r.n, rowsAtOnce)
		if err == nil {
			err = r.takeMany(rows)
		}
		if err != nil {
			return err
		}
	}
	if !r.one {
		return nil
	}
	return r.takeOne(r.p.d.readers.QueryRow(r.ctx, r.oneRow(), r.h[:], r.n))
}

func (r *partReader) Read(b []byte) (int, error) {
	if len(r.buf) == 0 {
		if r.left <= 0 {
			return 0, io.EOF
		}
		if err := r.fetch(); err != nil {
			return 0, redact(err)
		}
		if len(r.buf) == 0 {
			return 0, fmt.Errorf("%s: chunk %d is missing: %w", r.p.Where(r.h), r.n, io.ErrUnexpectedEOF)
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

// Each visits the attachments piece by piece, and holds the keys of a page of each at a time. What is kept meanwhile is visited or not.
func (p *Parts) Each(ctx context.Context, visit func(h blob.Hash) error, strange func(name string) error) error {
	for some := range slices.Chunk(p.d.names[partsName], piecesAhead) {
		firsts := make([][][]byte, len(some))
		batch := new(pgx.Batch)
		for i, name := range some {
			batch.Queue(nextKeys(name, ""), rowsOfPieces).Query(func(rows pgx.Rows) (err error) {
				firsts[i], err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
				return err
			})
		}
		if err := p.d.readers.SendBatch(ctx, batch).Close(); err != nil {
			return redact(err)
		}
		for i, name := range some {
			if err := p.eachOf(ctx, name, firsts[i], visit, strange); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachOf visits the attachments of a piece, whose first keys are known.
func (p *Parts) eachOf(ctx context.Context, name string, keys [][]byte, visit func(h blob.Hash) error, strange func(name string) error) error {
	for most := rowsOfPieces; ; most = mostRows {
		if err := eachKey(name, keys, visit, strange); err != nil || len(keys) < most {
			return err
		}
		rows, err := p.d.readers.Query(ctx, nextKeys(name, " WHERE k > $2"), mostRows, keys[len(keys)-1])
		if err == nil {
			keys, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
		}
		if err != nil {
			return redact(err)
		}
	}
}

// nextKeys is the statement that gives keys of attachments in order, one look into the index for each: an attachment has as many rows
// as pages, and all of these would be read by DISTINCT. $1 is how many, and from the end of the first look.
func nextKeys(table, from string) string {
	return "WITH RECURSIVE keys AS ((SELECT k FROM " + table + from + " ORDER BY k LIMIT 1) UNION ALL " +
		"SELECT (SELECT p.k FROM " + table + " p WHERE p.k > keys.k ORDER BY p.k LIMIT 1) FROM keys WHERE keys.k IS NOT NULL) " +
		"SELECT k FROM keys WHERE k IS NOT NULL LIMIT $1"
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
