package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zapis/internal/exit"
	"zapis/store/kv"
)

// Commit sends all writes, the compare-and-swap and COMMIT in one round trip, and waits until the standby has
// acknowledged. A COMMIT with a warning was not acknowledged: its wait was cancelled. A COMMIT without an answer may
// have happened. Commit resolves both before it returns: this host's row in zapis.writers names its last transaction,
// and a further commit that is acknowledged makes all before it durable too. Only where that is not possible within
// the patience is the error kv.ErrUncertain.
func (t *transaction) Commit() error {
	if t.ended {
		return errors.New("the transaction has ended")
	}
	if t.reader != nil {
		return t.Rollback()
	}
	t.ended = true
	defer t.cancel()
	d := t.d
	defer func() { d.writing <- struct{}{} }()
	name := newName()
	ctx, cancel := context.WithTimeout(context.Background(), d.options.Patience)
	defer cancel()
	batch := new(pgx.Batch)
	for _, table := range t.tables {
		table.queue(batch)
	}
	err := d.commit(ctx, batch, t.seen, name)
	switch {
	case err == nil:
		return nil
	case refusedWrite(err):
		d.dropWriter()
		return writeError(err)
	}
	d.dropWriter()
	return d.resolve(ctx, name, err)
}

// errWarned means that COMMIT was answered with a warning.
var errWarned = errors.New("the standby has not acknowledged the commit")

// swap raises zapis.head by compare-and-swap; a missing row divides by zero, which fails the transaction.
const swap = `WITH raised AS (UPDATE zapis.head SET version = version + 1 WHERE version = $1 RETURNING 1) SELECT 1/count(*) FROM raised`

// commit ends the writer's transaction.
func (d *DB) commit(ctx context.Context, batch *pgx.Batch, seen int64, name []byte) error {
	d.warned.Store(false)
	batch.Queue(swap, seen)
	batch.Queue("INSERT INTO zapis.writers VALUES ($1, $2) ON CONFLICT (host) DO UPDATE SET txn = excluded.txn", d.options.Host, name)
	committed := false
	batch.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
		committed = tag.String() == "COMMIT"
		return nil
	})
	if err := d.writer.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	switch {
	case !committed:
		return errors.New("the transaction was rolled back")
	case d.warned.Load():
		return errWarned
	}
	d.latest.Store(max(d.latest.Load(), seen+1))
	return nil
}

// refusedWrite reports whether the server has refused the transaction: it is rolled back. An error of a stopping
// server or of the connection leaves the outcome unknown.
func refusedWrite(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Severity == "ERROR" && pg.Code[:2] != "57" && pg.Code[:2] != "08"
}

// writeError maps the error of a refused write.
func writeError(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "53100" {
		return fmt.Errorf("%w (%s)", kv.ErrFull, pg.Message)
	}
	return exit.New(exit.Failed, "look at the server's own log", "%w: nothing was written: %w", kv.ErrUnavailable, redact(err))
}

// resolve determines whether the transaction of this name was committed. cause is the error of its Commit.
func (d *DB) resolve(ctx context.Context, name []byte, cause error) error {
	for ctx.Err() == nil {
		committed, err := d.lastIs(ctx, name)
		if err == nil && committed {
			return nil
		}
		if err == nil {
			return exit.New(exit.Failed, "try again", "%w: the transaction was not committed: %w", kv.ErrUnavailable, redact(cause))
		}
		d.dropWriter() // it may hold the lock of all hosts
		if errors.Is(err, ErrBehind) {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return fmt.Errorf("%w: %w", kv.ErrUncertain, redact(cause))
}

// lastIs reports whether this host's last transaction has this name. The lock is granted only after the transaction in
// question has ended, and the answer counts only after a commit of its own was acknowledged: what a primary shows need
// not be on its standby.
func (d *DB) lastIs(ctx context.Context, name []byte) (bool, error) {
	if err := d.connectWriter(ctx); err != nil {
		return false, err
	}
	t := &transaction{d: d, conn: d.writer}
	if err := t.lock(ctx); err != nil {
		return false, err
	}
	var last []byte
	err := d.writer.QueryRow(ctx, "SELECT txn FROM zapis.writers WHERE host = $1", d.options.Host).Scan(&last)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, err
	}
	if last == nil {
		last = newName()
	}
	if err := d.commit(ctx, new(pgx.Batch), t.seen, last); err != nil {
		return false, err
	}
	return bytes.Equal(last, name), nil
}
