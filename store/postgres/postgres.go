// Package postgres stores the tables of store/kv, and attachments in rows that fill a page each, in a PostgreSQL database (14 or
// newer) that several hosts write to:
//
//	zapis.<table>      k bytea primary key, v bytea
//	zapis.small_00 …   a table whose Spec says Large, in pieces by the key's first byte
//	zapis.parts_00 …   attachments: hash, number of the chunk, bytes
//	zapis.head         one row: how many transactions have been committed
//	zapis.writers      for each host, the random name of its last transaction
//	zapis.dirty        pieces from which values were deleted, and not yet forgotten
//	zapis.schema       version of all this, number of pieces
//
// A writable transaction locks the row of zapis.head and raises it by compare-and-swap, so it excludes all other hosts
// of one primary. It does not protect against two primaries: each of them grants advisory locks, row locks and term
// numbers on its own. Two histories are prevented, in this order, by the standby's acknowledgement of every COMMIT,
// and by the witnesses that the store asks before it releases a checkpoint (docs/guides/cluster.md).
package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"

	"zapis/internal/exit"
	"zapis/store/kv"
)

// schemaVersion is of the tables in the schema zapis.
const schemaVersion = 1

// DefaultPieces is the number of tables for large values: erasing one rewrites its piece.
const DefaultPieces = 256

// Options are the options of a database.
type Options struct {
	// Host is the name of this writer, unique among all hosts: 1 to 64 characters.
	Host string

	// NoStandby accepts a database without a standby: a commit is then durable on one machine only. It is for moving a
	// ledger, and for tests.
	NoStandby bool

	// Patience is how long a transaction waits for a database that does not answer, and a commit for its outcome; 0
	// for a minute.
	Patience time.Duration

	// Now and MaxSkew refuse transactions of a host whose clock differs from the
	// database's by more than MaxSkew; 0 for no comparison.
	Now     func() time.Time
	MaxSkew time.Duration

	// Hold is how long a writable transaction may be idle before the server ends its session, and with it the lock
	// over all hosts; 0 for 15 seconds.
	Hold time.Duration

	// ReadOnly opens the database for reading transactions.
	ReadOnly bool
}

// Errors about a database, wrapped with details.
var (
	ErrSettings = errors.New("the database is set up in a way that this ledger must not use")
	ErrSchema   = errors.New("the database has another schema than this program knows")
	ErrNoSchema = errors.New("there is no ledger in this database")
	ErrBehind   = errors.New("the database is older than what this host has seen of it")
	ErrClock    = errors.New("this host's clock differs from the database's")
)

// DB is an open database. Its methods are safe for concurrent use.
type DB struct {
	options Options
	specs   map[string]kv.Spec
	pieces  int
	names   map[string][]string // SQL names of a table, and of its pieces in the order of their keys
	where   string              // host, port and database, for messages
	warning error               // what Warning returns

	config  *pgx.ConnConfig
	readers *pgxpool.Pool

	writing chan struct{} // holds one token; its holder owns the fields below
	writer  *pgx.Conn     // nil while there is none
	warned  *atomic.Bool  // the writer's connection has had a warning
	latest  atomic.Int64  // the largest zapis.head that was seen; written by the holder alone

	mu      sync.Mutex // over the fields below
	spare   *upload    // the connection of the last attachment, for the next; nil where there is none
	closing bool
}

// statements is how many prepared statements a connection keeps: three for each piece of small values, three for each of
// attachments, and the others. One that is not kept costs a round trip more.
const statements = 7 * DefaultPieces

// Open opens a database in which Create has made the tables.
func Open(ctx context.Context, dsn string, specs []kv.Spec, o Options) (*DB, error) {
	c, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	if o.Patience == 0 {
		o.Patience = time.Minute
	}
	if o.Hold == 0 {
		o.Hold = 15 * time.Second
	}
	d := &DB{options: o, specs: byName(specs), config: c.ConnConfig, writing: make(chan struct{}, 1),
		where: fmt.Sprintf("%s:%d/%s", c.ConnConfig.Host, c.ConnConfig.Port, c.ConnConfig.Database)}
	d.writing <- struct{}{}
	c.MaxConns = max(c.MaxConns, 8)
	if d.readers, err = pgxpool.NewWithConfig(ctx, c); err != nil {
		return nil, d.connectError(err)
	}
	if err := d.inspect(ctx); err != nil {
		d.readers.Close()
		return nil, err
	}
	if err := exit.First(d.addTables(ctx), d.keepOnPages(ctx)); err != nil {
		d.readers.Close()
		return nil, err
	}
	return d, nil
}

func byName(specs []kv.Spec) map[string]kv.Spec {
	m := make(map[string]kv.Spec, len(specs))
	for _, s := range specs {
		m[s.Name] = s
	}
	return m
}

