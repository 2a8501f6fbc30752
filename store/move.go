package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/kv"
)

// moveBytes is the size of one transaction.
const moveBytes = 4 << 20

// movedSuffix is appended to the names of what a move has left behind. It can be read, and signs nothing.
const movedSuffix = ".moved"

// Move moves a ledger to another place: every value of every table, and every attachment, byte for byte. The folder
// stays this host's: guard, key, witnesses. The order is:
//
//  1. the source is checked, and compared with the guard;
//  2. a mark in the source is durable, after which it signs nothing, on any host;
//  3. all is copied, read back from both, and compared;
//  4. the destination is made a ledger, and zapisd.conf is put in place, or away.
//
// An interrupted move is continued by the same call. progress may be nil.
func Move(ctx context.Context, dir string, to Place, progress func(done, total int64)) error {
	if err := to.check(); err != nil {
		return err
	}
	if err := finishMove(dir); err != nil {
		return err
	}
	if err := checkWhole(ctx, dir, progress); err != nil {
		return err
	}
	lock, err := takeLock(dir, "a move", true)
	if err != nil {
		return err
	}
	defer lock.release()
	from, err := readPlace(dir)
	if err != nil {
		return err
	}
	if from.folder() && to.folder() {
		if err := dropSecrets(dir, from); err != nil { // of a move that was interrupted at its end
			return err
		}
	}
	if from.folder() && to.folder() || !from.folder() && from.String() == to.String() {
		return exit.New(exit.Failed, "", "the ledger is kept there already: %s", to)
	}
	m := &move{ctx: ctx, dir: dir, aside: filepath.Join(dir, creatingName), from: from, to: to}
	return m.run()
}

// finishMove puts the passwords in place that an interrupted move has left aside: without them the ledger can't be opened.
func finishMove(dir string) error {
	if !exists(filepath.Join(dir, creatingName)) {
		return nil
	}
	lock, err := takeLock(dir, "a move", true)
	if err != nil {
		return err
	}
	return exit.First(finishSecrets(dir), lock.release())
}

// checkWhole refuses to move a ledger that does not verify.
func checkWhole(ctx context.Context, dir string, progress func(done, total int64)) error {
	s, err := OpenReadOnly(dir)
	if err != nil {
		return err
	}
	faults, err := s.Check(ctx, progress)
	if err == nil && len(faults) > 0 {
		err = exit.Advise(exit.Mismatch, exit.CheckThat.With(), "%w: %s has %d faults: %s", ledger.ErrMismatch, s.name, len(faults), faults[0])
	}
	return exit.First(err, s.Close())
}

type move struct {
	ctx        context.Context
	dir, aside string
	from, to   Place
	src, dst   engines
}

func (m *move) run() (err error) {
	if m.src, err = m.from.openEngines(m.dir, false, nil); err != nil {
		return err
	}
	defer func() { err = exit.First(err, m.src.close()) }()
	if err := m.mark(); err != nil {
		return err
	}
	if err := os.RemoveAll(m.aside); err != nil {
		return err
	}
	for _, name := range []string{m.aside, filepath.Join(m.aside, partsName), filepath.Join(m.aside, partsName, incomingName)} {
		if err := atomicfile.MakeFolder(name); err != nil {
			return err
		}
	}
	if err := m.begin(); err != nil {
		return err
	}
	err = m.copyAll()
	if err == nil {
		err = kv.Update(m.dst.db, func(tx kv.Tx) error { return tx.Table(tableMeta).Put(metaFormat, []byte(format)) })
	}
	if err := exit.First(err, m.dst.close()); err != nil {
		return err
	}
	return m.switchOver()
}

// mark stops the source, durably, once it is known to be no restored copy.
func (m *move) mark() error {
	s := &Store{dir: m.dir, db: m.src.db, parts: m.src.parts, name: m.src.name, shared: m.src.db.Shared()}
	if err := s.load(true); err != nil {
		return err
	}
	g, _, err := readGuard(m.dir)
	if err != nil {
		return errNoGuard(m.dir, err)
	}
	if err := compareGuard(m.dir, g, s.released.Checkpoint, s.rootAt); err != nil {
		return err
	}
	return kv.Update(m.src.db, func(tx kv.Tx) error {
		meta := tx.Table(tableMeta)
		return exit.First(meta.Put(metaFormat, []byte(formatMoved)), meta.Put(metaMoved, []byte(m.to.String())))
	})
}

