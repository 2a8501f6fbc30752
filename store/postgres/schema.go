package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zapis/internal/exit"
	"zapis/store/kv"
)

// partsName is the table of attachments, in pieces.
const partsName = "parts"

// Create makes the tables in an empty database, in one transaction, and opens it.
// pieces is a power of two up to 256.
func Create(ctx context.Context, dsn string, specs []kv.Spec, pieces int, o Options) (*DB, error) {
	c, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	d := &DB{where: fmt.Sprintf("%s:%d/%s", c.ConnConfig.Host, c.ConnConfig.Port, c.ConnConfig.Database)}
	connecting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(connecting, c.ConnConfig)
	if err != nil {
		return nil, d.connectError(err)
	}
	defer conn.Close(ctx)
	if err := checkSettings(ctx, conn, o); err != nil {
		return nil, fmt.Errorf("%s: %w", d.where, err)
	}
	switch _, err := readSchema(ctx, conn); {
	case err == nil:
		return nil, exit.New(exit.Failed, "choose another database", "%w: %s", ErrExists, d.where)
	case !errors.Is(err, ErrNoSchema):
		return nil, fmt.Errorf("%s: %w", d.where, err)
	}
	if _, err := conn.Exec(ctx, ddl(specs, pieces)); err != nil {
		return nil, exit.New(exit.Failed, "the role that makes a ledger must be allowed to create a schema in this database",
			"%s: the tables can't be made: %w", d.where, redact(err))
	}
	return Open(ctx, dsn, specs, o)
}

// ErrExists means that the database holds a ledger already.
var ErrExists = errors.New("there is a ledger in this database already")

// Drop removes the tables of Create, with their content.
func (d *DB) Drop(ctx context.Context) error {
	_, err := d.readers.Exec(ctx, "DROP SCHEMA zapis CASCADE")
	return err
}

// ddl is sent as one string, which PostgreSQL runs as one transaction. Values are
// ciphertext: compressing them costs time and gains nothing. No column holds a time.
func ddl(specs []kv.Spec, pieces int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE SCHEMA zapis; REVOKE ALL ON SCHEMA zapis FROM PUBLIC;\n")
	fmt.Fprintf(&b, "CREATE TABLE zapis.schema (version int NOT NULL, pieces int NOT NULL); INSERT INTO zapis.schema VALUES (%d, %d);\n", schemaVersion, pieces)
	b.WriteString("CREATE TABLE zapis.head (version bigint NOT NULL); INSERT INTO zapis.head VALUES (0);\n")
	b.WriteString("CREATE TABLE zapis.writers (host text PRIMARY KEY, txn bytea NOT NULL);\n")
	b.WriteString("CREATE TABLE zapis.dirty (piece text PRIMARY KEY, n bigint NOT NULL);\n")
	table := func(name, columns string) {
		fmt.Fprintf(&b, "CREATE TABLE %s (%s); ALTER TABLE %s ALTER v SET STORAGE EXTERNAL;\n", name, columns, name)
	}
	for _, s := range specs {
		if !s.Large {
			table(quote(s.Name), "k bytea PRIMARY KEY, v bytea NOT NULL")
			continue
		}
		for i := range pieces {
			table(pieceName(s.Name, i), "k bytea PRIMARY KEY, v bytea NOT NULL")
		}
	}
	for i := range pieces {
		table(pieceName(partsName, i), "k bytea NOT NULL, n int NOT NULL, v bytea NOT NULL, PRIMARY KEY (k, n)")
	}
	return b.String()
}

// keepOnPages gives the tables of attachments their storage parameter: new ones, and those of earlier versions. Where the role doesn't
// own the tables it stays as it is: rows are cut into pieces then, and read the same.
func (d *DB) keepOnPages(ctx context.Context) error {
	if d.options.ReadOnly {
		return nil
	}
	rows, err := d.readers.Query(ctx, `SELECT relname::text FROM pg_class WHERE relnamespace = 'zapis'::regnamespace AND relkind = 'r' AND relname LIKE 'parts\_%'
AND NOT coalesce(reloptions @> ARRAY[$1], false) ORDER BY relname`, onPage)
	if err != nil {
		return d.connectError(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return d.connectError(err)
	}
	if len(names) == 0 {
		return nil
	}
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "ALTER TABLE %s SET (%s);\n", quote(name), onPage)
	}
	var pg *pgconn.PgError
	if _, err = d.readers.Exec(ctx, b.String()); err != nil && !(errors.As(err, &pg) && pg.Code == "42501") {
		return d.connectError(err)
	}
	return nil
}

// addTables makes the tables that a database of an earlier version lacks, where it is opened for writing.
func (d *DB) addTables(ctx context.Context) error {
	if d.options.ReadOnly {
		return nil
	}
	for _, s := range d.specs {
		if !s.Added {
			continue
		}
		var there bool
		if err := d.readers.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", quote(s.Name)).Scan(&there); err != nil {
			return d.connectError(err)
		}
		if there {
			continue
		}
		name := quote(s.Name)
		if _, err := d.readers.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+name+" (k bytea PRIMARY KEY, v bytea NOT NULL); ALTER TABLE "+name+" ALTER v SET STORAGE EXTERNAL"); err != nil {
			return exit.New(exit.Failed, "open it once as the role that has made the ledger: this version keeps one table more",
				"%s: the table %s can't be made: %w", d.where, s.Name, redact(err))
		}
	}
	return nil
}

