package ledgercopy

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/cli/scripttest"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// written is an import's folder with the segments of some parts.
type written struct {
	dir   string
	parts [][]byte
	copy  *Copy
}

// writeSegments makes segments of parts, three for each entry, whose sizes and bytes all differ.
func writeSegments(t *testing.T, parts int) *written {
	t.Helper()
	w := &written{dir: t.TempDir()}
	s, err := newSegmentWriter(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	s.left = 8 * segmentMost
	for i := range parts {
		one := bytes.Repeat(sum(byte(i), byte(i>>8)), 20+i)
		w.parts = append(w.parts, one)
		for range 2 { // the second time it is there already
			if err := s.add(uint64(i/3), ledger.Part{Hash: ledger.Sum(one), Size: int64(len(one))}, bytes.NewReader(one)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(s.wait(), s.sync()); err != nil {
		t.Fatal(err)
	}
	w.load(t)
	return w
}

func sum(b ...byte) []byte { h := sha256.Sum256(b); return h[:] }

// load reads the folder as a program does that starts.
func (w *written) load(t *testing.T) {
	t.Helper()
	list, err := findSegments(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	w.copy = &Copy{imports: []importRange{{dir: w.dir, size: uint64(len(w.parts)), segments: list}}}
}

func (w *written) read(i int) ([]byte, error) {
	return w.copy.ReadEntryPart(uint64(i/3), ledger.Sum(w.parts[i]))
}

// whole reports the parts that do not come back as they were, or are missing.
func (w *written) whole() (wrong []int) {
	for i, one := range w.parts {
		if got, err := w.read(i); err != nil || !bytes.Equal(got, one) {
			wrong = append(wrong, i)
		}
	}
	return wrong
}

func (w *written) files(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, segmentsDir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	return files
}

func TestSegments(t *testing.T) {
	w := writeSegments(t, 300)
	if wrong := w.whole(); wrong != nil {
		t.Errorf("parts %v do not come back", wrong)
	}
	if names := w.files(t); len(names) != 1 || filepath.Base(names[0]) != "000001-00000000" {
		t.Errorf("%v", names)
	}
	if _, err := w.copy.OpenEntryPart(1, ledger.Sum(nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a part that no segment has: %v", err)
	}
	if got, err := w.copy.ReadEntryPart(99, ledger.Sum(w.parts[0])); err != nil || !bytes.Equal(got, w.parts[0]) {
		t.Errorf("a part that another entry has brought: %v", err)
	}
}

// A segment takes no more parts once it is full, and the next begins with the entry of its first part.
func TestManySegments(t *testing.T) {
	shorttest.Skip(t, "no copy of many segments is read")
	dir := t.TempDir()
	s, err := newSegmentWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	s.left = 8 * segmentMost
	w := &written{dir: dir}
	for i := range 40 * 3 {
		one := bytes.Repeat(sum(byte(i)), smallPart/32)
		w.parts = append(w.parts, one)
		if err := s.add(uint64(i/3), ledger.Part{Hash: ledger.Sum(one), Size: int64(len(one))}, bytes.NewReader(one)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.wait(), s.sync()); err != nil {
		t.Fatal(err)
	}
	w.load(t)
	names := w.files(t)
	if len(names) != 4 || filepath.Base(names[1]) != "000002-00000010" || filepath.Base(names[2]) != "000003-00000021" {
		t.Errorf("%v", names)
	}
	if wrong := w.whole(); wrong != nil {
		t.Errorf("parts %v do not come back", wrong)
	}
	if err := s.add(1, ledger.Part{}, strings.NewReader("more than its size")); err == nil {
		t.Error("a part that is longer than its size is taken")
	}
}

// Whatever is changed in a segment is found: what is read has another hash, or is refused. Nothing crashes.
func TestDamagedSegment(t *testing.T) {
	shorttest.Skip(t, "no segment is damaged")
	w := writeSegments(t, 24)
	name := w.files(t)[0]
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	scripttest.Damage(t, good, 60, time.Second, func(what string, at int, bad []byte) {
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		w.load(t)
		if len(w.whole()) == 0 {
			t.Errorf("%s at %d: it is not found", what, at)
		}
		for i := range w.parts {
			if _, err := w.read(i); err != nil && !errors.Is(err, fs.ErrNotExist) && exit.StatusOf(err) != exit.Mismatch {
				t.Errorf("%s at %d: %v", what, at, err)
			}
		}
	})
}

func TestSegmentHeadRefuses(t *testing.T) {
	one, two := ledger.Sum([]byte("1")), ledger.Sum([]byte("2"))
	if bytes.Compare(one[:], two[:]) > 0 {
		one, two = two, one
	}
	line := func(h ledger.Hash, offset, size int64) string { return string(marshalSegmentLine(h, offset, size)) }
	const head = segmentHeader + "\nparts 2\n"
	for _, tt := range []struct{ text, want string }{
		{head + line(one, 0, 3) + line(two, 3, 2) + "abcde", ""},
		{head + line(two, 0, 3) + line(one, 3, 2) + "abcde", "line 2 is not in order"},
		{head + line(one, 0, 3) + line(one, 3, 2) + "abcde", "line 2 is not in order"},
		{head + line(one, 0, 3) + line(two, 2, 3) + "abcde", "its lines do not name the bytes from 3 on"},
		{head + line(one, 0, 3) + line(two, 3, 3) + "abcde", "its parts have 5 bytes, and its lines name 6"},
		{head + line(one, 0, 3) + strings.Replace(line(two, 3, 2), " 0", " +", 1) + "abcde", "line 2 is no part's"},
		{head + line(one, 0, 3), "it ends before its lines do"},
		{"zapis/segment/v2\nparts 0\n", "it does not begin as a segment does"},
		{segmentHeader + "\nparts 02\n" + line(one, 0, 3) + line(two, 3, 2) + "abcde", "it does not begin as a segment does"},
		{"", "it does not begin as a segment does"},
	} {
		_, _, err := readSegmentHead(strings.NewReader(tt.text), int64(len(tt.text)))
		if got := textOf(err); got != tt.want {
			t.Errorf("%.40q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// holds reports whether 16 bytes in a row of a part are in any file below dir.
func holds(t *testing.T, dir string, part []byte) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		found = found || bytes.Contains(text, part[:16])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// An erased part is in no file any more, nor behind a hard link, and all others are as they were.
func TestEraseFromSegment(t *testing.T) {
	w := writeSegments(t, 60)
	linked := filepath.Join(t.TempDir(), "linked")
	if err := os.Link(w.files(t)[0], linked); err != nil {
		t.Fatal(err)
	}
	gone := ledger.Sum(w.parts[7])
	held, err := w.copy.Holding([]ledger.Hash{gone, ledger.Sum(nil)})
	if err != nil || len(held) != 1 || len(held[gone]) != 1 {
		t.Fatalf("%v, %v", held, err)
	}
	if err := held[gone][0].Erase(); err != nil {
		t.Fatal(err)
	}
	if holds(t, w.dir, w.parts[7]) || holds(t, filepath.Dir(linked), w.parts[7]) {
		t.Error("its bytes are still on the disk")
	}
	if !holds(t, w.dir, w.parts[8]) || !holds(t, filepath.Dir(linked), w.parts[8]) {
		t.Error("another part's bytes went with it")
	}
	// The copy that erased it, and one that is read now.
	for range 2 {
		if wrong := w.whole(); len(wrong) != 1 || wrong[0] != 7 {
			t.Errorf("parts %v do not come back", wrong)
		}
		if held, err = w.copy.Holding([]ledger.Hash{gone}); err != nil || len(held) != 0 {
			t.Errorf("%v, %v", held, err)
		}
		w.load(t)
	}
}

// A copy that was read before another process erased a part reads the rest as before.
func TestEraseBeside(t *testing.T) {
	w := writeSegments(t, 30)
	before := *w
	if wrong := before.whole(); wrong != nil {
		t.Fatal(wrong)
	}
	w.load(t)
	held, err := w.copy.Holding([]ledger.Hash{ledger.Sum(w.parts[0])})
	if err != nil {
		t.Fatal(err)
	}
	if err := held[ledger.Sum(w.parts[0])][0].Erase(); err != nil {
		t.Fatal(err)
	}
	if wrong := before.whole(); len(wrong) != 1 || wrong[0] != 0 {
		t.Errorf("parts %v do not come back", wrong)
	}
}

// An erasure that is interrupted, after the part was overwritten or while the new file was written, is done by the next.
func TestInterruptedErasure(t *testing.T) {
	w := writeSegments(t, 30)
	one, two := ledger.Sum(w.parts[3]), ledger.Sum(w.parts[4])
	segment := w.copy.imports[0].segments[0]
	left, err := segment.overwrite(one)
	if err != nil {
		t.Fatal(err)
	}
	aside := filepath.Join(filepath.Dir(segment.name), "."+filepath.Base(segment.name)+".other")
	if err := os.WriteFile(aside, left, 0o600); err != nil {
		t.Fatal(err)
	}
	if holds(t, w.dir, w.parts[3]) {
		t.Error("its bytes are still on the disk")
	}
	w.load(t)
	held, err := w.copy.Holding([]ledger.Hash{one, two})
	if err != nil || len(held) != 2 {
		t.Fatalf("%v, %v", held, err)
	}
	for _, part := range []ledger.Hash{two, one} {
		if err := held[part][0].Erase(); err != nil {
			t.Fatal(err)
		}
	}
	if holds(t, w.dir, w.parts[4]) {
		t.Error("the bytes of the second are left in the file of the interrupted erasure")
	}
	if wrong := w.whole(); len(wrong) != 2 {
		t.Errorf("parts %v do not come back", wrong)
	}
}

// Of a segment from which all parts were erased, nothing stays.
func TestEraseAll(t *testing.T) {
	w := writeSegments(t, 3)
	for _, p := range w.parts {
		held, err := w.copy.Holding([]ledger.Hash{ledger.Sum(p)})
		if err != nil {
			t.Fatal(err)
		}
		if err := held[ledger.Sum(p)][0].Erase(); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(w.dir, segmentsDir, "*")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	if _, err := w.read(0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// An import without a part ends, whenever the writers of its segments start.
func TestSegmentWriterEndsAtOnce(t *testing.T) {
	for range 50 {
		w, err := newSegmentWriter(t.TempDir())
		if err == nil {
			err = errors.Join(w.wait(), w.sync())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
