package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zapis/internal/exit"
	"zapis/store/kv"
)

// forgetWait is how long Forget waits for the readers of a table. While it waits, a submission that needs the table waits
// too. An export or a check reads for hours; other readers take milliseconds.
const forgetWait = 200 * time.Millisecond

// Forget rewrites the pieces from which values were deleted (VACUUM FULL), and makes the server begin a new file of its
// write-ahead log, if the role may ask for that. The bytes are then out of the tables of the primary; they leave its log
// and the standby after the next checkpoint on each: docs/forgetting.md.
//
// A piece that is being read can't be rewritten. Forget tries each piece once, and waits for forgetWait; the error is
// then kv.ErrUnavailable, and a later call rewrites what is left. Transactions may go on meanwhile.
func (d *DB) Forget(ctx context.Context) error {
	err := d.forget(ctx)
	var pg *pgconn.PgError
	switch {
	case err == nil, errors.Is(err, kv.ErrUnavailable):
		return err
	case errors.As(err, &pg) && pg.Code == lockNotAvailable:
		return exit.New(exit.Failed, "try again when the export or check that is under way has ended", "%w: %s: what was erased is in a table that is being read", kv.ErrUnavailable, d.where)
	case errors.As(err, &pg) && pg.Code == "53100":
		return fmt.Errorf("%w (%s)", kv.ErrFull, pg.Message)
	}
	return exit.New(exit.Failed, "look at the server's own log", "%w: %s: what was erased is not yet out of the tables: %w", kv.ErrUnavailable, d.where, redact(err))
}

func (d *DB) forget(ctx context.Context) error {
	conn, err := d.readers.Acquire(ctx)
	if err != nil {
		return d.connectError(err)
	}
	defer conn.Release()
	rows, err := conn.Query(ctx, "SELECT piece, n FROM zapis.dirty ORDER BY piece")
	if err != nil {
		return err
	}
	pieces, err := pgx.CollectRows(rows, pgx.RowToStructByPos[dirtyPiece])
	if err != nil {
		return err
	}
	var busy error
	for _, p := range pieces {
		err := rewrite(ctx, conn.Conn(), p.Piece)
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == lockNotAvailable {
			busy = err
			continue
		}
		if err != nil {
			return err
		}
		// Another host may have deleted more meanwhile.
		if _, err := conn.Exec(ctx, "DELETE FROM zapis.dirty WHERE piece = $1 AND n = $2", p.Piece, p.N); err != nil {
			return err
		}
	}
	for _, command := range []string{"SELECT pg_switch_wal()", "CHECKPOINT"} {
		var pg *pgconn.PgError
		if _, err := conn.Exec(ctx, command); err != nil && !(errors.As(err, &pg) && pg.Code == "42501") {
			return err
		}
	}
	return busy
}

// dirtyPiece is a table from which values were deleted, and how often.
type dirtyPiece struct {
	Piece string
	N     int64
}

// markDirty records that values of a table were deleted.
const markDirty = "INSERT INTO zapis.dirty VALUES ($1, 1) ON CONFLICT (piece) DO UPDATE SET n = zapis.dirty.n + 1"

const lockNotAvailable = "55P03"

// rewrite copies a table without deleted rows.
func rewrite(ctx context.Context, conn *pgx.Conn, name string) error {
	if _, err := conn.Exec(ctx, fmt.Sprintf("SET lock_timeout = %d", forgetWait.Milliseconds())); err != nil {
		return err
	}
	defer conn.Exec(context.Background(), "RESET lock_timeout")
	_, err := conn.Exec(ctx, "VACUUM (FULL) "+name)
	return err
}
