package bolt

import (
	"path/filepath"
	"testing"

	"zapis/store/kv"
	"zapis/store/kv/kvtest"
)

func TestConformance(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.DB {
		path := filepath.Join(t.TempDir(), "db")
		db, err := Create(path, kvtest.Specs)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if db, err = Open(path, kvtest.Specs, false); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	})
}
