package store

import (
	"os"
	"path/filepath"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// Join creates the folder of a further host of a ledger in a shared database:
// zapisd.conf, the log's key, and a guard. The guard begins at the database's
// last checkpoint; the witnesses confirm when it is opened that it is the
// newest.
func Join(dir string, p Place, k *ledger.SigningKey) (named card.LedgerCard, err error) {
	if err := p.check(); err != nil {
		return named, err
	}
	if p.folder() {
		return named, exit.Advise(exit.Usage, exit.AddDatabase.With(), "only a ledger in a database has several hosts")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return named, err
	}
	lock, err := takeLock(dir, "a new host", true)
	if err != nil {
		return named, err
	}
	defer lock.release()
	if err := clearUnfinished(dir); err != nil {
		return named, err
	}
	p.Host = newHost()
	last, named, err := p.last(dir, k)
	if err != nil {
		return named, err
	}
	aside := filepath.Join(dir, creatingName)
	for _, name := range []string{aside, filepath.Join(dir, partsName), filepath.Join(dir, partsName, incomingName)} {
		if err := atomicfile.MakeFolder(name); err != nil {
			return named, err
		}
	}
	if err := createGuard(aside, last); err != nil {
		return named, err
	}
	if err := writeAside(filepath.Join(aside, keyName), k.Marshal()); err != nil {
		return named, err
	}
	conf, err := p.write(aside, dir)
	if err != nil {
		return named, err
	}
	if err := putInPlace(aside, dir, append([]string{guardName, keyName}, conf...)...); err != nil {
		return named, err
	}
	return named, os.RemoveAll(aside)
}

// last reads the last checkpoint, and refuses a key that is not in force.
func (p Place) last(dir string, k *ledger.SigningKey) (last ledger.Checkpoint, named card.LedgerCard, err error) {
	e, err := p.openEngines(dir, false, nil)
	if err != nil {
		return last, named, err
	}
	s := &Store{dir: dir, db: e.db, parts: e.parts, name: e.name, shared: true}
	err = s.load(false)
	if err == nil && s.released.verifier.Keys() != k.Keys() {
		err = exit.New(exit.KeyMissing, "copy log.key from another host of this ledger, by a way that nobody reads",
			"the key is not the one in force of %s", s.card)
	}
	return s.released.Checkpoint, s.card, exit.First(err, e.close())
}