// begin creates the destination's empty tables. It removes what an interrupted move has left there, which is no ledger
// yet.
func (m *move) begin() (err error) {
	if m.dst, err = m.to.createEngines(m.aside); err == nil || m.to.folder() {
		return err
	}
	old, openErr := m.to.openEngines(m.dir, false, nil)
	if openErr != nil {
		return err
	}
	unfinished := false
	viewErr := kv.View(old.db, func(tx kv.Tx) error {
		unfinished = tx.Table(tableMeta).Get(metaFormat) == nil
		return nil
	})
	if viewErr != nil || !unfinished {
		return exit.First(err, viewErr, old.close())
	}
	if err := old.discard(); err != nil {
		return err
	}
	m.dst, err = m.to.createEngines(m.aside)
	return err
}

func (m *move) copyAll() error {
	for _, s := range specs {
		if err := m.copyTable(s); err != nil {
			return fmt.Errorf("table %s: %w", s.Name, err)
		}
	}
	if err := m.copyParts(); err != nil {
		return err
	}
	if err := m.copyCosigned(); err != nil {
		return err
	}
	return m.compare()
}

// own reports whether a value belongs to the place, and not to the ledger.
func own(table string, key []byte) bool {
	return table == tableMeta && (bytes.Equal(key, metaFormat) || bytes.Equal(key, metaMoved) || bytes.Equal(key, metaSwept))
}

