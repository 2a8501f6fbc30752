package postgres_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zapis/internal/shorttest"
	"zapis/store/blob"
	"zapis/store/blob/blobtest"
	"zapis/store/kv"
	"zapis/store/kv/kvtest"
	"zapis/store/postgres"
	"zapis/store/postgres/pgtest"
)

// cluster is a primary with a synchronous standby, for all tests of the package that do it no harm.
var cluster *pgtest.Cluster

func TestMain(m *testing.M) {
	if status, short := shorttest.None(m, "nothing is tested on PostgreSQL, which is started first"); short {
		os.Exit(status)
	}
	var err error
	if cluster, err = pgtest.Start("", 1); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	cluster.Close()
	os.Exit(code)
}

var rounds = flag.Int("postgres.rounds", 0, "how many rounds each fault has, instead of a few: 50")

// orFull is how many rounds a test has.
func orFull(few int) int { return max(few, *rounds) }

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

// spooled writes a blob into a file.
func spooled(t *testing.T, b []byte) (blob.Hash, blob.Spool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spool")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return blob.Hash(sha256.Sum256(b)), blob.Spool{Path: path, Size: int64(len(b))}
}
