package store

// Free returns how many bytes of the ledger's disk this process may use.
func (s *Store) Free() (int64, error) { return freeSpace(s.dir) }

// DatabaseSize returns how many bytes the database occupies, with attachments that are stored in it.
func (s *Store) DatabaseSize() (int64, error) { return s.db.Used() }

// Used returns how many bytes the database and the attachments occupy.
func (s *Store) Used() (used int64, err error) {
	db, err := s.db.Used()
	if err != nil {
		return 0, err
	}
	parts, err := s.parts.Used()
	return db + parts, err
}
