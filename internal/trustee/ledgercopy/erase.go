package ledgercopy

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
)

// Held is a place where the copy holds a part: a file of its own, or a segment.
type Held struct {
	part ledger.Hash
	file string
	in   *segment // nil where the part is a file of its own
}

// Erase takes the part's bytes away. Where it is interrupted, the copy still holds the part until it is called again.
func (h Held) Erase() error {
	if h.in == nil {
		return atomicfile.Erase(h.file)
	}
	if err := sweepSegments(filepath.Dir(h.file)); err != nil {
		return err
	}
	return h.in.erase(h.part)
}

// Holding finds the parts of a list in all imports, whether as an entry's part or as that of a submission that waits or
// has waited. It looks into each segment once.
func (c *Copy) Holding(list []ledger.Hash) (map[ledger.Hash][]Held, error) {
	held := make(map[ledger.Hash][]Held)
	for _, p := range c.imports {
		for _, part := range list {
			name := partFile(p.dir, part)
			switch _, err := os.Lstat(name); {
			case err == nil:
				held[part] = append(held[part], Held{part: part, file: name})
			case !errors.Is(err, fs.ErrNotExist):
				return nil, err
			}
		}
		for _, s := range p.segments {
			if err := s.holding(list, held); err != nil {
				return nil, err
			}
		}
	}
	return held, nil
}

func (s *segment) holding(list []ledger.Hash, held map[ledger.Hash][]Held) error {
	if len(list) == 0 {
		return nil
	}
	f, err := os.Open(s.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // an erasure has left nothing of it
	}
	if err != nil {
		return err
	}
	defer f.Close()
	for _, part := range list {
		switch _, _, err := s.find(f, part); {
		case err == nil:
			held[part] = append(held[part], Held{part, s.name, s})
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}

// erase takes a part's bytes away. First they are overwritten where they are, so that a hard link or an open
// descriptor keeps none of them; then a file without them takes the segment's place, or none where nothing is left.
// Where it is interrupted, the segment's lines still name the part until it is called again.
func (s *segment) erase(part ledger.Hash) error {
	left, err := s.overwrite(part)
	if err != nil {
		return err
	}
	if left != nil {
		return atomicfile.WriteFile(s.name, left, 0o600)
	}
	if err := os.Remove(s.name); err != nil {
		return err
	}
	return atomicfile.SyncFolder(filepath.Dir(s.name))
}

// overwrite writes zeros over a part, and returns the segment's file without it; nil where nothing is left.
func (s *segment) overwrite(part ledger.Hash) (left []byte, err error) {
	f, err := os.OpenFile(s.name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	offset, size, err := s.find(f, part)
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(make([]byte, size), offset); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var b segmentBuilder
	for i := range len(s.lines) / segmentLine {
		hash, offset, size := parseSegmentLine(lineAt(s.lines, i))
		if *hash == part {
			continue
		}
		if err := b.add(*hash, io.NewSectionReader(f, s.data+offset, size), size); err != nil {
			return nil, err
		}
	}
	if len(b.parts) == 0 {
		return nil, nil
	}
	return append(b.head(), b.data...), nil
}

// sweepSegments removes what interrupted erasures have left among the segments in dir: it may hold parts that must go.
func sweepSegments(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}
