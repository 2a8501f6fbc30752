package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"zapis/internal/exit"
	"zapis/store/kv"
)

// transaction is one transaction. Writes are held in memory until a cursor reads their table, or Commit sends them in
// one round trip.
type transaction struct {
	d      *DB
	ctx    context.Context
	cancel context.CancelFunc
	conn   *pgx.Conn
	reader *pgxpool.Conn // of a reading transaction
	seen   int64         // zapis.head when a writable one began
	tables map[string]*table
	ended  bool
}

// txTimeout bounds a transaction, except the wait of its Commit: a reading one may be an export of hours.
const txTimeout = 24 * time.Hour

// Begin starts a transaction. While the database does not answer it retries until the patience ends, and then returns
// kv.ErrUnavailable. It takes one round trip, in which a writable transaction fetches want too.
func (d *DB) Begin(writable bool, want ...kv.Key) (kv.Tx, error) {
	patience, cancel := context.WithTimeout(context.Background(), d.options.Patience)
	defer cancel()
	if writable {
		if d.options.ReadOnly {
			return nil, errors.New("the database is open for reading only")
		}
		select {
		case <-d.writing:
		case <-patience.Done():
			return nil, exit.New(exit.Failed, "try again", "%w: another transaction of this process goes on", kv.ErrUnavailable)
		}
	}
	for {
		t, err := d.begin(patience, writable, want)
		if err == nil {
			return t, nil
		}
		if patience.Err() != nil || !transient(err) {
			if writable {
				d.writing <- struct{}{}
			}
			if errors.Is(err, ErrBehind) {
				return nil, err
			}
			if errors.Is(err, ErrSettings) || errors.Is(err, ErrClock) {
				return nil, fmt.Errorf("%w: %w", kv.ErrUnavailable, err)
			}
			return nil, d.connectError(err)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-patience.Done():
		}
	}
}

// transient reports whether a later attempt may succeed by itself.
func transient(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return !errors.Is(err, ErrSettings) && !errors.Is(err, ErrClock) && !errors.Is(err, ErrBehind)
	}
	switch pg.Code[:2] {
	case "08", "57", "53", "55", "40", "25": // connection, operator, resources, locks, serialization, read-only after a promotion elsewhere
		return pg.Code != "53300" && pg.Code != "53100"
	}
	return false
}

func (d *DB) begin(patience context.Context, writable bool, want []kv.Key) (*transaction, error) {
	t := &transaction{d: d, tables: make(map[string]*table)}
	t.ctx, t.cancel = context.WithTimeout(context.Background(), txTimeout)
	if !writable {
		conn, err := d.readers.Acquire(patience)
		if err != nil {
			return nil, err
		}
		batch := new(pgx.Batch)
		batch.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
		t.queueWanted(batch, want)
		if err := conn.SendBatch(patience, batch).Close(); err != nil {
			conn.Release()
			return nil, err
		}
		t.conn, t.reader = conn.Conn(), conn
		return t, nil
	}
	if err := d.connectWriter(patience); err != nil {
		return nil, err
	}
	t.conn = d.writer
	if err := t.lock(patience, want...); err != nil {
		d.dropWriter()
		return nil, err
	}
	return t, nil
}

// lock begins a writable transaction: the lock over all hosts, and the conditions for each: the standby is required,
// and this host's clock is right. want is read after the lock was granted: each statement of READ COMMITTED sees what was
// committed before it began.
func (t *transaction) lock(ctx context.Context, want ...kv.Key) error {
	batch := new(pgx.Batch)
	batch.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	var c conditions
	c.queue(batch, "SELECT version FROM zapis.head FOR UPDATE")
	t.queueWanted(batch, want)
	if err := t.conn.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	t.seen = c.seen
	err := c.check(t.d.options, t.d.latest.Load())
	if err == nil {
		t.d.latest.Store(c.seen)
	}
	return err
}

func (t *transaction) fail(err error) {
	if err = redact(err); errors.Is(err, kv.ErrTooLarge) {
		panic(&kv.Failure{Err: exit.New(exit.Mismatch, "", "%w", err)})
	}
	panic(&kv.Failure{Err: fmt.Errorf("%w: %w", kv.ErrUnavailable, err)})
}

// Table returns a table by its name.
func (t *transaction) Table(name string) kv.Table {
	if table := t.tables[name]; table != nil {
		return table
	}
	spec, ok := t.d.specs[name]
	if !ok {
		return nil
	}
	table := &table{t: t, spec: spec, writes: make(map[string][]byte)}
	t.tables[name] = table
	return table
}