// inspect refuses a foreign database, or one with wrong settings.
func (d *DB) inspect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := d.readers.Acquire(ctx)
	if err != nil {
		return d.connectError(err)
	}
	defer conn.Release()
	if err := checkSettings(ctx, conn.Conn(), d.options); err != nil {
		return fmt.Errorf("%s: %w", d.where, err)
	}
	if d.warning, err = roleWarning(ctx, conn.Conn()); err != nil {
		return fmt.Errorf("%s: %w", d.where, redact(err))
	}
	d.pieces, err = readSchema(ctx, conn.Conn())
	if err != nil {
		return fmt.Errorf("%s: %w", d.where, err)
	}
	d.nameTables()
	return nil
}

// How long a server may take to answer a new connection, and to hear that one ends.
const (
	connectTimeout = 10 * time.Second
	closeTimeout   = time.Second
)

// connectError adds a hint where there is no connection. The texts of pgx name host, user and database, and never a
// password.
func (d *DB) connectError(err error) error {
	hint := "look whether PostgreSQL runs there, and whether this host may reach it"
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "08P01":
			hint = poolerHint
		case "28P01", "28000":
			hint = "look at the user, the password or certificate, and at pg_hba.conf"
		case "3D000":
			return exit.Advise(exit.Failed, exit.MakeDatabase.With(), "%w: %s: %w", kv.ErrUnavailable, d.where, redact(err))
		case "53300":
			hint = fewHint
		case "57P03":
			hint = "the server is starting or stopping; try again"
		}
	} else if _, better, ok := connectFault(err); ok {
		hint = better
	}
	return exit.New(exit.Failed, hint, "%w: %s: %w", kv.ErrUnavailable, d.where, redact(err))
}

// redact shortens an error's text: pgx repeats the whole configuration for each address that it tried.
func redact(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fmt.Errorf("%s (SQLSTATE %s)", pg.Message, pg.Code)
	}
	if text, _, ok := connectFault(err); ok { // first: what is no PostgreSQL has any number where a length would be
		return errors.New(text)
	}
	var long *pgproto3.ExceededMaxBodyLenErr
	if errors.As(err, &long) {
		return fmt.Errorf("%w: the server sends %d bytes at once, and at most %d are read", kv.ErrTooLarge, long.ActualBodyLen, long.MaxExpectedBodyLen)
	}
	return err
}

// Warning returns what an operator should mend although the database works: a role that reaches more than this ledger. Its hint is the
// statement that does it. It was found when the database was opened; nil is nothing.
func (d *DB) Warning() error { return d.warning }

// Shared returns true.
func (d *DB) Shared() bool { return true }

// Used returns the size of the database on the primary.
func (d *DB) Used() (used int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), d.options.Patience)
	defer cancel()
	err = d.readers.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&used)
	return used, err
}

// Close waits for the transactions to end.
func (d *DB) Close() error {
	d.mu.Lock()
	was, spare := d.closing, d.spare
	d.closing, d.spare = true, nil
	d.mu.Unlock()
	if was {
		return nil
	}
	if spare != nil {
		spare.close()
	}
	<-d.writing
	d.dropWriter()
	d.readers.Close()
	return nil
}

// connectWriter returns the writer's connection. The caller holds the token.
func (d *DB) connectWriter(ctx context.Context) error {
	if d.writer != nil && !d.writer.IsClosed() {
		return nil
	}
	c := d.config.Copy()
	warned := new(atomic.Bool)
	c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Severity != "NOTICE" && n.Severity != "INFO" && n.Severity != "DEBUG" && n.Severity != "LOG" {
			warned.Store(true)
		}
	}
	// A writer that hangs holds the lock of all hosts: the server then ends its session.
	c.RuntimeParams["idle_in_transaction_session_timeout"] = strconv.FormatInt(d.options.Hold.Milliseconds(), 10)
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return err
	}
	d.writer, d.warned = conn, warned
	return nil
}

func (d *DB) dropWriter() {
	if d.writer != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		_ = d.writer.Close(ctx)
		d.writer = nil
	}
}

// quote quotes one of our names.
func quote(name string) string { return pgx.Identifier{"zapis", name}.Sanitize() }

// piece returns the number of the table that holds a key of a divided one. Pieces are in the order of the keys.
func (d *DB) piece(key []byte) int {
	if len(key) == 0 {
		return 0
	}
	return int(key[0]) * d.pieces / 256
}

// table returns the SQL name of the table that holds a key.
func (d *DB) table(spec kv.Spec, key []byte) string {
	if spec.Large {
		return d.names[spec.Name][d.piece(key)]
	}
	return d.names[spec.Name][0]
}

// nameTables fills names, once the number of pieces is known.
func (d *DB) nameTables() {
	d.names = make(map[string][]string, len(d.specs)+1)
	for _, s := range d.specs {
		if !s.Large {
			d.names[s.Name] = []string{quote(s.Name)}
		}
	}
	for i := range d.pieces {
		d.names[partsName] = append(d.names[partsName], pieceName(partsName, i))
		for _, s := range d.specs {
			if s.Large {
				d.names[s.Name] = append(d.names[s.Name], pieceName(s.Name, i))
			}
		}
	}
}

func pieceName(name string, piece int) string { return quote(fmt.Sprintf("%s_%02x", name, piece)) }
