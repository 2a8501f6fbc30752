package postgres_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"zapis/internal/cli"
	"zapis/store/kv"
	"zapis/store/kv/kvtest"
	"zapis/store/postgres"
	"zapis/store/postgres/pgtest"
)

// exec runs statements as the superuser.
func exec(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pgtest.AsAdministrator(dsn))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// Whatever is wrong with a database is refused when it is opened, in words that say what to do.
func TestRefusals(t *testing.T) {
	dsn := newDSN(t)
	create(t, dsn, options())
	node := cluster.Nodes[0]
	exec(t, node.DSN("postgres"), "DROP ROLE IF EXISTS locked", "DROP ROLE IF EXISTS few", "DROP ROLE IF EXISTS nine", "CREATE ROLE locked LOGIN PASSWORD 'right'",
		"CREATE ROLE few LOGIN CONNECTION LIMIT 0", "CREATE ROLE nine LOGIN CONNECTION LIMIT 9")
	_, name, _ := strings.Cut(strings.TrimSuffix(dsn, "?sslmode=disable&connect_timeout=2"), fmt.Sprint(node.Port, "/"))
	dbLimit := func(n int) []string { return []string{fmt.Sprintf("ALTER DATABASE %s CONNECTION LIMIT %d", name, n)} }
	as := func(user string) string { return strings.Replace(dsn, "//zapis@", "//"+user+"@", 1) }
	in := func(setting, value string) []string {
		return []string{fmt.Sprintf("ALTER DATABASE %s SET %s = '%s'", name, setting, value)}
	}
	reset := func(setting string) []string {
		return []string{fmt.Sprintf("ALTER DATABASE %s RESET %s", name, setting)}
	}
	const plain = "add sslmode=verify-full, and sslrootcert=FILE where the server's certificate is of an authority of your own"
	const pooler = "name PostgreSQL itself, and no pooler before it such as pgbouncer: transactions and prepared statements belong to one session"
	passwords := filepath.Join(t.TempDir(), "passwords")
	if err := os.WriteFile(passwords, []byte("*:*:*:*:secret\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, dsn  string
		before     []string // in the database
		after      []string
		text, hint string
	}{
		{"no address", "postgres://x:secret@[::/", nil, nil, "the address of the database can't be read",
			"postgres://USER@HOST:5432/DATABASE?sslmode=verify-full; several hosts are HOST,HOST with target_session_attrs=read-write"},
		{"nobody there", "postgres://x:secret@127.0.0.1:1/x?sslmode=disable", nil, nil, "the database does not answer: 127.0.0.1:1/x: no connection",
			"look whether PostgreSQL runs there, and whether this host may reach it"},
		{"wrong password", as("locked:secret"), nil, nil, "password authentication failed", "look at the user, the password or certificate, and at pg_hba.conf"},
		{"no such database", node.DSN("nowhere"), nil, nil, "does not exist (SQLSTATE 3D000)", "make the database (createdb), and then zapisd init"},
		{"too few connections", as("few"), nil, nil, "too many connections for role", "raise max_connections, or the connection limit of the role: each host needs 10"},
		{"a role of 9 connections", as("nine"), nil, nil, "the database is set up in a way that this ledger must not use: the role nine allows 9 connections",
			"raise max_connections, or the connection limit of the role: each host needs 10"},
		{"a database of 9 connections", as("locked:right"), dbLimit(9), dbLimit(-1), "the database is set up in a way that this ledger must not use: the database " + name + " allows 9 connections",
			"raise max_connections, or the connection limit of the role: each host needs 10"},
		{"an empty database", newDSN(t), nil, nil, "there is no ledger in this database", "zapisd init --database makes one"},
		{"a newer schema", dsn, []string{"UPDATE zapis.schema SET version = 2"}, []string{"UPDATE zapis.schema SET version = 1"},
			"the database has another schema than this program knows: version 2, and this program knows 1", "use the newer zapisd that has made or raised it"},
		{"an older schema", dsn, []string{"UPDATE zapis.schema SET version = 0"}, []string{"UPDATE zapis.schema SET version = 1"},
			"the database has another schema than this program knows: version 0, and this program knows 1", "zapisd backup with the program that has made it, then zapisd restore with this one"},
		{"a role without rights", as("locked:right"), nil, nil, "the role may not read the ledger's tables", "grant the role what docs/guides/cluster.md lists"},
		{"commits that don't wait", dsn, in("synchronous_commit", "local"), reset("synchronous_commit"), `synchronous_commit is "local": a commit must be on the standby's disk`, "in postgresql.conf: synchronous_commit = on"},
		{"statements in the log", dsn, in("log_statement", "all"), reset("log_statement"), `log_statement is "all": the server's log would tell the time of every report`, "in postgresql.conf: log_statement = none"},
		{"durations in the log", dsn, in("log_min_duration_statement", "0"), reset("log_min_duration_statement"), `log_min_duration_statement is "0"`, "in postgresql.conf: log_min_duration_statement = -1"},
		{"parameters in the log", dsn, in("log_parameter_max_length_on_error", "-1"), reset("log_parameter_max_length_on_error"), `log_parameter_max_length_on_error is "-1": the server's log would hold what a failed statement was given`,
			"in postgresql.conf: log_parameter_max_length_on_error = 0"},
		{"failures in the log", dsn, in("log_min_error_statement", "error"), reset("log_min_error_statement"), `log_min_error_statement is "error"`, "in postgresql.conf: log_min_error_statement = panic"},
		{"a setting in the address", dsn + "&synchronous_commit=off", nil, nil, `the address of the database has the parameter "synchronous_commit", which is not known`,
			"leave it out: settings of the server are set in postgresql.conf"},
		{"settings in the address", dsn + "&options=-c%20fsync%3Dsecret", nil, nil, `the address of the database has the parameter "options", which is not known`,
			"leave it out: settings of the server are set in postgresql.conf"},
		{"a mistyped parameter", dsn + "&sslmod=verify-full", nil, nil, `the address of the database has the parameter "sslmod", which is not known`,
			"leave it out: settings of the server are set in postgresql.conf"},
		{"no TLS", "postgres://x:secret@db.example.org/x?sslmode=disable", nil, nil, "the connection to db.example.org would not be encrypted, or the server there need not prove who it is", plain},
		{"TLS if it can be had", "postgres://x:secret@db.example.org/x", nil, nil, "the connection to db.example.org would not be encrypted", plain},
		{"TLS if it must be", "postgres://x:secret@db.example.org/x?sslmode=allow", nil, nil, "the connection to db.example.org would not be encrypted", plain},
		{"any certificate", "postgres://x:secret@db.example.org/x?sslmode=require", nil, nil, "or the server there need not prove who it is", plain},
		{"no TLS to the second host", "postgres://x:secret@127.0.0.1,10.0.0.2/x?sslmode=disable", nil, nil, "the connection to 10.0.0.2 would not be encrypted", plain},
		{"a password file for all", dsn + "&passfile=" + passwords, nil, nil, passwords + " can be read by others", "chmod 600 " + passwords},
		{"no password file", dsn + "&passfile=" + passwords + ".none", nil, nil, "the address of the database names the file " + passwords + ".none: no such file or directory", "name a file that this user can read"},
		{"a server without TLS", strings.Replace(dsn, "sslmode=disable", "sslmode=verify-full", 1), nil, nil, "no connection: what answers is no PostgreSQL, or refuses TLS",
			"look at the port: something else may listen there; look at ssl in postgresql.conf"},
		{"something else", "postgres://x:secret@" + answering(t, "HTTP/1.1 400 Bad Request\r\n\r\n") + "/x?sslmode=disable", nil, nil, "no connection: what answers is no PostgreSQL, or refuses TLS",
			"look at the port: something else may listen there; look at ssl in postgresql.conf"},
		{"a pooler that refuses settings", "postgres://x:secret@" + answering(t, fatal("08P01", "unsupported startup parameter: enable_seqscan")) + "/x?sslmode=disable", nil, nil,
			"unsupported startup parameter: enable_seqscan (SQLSTATE 08P01)", pooler},
		{"a pooler that drops settings", "postgres://zapis@" + dropping(t, node.Port) + "/" + name + "?sslmode=disable", nil, nil,
			`the session does not have the settings that were asked for: enable_seqscan is "on"`, pooler},
		{"a standby", strings.Replace(dsn, fmt.Sprint(node.Port), fmt.Sprint(cluster.Nodes[1].Port), 1), nil, nil, "this server is a standby", "name all hosts of the database, and target_session_attrs=read-write"},
	} {
		exec(t, dsn, test.before...)
		db, err := postgres.Open(t.Context(), test.dsn, kvtest.Specs, options())
		exec(t, dsn, test.after...)
		if err == nil {
			db.Close()
			t.Errorf("%s: it opens", test.name)
			continue
		}
		if !strings.Contains(err.Error(), test.text) || cli.Hint(err) != test.hint || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s:\n%v\nhint %q", test.name, err, cli.Hint(err))
		}
	}
	if _, err := postgres.Create(t.Context(), dsn, kvtest.Specs, 2, options()); !errors.Is(err, postgres.ErrExists) {
		t.Errorf("a database of another ledger: %v", err)
	}
}