// readSchema compares the version of the tables, and returns the number of pieces.
func readSchema(ctx context.Context, conn *pgx.Conn) (pieces int, err error) {
	var version int
	err = conn.QueryRow(ctx, "SELECT version, pieces FROM zapis.schema").Scan(&version, &pieces)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "3F000"):
		return 0, exit.Advise(exit.Failed, exit.MakeSharedLedger.With(), "%w", ErrNoSchema)
	case errors.As(err, &pg) && pg.Code == "42501":
		return 0, exit.New(exit.Failed, "grant the role what docs/guides/cluster.md lists", "the role may not read the ledger's tables: %s", pg.Message)
	case err != nil:
		return 0, err
	case version > schemaVersion:
		return 0, exit.Advise(exit.Failed, exit.UseNewerServer.With(), "%w: version %d, and this program knows %d", ErrSchema, version, schemaVersion)
	case version < schemaVersion:
		return 0, exit.Advise(exit.Failed, exit.BackupAndRestore.With(), "%w: version %d, and this program knows %d", ErrSchema, version, schemaVersion)
	case pieces < 1 || pieces > 256 || 256%pieces != 0:
		return 0, exit.New(exit.Mismatch, "", "%w: %d pieces", ErrSchema, pieces)
	}
	return pieces, nil
}

// settings that a server must have, each with its reason.
var settings = []struct {
	name string
	want []string
	why  string
}{
	{"fsync", []string{"on"}, "a commit must be on the disk"},
	{"full_page_writes", []string{"on"}, "a torn page must be mended from the log"},
	{"synchronous_commit", []string{"on", "remote_apply"}, "a commit must be on the standby's disk"},
	{"data_checksums", []string{"on"}, "a damaged page must be noticed"},
	{"log_statement", []string{"none"}, "the server's log would tell the time of every report"},
	{"log_min_duration_statement", []string{"-1"}, "the server's log would tell the time of a report"},
	{"log_min_error_statement", []string{"panic"}, "the server's log would hold a failed statement, and its time"},
	{"log_parameter_max_length_on_error", []string{"0"}, "the server's log would hold what a failed statement was given"},
	{"track_commit_timestamp", []string{"off"}, "the server would keep the time of every report"},
	{"archive_mode", []string{"off"}, "an archive of the log holds what was erased, and the times of all reports; a backup of the ledger takes its place"},
}

// checkSettings refuses a server that would lose commits, or disclose them.
func checkSettings(ctx context.Context, conn *pgx.Conn, o Options) error {
	var recovery bool
	var standbys string
	var version int
	err := conn.QueryRow(ctx, "SELECT pg_is_in_recovery(), current_setting('synchronous_standby_names'), current_setting('server_version_num')::int").Scan(&recovery, &standbys, &version)
	if err != nil {
		return err
	}
	if version < 140000 {
		return exit.New(exit.Failed, "use PostgreSQL 14 or newer", "%w: its version is %d", ErrSettings, version/10000)
	}
	if recovery && !o.ReadOnly {
		return exit.New(exit.Failed, "name all hosts of the database, and target_session_attrs=read-write", "%w: this server is a standby", ErrSettings)
	}
	for _, name := range slices.Sorted(maps.Keys(sessionSettings)) {
		var is string
		if err := conn.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&is); err != nil {
			return err
		}
		if is != sessionSettings[name] {
			return exit.New(exit.Failed, poolerHint, "%w: %s is %q", errPooler, name, is)
		}
	}
	for _, s := range settings {
		if o.NoStandby && (s.name == "data_checksums" || s.name == "synchronous_commit") {
			continue
		}
		var is string
		if err := conn.QueryRow(ctx, "SELECT current_setting($1)", s.name).Scan(&is); err != nil {
			return err
		}
		ok := false
		for _, want := range s.want {
			ok = ok || is == want
		}
		if !ok {
			advice := exit.SetInPostgres.With(s.name, s.want[0])
			if s.name == "data_checksums" {
				advice = exit.EnableChecksums.With()
			}
			return exit.Advise(exit.Failed, advice, "%w: %s is %q: %s", ErrSettings, s.name, is, s.why)
		}
	}
	if standbys == "" && !o.NoStandby {
		return errNoStandby()
	}
	if o.ReadOnly {
		return nil
	}
	return checkConnections(ctx, conn)
}

// A pooler that gives each transaction another session gives it other prepared statements and settings.
const poolerHint = "name PostgreSQL itself, and no pooler before it such as pgbouncer: transactions and prepared statements belong to one session"

// needed is how many connections a host may have at a time.
const needed = 10

const fewHint = "raise max_connections, or the connection limit of the role: each host needs 10"

// checkConnections refuses limits below what one host needs: it would start, and stand still under load. A superuser has
// no limits of its own.
func checkConnections(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `SELECT 'the server', current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
UNION ALL SELECT 'the role ' || rolname, rolconnlimit FROM pg_roles WHERE rolname = current_user AND NOT rolsuper
UNION ALL SELECT 'the database ' || datname, datconnlimit FROM pg_database, pg_roles WHERE datname = current_database() AND rolname = current_user AND NOT rolsuper`)
	if err != nil {
		return err
	}
	var of string
	var limit int
	_, err = pgx.ForEachRow(rows, []any{&of, &limit}, func() error {
		if limit >= 0 && limit < needed { // -1 is none
			return exit.New(exit.Failed, fewHint, "%w: %s allows %d connections", ErrSettings, of, limit)
		}
		return nil
	})
	return err
}

func errNoStandby() error {
	return exit.New(exit.Failed, "in postgresql.conf: synchronous_standby_names = 'FIRST 1 (NAME)', and a standby of that name",
		"%w: synchronous_standby_names is empty: a report would be lost with the machine", ErrSettings)
}
