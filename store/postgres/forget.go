package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// lockWait is how long a rewrite waits for readers of its piece before it lets
// others pass: requests queued after it wait as well.
const lockWait = "2s"

// Forget rewrites the pieces from which values were deleted (VACUUM FULL), and
// makes the server begin a new file of its write-ahead log, if the role may
// ask for that. The bytes are then out of the tables of the primary; they
// leave its log and the standby after the next checkpoint on each:
// docs/forgetting.md.
func (d *DB) Forget(ctx context.Context) error {
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
	for _, p := range pieces {
		if err := rewrite(ctx, conn.Conn(), p.Piece); err != nil {
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
	return nil
}

// dirtyPiece is a table from which values were deleted, and how often.
type dirtyPiece struct {
	Piece string
	N     int64
}

// markDirty records that values of a table were deleted.
const markDirty = "INSERT INTO zapis.dirty VALUES ($1, 1) ON CONFLICT (piece) DO UPDATE SET n = zapis.dirty.n + 1"

// rewrite copies a table without deleted rows.
func rewrite(ctx context.Context, conn *pgx.Conn, name string) error {
	if _, err := conn.Exec(ctx, "SET lock_timeout = '"+lockWait+"'"); err != nil {
		return err
	}
	defer conn.Exec(ctx, "RESET lock_timeout")
	for {
		_, err := conn.Exec(ctx, "VACUUM (FULL) "+name)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "55P03" {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
