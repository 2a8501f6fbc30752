package store

// Free reports how many bytes the ledger's disk has left for us.
func (s *Store) Free() (int64, error) { return freeSpace(s.dir) }

// DatabaseSize reports how many bytes the database occupies: with its attachments where they lie in it.
func (s *Store) DatabaseSize() (int64, error) { return s.db.Used() }

// Used reports how many bytes the database and the attachments occupy.
func (s *Store) Used() (used int64, err error) {
	db, err := s.db.Used()
	if err != nil {
		return 0, err
	}
	parts, err := s.parts.Used()
	return db + parts, err
}
