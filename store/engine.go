package store

import (
	"path/filepath"

	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/blob/file"
	"zapis/store/bolt"
	"zapis/store/kv"
)

// The engines of a ledger: D/ledger.db and the files under D/parts.

// engines are where a ledger's bytes are kept.
type engines struct {
	db    kv.DB
	parts blob.Store
}

func openEngines(dir string, readOnly bool) (e engines, err error) {
	db, err := bolt.Open(filepath.Join(dir, dbName), specs, readOnly)
	if err != nil {
		return e, err
	}
	return engines{db, file.New(filepath.Join(dir, partsName))}, nil
}

// createEngines begins a database with empty tables in a folder aside. It is durable once it is closed.
func createEngines(aside string) (e engines, err error) {
	db, err := bolt.Create(filepath.Join(aside, dbName), specs)
	if err != nil {
		return e, err
	}
	return engines{db, file.New(filepath.Join(aside, partsName))}, nil
}

// removeAside removes what an engine that was cut off has left in the folder.
func removeAside(dir string) error { return bolt.RemoveAside(filepath.Join(dir, dbName)) }

func (e engines) close() error { return exit.First(e.db.Close(), e.parts.Close()) }
