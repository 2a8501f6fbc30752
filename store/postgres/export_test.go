package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// ResolveAfter begins a transaction, commits it or not, loses word of it, and returns what resolve finds out.
func ResolveAfter(d *DB, committed bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	<-d.writing
	defer func() { d.writing <- struct{}{} }()
	if err := d.connectWriter(ctx); err != nil {
		return err
	}
	t := &transaction{d: d, conn: d.writer}
	if err := t.lock(ctx); err != nil {
		return err
	}
	name := newName()
	if committed {
		if err := d.commit(ctx, new(pgx.Batch), t.seen, name); err != nil {
			return err
		}
	}
	d.dropWriter()
	return d.resolve(ctx, name, errors.New("word was lost"))
}

// Fetch reads a value of so many bytes, and returns the error as others are returned.
func Fetch(ctx context.Context, d *DB, n int) error {
	var v []byte
	if err := d.readers.QueryRow(ctx, "SELECT convert_to(repeat('x', $1), 'UTF8')", n).Scan(&v); err != nil {
		return redact(err)
	}
	return nil
}
