package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"zapis/store/postgres/pgtest"
)

// administrator is the superuser of the database's server, who reads all tables, the server's views and its log, and its files.
type administrator struct {
	node *pgtest.Node
	conn *pgx.Conn
}

func newAdministrator(t *testing.T, node *pgtest.Node, database string) administrator {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pgtest.AsAdministrator(database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	a := administrator{node, conn}
	a.exec(t, "CREATE EXTENSION pg_stat_statements")
	return a
}

func (a administrator) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := a.conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// rows returns what a query gives, as text or bytes.
func (a administrator) rows(t *testing.T, sql string) (all [][]any) {
	t.Helper()
	rows, err := a.conn.Query(t.Context(), sql)
	if err == nil {
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return all
}

// found lists where the words, or a time of that interval, are in what the administrator reads.
func (a administrator) found(t *testing.T, words canary, from, until time.Time) (where []string) {
	t.Helper()
	values := 0
	look := func(place string, v any) {
		var b []byte
		switch v := v.(type) {
		case nil:
			return
		case []byte:
			b = v
		case time.Time:
			where = append(where, place+" has a time")
			return
		default:
			b = fmt.Append(nil, v)
		}
		values++
		for shape, word := range words.shapes {
			if bytes.Contains(b, word) {
				where = append(where, place+" has the words "+shape)
			}
		}
		if form := holdsTime(b, from, until); form != "" {
			where = append(where, place+" has the time as "+form)
		}
	}
	tables := a.rows(t, "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')")
	for _, row := range tables {
		table := row[0].(string)
		for _, row := range a.rows(t, "SELECT * FROM "+table) {
			for _, v := range row {
				look(table, v)
			}
		}
	}
	for _, row := range a.rows(t, "SELECT query FROM pg_stat_activity UNION ALL SELECT query FROM pg_stat_statements") {
		look("a statement", row[0])
	}
	for line := range strings.Lines(a.node.Log()) {
		for shape, word := range words.shapes {
			if strings.Contains(line, string(word)) {
				where = append(where, "the log has the words "+shape+": "+line)
			}
		}
		if at, err := time.Parse("2006-01-02 15:04:05.000", line[:min(len(line), 23)]); err == nil && !at.Before(from.Truncate(time.Millisecond)) && !at.After(until) && !logged.MatchString(line) {
			where = append(where, "the log has a line of that time: "+line)
		}
	}
	if len(tables) < 10 || values < 100 {
		t.Errorf("it reads %d tables and %d values", len(tables), values)
	}
	a.exec(t, "CHECKPOINT") // what was in memory is in the files then
	for _, folder := range a.folders(t) {
		where = append(where, words.find(t, folder)...)
	}
	slices.Sort(where)
	return slices.Compact(where)
}

// folders returns those of the server's data, without those of other databases: the server's own, which it copies from.
func (a administrator) folders(t *testing.T) (paths []string) {
	t.Helper()
	oid := fmt.Sprint(a.rows(t, "SELECT oid FROM pg_database WHERE datname = current_database()")[0][0])
	all, err := os.ReadDir(a.node.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.Name() != "base" {
			paths = append(paths, filepath.Join(a.node.Dir, f.Name()))
		}
	}
	return append(paths, filepath.Join(a.node.Dir, "base", oid))
}

// logged are the log's lines that no report causes.
var logged = regexp.MustCompile(`\] LOG:  checkpoint (starting|complete): `)

// holdsTime returns the form in which bytes hold a moment of an interval: text to the minute, seconds in decimal, or
// a number of 8 bytes.
func holdsTime(b []byte, from, until time.Time) string {
	from, until = from.UTC(), until.UTC()
	for at := from.Truncate(time.Minute); !at.After(until); at = at.Add(time.Minute) {
		for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "200601021504"} {
			if bytes.Contains(b, at.AppendFormat(nil, layout)) {
				return layout
			}
		}
	}
	for s := from.Unix(); s <= until.Unix(); s++ {
		if bytes.Contains(b, fmt.Append(nil, s)) {
			return "seconds in decimal"
		}
	}
	const postgres = 946_684_800 // its times begin in the year 2000
	for i := 0; i+8 <= len(b); i++ {
		for _, n := range []uint64{binary.BigEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[i:])} {
			switch n := int64(n); {
			case n >= from.Unix() && n <= until.Unix():
				return "seconds"
			case n >= from.UnixMilli() && n <= until.UnixMilli():
				return "milliseconds"
			case n >= from.UnixMicro() && n <= until.UnixMicro(), n >= from.UnixMicro()-postgres*1e6 && n <= until.UnixMicro()-postgres*1e6:
				return "microseconds"
			}
		}
	}
	return ""
}

// seesNothing fails if the administrator finds the words of a report that waits, or when it came.
func (a administrator) seesNothing(t *testing.T, words canary, from, until time.Time) {
	t.Helper()
	for _, where := range a.found(t, words, from, until) {
		t.Error(where)
	}
	const dated = "SELECT table_schema || '.' || table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'zapis' AND (data_type LIKE 'time%' OR data_type IN ('date', 'interval'))"
	if columns := a.rows(t, dated); len(columns) > 0 {
		t.Errorf("columns with a time: %v", columns)
	}
	if on := a.rows(t, "SHOW track_commit_timestamp")[0][0]; on != "off" {
		t.Errorf("the server keeps the times of commits: %v", on)
	}
}

// seesWhatIsThere is the control: words and a time in a table are found, in each of the ways.
func (a administrator) seesWhatIsThere(t *testing.T) {
	t.Helper()
	words, now := newCanary(), time.Now()
	a.exec(t, "CREATE TABLE control (v bytea, at timestamptz)")
	a.exec(t, "INSERT INTO control VALUES ('"+words.word+"', NULL), (NULL, now())")
	a.exec(t, "SELECT 1 AS "+words.word)
	for _, moment := range [][]byte{
		binary.BigEndian.AppendUint64(nil, uint64(now.Unix())), binary.LittleEndian.AppendUint64(nil, uint64(now.UnixMilli())),
		[]byte("at " + now.UTC().Format(time.RFC3339)), fmt.Append(nil, "x", now.Unix()),
	} {
		if _, err := a.conn.Exec(t.Context(), "INSERT INTO control VALUES ($1)", moment); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.conn.Exec(t.Context(), "SELECT "+words.word); err == nil { // an error names a column
		t.Error("there is a column of that name")
	}
	found := strings.Join(a.found(t, words, now, time.Now()), "\n")
	for _, want := range []string{
		"a statement has the words as it is", "public.control has the words as it is", "public.control has a time", "public.control has the time as seconds",
		"public.control has the time as milliseconds", "public.control has the time as 2006-01-02T15:04", "public.control has the time as seconds in decimal",
		"the log has the words as it is", "the log has a line of that time", a.node.Dir + "/base/",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("not found: %s, in\n%s", want, found)
		}
	}
	a.exec(t, "DROP TABLE control")
}
