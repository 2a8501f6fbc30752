package store

import (
	"context"
	"path/filepath"
	"time"

	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/blob/file"
	"zapis/store/blob/s3"
	"zapis/store/bolt"
	"zapis/store/kv"
	"zapis/store/postgres"
)

// engines hold a ledger's bytes: D/ledger.db and the files under D/parts, or what D/zapisd.conf names.
type engines struct {
	db    kv.DB
	parts blob.Store
	name  string // of the database, in messages
}

// maxSkew is by how much a host's clock may differ from the database's.
const maxSkew = 10 * time.Minute

func (p Place) options(readOnly bool, now func() time.Time) postgres.Options {
	o := postgres.Options{Host: p.Host, NoStandby: p.NoStandby, ReadOnly: readOnly}
	if now != nil {
		o.Now, o.MaxSkew = now, maxSkew
	}
	return o
}

// openEngines opens a ledger's engines. now is the host's clock for comparison with the database's, or nil.
func (p Place) openEngines(dir string, readOnly bool, now func() time.Time) (e engines, err error) {
	if p.folder() {
		db, err := bolt.Open(filepath.Join(dir, dbName), folderSpecs, readOnly)
		if err != nil {
			return e, err
		}
		return engines{db, file.New(filepath.Join(dir, partsName)), dbName}, nil
	}
	db, err := postgres.Open(context.Background(), p.Database, sharedSpecs, p.options(readOnly, now))
	if err != nil {
		return e, err
	}
	return p.withParts(db)
}

// withParts adds the attachments to an open database.
func (p Place) withParts(db *postgres.DB) (engines, error) {
	e := engines{db, db.Parts(), "database"}
	if p.Attachments == "" {
		return e, nil
	}
	parts, err := s3.Parse(p.Attachments, s3.NewClient(), time.Now)
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err = parts.Inspect(ctx)
	}
	if err != nil {
		return engines{}, exit.First(err, db.Close())
	}
	e.parts = parts
	return e, nil
}

// createEngines creates a database with empty tables: one in a temporary folder is durable once it is closed.
func (p Place) createEngines(aside string) (e engines, err error) {
	if p.folder() {
		db, err := bolt.Create(filepath.Join(aside, dbName), folderSpecs)
		if err != nil {
			return e, err
		}
		return engines{db, file.New(filepath.Join(aside, partsName)), dbName}, nil
	}
	pieces := p.Pieces
	if pieces == 0 {
		pieces = postgres.DefaultPieces
	}
	db, err := postgres.Create(context.Background(), p.Database, sharedSpecs, pieces, p.options(false, nil))
	if err != nil {
		return e, err
	}
	return p.withParts(db)
}

// discard closes the engines of createEngines, and removes those outside the temporary folder.
func (e engines) discard() error {
	if db, ok := e.db.(*postgres.DB); ok {
		return exit.First(db.Drop(context.Background()), e.close())
	}
	return e.close()
}

// removeAside removes an engine's temporary files in the folder.
func removeAside(dir string) error { return bolt.RemoveAside(filepath.Join(dir, dbName)) }

func (e engines) close() error { return exit.First(e.db.Close(), e.parts.Close()) }