// eachValue visits a table's values in transactions of moveBytes.
func (m *move) eachValue(db kv.DB, s kv.Spec, visit func(k, v []byte) error) error {
	return kv.View(db, func(tx kv.Tx) error {
		table := tx.Table(s.Name)
		if table == nil && s.Added {
			return nil
		}
		c := table.Cursor()
		k, v := c.First()
		for k, v := range ahead(tx, db.Shared() && s.Large, c, k, v, func(k, _ []byte) ([]kv.Key, int64) {
			return []kv.Key{{Table: s.Name, Key: k}}, unknownSize
		}) {
			if s.Large {
				v = table.Get(k)
			}
			if own(s.Name, k) {
				continue
			}
			if err := visit(k, v); err != nil {
				return err
			}
			if err := m.ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m *move) copyTable(s kv.Spec) error {
	type pair struct{ k, v []byte }
	var group []pair
	size := 0
	flush := func() error {
		err := kv.Update(m.dst.db, func(tx kv.Tx) error {
			for _, p := range group {
				if err := tx.Table(s.Name).Put(p.k, p.v); err != nil {
					return err
				}
			}
			return nil
		})
		group, size = nil, 0
		return err
	}
	err := m.eachValue(m.src.db, s, func(k, v []byte) error {
		group = append(group, pair{bytes.Clone(k), bytes.Clone(v)})
		if size += len(k) + len(v); size < moveBytes {
			return nil
		}
		return flush()
	})
	if err != nil || len(group) == 0 {
		return err
	}
	return flush()
}

func (m *move) copyParts() error {
	files := kv.Spec{Name: tableFiles}
	return m.eachValue(m.src.db, files, func(k, v []byte) error {
		size, ok := readNumber(v)
		if !ok || len(k) != len(ledger.Hash{}) {
			return fmt.Errorf("%w: the index of files is damaged", ledger.ErrMismatch)
		}
		r, _, err := m.src.parts.Open(m.ctx, blob.Hash(k))
		if err != nil {
			return err
		}
		p := ledger.Part{Kind: ledger.PartAttachment, Hash: ledger.Hash(k), Size: int64(size)}
		path := filepath.Join(m.aside, partsName, incomingName, p.Hash.String())
		if err := exit.First(copyPart(path, p, r), r.Close()); err != nil {
			return err
		}
		return m.dst.parts.Put(m.ctx, blob.Hash(k), blob.Spool{Path: path, Size: int64(size)})
	})
}

// copyCosigned copies the witnesses' lines, which are files in a folder and rows in a database.
func (m *move) copyCosigned() error {
	src := &Store{dir: m.dir, db: m.src.db, shared: m.src.db.Shared()}
	sizes, err := src.CosignedSizes()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(m.dir, cosignedName), 0o700); err != nil {
		return err
	}
	for _, size := range sizes {
		note, err := src.readCosigned(size)
		if err != nil {
			return err
		}
		if m.dst.db.Shared() {
			err = kv.Update(m.dst.db, func(tx kv.Tx) error { return tx.Table(tableCosigned).Put(number(size), note) })
		} else {
			err = atomicfile.WriteFile(filepath.Join(m.dir, cosignedName, strconv.FormatUint(size, 10)), note, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compare reads and compares both places completely.
func (m *move) compare() error {
	for _, s := range specs {
		var sums [2][]byte
		for i, db := range []kv.DB{m.src.db, m.dst.db} {
			sum := sha256.New()
			err := m.eachValue(db, s, func(k, v []byte) error {
				fmt.Fprintf(sum, "%d %d\n", len(k), len(v))
				sum.Write(k)
				sum.Write(v)
				return nil
			})
			if err != nil {
				return err
			}
			sums[i] = sum.Sum(nil)
		}
		if !bytes.Equal(sums[0], sums[1]) {
			return exit.New(exit.Mismatch, "begin again; the source is whole", "%w: the table %s differs from the one that was copied", ledger.ErrMismatch, s.Name)
		}
	}
	return m.eachValue(m.dst.db, kv.Spec{Name: tableFiles}, func(k, _ []byte) error {
		r, _, err := m.dst.parts.Open(m.ctx, blob.Hash(k))
		if err != nil {
			return err
		}
		h, _, err := hashing(io.Discard, r)
		if err == nil && h != ledger.Hash(k) {
			err = fmt.Errorf("%w: the attachment %x differs from the one that was copied", ledger.ErrMismatch, k)
		}
		return exit.First(err, r.Close())
	})
}

// switchOver makes the folder name the destination. Until zapisd.conf is renamed it names the source, which is marked.
func (m *move) switchOver() error {
	at := func(name string) string { return filepath.Join(m.dir, name) }
	if m.to.folder() {
		others, err := otherLines(at(placeName))
		if err != nil {
			return err
		}
		if err := os.RemoveAll(at(partsName)); err != nil { // only incoming: attachments lay elsewhere
			return err
		}
		if err := putInPlace(m.aside, m.dir, partsName, dbName); err != nil {
			return err
		}
		if err := atomicfile.Rename(at(placeName), at(placeName+movedSuffix)); err != nil {
			return err
		}
		if len(others) > 0 {
			if err := atomicfile.WriteFile(at(placeName), others, 0o600); err != nil {
				return err
			}
		}
		return errors.Join(dropSecrets(m.dir, m.to), os.RemoveAll(m.aside))
	}
	m.to.Host = newHost()
	if err := m.writeAside(); err != nil {
		return err
	}
	if err := putInPlace(m.aside, m.dir, placeName); err != nil {
		return err
	}
	if err := finishSecrets(m.dir); err != nil {
		return err
	}
	if m.from.folder() {
		if err := errors.Join(os.RemoveAll(at(dbName+movedSuffix)), atomicfile.Rename(at(dbName), at(dbName+movedSuffix)),
			os.RemoveAll(at(partsName+movedSuffix)), atomicfile.Rename(at(partsName), at(partsName+movedSuffix)), atomicfile.MakeFolder(at(partsName))); err != nil {
			return err
		}
	}
	return os.RemoveAll(m.aside)
}

// writeAside writes what the folder will have in place of its own: zapisd.conf first, and then a file for each password, which is empty where
// the new place has none.
func (m *move) writeAside() error {
	names, err := m.to.write(m.aside, m.dir)
	if err != nil {
		return err
	}
	for _, s := range m.to.secrets() {
		if slices.Contains(names, s.secretName) {
			continue
		}
		if err := writeAside(filepath.Join(m.aside, s.secretName), nil); err != nil {
			return err
		}
	}
	return atomicfile.SyncFolder(m.aside)
}

// secretsAside reports whether a move was cut off after zapisd.conf was in place and before all passwords were.
func secretsAside(dir string) bool {
	aside := filepath.Join(dir, creatingName)
	return !exists(filepath.Join(aside, placeName)) && (exists(filepath.Join(aside, databaseSecret)) || exists(filepath.Join(aside, attachmentsSecret)))
}

// finishSecrets puts the passwords of writeAside in place once zapisd.conf is, and removes those that are not used. Where a crash has come
// between, the next move does it. While zapisd.conf still lies aside it does nothing.
func finishSecrets(dir string) error {
	aside := filepath.Join(dir, creatingName)
	if exists(filepath.Join(aside, placeName)) {
		return nil
	}
	for _, s := range (Place{}).secrets() {
		from, to := filepath.Join(aside, s.secretName), filepath.Join(dir, s.secretName)
		info, err := os.Lstat(from)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		switch {
		case err != nil:
		case info.Size() > 0:
			err = os.Rename(from, to)
		default:
			if err = os.Remove(to); err == nil || errors.Is(err, os.ErrNotExist) {
				err = exit.First(atomicfile.SyncFolder(dir), os.Remove(from))
			}
		}
		if err != nil {
			return err
		}
	}
	return atomicfile.SyncFolder(dir)
}
