package ledgercopy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"zapis/crypto/ledger"
)

// A segment is a file with many small parts of one import: to make a file for each takes longer than to verify them.
// It is one of the files in segments/ of an import, named by its number and the first entry that its parts belong to:
// 000001-00000096. The text before the parts' bytes is:
//
//	zapis/segment/v1
//	parts 460
//	<hash> <offset> <size>
//
// with a line for each part, in the order of the hashes. Offsets count from the first byte after the lines, and are
// written with 10 digits as sizes are. A segment is never changed but by erasing a part of it: then a file without it
// takes its place.
type segment struct {
	name  string
	first uint64 // the entry

	mu    sync.Mutex
	of    fs.FileInfo // the file that the lines are from; nil before it was read
	lines []byte      // one for each part
	data  int64       // offset of the first part
}

const (
	segmentsDir   = "segments"
	segmentHeader = "zapis/segment/v1"
	segmentLine   = 64 + 1 + 10 + 1 + 10 + 1 // bytes
	segmentParts  = 1 << 15                  // from which a segment takes no more
	segmentedFrom = 250                      // entries that an import brings, from which it makes a copy's first segments: a program from before them refuses the vault
)

// PartFile is an opened part: a file of its own, or its bytes within a segment. It belongs to one goroutine.
type PartFile struct {
	io.SectionReader
	file *os.File // nil where lastSegment keeps it
}

// Close closes the file, unless it is kept.
func (p *PartFile) Close() error {
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// lastSegment keeps the segment open from which a part was read last: parts that are read in the order of their entries lie
// in the same one. Its parts are valid until the next is opened. It belongs to one goroutine.
type lastSegment struct {
	of   *segment // nil before the first
	file *os.File
}

// open returns the open file of a segment.
func (l *lastSegment) open(s *segment) (*os.File, error) {
	if l.of == s {
		return l.file, nil
	}
	f, err := os.Open(s.name)
	if err != nil {
		return nil, err
	}
	if err := l.close(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l.of, l.file = s, f
	return f, nil
}

func (l *lastSegment) close() error {
	if l.of == nil {
		return nil
	}
	l.of = nil
	return l.file.Close()
}

// openFile opens a part that is a file of its own. The error wraps fs.ErrNotExist where the file is missing.
func openFile(name string) (*PartFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &PartFile{*io.NewSectionReader(f, 0, info.Size()), f}, nil
}

// readAll reads what is left of a part, and closes it.
func (p *PartFile) readAll() ([]byte, error) {
	text, err := io.ReadAll(p)
	return text, errors.Join(err, p.Close())
}

// segments are those of one import, in order. They are safe for concurrent use.
type segments []*segment

// findSegments lists the segments of the import in dir; none where it has no such folder. It opens none.
func findSegments(dir string) (segments, error) {
	dir = filepath.Join(dir, segmentsDir)
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var list segments
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			continue // an erasure was interrupted
		}
		_, digits, _ := strings.Cut(f.Name(), "-")
		first, err := strconv.ParseUint(digits, 10, 64)
		// An erasure removes a segment of which nothing is left: numbers may be missing.
		if err != nil || len(list) > 0 && first < list[len(list)-1].first {
			return nil, fmt.Errorf("%s/%s is no segment", segmentsDir, f.Name())
		}
		list = append(list, &segment{name: filepath.Join(dir, f.Name()), first: first})
	}
	return list, nil
}

func segmentName(number int, first uint64) string { return fmt.Sprintf("%06d-%08d", number, first) }

