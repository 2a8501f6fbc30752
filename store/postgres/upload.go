package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zapis/store/blob"
	"zapis/store/kv"
)

// upload is a connection that copies attachments in. It is none of the readers': while the standby is away, uploads wait as long as that
// takes. One that has done its work is kept for the next (DB.spare): a new session pays once more for each page of the server's memory
// that it touches. It belongs to one goroutine at a time.
type upload struct {
	conn   *pgx.Conn
	warned atomic.Bool // by the server, since the connection was taken
}

// Put copies the spooled file in one transaction, which the standby must acknowledge. The server must be one that has seen all
// transactions of this process, as the store's record of the attachment, which was committed just before.
func (p *Parts) Put(ctx context.Context, h blob.Hash, spool blob.Spool) error {
	f, err := os.Open(spool.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	u, err := p.d.takeUpload(ctx)
	if err != nil {
		return err
	}
	if err := u.copyIn(ctx, p.table(h), newCopyRows(h, f, spool.Size)); err != nil {
		u.close()
		return err
	}
	if u.warned.Load() {
		u.close()
		return fmt.Errorf("attachment %s: %w", h, errWarned)
	}
	p.d.keepUpload(u)
	return spool.Remove()
}

// takeUpload returns the connection that is kept, or a new one where there is none, or where that one has broken or has another server
// behind it than the newest transaction. What answers nothing within connectTimeout has broken.
func (d *DB) takeUpload(ctx context.Context) (*upload, error) {
	d.mu.Lock()
	u := d.spare
	d.spare = nil
	d.mu.Unlock()
	if u != nil {
		u.warned.Store(false)
		if u.check(ctx, d) == nil {
			return u, nil
		}
		u.close()
	}
	u = new(upload)
	c := d.config.Copy()
	c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Severity == "WARNING" {
			u.warned.Store(true)
		}
	}
	var err error
	if u.conn, err = pgx.ConnectConfig(ctx, c); err != nil {
		return nil, d.connectError(err)
	}
	err = u.check(ctx, d)
	switch {
	case err == nil:
		return u, nil
	case errors.Is(err, ErrSettings), errors.Is(err, ErrClock):
		err = fmt.Errorf("%w: %w", kv.ErrUnavailable, err)
	case !errors.Is(err, ErrBehind):
		err = d.connectError(err)
	}
	u.close()
	return nil, err
}

// check compares the server with the conditions for writing, in one round trip.
func (u *upload) check(ctx context.Context, d *DB) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	latest := d.latest.Load() // before the server is asked: others commit meanwhile
	var c conditions
	batch := new(pgx.Batch)
	c.queue(batch, "SELECT version FROM zapis.head")
	if err := u.conn.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	return c.check(d.options, latest)
}

// keepUpload keeps a connection for the next attachment, unless one is kept already.
func (d *DB) keepUpload(u *upload) {
	d.mu.Lock()
	if d.spare == nil && !d.closing {
		d.spare, u = u, nil
	}
	d.mu.Unlock()
	if u != nil {
		u.close()
	}
}

// copyIn copies rows in a transaction of its own: the server answers COPY once it is committed. After an error the connection is of no
// more use.
func (u *upload) copyIn(ctx context.Context, table string, rows io.Reader) error {
	_, err := u.conn.PgConn().CopyFrom(ctx, rows, "COPY "+table+" (k, n, v) FROM STDIN BINARY")
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pg) && pg.Code == "23505":
		return blob.ErrTaken
	case errors.As(err, &pg) && pg.Code == "53100":
		return fmt.Errorf("%w (%s)", blob.ErrFull, pg.Message)
	}
	return redact(err)
}

// close ends the session.
func (u *upload) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = u.conn.Close(ctx)
}
