package custody

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"filippo.io/age"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// Log is a custody log on disk: one file, to which whole lines are appended and nothing else.
//
//	<number> <hash of the event> <link> <form> <base64>
//
// form is the content of the base64: `small` and `large` are parts (crypto/seal: signal's and message's size) sealed
// to the owner's age recipient, `clear` is the event's text, from before the vault had an owner. Numbers, hashes and
// links are in clear: the chain is verified with them.
//
// A Log belongs to one goroutine; the vault's lock keeps other processes out.
type Log struct {
	Torn bool // the last line was incomplete when the log was opened, and was moved to path.torn

	path    string
	f       file
	size    int64
	records []record
	head    [32]byte
	tree    ledger.StoredTree // of the first records; grown adds the others
	decoded []byte            // of one line, and used again
	owner   *seal.Recipients
	now     func() time.Time
	tool    string
	broken  error
	paused  bool
}

// file is the part of *os.File that a Log uses; tests replace it by a failing disk.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
}

type record struct {
	hash   [32]byte
	link   [32]byte
	offset int64
	length int
}

const (
	formClear = "clear"
	formSmall = "small"
	formLarge = "large"
)

// kinds are the sizes that events are padded to, so that a file's size does not show a reason's length.
var kinds = map[string]seal.Kind{formSmall: seal.Signal, formLarge: seal.Message}

var strictBase64 = base64.StdEncoding.Strict()

// maxLine is more than the longest line: a large event in base64.
const maxLine = 256 << 10

// Open opens the log in the file path, creates it where it is missing, and verifies its chain: status Mismatch where a
// line does not fit. An incomplete last line (after a power loss) belongs to an act that was not done: it is moved to
// path.torn. now is the clock, tool the program's name and version.
func Open(path string, now func() time.Time, tool string) (*Log, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	l := &Log{path: path, f: f, now: now, tool: tool}
	if err := l.load(); err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

// SetOwner sets the owner of the log. Later events are sealed to them.
func (l *Log) SetOwner(c card.Card) error {
	owner, err := seal.NewRecipients(1, c.Age)
	if err != nil {
		return err
	}
	l.owner = owner
	return nil
}

// load reads the lines that follow those that are known.
func (l *Log) load() error {
	in := bufio.NewReaderSize(io.NewSectionReader(l.f, l.size, math.MaxInt64-l.size), maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			break
		}
		if err != nil && err != io.EOF {
			return l.mismatch("it is too long")
		}
		if mismatch := l.take(line); mismatch != "" {
			line = bytes.Clone(line) // looking for more moves the buffer
			if _, more := in.ReadByte(); more == nil || !torn(line) {
				return l.mismatch(mismatch)
			}
			return l.setAside(line)
		}
	}
	if len(l.records) == 0 {
		return atomicfile.SyncFolder(filepath.Dir(l.path))
	}
	return nil
}

// Pause gives the log up to other processes: until Resume, nothing is recorded.
func (l *Log) Pause() { l.paused = true }

// Resume ends a Pause and reads what other processes have recorded meanwhile. changed is false where that is nothing.
// Status Mismatch where the log does not go on from what was known.
func (l *Log) Resume() (changed bool, err error) {
	info, err := os.Stat(l.path)
	if err != nil {
		return false, err
	}
	before := l.Len()
	switch {
	case info.Size() < l.size:
		return false, l.mismatch("it is shorter than it was")
	case info.Size() > l.size:
		if err := l.load(); err != nil {
			return false, err
		}
	}
	l.paused = false
	return l.Len() != before, nil
}

var errPaused = errors.New("another process may be writing to it")

// torn distinguishes an incomplete last line from a changed one: a file system may have set the file's length and not
// yet its bytes.
func torn(line []byte) bool {
	return !bytes.HasSuffix(line, []byte("\n")) || bytes.IndexByte(line, 0) >= 0
}