// open opens a part of an entry. It looks where the entry's parts are first; another entry of the import may have
// brought it. The error wraps fs.ErrNotExist where no segment has it.
func (s segments) open(index uint64, part ledger.Hash, kept *lastSegment) (*PartFile, error) {
	last := sort.Search(len(s), func(i int) bool { return s[i].first > index })
	for i := last - 1; i >= 0 && (i == last-1 || s[i+1].first == index); i-- {
		if f, err := s[i].open(part, kept); !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	for _, one := range s {
		if f, err := one.open(part, kept); !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, fs.ErrNotExist
}

// open opens a part; an error that wraps fs.ErrNotExist where the segment does not have it. The file is kept, or the part's own where
// kept is nil.
func (s *segment) open(part ledger.Hash, kept *lastSegment) (*PartFile, error) {
	if kept != nil {
		f, err := kept.open(s)
		if err != nil {
			return nil, err
		}
		return s.part(f, part)
	}
	f, err := os.Open(s.name)
	if err != nil {
		return nil, err
	}
	p, err := s.part(f, part)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	p.file = f
	return p, nil
}

// part returns a part within the segment's file, which stays the caller's.
func (s *segment) part(f *os.File, part ledger.Hash) (*PartFile, error) {
	offset, size, err := s.find(f, part)
	if err != nil {
		return nil, err
	}
	return &PartFile{*io.NewSectionReader(f, offset, size), nil}, nil
}

// find returns where a part is in the segment's file, which another process may have replaced since its lines were
// read.
func (s *segment) find(f *os.File, part ledger.Hash) (offset, size int64, err error) {
	now, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil || !os.SameFile(s.of, now) || s.of.Size() != now.Size() || !s.of.ModTime().Equal(now.ModTime()) {
		if s.lines, s.data, err = readSegmentHead(f, now.Size()); err != nil {
			return 0, 0, Damaged("%s/%s: %w", segmentsDir, filepath.Base(s.name), err)
		}
		s.of = now
	}
	at, have := findLine(s.lines, part)
	if !have {
		return 0, 0, fs.ErrNotExist
	}
	_, offset, size = parseSegmentLine(lineAt(s.lines, at))
	return s.data + offset, size, nil
}

func lineAt(lines []byte, n int) []byte { return lines[n*segmentLine : (n+1)*segmentLine] }

func findLine(lines []byte, part ledger.Hash) (at int, have bool) {
	digits := []byte(part.String())
	return sort.Find(len(lines)/segmentLine, func(i int) int { return bytes.Compare(digits, lineAt(lines, i)[:len(digits)]) })
}

// parseSegmentLine reads a line; the hash is nil where it is none.
func parseSegmentLine(line []byte) (part *ledger.Hash, offset, size int64) {
	hash, err := ledger.ParseHash(string(line[:64]))
	first, err2 := strconv.ParseUint(string(line[65:75]), 10, 63)
	many, err3 := strconv.ParseUint(string(line[76:86]), 10, 63)
	if err != nil || err2 != nil || err3 != nil || !bytes.Equal(line, marshalSegmentLine(hash, int64(first), int64(many))) {
		return nil, 0, 0
	}
	return &hash, int64(first), int64(many)
}

func marshalSegmentLine(part ledger.Hash, offset, size int64) []byte {
	return fmt.Appendf(nil, "%s %010d %010d\n", part, offset, size)
}

// readSegmentHead reads the lines of a segment of so many bytes. It refuses one whose lines are not in order, or do
// not cover the bytes that follow, each once.
func readSegmentHead(f io.ReaderAt, total int64) (lines []byte, data int64, err error) {
	const longest = len(segmentHeader) + len("\nparts 0000000000\n")
	start := make([]byte, min(total, int64(longest)))
	if _, err := f.ReadAt(start, 0); err != nil && err != io.EOF {
		return nil, 0, err
	}
	rest, ok := bytes.CutPrefix(start, []byte(segmentHeader+"\nparts "))
	digits, _, whole := bytes.Cut(rest, []byte("\n"))
	count, err := strconv.ParseUint(string(digits), 10, 16)
	if !ok || !whole || err != nil || strconv.FormatUint(count, 10) != string(digits) {
		return nil, 0, errors.New("it does not begin as a segment does")
	}
	begin := int64(len(segmentHeader) + len("\nparts \n") + len(digits))
	data = begin + int64(count)*segmentLine
	if data > total {
		return nil, 0, errors.New("it ends before its lines do")
	}
	lines = make([]byte, data-begin)
	if _, err := f.ReadAt(lines, begin); err != nil && err != io.EOF {
		return nil, 0, err
	}
	return lines, data, checkSegmentLines(lines, total-data)
}

// checkSegmentLines refuses lines that do not cover so many bytes of parts, each once.
func checkSegmentLines(lines []byte, total int64) error {
	type span struct{ offset, size int64 }
	spans := make([]span, 0, len(lines)/segmentLine)
	var before ledger.Hash
	for i := range len(lines) / segmentLine {
		part, offset, size := parseSegmentLine(lineAt(lines, i))
		switch {
		case part == nil:
			return fmt.Errorf("line %d is no part's", i+1)
		case i > 0 && bytes.Compare(before[:], part[:]) >= 0:
			return fmt.Errorf("line %d is not in order", i+1)
		}
		before, spans = *part, append(spans, span{offset, size})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.size, b.size)) })
	end := int64(0)
	for _, s := range spans {
		if s.offset != end {
			return fmt.Errorf("its lines do not name the bytes from %d on", end)
		}
		end += s.size
	}
	if end != total {
		return fmt.Errorf("its parts have %d bytes, and its lines name %d", total, end)
	}
	return nil
}

// segmentBuilder is a segment that is being filled.
type segmentBuilder struct {
	data  []byte
	parts []builtPart
}

type builtPart struct {
	hash         ledger.Hash
	offset, size int64
}

// add reads content to its end, which must come after size bytes.
func (b *segmentBuilder) add(part ledger.Hash, content io.Reader, size int64) error {
	start := len(b.data)
	b.data = slices.Grow(b.data, int(size))[:start+int(size)]
	_, err := io.ReadFull(content, b.data[start:])
	if err == nil {
		var more [1]byte
		// A part's reader compares its hash before it returns io.EOF.
		if n, end := io.ReadFull(content, more[:]); end != io.EOF || n > 0 {
			err = cmp.Or(end, errors.New("there is more of a part than its size"))
		}
	}
	if err != nil {
		b.data = b.data[:start]
		return err
	}
	b.parts = append(b.parts, builtPart{part, int64(start), size})
	return nil
}

// head returns the text before the parts' bytes.
func (b *segmentBuilder) head() []byte {
	slices.SortFunc(b.parts, func(x, y builtPart) int { return bytes.Compare(x.hash[:], y.hash[:]) })
	head := fmt.Appendf(nil, "%s\nparts %d\n", segmentHeader, len(b.parts))
	for _, p := range b.parts {
		head = append(head, marshalSegmentLine(p.hash, p.offset, p.size)...)
	}
	return head
}