// Of a role with more rights than a ledger needs an opening warns, whether it was given them itself or can become a role that has
// them. The hint says which statement takes them away, and the statement does.
func TestRoleWithTooManyRights(t *testing.T) {
	dsn := newDSN(t)
	if db := create(t, dsn, options()); db.Warning() != nil {
		t.Errorf("a role with the rights of the guide: %v", db.Warning())
	}
	exec(t, dsn, "CREATE ROLE wide LOGIN", "CREATE ROLE group_of_wide", `CREATE ROLE "Group"`, "GRANT zapis TO wide")
	defer exec(t, dsn, "DROP ROLE wide", "DROP ROLE group_of_wide", `DROP ROLE "Group"`)
	as := strings.Replace(dsn, "//zapis@", "//wide@", 1)
	warning := func(o postgres.Options) error {
		t.Helper()
		db, err := postgres.Open(t.Context(), as, kvtest.Specs, o)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		return db.Warning()
	}
	for _, test := range []struct {
		given, text, hint string
		taken             string // where the hint is no statement
	}{
		{"ALTER ROLE wide SUPERUSER", "the role wide is a superuser", "ALTER ROLE wide NOSUPERUSER", ""},
		{"ALTER ROLE wide CREATEROLE", "the role wide may make roles", "ALTER ROLE wide NOCREATEROLE", ""},
		{"ALTER ROLE wide CREATEDB", "the role wide may make databases", "ALTER ROLE wide NOCREATEDB", ""},
		{"ALTER ROLE wide REPLICATION", "the role wide may copy the whole server", "ALTER ROLE wide NOREPLICATION", ""},
		{"ALTER ROLE wide BYPASSRLS", "the role wide may pass by row security", "ALTER ROLE wide NOBYPASSRLS", ""},
		{"ALTER ROLE group_of_wide SUPERUSER; GRANT group_of_wide TO wide", "the role wide can become group_of_wide, which is a superuser",
			"REVOKE group_of_wide FROM wide", "ALTER ROLE group_of_wide NOSUPERUSER"},
		{`ALTER ROLE "Group" CREATEROLE; GRANT "Group" TO group_of_wide; GRANT group_of_wide TO wide`, `the role wide can become "Group", which may make roles`,
			`REVOKE "Group" FROM wide`, `REVOKE "Group" FROM group_of_wide; REVOKE group_of_wide FROM wide; ALTER ROLE "Group" NOCREATEROLE`},
		{"ALTER ROLE group_of_wide SUPERUSER; GRANT group_of_wide TO wide; ALTER ROLE wide SET role = group_of_wide", "the role wide can become group_of_wide, which is a superuser",
			"REVOKE group_of_wide FROM wide", "ALTER ROLE wide RESET role; ALTER ROLE group_of_wide NOSUPERUSER"},
		{"GRANT pg_read_all_data TO wide", "the role wide is a member of pg_read_all_data", "REVOKE pg_read_all_data FROM wide", ""},
		{"GRANT pg_write_server_files TO wide", "the role wide is a member of pg_write_server_files", "REVOKE pg_write_server_files FROM wide", ""},
		{"GRANT pg_execute_server_program TO wide", "the role wide is a member of pg_execute_server_program", "REVOKE pg_execute_server_program FROM wide", ""},
		{"GRANT pg_monitor TO wide", "the role wide is a member of pg_monitor", "REVOKE pg_monitor FROM wide", ""},
		{"GRANT pg_read_all_data TO group_of_wide; GRANT group_of_wide TO wide", "the role wide is a member of pg_read_all_data",
			"REVOKE pg_read_all_data from the role through which wide is a member", "REVOKE pg_read_all_data FROM group_of_wide; REVOKE group_of_wide FROM wide"},
		{"GRANT EXECUTE ON FUNCTION pg_read_file(text) TO wide", "the role wide may call pg_read_file(text)", "REVOKE EXECUTE ON FUNCTION pg_read_file(text) FROM wide", ""},
		{"GRANT EXECUTE ON FUNCTION lo_import(text) TO group_of_wide; GRANT group_of_wide TO wide", "the role wide may call lo_import(text)",
			"REVOKE EXECUTE ON FUNCTION lo_import(text) FROM wide", "REVOKE EXECUTE ON FUNCTION lo_import(text) FROM group_of_wide; REVOKE group_of_wide FROM wide"},
	} {
		exec(t, dsn, test.given)
		for _, o := range []postgres.Options{options(), {Host: "two", ReadOnly: true}} {
			if err := warning(o); err == nil || err.Error() != "the database: "+test.text || cli.Hint(err) != test.hint+"; docs/guides/cluster.md lists what it needs" {
				t.Errorf("%s:\n%v\nhint %q", test.given, err, cli.Hint(err))
			}
		}
		take := []string{test.hint, test.taken}
		if strings.HasPrefix(test.taken, "REVOKE") {
			take = take[1:]
		}
		exec(t, dsn, take...)
		if err := warning(options()); err != nil {
			t.Errorf("after %s: %v", take, err)
		}
	}
}

