package postgres_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"zapis/store/blob/blobtest"
	"zapis/store/kv"
	"zapis/store/kv/kvtest"
	"zapis/store/postgres"
	"zapis/store/postgres/pgtest"
)

// cluster is a primary with a synchronous standby, for all tests of the package that do it no harm.
var cluster *pgtest.Cluster

func TestMain(m *testing.M) {
	var err error
	if cluster, err = pgtest.Start("", 1); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	cluster.Close()
	os.Exit(code)
}

func options() postgres.Options {
	return postgres.Options{Host: "one", Patience: 20 * time.Second}
}

func newDSN(t *testing.T) string {
	t.Helper()
	name, err := cluster.NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	return cluster.Nodes[0].DSN(name)
}

func newDB(t *testing.T) *postgres.DB {
	t.Helper()
	db, err := postgres.Create(t.Context(), newDSN(t), kvtest.Specs, 4, options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestPartsConformance(t *testing.T) { blobtest.Run(t, newDB(t).Parts(), t.TempDir()) }

func TestConformance(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.DB { return newDB(t) })
}
