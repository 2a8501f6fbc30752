package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// ResolveAfter begins a transaction, commits it or not, loses word of it, calls meanwhile, and returns what resolve finds out.
func ResolveAfter(d *DB, committed bool, meanwhile func()) error {
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
	meanwhile()
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

// UploadPID returns the server's process of the connection that is kept for the next attachment; 0 is none.
func UploadPID(d *DB) uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.spare == nil {
		return 0
	}
	return d.spare.conn.PgConn().PID()
}

// SeeMore makes the database believe that it has seen one transaction more than there was.
func SeeMore(d *DB) { d.latest.Add(1) }