// What the guide says about a ledger of the superuser makes it one of the role.
func TestLedgerOfASuperuser(t *testing.T) {
	dsn := newDSN(t)
	create(t, dsn, options()).Close()
	_, name, _ := strings.Cut(strings.TrimSuffix(dsn, "?sslmode=disable&connect_timeout=2"), fmt.Sprint(cluster.Nodes[0].Port, "/"))
	guide, err := os.ReadFile("../../docs/guides/cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(guide), "ALTER DATABASE ledger OWNER TO zapis;\n\\c ledger\n")
	block, _, ended := strings.Cut(after, "\n```\n")
	if !found || !ended {
		t.Fatal("the guide has other statements")
	}
	exec(t, dsn, "ALTER DATABASE "+name+" OWNER TO postgres", strings.ReplaceAll(block, "OWNER TO zapis", "OWNER TO postgres"))
	if _, err := postgres.Open(t.Context(), dsn, kvtest.Specs, options()); err == nil || cli.Hint(err) != "grant the role what docs/guides/cluster.md lists" {
		t.Errorf("a role that owns nothing: %v", err)
	}
	exec(t, dsn, "ALTER DATABASE "+name+" OWNER TO zapis", block)
	db, err := postgres.Open(t.Context(), dsn, kvtest.Specs, options())
	if err == nil {
		err = kv.Update(db, put("a", "b"))
		db.Close()
	}
	if err != nil {
		t.Errorf("a role that was given all: %v", err)
	}
}

// answering is the address of a server that answers any message so.
func answering(t *testing.T, answer string) string {
	t.Helper()
	return listening(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1<<10))
		_, _ = io.WriteString(c, answer)
	})
}

