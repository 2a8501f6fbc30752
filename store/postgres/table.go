package postgres

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"zapis/store/kv"
)

// table is a table within a transaction.
type table struct {
	t       *transaction
	spec    kv.Spec
	cleared bool              // all that was there is deleted
	writes  map[string][]byte // since the last flush; a nil value is a deletion
	wanted  map[string][]byte // what Want has brought; nil for keys that are not there
	last    []row             // its last row, or none, where Want has brought that; nil where it has not
}

// written returns what this transaction has written for a key.
func (t *table) written(key []byte) (value []byte, ok bool) {
	value, ok = t.writes[string(key)]
	return value, ok || t.cleared
}

func (t *table) Get(key []byte) []byte {
	if v, ok := t.written(key); ok {
		return v
	}
	if v, ok := t.wanted[string(key)]; ok {
		return v
	}
	var v []byte
	err := t.t.conn.QueryRow(t.t.ctx, "SELECT "+upTo(t.spec.Limit())+" FROM "+t.t.d.table(t.spec, key)+" WHERE k = $1", key).Scan(&v)
	if err == pgx.ErrNoRows {
		return nil
	}
	if err == nil && !t.holds(v) {
		err = t.tooLarge(key)
	}
	if err != nil {
		t.t.fail(err)
	}
	return v
}

// upTo is a value in a statement; NULL where it has more bytes, which the server then need not read.
func upTo(most int) string { return fmt.Sprintf("CASE WHEN length(v) <= %d THEN v END", most) }

// holds reports whether a value that was read with upTo is one of this table; a server that is not what it should be may
// send others.
func (t *table) holds(v []byte) bool { return v != nil && len(v) <= t.spec.Limit() }

func (t *table) tooLarge(key []byte) error {
	return fmt.Errorf("%w: table %s has one of more than %d bytes under %x", kv.ErrTooLarge, t.spec.Name, t.spec.Limit(), key)
}

func (t *table) Put(key, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	t.writes[string(key)] = value
	return nil
}

func (t *table) Delete(key []byte) error {
	t.writes[string(key)] = nil
	return nil
}

func (t *table) Clear() error {
	clear(t.writes)
	t.cleared, t.wanted, t.last = true, nil, nil
	return nil
}

// queue adds the statements for the written values to a batch.
func (t *table) queue(batch *pgx.Batch) {
	if t.cleared {
		for _, name := range t.sqlTables() {
			batch.Queue("DELETE FROM " + name)
		}
	}
	type rows struct{ puts, values, deletes [][]byte }
	by := make(map[string]*rows) // by SQL table
	for key, value := range t.writes {
		k := []byte(key)
		name := t.t.d.table(t.spec, k)
		r := by[name]
		if r == nil {
			r = new(rows)
			by[name] = r
		}
		if value == nil {
			r.deletes = append(r.deletes, k)
		} else {
			r.puts = append(r.puts, k)
		}
	}
	for name, r := range by {
		if len(r.deletes) > 0 {
			batch.Queue("DELETE FROM "+name+" WHERE k = ANY($1)", r.deletes)
			if t.spec.Large {
				batch.Queue(markDirty, name)
			}
		}
		if len(r.puts) > 0 {
			// In the order of their keys: the order of rows then does not show the order of arrival within a
			// transaction, and an index grows in order.
			slices.SortFunc(r.puts, bytes.Compare)
			for _, k := range r.puts {
				r.values = append(r.values, t.writes[string(k)])
			}
			batch.Queue("INSERT INTO "+name+" SELECT * FROM unnest($1::bytea[], $2::bytea[]) ON CONFLICT (k) DO UPDATE SET v = excluded.v", r.puts, r.values)
		}
	}
	t.cleared = false
	clear(t.writes)
}

// flush sends the written values, so that a cursor sees them.
func (t *table) flush() {
	if !t.cleared && len(t.writes) == 0 {
		return
	}
	batch := new(pgx.Batch)
	t.queue(batch)
	t.wanted, t.last = nil, nil
	if err := t.t.conn.SendBatch(t.t.ctx, batch).Close(); err != nil {
		t.t.fail(err)
	}
}

// sqlTables returns the tables of this one, in the order of their keys.
func (t *table) sqlTables() []string { return t.t.d.names[t.spec.Name] }

func (t *table) Cursor() kv.Cursor {
	t.flush()
	return &cursor{t: t, tables: t.sqlTables()}
}

