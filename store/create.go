package store

import (
	"os"
	"path/filepath"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
	"zapis/store/kv"
)

// Create creates a ledger of one entry in dir, signs its first checkpoint with
// the time now, and returns its card. dir may be missing, or exist without a
// ledger in it. All files are written under temporary names and synced, and
// ledger.db is renamed last: without it there is no ledger, and Create can be
// repeated.
func Create(dir string, g ledger.Genesis, k *ledger.SigningKey, now time.Time) (card.LedgerCard, error) {
	return CreateIn(dir, Place{}, g, k, now)
}

// CreateIn is Create for a ledger at place p; dir then holds only this host's
// files. The database must be empty.
func CreateIn(dir string, p Place, g ledger.Genesis, k *ledger.SigningKey, now time.Time) (card.LedgerCard, error) {
	if err := p.check(); err != nil {
		return card.LedgerCard{}, err
	}
	if _, err := ledger.ParseGenesis(g.Marshal()); err != nil {
		return card.LedgerCard{}, exit.New(exit.Usage, "", "%w", err)
	}
	if k.Keys() != g.Log {
		return card.LedgerCard{}, exit.New(exit.Usage, "", "the genesis names other log keys than the one that is to sign")
	}
	if err := create(dir, p, g, k, now); err != nil {
		return card.LedgerCard{}, err
	}
	return g.Card(), nil
}

func create(dir string, p Place, g ledger.Genesis, k *ledger.SigningKey, now time.Time) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock, err := takeLock(dir, "a new ledger", true)
	if err != nil {
		return err
	}
	defer lock.release()
	if err := clearUnfinished(dir); err != nil {
		return err
	}
	aside := filepath.Join(dir, creatingName)
	if err := atomicfile.MakeFolder(aside); err != nil {
		return err
	}
	e, err := p.createEngines(aside)
	if err != nil {
		return err
	}
	c, err := createDatabase(e.db, g, k, now)
	if err != nil {
		return exit.First(err, e.discard())
	}
	if err := e.close(); err != nil {
		return err
	}
	if err := createGuard(aside, c); err != nil {
		return err
	}
	if err := writeAside(filepath.Join(aside, keyName), k.Marshal()); err != nil {
		return err
	}
	if err := atomicfile.MakeFolder(filepath.Join(dir, partsName)); err != nil {
		return err
	}
	if err := atomicfile.MakeFolder(filepath.Join(dir, partsName, incomingName)); err != nil {
		return err
	}
	names := []string{guardName, keyName, dbName}
	if !p.folder() {
		p.Host = newHost()
		conf, err := p.write(aside, dir)
		if err != nil {
			return err
		}
		names = append([]string{guardName, keyName}, conf...)
	}
	if err := putInPlace(aside, dir, names...); err != nil { // the database after the others
		return err
	}
	return exit.First(os.RemoveAll(aside), atomicfile.SyncFolder(filepath.Dir(filepath.Clean(dir))))
}

// clearUnfinished removes the files of an interrupted Create, and nothing
// else.
func clearUnfinished(dir string) error {
	if exists(filepath.Join(dir, dbName)) || exists(filepath.Join(dir, placeName)) {
		return exit.New(exit.Failed, "choose another folder", "%w: %s", ErrExists, dir)
	}
	aside := filepath.Join(dir, creatingName)
	if exists(aside) {
		return exit.First(os.RemoveAll(filepath.Join(dir, guardName)), os.RemoveAll(filepath.Join(dir, keyName)),
			os.RemoveAll(aside), atomicfile.SyncFolder(dir))
	}
	for _, name := range []string{keyName, guardName, partsName} {
		if exists(filepath.Join(dir, name)) {
			return exit.New(exit.Failed, "if ledger.db was lost, bring it back; otherwise choose another folder",
				"%s has a %s but no %s", dir, name, dbName)
		}
	}
	return nil
}

// createDatabase writes the genesis and the first checkpoint.
func createDatabase(db kv.DB, g ledger.Genesis, k *ledger.SigningKey, now time.Time) (c ledger.Checkpoint, err error) {
	err = kv.Update(db, func(tx kv.Tx) error {
		meta := tx.Table(tableMeta)
		if err := meta.Put(metaFormat, []byte(format)); err != nil {
			return err
		}
		if err := exit.First(meta.Put(metaIndexed, number(0)), meta.Put(metaSwept, number(1))); err != nil {
			return err
		}
		text := g.Marshal()
		if err := putSmall(tx, ledger.Sum(text), text); err != nil {
			return err
		}
		t := tip{origin: g.Origin, values: new(arena)}
		if err := t.appendEntry(tx, g.Entry().Body.Marshal()); err != nil {
			return err
		}
		if err := tx.Table(tableGoverning).Put(number(0), nil); err != nil {
			return err
		}
		c = ledger.Checkpoint{Origin: g.Origin, Size: t.size, Root: t.root(), Time: now.UTC().Truncate(time.Second)}
		note, err := k.SignCheckpoint(c)
		if err != nil {
			return err
		}
		return tx.Table(tableCheckpoints).Put(number(t.size), note)
	})
	return c, err
}