// listening is the address of a server on loopback.
func listening(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}

// fatal is PostgreSQL's message that ends a connection.
func fatal(code, text string) string {
	m := pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: text}
	b, err := m.Encode(nil)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// dropping is the address of a pooler that passes nothing on of what a session asks for as it begins.
func dropping(t *testing.T, port int) string {
	t.Helper()
	return listening(t, func(c net.Conn) {
		message, err := pgproto3.NewBackend(c, c).ReceiveStartupMessage()
		start, ok := message.(*pgproto3.StartupMessage)
		if err != nil || !ok {
			return
		}
		to, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return
		}
		defer to.Close()
		start.Parameters = map[string]string{"user": start.Parameters["user"], "database": start.Parameters["database"]}
		b, _ := start.Encode(nil)
		_, _ = to.Write(b)
		go func() { _, _ = io.Copy(to, c); to.Close() }()
		_, _ = io.Copy(c, to)
	})
}

// A server whose own settings would lose commits, or disclose them, is refused. Most settings are changed by a reload, the
// rest by a restart, of one server.
func TestServerSettings(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 0)
	n := c.Nodes[0]
	name, err := c.NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.NoStandby = true
	create(t, n.DSN(name), o).Close()
	// A standby is named, and there is none: nothing is committed from here on.
	set := func(setting, value string) {
		t.Helper()
		if err := n.Set(setting, value); err != nil {
			t.Fatal(err)
		}
	}
	now := func(setting, value string) {
		t.Helper()
		set(setting, value)
		for is := ""; is != value; {
			if err := n.Query("SELECT current_setting('"+setting+"')", &is); err != nil {
				t.Fatal(err)
			}
		}
	}
	refused := func(text, hint string) {
		t.Helper()
		db, err := postgres.Open(t.Context(), n.DSN(name), kvtest.Specs, options())
		if err == nil {
			db.Close()
			t.Fatalf("it opens, and should not: %s", text)
		}
		if got := strings.TrimPrefix(err.Error(), fmt.Sprintf("127.0.0.1:%d/%s: the database is set up in a way that this ledger must not use: ", n.Port, name)); got != text || cli.Hint(err) != hint {
			t.Errorf("%q (hint %q)", got, cli.Hint(err))
		}
	}
	refused("synchronous_standby_names is empty: a report would be lost with the machine", "in postgresql.conf: synchronous_standby_names = 'FIRST 1 (NAME)', and a standby of that name")
	now("synchronous_standby_names", "b")
	for _, test := range []struct{ setting, bad, good, why string }{
		{"fsync", "off", "on", "a commit must be on the disk"},
		{"full_page_writes", "off", "on", "a torn page must be mended from the log"},
		{"synchronous_commit", "remote_write", "on", "a commit must be on the standby's disk"},
		{"synchronous_commit", "local", "on", "a commit must be on the standby's disk"},
		{"synchronous_commit", "off", "on", "a commit must be on the standby's disk"},
		{"log_statement", "ddl", "none", "the server's log would tell the time of every report"},
		{"log_min_duration_statement", "1s", "-1", "the server's log would tell the time of a report"},
	} {
		now(test.setting, test.bad)
		refused(fmt.Sprintf("%s is %q: %s", test.setting, test.bad, test.why), "in postgresql.conf: "+test.setting+" = "+test.good)
		now(test.setting, test.good)
	}
	restart := func(between func() error) {
		t.Helper()
		n.Shutdown()
		if err := errors.Join(between(), n.Start()); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func() error { return nil }
	set("track_commit_timestamp", "on")
	restart(nothing)
	refused(`track_commit_timestamp is "on": the server would keep the time of every report`, "in postgresql.conf: track_commit_timestamp = off")
	set("track_commit_timestamp", "off")
	set("archive_mode", "on")
	restart(nothing)
	refused(`archive_mode is "on": an archive of the log holds what was erased, and the times of all reports; a backup of the ledger takes its place`, "in postgresql.conf: archive_mode = off")
	set("archive_mode", "off")
	set("max_connections", "12") // of which 3 are for superusers
	restart(nothing)
	refused("the server allows 9 connections", "raise max_connections, or the connection limit of the role: each host needs 10")
	set("max_connections", "50")
	restart(n.WithoutChecksums)
	refused(`data_checksums is "off": a damaged page must be noticed`, "stop the server, run pg_checksums --enable on its folder and on the standbys', and start them")
}