// Want fetches values in one round trip. It drops those of an earlier Want.
func (t *transaction) Want(keys ...kv.Key) {
	for _, table := range t.tables {
		table.wanted, table.last = nil, nil
	}
	batch := new(pgx.Batch)
	t.queueWanted(batch, keys)
	if batch.Len() == 0 {
		return
	}
	if err := t.conn.SendBatch(t.ctx, batch).Close(); err != nil {
		t.fail(err)
	}
}

// queueWanted adds the statements that fetch values to a batch: one for each SQL table.
func (t *transaction) queueWanted(batch *pgx.Batch, keys []kv.Key) {
	asked := make(map[string][][]byte) // by SQL table
	from := make(map[string]*table)
	for _, k := range keys {
		table, ok := t.Table(k.Table).(*table)
		if !ok {
			continue
		}
		if k.Last {
			table.queueLast(batch)
			continue
		}
		if _, ok := table.written(k.Key); ok {
			continue
		}
		if table.wanted == nil {
			table.wanted = make(map[string][]byte)
		}
		table.wanted[string(k.Key)] = nil
		name := t.d.table(table.spec, k.Key)
		asked[name], from[name] = append(asked[name], k.Key), table
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		table, most := from[name], from[name].spec.Limit()
		if table.spec.Large {
			most = mostAhead
		}
		batch.Queue("SELECT k, "+upTo(most)+" FROM "+name+" WHERE k = ANY($1)", asked[name]).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var k, v []byte
				if err := rows.Scan(&k, &v); err != nil {
					return err
				}
				if v == nil || !table.holds(v) {
					delete(table.wanted, string(k)) // Get fetches it alone
					continue
				}
				table.wanted[string(k)] = v
			}
			return rows.Err()
		})
	}
}

// mostAhead is the most bytes that a value of a large table may have to be fetched with others: what is announced then
// bounds the memory, whatever the values are.
const mostAhead = 128 << 10

// Scan reads the rows in the order of their keys, by a cursor, and hands them out in memory.
func (t *transaction) Scan(name string, within kv.Range, each func(kv.Chunk) error) error {
	table, ok := t.Table(name).(*table)
	if !ok || !table.spec.Large {
		return nil
	}
	return table.scan(within, each)
}

// Copy copies what Get gives: it may be kept for the transaction.
func (t *transaction) Copy(name string, key []byte, buf *[]byte) []byte {
	return kv.CopyTo(buf, t.Table(name).Get(key))
}

// Size returns the size of the database.
func (t *transaction) Size() (size int64) {
	if err := t.conn.QueryRow(t.ctx, "SELECT pg_database_size(current_database())").Scan(&size); err != nil {
		t.fail(err)
	}
	return size
}

// Check reports foreign tables in the schema. A damaged page is an error of reading, by its checksum.
func (t *transaction) Check(_ bool, fault func(text string)) {
	ours := map[string]bool{"schema": true, "head": true, "writers": true, "dirty": true}
	large := []string{partsName}
	for name, s := range t.d.specs {
		if s.Large {
			large = append(large, name)
		} else {
			ours[name] = true
		}
	}
	for _, name := range large {
		for i := range t.d.pieces {
			ours[fmt.Sprintf("%s_%02x", name, i)] = true
		}
	}
	rows, err := t.conn.Query(t.ctx, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'zapis' ORDER BY tablename")
	if err != nil {
		t.fail(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.fail(err)
	}
	for _, name := range names {
		if !ours[name] {
			fault(fmt.Sprintf("it has a table %q, which is none of ours", name))
		}
		delete(ours, name)
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		fault(fmt.Sprintf("it has no table %q", name))
	}
}

// Rollback ends the transaction without its writes.
func (t *transaction) Rollback() error {
	if t.ended {
		return nil
	}
	t.ended = true
	defer t.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := t.conn.Exec(ctx, "ROLLBACK")
	if t.reader != nil {
		if err != nil {
			_ = t.conn.Close(ctx)
		}
		t.reader.Release()
		return nil // what was read stays read
	}
	if err != nil {
		t.d.dropWriter()
	}
	t.d.writing <- struct{}{}
	return nil
}

// newName returns a random name for a transaction.
func newName() []byte {
	var b [16]byte
	rand.Read(b[:])
	return b[:]
}