func (l *Log) mismatch(why string) error {
	return exit.New(exit.Mismatch, "keep this vault as it is, and take a copy of it from before",
		"custody log: line %d: %s", len(l.records)+1, why)
}

func (l *Log) setAside(line []byte) error {
	if err := os.WriteFile(l.path+".torn", line, 0o600); err != nil {
		return err
	}
	if err := l.f.Truncate(l.size); err != nil {
		return err
	}
	l.Torn = true
	return l.f.Sync()
}

// take verifies one line and records its offset. It returns what does not fit, or nothing.
func (l *Log) take(line []byte) (mismatch string) {
	text, whole := bytes.CutSuffix(line, []byte("\n"))
	var words [5][]byte
	more := true
	for i := range words {
		whole = whole && more
		words[i], text, more = bytes.Cut(text, []byte(" "))
	}
	if !whole || more {
		return "it is not a whole record"
	}
	if string(words[0]) != strconv.Itoa(len(l.records)+1) {
		return fmt.Sprintf("it must be number %d", len(l.records)+1)
	}
	hash, err := canonical.ParseHash(string(words[1]))
	link, err2 := canonical.ParseHash(string(words[2]))
	if err != nil || err2 != nil {
		return "its hashes are not 64 hexadecimal digits each"
	}
	if Link(l.head, hash) != link {
		return "its link does not follow from the one before"
	}
	l.decoded = slices.Grow(l.decoded[:0], base64.StdEncoding.DecodedLen(len(words[4])))
	n, err := strictBase64.Decode(l.decoded[:cap(l.decoded)], words[4])
	if err != nil {
		return "its event is not base64"
	}
	kept := l.decoded[:n]
	if form := string(words[3]); form == formClear && sha256.Sum256(kept) != hash {
		return "its event has another hash"
	} else if _, sealed := kinds[form]; !sealed && form != formClear {
		return "it is in no form that there is"
	}
	l.records = append(l.records, record{hash, link, l.size, len(line)})
	l.size += int64(len(line))
	l.head = link
	return ""
}

// Len returns the number of events.
func (l *Log) Len() uint64 { return uint64(len(l.records)) }

// Head returns the last event's number and link: 0 and zeros where there is none.
func (l *Log) Head() (number uint64, link [32]byte) { return l.Len(), l.head }

// LinkAt returns link n, from 0; false where the log is shorter.
func (l *Log) LinkAt(n uint64) (link [32]byte, ok bool) {
	if n == 0 || n > l.Len() {
		return link, n == 0
	}
	return l.records[n-1].link, true
}

// Record writes an act before it is done: when Record returns an error, the act must not happen. When it returns nil,
// the event is on the disk. It refuses acts that release something from the vault; RecordRelease accepts them.
func (l *Log) Record(d Record) (Event, error) {
	if d.Act.Releases() {
		return Event{}, fmt.Errorf("the act %q is recorded by the release gate alone", string(d.Act))
	}
	return l.RecordRelease(d)
}

// RecordRelease is Record for every act, including releases. Only package release calls it, after its checks
// (internal/rules).
func (l *Log) RecordRelease(d Record) (Event, error) {
	e, err := l.record(d)
	if err != nil {
		hint := "nothing was done"
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
			hint += ": make room on that disk, and do it again"
		}
		return Event{}, exit.New(exit.Failed, hint, "the custody log could not be written: %w", err)
	}
	return e, nil
}