// onDisk counts the files of a node's folder that hold these bytes.
func onDisk(t *testing.T, dir string, what []byte) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // the server removes files meanwhile
		}
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, what) {
			rel, _ := filepath.Rel(dir, path)
			found = append(found, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A reader of a table, such as an export of hours, holds up Forget, and Forget must not hold up submissions: it ends, and
// what is left is rewritten later.
func TestForgetBesideAReader(t *testing.T) {
	t.Parallel()
	db := create(t, newDSN(t), options())
	if err := kv.Update(db, func(tx kv.Tx) error { return tx.Table("large").Put([]byte("k"), []byte("v")) }); err != nil {
		t.Fatal(err)
	}
	reader, err := db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	if v := reader.Table("large").Get([]byte("k")); string(v) != "v" {
		t.Errorf("it reads %q", v)
	}
	if err := kv.Update(db, func(tx kv.Tx) error { return tx.Table("large").Delete([]byte("k")) }); err != nil {
		t.Fatal(err)
	}
	err = db.Forget(t.Context())
	if !errors.Is(err, kv.ErrUnavailable) || !strings.HasSuffix(err.Error(), ": what was erased is in a table that is being read") ||
		cli.Hint(err) != "try again when the export or check that is under way has ended" {
		t.Errorf("beside a reader: %v (hint %q)", err, cli.Hint(err))
	}
	if err := kv.Update(db, put("a", "b")); err != nil {
		t.Errorf("a writer after that: %v", err)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := db.Forget(t.Context()); err != nil {
		t.Errorf("without the reader: %v", err)
	}
}

// After Forget and a checkpoint on both servers, no file of either holds what was
// erased: docs/forgetting.md. Before that many do, or the test would show nothing.
func TestForgottenBytesAreGone(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	name, err := c.NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	db := create(t, c.Nodes[0].DSN(name), options())
	small, part := make([]byte, 70_000), make([]byte, 3<<20)
	rand.Read(small)
	rand.Read(part)
	if err := kv.Update(db, func(tx kv.Tx) error { return tx.Table("large").Put([]byte("k"), small) }); err != nil {
		t.Fatal(err)
	}
	h, spool := spooled(t, part)
	if err := db.Parts().Put(t.Context(), h, spool); err != nil {
		t.Fatal(err)
	}
	// A page holds some 2,000 bytes of a value: these lie within one.
	marks := [][]byte{small[4000:4100], part[1<<20+4000 : 1<<20+4100]}
	checkpoints(t, c.Nodes[0].DSN("postgres"), c.Nodes[1].DSN("postgres"))
	for _, n := range c.Nodes {
		for i, mark := range marks {
			if len(onDisk(t, n.Dir, mark)) == 0 {
				t.Errorf("%s: value %d is nowhere: the search finds nothing", n.Name, i)
			}
		}
	}
	if err := kv.Update(db, func(tx kv.Tx) error { return tx.Table("large").Delete([]byte("k")) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Parts().Remove(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if err := db.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 5 { // wal_keep_size keeps some files of the log for the standby
		exec(t, c.Nodes[0].DSN("postgres"), "SELECT pg_switch_wal()")
		if err := kv.Update(db, put("a", "b")); err != nil {
			t.Fatal(err)
		}
	}
	checkpoints(t, c.Nodes[0].DSN("postgres"), c.Nodes[1].DSN("postgres"))
	var left []string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); checkpoints(t, c.Nodes[0].DSN("postgres"), c.Nodes[1].DSN("postgres")) {
		left = nil
		for _, n := range c.Nodes {
			for _, mark := range marks {
				for _, path := range onDisk(t, n.Dir, mark) {
					left = append(left, n.Name+"/"+path)
				}
			}
		}
		if len(left) == 0 {
			return
		}
	}
	t.Errorf("still in %q", left)
}

func checkpoints(t *testing.T, dsns ...string) {
	t.Helper()
	for _, dsn := range dsns {
		exec(t, dsn, "CHECKPOINT")
	}
}
