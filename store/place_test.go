package store

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/cli"
	"zapis/internal/exit"
)

func TestPlaceRefusals(t *testing.T) {
	const usage, failed = exit.Usage, exit.Failed
	for _, test := range []struct {
		name string
		p    Place
		text string
		hint string
	}{
		{"attachments alone", Place{Attachments: "s3://key:secret@host/bucket"}, "attachments: attachments lie apart only where the ledger is in a database", "add --database"},
		{"another engine", Place{Database: "mysql://u:secret@host/x"}, "database: only PostgreSQL is known", "postgres://USER@HOST/DATABASE"},
		{"another store", Place{Database: "postgres://u@host/x", Attachments: "gs://key:secret@host/bucket"}, "attachments: only s3:// is known", "s3://KEY:SECRET@HOST/BUCKET"},
		{"no address", Place{Database: "postgres://u:secret@[::/x"}, "database: it can't be read as an address", ""},
		{"no address of attachments", Place{Database: "postgres://u@host/x", Attachments: "s3://key:secret@[::/x"}, "attachments: it can't be read as an address", ""},
	} {
		err := test.p.check()
		if err == nil {
			_, err = test.p.write(t.TempDir(), t.TempDir())
		}
		if err == nil || err.Error() != test.text || exit.StatusOf(err) != usage || cli.Hint(err) != test.hint {
			t.Errorf("%s: %v (status %d, hint %q)", test.name, err, exit.StatusOf(err), cli.Hint(err))
		}
	}

	const address = "host = h\ndatabase = postgres://u@host/x\n"
	for _, test := range []struct {
		name, conf, secret string
		mode               os.FileMode
		text, hint         string // DIR is the folder
		status             exit.Status
	}{
		{"no host", "database = postgres://u@host/x\n", "", 0, "DIR/zapisd.conf: it has no line host", "zapisd init writes one", failed},
		{"another standby", address + "standby = b\n", "", 0, "DIR/zapisd.conf: standby can only be none", "leave the line out where there is one", usage},
		{"a secret that others read", address, "secret\n", 0o644, "DIR/database.secret can be read by others", "chmod 600 DIR/database.secret", failed},
		{"a secret without a user", "host = h\ndatabase = postgres://host/x\n", "secret\n", 0o600, "DIR/database.secret: its address names no user",
			"name the user: postgres://USER@HOST/DATABASE, s3://KEY@HOST/BUCKET", failed},
	} {
		dir := t.TempDir()
		for name, content := range map[string]string{placeName: test.conf, databaseSecret: test.secret} {
			if content == "" {
				continue
			}
			path := filepath.Join(dir, name)
			if err := exit.First(os.WriteFile(path, []byte(content), 0o600), os.Chmod(path, max(test.mode, 0o600))); err != nil {
				t.Fatal(err)
			}
		}
		_, err := readPlace(dir)
		in := func(s string) string { return strings.ReplaceAll(s, "DIR", dir) }
		if err == nil || err.Error() != in(test.text) || exit.StatusOf(err) != test.status || cli.Hint(err) != in(test.hint) {
			t.Errorf("%s: %v (status %d, hint %q)", test.name, err, exit.StatusOf(err), cli.Hint(err))
		}
	}
}

// A ledger whose zapisd.conf was read only in part would be taken for one in its folder.
func TestLongLineHidesNoDatabase(t *testing.T) {
	dir := t.TempDir()
	conf := "# " + strings.Repeat("x", 1<<20) + "\nhost = h\ndatabase = postgres://u@host/x"
	if err := os.WriteFile(filepath.Join(dir, placeName), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := readPlace(dir); err != nil || p.Database != "postgres://u@host/x" || p.Host != "h" {
		t.Errorf("read %+v, %v", p, err)
	}
}

// Passwords are in files of their own, which only their owner reads, and in no text about a place.
func TestPlaceKeepsSecretsApart(t *testing.T) {
	for _, p := range []Place{
		{Database: "postgres://u:sec%2Fret@host/x?sslmode=verify-full"},
		{Database: "postgres://u:sec%2Fret@a:5432,b:5433/x?target_session_attrs=read-write", NoStandby: true},
		{Database: "postgres://u:sec%2Fret@host/x", Attachments: "s3://key:s3sec%2Fret@host:9000/bucket"},
		{Database: "postgres://u@host/x"},
	} {
		dir := t.TempDir()
		p.Host = newHost()
		names, err := p.write(dir, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v", name, err)
			}
		}
		conf, err := os.ReadFile(filepath.Join(dir, placeName))
		if err != nil || strings.Contains(string(conf)+p.String(), "ret") {
			t.Errorf("%v: %s, shown as %s", err, conf, p)
		}
		if got, err := readPlace(dir); err != nil || got != p {
			t.Errorf("read back: %+v, %v", got, err)
		}
	}
}