// Rows that a cursor fetches at a time: few first, since many cursors need one row only, then more.
const (
	firstRows = 4
	mostRows  = 1 << 10

	piecesAhead  = 32  // tables of which enter brings rows in one round trip
	rowsOfPieces = 256 // of each, keys only
)

// queueLast adds the statement that fetches the last row to a batch. A divided table has none: its last piece may be empty.
func (t *table) queueLast(batch *pgx.Batch) {
	if t.spec.Large || t.cleared || len(t.writes) > 0 {
		return
	}
	batch.Queue("SELECT k, " + upTo(t.spec.Limit()) + " FROM " + quote(t.spec.Name) + " ORDER BY k DESC LIMIT 1").Query(func(rows pgx.Rows) error {
		last, err := pgx.CollectRows(rows, t.scanRow)
		t.last = append([]row{}, last...)
		return err
	})
}

func scanKey(r pgx.CollectableRow) (x row, err error) {
	err = r.Scan(&x.k)
	return x, err
}

func (t *table) scanRow(r pgx.CollectableRow) (x row, err error) {
	if err = r.Scan(&x.k, &x.v); err == nil && !t.holds(x.v) {
		err = t.tooLarge(x.k)
	}
	return x, err
}

// scanBytes is about how many bytes of rows a chunk of scan has.
const scanBytes = 1 << 20

// scan hands out the rows in chunks, in one round trip for the whole table. The connection is busy until it returns, and
// closed where each has failed: the transaction can only end then.
func (t *table) scan(within kv.Range, each func(kv.Chunk) error) error {
	var chunk []row
	var size int
	handOut := func() error {
		rows := chunk
		chunk, size = nil, 0
		if len(rows) == 0 {
			return nil
		}
		return each(func(_ *[]byte, visit func(key, value []byte, err error)) {
			for _, r := range rows {
				visit(r.k, r.v, nil)
			}
		})
	}
	t.flush()
	ctx, cancel := context.WithCancel(t.t.ctx)
	defer cancel()
	var failed error // each's
	batch := new(pgx.Batch)
	where, bounds := rangeOf(within)
	for in, name := range t.sqlTables() {
		if in < t.pieceOf(within.From) || within.Below != nil && in > t.pieceOf(within.Below) {
			continue
		}
		batch.Queue("SELECT k, "+upTo(t.spec.Limit())+" FROM "+name+where, bounds...).Query(func(rows pgx.Rows) error {
			for rows.Next() && failed == nil {
				r, err := t.scanRow(rows)
				if err != nil {
					return err
				}
				if chunk, size = append(chunk, r), size+len(r.v); size < scanBytes {
					continue
				}
				if failed = handOut(); failed != nil {
					cancel() // else the rest would be read, and thrown away
				}
			}
			return rows.Err()
		})
	}
	if err := t.t.conn.SendBatch(ctx, batch).Close(); err != nil && failed == nil {
		t.t.fail(err)
	}
	if failed != nil {
		return failed
	}
	return handOut()
}

// rangeOf is a range as the end of a statement, and its arguments.
func rangeOf(within kv.Range) (where string, args []any) {
	if within.From != nil {
		args = append(args, within.From)
		where = " WHERE k >= $1"
	}
	if within.Below != nil {
		args = append(args, within.Below)
		where += fmt.Sprintf("%s k < $%d", map[bool]string{true: " WHERE", false: " AND"}[where == ""], len(args))
	}
	return where, args
}

// cursor reads rows in batches. Its rows are those of one SQL table, in the cursor's direction.
type cursor struct {
	t      *table
	tables []string
	in     int // of tables
	back   bool
	rows   []row
	at     int // in rows
	next   int // rows to bring
	whole  bool
	ready  map[int]bounded // what turn has brought of the following tables
}

// bounded are the first rows of a table in a direction; whole where there are no more.
type bounded struct {
	rows  []row
	whole bool
}

type row struct{ k, v []byte }

func (c *cursor) First() (k, v []byte)          { return c.start(0, false, nil) }
func (c *cursor) Seek(key []byte) (k, v []byte) { return c.start(c.t.pieceOf(key), false, key) }
func (c *cursor) Next() (k, v []byte)           { return c.step(false) }
func (c *cursor) Prev() (k, v []byte)           { return c.step(true) }

func (c *cursor) Last() (k, v []byte) {
	if c.t.last != nil {
		c.in, c.back, c.next = 0, true, firstRows
		c.rows, c.at, c.whole = c.t.last, 0, len(c.t.last) == 0
		return c.current()
	}
	return c.start(len(c.tables)-1, true, nil)
}