func (l *Log) record(d Record) (Event, error) {
	if l.broken != nil {
		return Event{}, l.broken
	}
	if l.paused {
		return Event{}, errPaused
	}
	if err := d.check(); err != nil {
		return Event{}, err
	}
	e := Event{Record: d, Number: l.Len() + 1, At: l.now().UTC().Truncate(time.Second), Tool: l.tool}
	rand.Read(e.Nonce[:])
	text := e.Marshal()
	if _, err := ParseEvent(text); err != nil {
		return Event{}, err
	}
	form, kept, err := l.seal(text)
	if err != nil {
		return Event{}, err
	}
	hash := sha256.Sum256(text)
	line := fmt.Appendf(nil, "%d %x %x %s %s\n", e.Number, hash, Link(l.head, hash), form, base64.StdEncoding.EncodeToString(kept))
	if _, err := l.f.WriteAt(line, l.size); err != nil {
		// A disk that is full may have room again: what was written goes away, and the log stays whole.
		if undo := l.f.Truncate(l.size); undo != nil {
			l.broken = errors.Join(err, undo)
		}
		return Event{}, err
	}
	if err := l.f.Sync(); err != nil {
		// After a failed sync a later read need not show the disk's content: only reopening does.
		l.broken = fmt.Errorf("the disk failed: %w", err)
		return Event{}, l.broken
	}
	if mismatch := l.take(line); mismatch != "" {
		l.broken = errors.New(mismatch)
		return Event{}, l.broken
	}
	return e, nil
}

func (l *Log) seal(text []byte) (form string, kept []byte, err error) {
	if l.owner == nil {
		return formClear, text, nil
	}
	form = formSmall
	if int64(len(text)) > seal.Signal.Capacity() {
		form = formLarge
	}
	var sealed bytes.Buffer
	_, err = seal.Seal(&sealed, kinds[form], l.owner, bytes.NewReader(text))
	return form, sealed.Bytes(), err
}

// Read returns event n, from 1. Status KeyMissing where no identity opens it, Mismatch where it is not the one that
// the chain names.
func (l *Log) Read(n uint64, ids ...age.Identity) (Event, error) {
	if n < 1 || n > l.Len() {
		return Event{}, fmt.Errorf("custody log: there is no event %d", n)
	}
	r := l.records[n-1]
	line := make([]byte, r.length)
	if _, err := l.f.ReadAt(line, r.offset); err != nil {
		return Event{}, err
	}
	words := bytes.Split(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
	kept, err := base64.StdEncoding.DecodeString(string(words[4]))
	if err != nil {
		return Event{}, err
	}
	text := kept
	if form := string(words[3]); form != formClear {
		text, err = seal.OpenBytes(kinds[form], bytes.NewReader(kept), seal.DigestOf(kept), ids...)
	}
	switch {
	case errors.Is(err, seal.ErrNoKey):
		return Event{}, exit.New(exit.KeyMissing, "", "custody log: event %d: %w", n, err)
	case err != nil:
		return Event{}, exit.New(exit.Mismatch, "", "custody log: event %d: %w", n, err)
	case sha256.Sum256(text) != r.hash:
		return Event{}, exit.New(exit.Mismatch, "", "custody log: event %d is not the one whose hash stands in the chain", n)
	}
	e, err := ParseEvent(text)
	if err != nil {
		return Event{}, exit.New(exit.Mismatch, "", "custody log: event %d: %w", n, err)
	}
	if e.Number != n {
		return Event{}, exit.New(exit.Mismatch, "", "custody log: event %d says that it is number %d", n, e.Number)
	}
	return e, nil
}

// Excerpt opens those of the first upTo events whose numbers are among the given, in ascending order, and shows those
// that show accepts; of the others it returns the hashes.
func (l *Log) Excerpt(upTo uint64, among []uint64, show func(Event) bool, ids ...age.Identity) (Excerpt, error) {
	upTo = min(upTo, l.Len())
	x := Excerpt{Shown: make(map[uint64]Event)}
	for _, n := range among {
		if n > upTo {
			break
		}
		e, err := l.Read(n, ids...)
		if err != nil {
			return Excerpt{}, err
		}
		if show(e) {
			x.Shown[n] = e
		}
	}
	for _, r := range l.records[:upTo] {
		x.Hashes = append(x.Hashes, r.hash)
		x.Head = r.link
	}
	return x, nil
}

// Close closes the file.
func (l *Log) Close() error { return l.f.Close() }
