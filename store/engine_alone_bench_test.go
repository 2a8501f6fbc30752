package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/exit"
)

// alone puts the rows of a ledger into PostgreSQL by bare statements, with nothing of the ledger around them: what the same bytes cost in
// the same tables of the same two servers.
type alone struct {
	e    *engineBench
	conn *pgx.Conn
	s    *Store // an empty ledger in bbolt, which knows the reports' trustees
	note int    // bytes of a promise file beside its body
}

func (e *engineBench) newAlone(b *testing.B) *alone {
	b.Helper()
	dsn := e.database(b)
	dir := filepath.Join(b.TempDir(), "ledger")
	if _, err := CreateIn(dir, Place{Database: dsn}, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		b.Fatal(err)
	}
	a := &alone{e: e, conn: e.connect(b, dsn)}
	a.s, _ = e.ledger(b, false, false)
	sub := words(a.s)
	promise, err := a.s.Submit(context.Background(), sub)
	if err != nil {
		b.Fatal(err)
	}
	a.note = len(promise) - len(sub.Body.Marshal())
	return a
}

// connect opens a connection that keeps as many statements as the store's own.
func (e *engineBench) connect(b *testing.B, dsn string) *pgx.Conn {
	b.Helper()
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		b.Fatal(err)
	}
	c.StatementCacheCapacity = 7 * 256
	conn, err := pgx.ConnectConfig(context.Background(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// transactions returns how many writable transactions a ledger in PostgreSQL has had.
func transactions(b *testing.B, conn *pgx.Conn) (n int) {
	b.Helper()
	if err := conn.QueryRow(context.Background(), "SELECT version FROM zapis.head").Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

// aloneRow is a value under a key of a table.
type aloneRow struct {
	table      string
	key, value []byte
}

// rowsOf are the rows that a report is kept in.
func (a *alone) rowsOf(sub Submission) (rows []aloneRow) {
	for i, p := range sub.Body.Parts {
		rows = append(rows, aloneRow{fmt.Sprintf("%s_%02x", tableSmall, p.Hash[0]), p.Hash[:], sub.Small[i]})
	}
	body := sub.Body.Marshal()
	h := ledger.BodyHash(body)
	return append(rows, aloneRow{tableWaiting, h[:], random(a.note + len(body))}, aloneRow{tableLocators, sub.Locator.Name[:], sub.Locator.Box})
}

// submissions puts the rows of n reports in so many transactions, each in two round trips: one takes a lock, the other writes and commits.
func (a *alone) submissions(b *testing.B, n, groups int) done {
	all := someReports(a.s, n)
	batches := make([]pgx.Batch, groups)
	for i, sub := range all {
		batch := &batches[i*groups/n]
		for _, r := range a.rowsOf(sub) {
			batch.Queue("INSERT INTO zapis."+r.table+" VALUES ($1, $2)", r.key, r.value)
		}
	}
	for i := range batches {
		batches[i].Queue("COMMIT")
	}
	ctx := context.Background()
	return a.e.take(n, float64(n), func() {
		for i := range batches {
			lock := new(pgx.Batch)
			lock.Queue("BEGIN")
			lock.Queue("SELECT pg_advisory_xact_lock(1)")
			err := a.conn.SendBatch(ctx, lock).Close()
			if err == nil {
				err = a.conn.SendBatch(ctx, &batches[i]).Close()
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// attachmentsAlone are the cheapest ways that are known to us of putting the same bytes into the two servers, and into the S3 store.
func (e *engineBench) attachmentsAlone(b *testing.B, content []byte) (ways []worker) {
	dsn := e.database(b)
	conns := []*pgx.Conn{e.connect(b, dsn), e.connect(b, dsn)}
	for _, w := range []struct {
		name        string
		row         int
		connections int
	}{{"rows-of-1MiB", 1 << 20, 1}, {"rows-of-1MiB-by-2", 1 << 20, 2}, {"rows-of-8000", 8000, 1}, {"rows-of-8000-by-2", 8000, 2}} {
		var copies []copying
		for i := range w.connections {
			part := content[i*len(content)/w.connections : (i+1)*len(content)/w.connections]
			c := copying{conns[i], fmt.Sprintf("%s_%d", strings.ReplaceAll(w.name, "-", "_"), i), copyStream(part, w.row)}
			c.exec(b, "CREATE TABLE %s (k bytea NOT NULL, n int NOT NULL, v bytea NOT NULL, PRIMARY KEY (k, n)) WITH (toast_tuple_target = 8160)")
			c.exec(b, "ALTER TABLE %s ALTER v SET STORAGE EXTERNAL")
			copies = append(copies, c)
		}
		ways = append(ways, worker{w.name, func() done {
			d := e.take(1, float64(len(content)), func() {
				var all sync.WaitGroup
				for _, c := range copies {
					all.Go(func() { c.run(b) })
				}
				all.Wait()
			})
			for _, c := range copies {
				c.exec(b, "TRUNCATE %s")
			}
			return d
		}})
	}
	return append(ways, worker{"put", func() done { return e.put(b, content) }})
}

// copying is a transaction of one COPY.
type copying struct {
	conn   *pgx.Conn
	table  string
	stream []byte
}

func (c copying) exec(b *testing.B, sql string) {
	if _, err := c.conn.Exec(context.Background(), fmt.Sprintf(sql, c.table)); err != nil {
		b.Error(err)
	}
}

func (c copying) run(b *testing.B) {
	if _, err := c.conn.PgConn().CopyFrom(context.Background(), bytes.NewReader(c.stream), "COPY "+c.table+" FROM STDIN BINARY"); err != nil {
		b.Error(err)
	}
}

// copyStream is what COPY reads: rows of a key, a number and so many bytes, in PostgreSQL's binary format of COPY.
func copyStream(content []byte, row int) []byte {
	out := append(make([]byte, 0, len(content)+len(content)/row*64+1024), "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000"...)
	h := ledger.Sum(content[:32])
	for n := 0; len(content) > 0; n++ {
		v := content[:min(row, len(content))]
		out = binary.BigEndian.AppendUint16(out, 3)
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(h))), h[:]...)
		out = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(out, 4), uint32(n))
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(v))), v...)
		content = content[len(v):]
	}
	return binary.BigEndian.AppendUint16(out, 0xffff)
}

// put puts an object into the S3 store, and removes it, by HTTP alone. The store hashes it, as an S3 store does.
func (e *engineBench) put(b *testing.B, content []byte) done {
	h := ledger.Sum(content)
	d := e.take(1, float64(len(content)), func() { e.request(b, http.MethodPut, content, h) })
	e.request(b, http.MethodDelete, nil, h)
	return d
}

func (e *engineBench) request(b *testing.B, method string, content []byte, h ledger.Hash) {
	request, err := http.NewRequest(method, e.server+"/bucket/alone", bytes.NewReader(content))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(h[:]))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if err := exit.First(err, answer.Body.Close()); err != nil || answer.StatusCode/100 != 2 {
		b.Fatalf("%s: %s, %v", method, answer.Status, err)
	}
}
