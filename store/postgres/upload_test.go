package postgres_test

import (
	"errors"
	"os"
	"testing"

	"zapis/store/kv/kvtest"
	"zapis/store/postgres"
)

// Attachments go over one connection, one after the other. A connection that has broken is replaced, and none is left once the database
// is closed.
func TestUploadConnectionIsKept(t *testing.T) {
	name, proxy, err := cluster.NewProxied()
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	db, err := postgres.Create(t.Context(), proxy.DSN(name), kvtest.Specs, 2, options())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	upload := func() uint32 {
		t.Helper()
		content, h := someBytes(100_000)
		_, spool := spooled(t, content)
		if err := db.Parts().Put(t.Context(), h, spool); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(spool.Path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the spool is left: %v", err)
		}
		if n := value[int](t, cluster.Nodes[0].DSN(name), "SELECT sum(length(v)) FROM "+partsTable(db, h)+" WHERE k = $1", h[:]); n != len(content) {
			t.Errorf("%d bytes are there", n)
		}
		return postgres.UploadPID(db)
	}
	first := upload()
	if again := upload(); first == 0 || again != first {
		t.Errorf("the server's processes are %d and %d", first, again)
	}
	proxy.Cut()
	proxy.Mend()
	if other := upload(); other == 0 || other == first {
		t.Errorf("after a cut the server's process is %d, and was %d", other, first)
	}
	if err := db.Close(); err != nil || postgres.UploadPID(db) != 0 {
		t.Errorf("a connection is left: %v", err)
	}
}

// An attachment goes to no server that lacks a transaction which was seen, over a connection that is kept or a new one.
func TestUploadToServerBehind(t *testing.T) {
	db := newDB(t)
	content, h := someBytes(100_000)
	_, spool := spooled(t, content)
	if err := db.Parts().Put(t.Context(), h, spool); err != nil {
		t.Fatal(err)
	}
	postgres.SeeMore(db)
	content, h = someBytes(100_000)
	_, spool = spooled(t, content)
	for _, connection := range []string{"kept", "new"} {
		if (postgres.UploadPID(db) != 0) != (connection == "kept") {
			t.Fatalf("the connection is not %s", connection)
		}
		if err := db.Parts().Put(t.Context(), h, spool); !errors.Is(err, postgres.ErrBehind) {
			t.Errorf("over a connection that is %s: %v", connection, err)
		}
	}
	if got, err := os.ReadFile(spool.Path); err != nil || len(got) != len(content) {
		t.Errorf("the spool has %d bytes, %v", len(got), err)
	}
}
