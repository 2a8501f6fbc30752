package postgres

import (
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"zapis/internal/exit"
)

// conditions are what a server says of itself before anything is written to it.
type conditions struct {
	seen             int64 // zapis.head
	standbys, commit string
	recovery         bool
	now              float64 // the server's clock, seconds since 1970
}

// queue asks for them. head is the statement that reads zapis.head.
func (c *conditions) queue(batch *pgx.Batch, head string) {
	batch.Queue(head).QueryRow(func(row pgx.Row) error { return row.Scan(&c.seen) })
	batch.Queue("SELECT current_setting('synchronous_standby_names'), current_setting('synchronous_commit'), pg_is_in_recovery(), extract(epoch FROM clock_timestamp())::float8").
		QueryRow(func(row pgx.Row) error { return row.Scan(&c.standbys, &c.commit, &c.recovery, &c.now) })
}

// check refuses a server that is behind the latest transaction that was seen, that needs no standby, or whose clock differs from this
// host's.
func (c *conditions) check(o Options, latest int64) error {
	switch {
	case c.recovery:
		return errors.New("this server is a standby")
	case c.seen < latest:
		return exit.New(exit.Mismatch, "this is a restored copy, or a standby that was promoted without what the primary had: bring the newest back",
			"%w: %d transactions, and %d were seen", ErrBehind, c.seen, latest)
	case o.NoStandby:
	case c.standbys == "":
		return errNoStandby()
	case c.commit != "on" && c.commit != "remote_apply":
		return exit.New(exit.Failed, "in postgresql.conf: synchronous_commit = on", "%w: synchronous_commit is %q", ErrSettings, c.commit)
	}
	if o.MaxSkew > 0 {
		theirs := time.UnixMicro(int64(c.now * 1e6))
		if skew := o.Now().Sub(theirs).Abs(); skew > o.MaxSkew {
			return exit.New(exit.Failed, "set the clocks of both hosts by NTP", "%w by %s", ErrClock, skew.Round(time.Second))
		}
	}
	return nil
}
