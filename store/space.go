package store

import (
	"sync"
	"time"

	"zapis/store/kv"
)

// Free returns how many bytes of the ledger's disk this process may use.
func (s *Store) Free() (int64, error) { return freeSpace(s.dir) }

// DatabaseSize returns how many bytes the database occupies, with attachments that are stored in it.
func (s *Store) DatabaseSize() (int64, error) { return s.db.Used() }

// Used returns how many bytes the database and the attachments occupy, those included that are being written. It looks at
// no file: intake asks once a minute, and there may be millions.
func (s *Store) Used() (int64, error) {
	db, err := s.db.Used()
	if err != nil {
		return 0, err
	}
	named, unnamed, counted := s.volume.get()
	if s.parts.InDatabase() {
		return db + unnamed, nil
	}
	if s.shared && s.config.Now().Sub(counted).Abs() > countAgain {
		if named, err = s.countNamed(); err != nil {
			return 0, err
		}
	}
	return db + named + unnamed, nil
}

// countAgain is after how much time the attachments of other hosts are counted too.
const countAgain = time.Hour

// volume counts the bytes of attachments: of those that a body names, from the table of their sizes when the store is
// opened, and of others, by this process.
type volume struct {
	mu             sync.Mutex
	named, unnamed int64
	counted        time.Time
}

func (v *volume) get() (named, unnamed int64, counted time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.named, v.unnamed, v.counted
}

func (v *volume) add(named, unnamed int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.named, v.unnamed = v.named+named, v.unnamed+unnamed
}

// countNamed reads the sizes of all attachments that a body names: 40 bytes each, in order.
func (s *Store) countNamed() (sum int64, err error) {
	err = kv.View(s.db, func(tx kv.Tx) error {
		sum = 0
		eachRow(tx.Table(tableFiles), func(_, size []byte) {
			n, _ := readNumber(size)
			sum += int64(n)
		})
		return nil
	})
	if err != nil {
		return 0, err
	}
	s.volume.mu.Lock()
	defer s.volume.mu.Unlock()
	s.volume.named, s.volume.counted = sum, s.config.Now()
	return sum, nil
}

// eachRow visits all rows of a table.
func eachRow(t kv.Table, visit func(k, v []byte)) {
	c := t.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		visit(k, v)
	}
}