// A database that is not this ledger's, or that this host may not sign in, is refused at start.
func TestWrongDatabase(t *testing.T) {
	if cluster == nil {
		return // it is about databases
	}
	dir, other, key := newFolder(t), filepath.Join(t.TempDir(), "other"), ledgertest.Key(1)
	foreign := ledgertest.Genesis()
	foreign.Origin = "example.org/other"
	otherKey, err := ledger.GenerateSigningKey(foreign.Origin, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	foreign.Log = otherKey.Keys()
	if _, err := createTest(other, foreign, otherKey, start); err != nil {
		t.Fatal(err)
	}
	empty, err := cluster.NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	at := func(dir string) Place {
		p, err := readPlace(dir)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	here, there, nowhere := at(dir), at(other), Place{Database: cluster.Nodes[0].DSN(empty), Host: "h"}
	// opens opens the ledger's folder with its zapisd.conf naming another database.
	opens := func(p Place) func() error {
		return func() error {
			if _, err := p.write(dir, t.TempDir()); err != nil {
				return err
			}
			s, err := openTest(dir, Config{Slot: day})
			if err == nil {
				s.Close()
			}
			return err
		}
	}
	joins := func(p Place, k *ledger.SigningKey) func() error {
		return func() error { _, err := Join(filepath.Join(t.TempDir(), "new"), p, k); return err }
	}
	for _, test := range []struct {
		name       string
		do         func() error
		text, hint string // how they begin
		status     exit.Status
	}{
		{"no witness", func() error { _, err := Open(dir, Config{Slot: day}); return err }, "no witness has confirmed the checkpoint: this ledger is shared by several hosts, and has no witness",
			"name witnesses on other machines in D/witnesses (docs/guides/cluster.md)", exit.Failed},
		{"another ledger's", opens(there), "the database and its guard are of different histories: the guard is of example.org/ledger, the database of example.org/other: ",
			"look which guard belongs to this folder, and which database zapisd.conf names", exit.Mismatch},
		{"an empty one", opens(nowhere), "127.0.0.1:PORT/" + empty + ": there is no ledger in this database", "zapisd init --database makes one", exit.Failed},
		{"init where a ledger is", func() error {
			_, err := CreateIn(filepath.Join(t.TempDir(), "new"), here, ledgertest.Genesis(), key, start)
			return err
		}, "there is a ledger in this database already: 127.0.0.1:PORT/", "choose another database", exit.Failed},
		{"a host with another key", joins(here, otherKey), "the key is not the one in force of zapis-ledger+example.org/ledger+", "copy log.key from another host of this ledger", exit.KeyMissing},
		{"a host of an empty one", joins(nowhere, key), "127.0.0.1:PORT/" + empty + ": there is no ledger in this database", "zapisd init --database makes one", exit.Failed},
		{"a host of a folder", joins(Place{}, key), "only a ledger in a database has several hosts", "add --database", exit.Usage},
	} {
		err := test.do()
		text := strings.ReplaceAll(test.text, "PORT", strconv.Itoa(cluster.Nodes[0].Port))
		if err == nil || !strings.HasPrefix(err.Error(), text) || !strings.HasPrefix(cli.Hint(err), test.hint) || exit.StatusOf(err) != test.status {
			t.Errorf("%s: %v (status %d, hint %q)", test.name, err, exit.StatusOf(err), cli.Hint(err))
		}
	}
	// Nothing of that has harmed either.
	if err := opens(here)(); err != nil {
		t.Error(err)
	}
}