// pieceOf returns the number of the SQL table that a key belongs to, among sqlTables; 0 for nil.
func (t *table) pieceOf(key []byte) int {
	if len(t.sqlTables()) == 1 || key == nil {
		return 0
	}
	return t.t.d.piece(key)
}

// start moves to the first row at or after key, or to the first or last of all.
func (c *cursor) start(in int, back bool, key []byte) (k, v []byte) {
	c.in, c.back, c.next, c.ready = in, back, firstRows, nil
	switch {
	case key != nil:
		c.bring(">=", key)
	case len(c.tables) > 1:
		c.enter()
	default:
		c.bring("", nil)
	}
	return c.current()
}

// step moves to the next row in a direction.
func (c *cursor) step(back bool) (k, v []byte) {
	if len(c.rows) == 0 {
		return nil, nil
	}
	if back != c.back {
		here := c.rows[c.at].k
		c.back, c.next, c.ready = back, firstRows, nil
		c.bring(map[bool]string{false: ">", true: "<"}[back], here)
		return c.current()
	}
	if c.at++; c.at < len(c.rows) {
		return c.current()
	}
	last := c.rows[len(c.rows)-1].k
	if c.whole {
		c.rows = nil
		c.turn()
		return c.current()
	}
	c.bring(map[bool]string{false: ">", true: "<"}[back], last)
	return c.current()
}

func (c *cursor) current() (k, v []byte) {
	if len(c.rows) == 0 {
		return nil, nil
	}
	return c.rows[c.at].k, c.rows[c.at].v
}

// query is the statement for the next rows of one table: $1 is how many, and $2 the key, with compare.
func (c *cursor) query(in int, compare string) string {
	columns, order := "k, "+upTo(c.t.spec.Limit()), "ASC"
	if c.t.spec.Large {
		columns = "k"
	}
	if c.back {
		order = "DESC"
	}
	query := "SELECT " + columns + " FROM " + c.tables[in]
	if compare != "" {
		query += " WHERE k " + compare + " $2"
	}
	return query + " ORDER BY k " + order + " LIMIT $1"
}

// scanRow reads a row of query.
func (c *cursor) scanRow(r pgx.CollectableRow) (row, error) {
	if c.t.spec.Large {
		return scanKey(r)
	}
	return c.t.scanRow(r)
}

// bring fetches the next rows of this table, or of the following tables while there are none.
func (c *cursor) bring(compare string, key []byte) {
	args := []any{c.next}
	if compare != "" {
		args = append(args, key)
	}
	rows, err := c.t.t.conn.Query(c.t.t.ctx, c.query(c.in, compare), args...)
	if err != nil {
		c.t.t.fail(err)
	}
	c.rows, err = pgx.CollectRows(rows, c.scanRow)
	if err != nil {
		c.t.t.fail(err)
	}
	c.at, c.whole = 0, len(c.rows) < c.next
	c.next = min(16*c.next, mostRows)
	if len(c.rows) == 0 {
		c.turn()
	}
}

// after returns the number of the next table in the cursor's direction.
func (c *cursor) after(in int) int {
	if c.back {
		return in - 1
	}
	return in + 1
}

// turn continues with the next table in the cursor's direction that has rows, if there is one.
func (c *cursor) turn() {
	c.in = c.after(c.in)
	c.enter()
}

// enter goes to the first row of this table, or of the next one that has any. It brings some rows of many tables in one
// round trip: most have few, or none.
func (c *cursor) enter() {
	for ; c.in >= 0 && c.in < len(c.tables); c.in = c.after(c.in) {
		if _, ok := c.ready[c.in]; !ok {
			c.bringMany()
		}
		got := c.ready[c.in]
		delete(c.ready, c.in)
		if len(got.rows) > 0 {
			c.rows, c.at, c.whole, c.next = got.rows, 0, got.whole, mostRows
			return
		}
	}
	c.rows = nil
}

// bringMany fetches the first rows of this table and of those that follow.
func (c *cursor) bringMany() {
	batch := new(pgx.Batch)
	c.ready = make(map[int]bounded)
	for in := c.in; in >= 0 && in < len(c.tables) && batch.Len() < piecesAhead; in = c.after(in) {
		batch.Queue(c.query(in, ""), rowsOfPieces).Query(func(rows pgx.Rows) error {
			some, err := pgx.CollectRows(rows, c.scanRow)
			c.ready[in] = bounded{some, len(some) < rowsOfPieces}
			return err
		})
	}
	if err := c.t.t.conn.SendBatch(c.t.t.ctx, batch).Close(); err != nil {
		c.t.t.fail(err)
	}
}
