package postgres_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/kv"
	"zapis/store/kv/kvtest"
	"zapis/store/postgres"
)

// someBytes are random, and their hash.
func someBytes(n int) ([]byte, blob.Hash) {
	b := make([]byte, n)
	rand.Read(b)
	return b, blob.Hash(sha256.Sum256(b))
}

// partsTable is the name of the table in which an attachment lies.
func partsTable(db *postgres.DB, h blob.Hash) string {
	return strings.TrimSuffix(strings.Fields(db.Parts().Where(h))[0], ":")
}

func value[T any](t *testing.T, dsn, sql string, args ...any) (v T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// An attachment's rows fill pages of their own table: none lies beside it in pieces.
func TestRowsOnPages(t *testing.T) {
	dsn := newDSN(t)
	db := create(t, dsn, options())
	h, spool := spooled(t, make([]byte, 3<<20+17))
	if err := db.Parts().Put(t.Context(), h, spool); err != nil {
		t.Fatal(err)
	}
	table := partsTable(db, h)
	if n := value[int](t, dsn, "SELECT count(*) FROM "+table); n != 391 {
		t.Errorf("%d rows", n)
	}
	beside := value[int64](t, dsn, "SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = '"+table+"'::regclass")
	own := value[int64](t, dsn, "SELECT pg_relation_size('"+table+"')")
	if beside != 0 || own > 392*8192 {
		t.Errorf("%d bytes on its pages, and %d beside", own, beside)
	}
}

// Attachments of earlier versions have rows of a mebibyte, and are read as before.
func TestRowsOfEarlierVersions(t *testing.T) {
	dsn := newDSN(t)
	db := create(t, dsn, options())
	content, h := someBytes(3<<20 + 17)
	for n := range 4 {
		exec(t, dsn, fmt.Sprintf("INSERT INTO %s VALUES ('\\x%s', %d, '\\x%x')", partsTable(db, h), h, n, content[n<<20:min(len(content), (n+1)<<20)]))
	}
	if got, err := whole(t, db, h, int64(len(content))); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// whole reads an attachment that has so many bytes.
func whole(t *testing.T, db *postgres.DB, h blob.Hash, size int64) ([]byte, error) {
	t.Helper()
	r, n, err := db.Parts().Open(t.Context(), h)
	if err != nil || n != size {
		t.Fatalf("%d bytes, %v", n, err)
	}
	defer r.Close()
	return io.ReadAll(r)
}

// An attachment that somebody has changed in the database is not read as a whole one.
func TestDamagedRows(t *testing.T) {
	dsn := newDSN(t)
	db := create(t, dsn, options())
	const row, most = 8064, 1 << 20
	size := int64(300*row + 5)
	for _, test := range []struct {
		name, sql string
		size      int64
		err       error
		text      string // after the attachment's place
	}{
		{"the first is missing", "DELETE FROM %s WHERE n = 0", 5, io.ErrUnexpectedEOF, "chunk 0 is missing: unexpected EOF"},
		{"one of the first is missing", "DELETE FROM %s WHERE n = 5", size, io.ErrUnexpectedEOF, "chunk 5 is missing: unexpected EOF"},
		{"one further on is missing", "DELETE FROM %s WHERE n = 200", size, io.ErrUnexpectedEOF, "chunk 200 is missing: unexpected EOF"},
		{"one is too large", "UPDATE %s SET v = v || convert_to(repeat('x', 1048576), 'UTF8') WHERE n = 200", size, kv.ErrTooLarge, fmt.Sprintf("chunk 200 has more than %d bytes", most)},
	} {
		t.Run(test.name, func(t *testing.T) {
			content, _ := someBytes(int(size))
			h, spool := spooled(t, content)
			if err := db.Parts().Put(t.Context(), h, spool); err != nil {
				t.Fatal(err)
			}
			exec(t, dsn, fmt.Sprintf(test.sql, partsTable(db, h))+" AND k = '\\x"+h.String()+"'")
			_, err := whole(t, db, h, test.size)
			if !errors.Is(err, test.err) || !strings.HasSuffix(err.Error(), db.Parts().Where(h)+": "+test.text) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("one is longer than the others", func(t *testing.T) {
		content, _ := someBytes(int(size))
		h, spool := spooled(t, content)
		if err := db.Parts().Put(t.Context(), h, spool); err != nil {
			t.Fatal(err)
		}
		exec(t, dsn, "UPDATE "+partsTable(db, h)+" SET v = v || 'x' WHERE n = 200 AND k = '\\x"+h.String()+"'")
		if got, err := whole(t, db, h, size); err == nil && bytes.Equal(got, content) {
			t.Error("it is read as if it were whole")
		}
	})
}

// A spool that is shorter than it was said to be is an error, and nothing is kept.
func TestShortSpool(t *testing.T) {
	db := newDB(t)
	h, spool := spooled(t, make([]byte, 70_000))
	if err := os.Truncate(spool.Path, 60_000); err != nil {
		t.Fatal(err)
	}
	if err := db.Parts().Put(t.Context(), h, spool); err == nil || !strings.Contains(err.Error(), io.ErrUnexpectedEOF.Error()) {
		t.Errorf("%v", err)
	}
	if _, _, err := db.Parts().Open(t.Context(), h); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there: %v", err)
	}
}

// A database of an earlier version lacks the tables' parameter: it is set when it is opened for writing, by a role that may do that.
func TestParameterOfEarlierVersions(t *testing.T) {
	dsn := newDSN(t)
	db := create(t, dsn, options())
	lacking := func() int {
		return value[int](t, dsn, "SELECT count(*) FROM pg_tables t JOIN pg_class c ON c.oid = ('zapis.' || tablename)::regclass WHERE schemaname = 'zapis' AND tablename LIKE 'parts%' AND reloptions IS NULL")
	}
	exec(t, dsn, "ALTER TABLE zapis.parts_00 RESET (toast_tuple_target)", "ALTER TABLE zapis.parts_01 RESET (toast_tuple_target)")
	if n := lacking(); n != 2 {
		t.Fatalf("%d tables lack it", n)
	}
	reopen := func(name, dsn string, o postgres.Options) {
		t.Helper()
		again, err := postgres.Open(t.Context(), dsn, kvtest.Specs, o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		content, _ := someBytes(20_000)
		h, spool := spooled(t, content)
		if !o.ReadOnly {
			if err := again.Parts().Put(t.Context(), h, spool); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got, err := whole(t, again, h, 20_000); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	o := options()
	o.ReadOnly = true
	reopen("for reading", dsn, o)
	guest := fmt.Sprintf("guest%d", os.Getpid())
	exec(t, dsn, "GRANT USAGE ON SCHEMA zapis TO PUBLIC; GRANT ALL ON ALL TABLES IN SCHEMA zapis TO PUBLIC")
	if err := cluster.Nodes[0].Exec("CREATE ROLE " + guest + " LOGIN"); err != nil {
		t.Fatal(err)
	}
	reopen("by a guest", strings.Replace(dsn, "//zapis@", "//"+guest+"@", 1), options())
	if n := lacking(); n != 2 {
		t.Errorf("after that %d tables lack it", n)
	}
	reopen("by the owner", dsn, options())
	if n := lacking(); n != 0 {
		t.Errorf("%d tables still lack it", n)
	}
}

// Each asks for a page of keys at a time: what is gone when it comes to a page is not visited. Every other key is visited once.
func TestEachInPages(t *testing.T) {
	dsn := newDSN(t)
	db, err := postgres.Create(t.Context(), dsn, kvtest.Specs, 2, options())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	// 5,000 attachments of three rows in one table, and two names that are none's.
	exec(t, dsn, `INSERT INTO zapis.parts_00 SELECT '\x00'::bytea || substr(sha256(i::text::bytea), 2), n, 'x' FROM generate_series(1, 5000) i, generate_series(0, 2) n;
INSERT INTO zapis.parts_00 VALUES ('', 0, 'x'), ('\x0102', 7, 'x')`)
	h, spool := spooledIn(t, 0x80)
	if err := db.Parts().Put(t.Context(), h, spool); err != nil {
		t.Fatal(err)
	}
	last := value[[]byte](t, dsn, "SELECT max(encode(k, 'hex')) FROM zapis.parts_00 WHERE length(k) = 32")
	visited := make(map[blob.Hash]int)
	var foreign []string
	err = db.Parts().Each(t.Context(), func(h blob.Hash) error {
		if len(visited) == 0 {
			exec(t, dsn, "DELETE FROM zapis.parts_00 WHERE k = '\\x"+string(last)+"'")
		}
		visited[h]++
		return nil
	}, func(name string) error { foreign = append(foreign, name); return nil })
	if err != nil || len(visited) != 5000 || visited[h] != 1 {
		t.Errorf("%d were visited: %v", len(visited), err)
	}
	for h, n := range visited {
		if n != 1 || h.String() == string(last) {
			t.Errorf("%s was visited %d times", h, n)
		}
	}
	if got := strings.Join(foreign, ", "); got != `"zapis"."parts_00": , "zapis"."parts_00": 0102` {
		t.Errorf("foreign: %s", got)
	}
	stop := exit.New(exit.Failed, "", "stop")
	n := 0
	if err := db.Parts().Each(t.Context(), func(blob.Hash) error { n++; return stop }, nil); err != stop || n != 1 {
		t.Errorf("%d visits: %v", n, err)
	}
}

// spooledIn is a spool whose hash begins with at least this byte: it lies in the last tables.
func spooledIn(t *testing.T, least byte) (blob.Hash, blob.Spool) {
	t.Helper()
	for i := 0; ; i++ {
		b := []byte(fmt.Sprint(i))
		if sha256.Sum256(b)[0] >= least {
			return spooled(t, b)
		}
	}
}
