package custody

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/internal/exit"
)

func clock() time.Time { return time.Date(2026, 11, 21, 23, 47, 45, 999, time.FixedZone("", 3*3600)) }

func testOwner(t *testing.T) (*age.HybridIdentity, card.Card) {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := card.NewSigner("anna", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return id, signer.Card(id.Recipient().String())
}

func openLog(t *testing.T, path string) *Log {
	t.Helper()
	l, err := Open(path, clock, "zapis devel")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// filled is a log with an event in the clear, a small and a large one.
func filled(t *testing.T) (path string, id *age.HybridIdentity) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "log")
	l := openLog(t, path)
	put(t, l, Record{Act: Imported, Subject: "carry file"})
	id, owner := testOwner(t)
	if err := l.SetOwner(owner); err != nil {
		t.Fatal(err)
	}
	put(t, l, Record{By: sampleBy, Act: Opened, Case: "c0123456789", Subject: "statement of entry 4"})
	put(t, l, Record{By: sampleBy, Act: Exported, Case: "c9876543210", Why: strings.Repeat("why ", 900)})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return path, id
}

func put(t *testing.T, l *Log, d Record) Event {
	t.Helper()
	e, err := l.RecordRelease(d)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestLog(t *testing.T) {
	path, id := filled(t)
	l := openLog(t, path)
	if n, _ := l.Head(); n != 3 || l.Len() != 3 || l.Torn {
		t.Fatalf("%d events, torn %v", n, l.Torn)
	}
	e, err := l.Read(2, id)
	if err != nil {
		t.Fatal(err)
	}
	if e.Number != 2 || e.Act != Opened || e.Case != "c0123456789" || e.By != sampleBy || e.Tool != "zapis devel" ||
		e.At != time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC) || e.Nonce == [32]byte{} {
		t.Errorf("event 2 came back as %+v", e)
	}
	if e, err := l.Read(3, id); err != nil || len(e.Why) != 3600 {
		t.Errorf("event 3: %d bytes of reason, %v", len(e.Why), err)
	}
	if e, err := l.Read(1); err != nil || e.Act != Imported {
		t.Errorf("event 1, in the clear: %v, %v", e.Act, err)
	}
	stranger, _ := testOwner(t)
	if _, err := l.Read(2, stranger); exit.StatusOf(err) != exit.KeyMissing || !strings.HasPrefix(fmt.Sprint(err), "custody log: event 2: ") {
		t.Errorf("a stranger reads event 2: %v", err)
	}
	if _, err := l.Read(4, id); err == nil || err.Error() != "custody log: there is no event 4" {
		t.Errorf("event 4: %v", err)
	}

	x, err := l.Excerpt(3, []uint64{1, 2, 3, 4}, func(e Event) bool { return e.Case == "c0123456789" }, id)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseExcerpt(x.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if root, ok := l.RootAt(3); !ok || again.Head != root || len(again.Shown) != 1 {
		t.Errorf("the excerpt shows %d events and ends elsewhere than the log", len(again.Shown))
	}
	if bytes.Contains(x.Marshal(), []byte("c9876543210")) {
		t.Error("the excerpt names another case")
	}
}

// The files show how many events there are, and not their content.
func TestLogIsSealed(t *testing.T) {
	path, _ := filled(t)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"anna", "opened", "c0123456789", "c9876543210", "statement"} {
		if bytes.Contains(text, []byte(word)) {
			t.Errorf("%q can be read", word)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// Every length to which a power cut can shorten the last line leaves the events before it, and no other.
func TestTornTail(t *testing.T) {
	path, _ := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	second := bytes.LastIndexByte(whole[:last-1], '\n') + 1
	try := func(name string, content []byte, events uint64) {
		cut := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(cut, content, 0o600); err != nil {
			t.Fatal(err)
		}
		l := openLog(t, cut)
		if l.Len() != events || !l.Torn {
			t.Fatalf("%s: %d events, torn %v", name, l.Len(), l.Torn)
		}
		put(t, l, Record{Act: Viewed})
		l.Close()
		again := openLog(t, cut)
		if again.Len() != events+1 || again.Torn {
			t.Fatalf("%s, after one more: %d events, torn %v", name, again.Len(), again.Torn)
		}
		if aside, err := os.ReadFile(cut + ".torn"); err != nil || len(aside) == 0 {
			t.Fatalf("%s: what was cut is not kept: %v", name, err)
		}
	}
	for n := second + 1; n < last; n += 37 {
		try(fmt.Sprintf("cut at byte %d", n), whole[:n], 1)
	}
	for _, n := range []int{last + 1, last + 100, len(whole) - 1} {
		try(fmt.Sprintf("cut at byte %d", n), whole[:n], 2)
	}
	try("zeros for bytes", append(bytes.Clone(whole[:last+50]), make([]byte, 4000)...), 2)
	zeroed := append(bytes.Clone(whole[:last+50]), make([]byte, 4000)...)
	try("zeros, and the line feed", append(zeroed, '\n'), 2)
}

func TestAlteredLog(t *testing.T) {
	path, _ := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	zeros := strings.Repeat("0", 64)
	parts := strings.Split(lines[1], " ")
	for _, tt := range []struct{ name, text, want string }{
		{"an event taken out", lines[0] + lines[2], "custody log: line 2: it must be number 2"},
		{"events changed about", lines[1] + lines[0] + lines[2], "custody log: line 1: it must be number 1"},
		{"another hash", lines[0] + strings.Replace(lines[1], parts[1], zeros, 1) + lines[2], "custody log: line 2: its link does not follow from the one before"},
		{"another link", lines[0] + strings.Replace(lines[1], parts[2], zeros, 1) + lines[2], "custody log: line 2: its link does not follow from the one before"},
		{"the first one rewritten", strings.Replace(lines[0], "clear ", "clear AAAA", 1) + lines[1], "custody log: line 1: its event has another hash"},
		{"no base64", strings.Replace(lines[0], "clear ", "clear !", 1) + lines[1], "custody log: line 1: its event is not base64"},
		{"a form that is none", strings.Replace(lines[0], " clear ", " plain ", 1), "custody log: line 1: it is in no form that there is"},
		{"a hash cut", strings.Replace(lines[0], parts[0], "", 1)[2:], "custody log: line 1: "},
		{"a line too many", string(whole) + "x\n", "custody log: line 4: it is not a whole record"},
		{"a line without end", strings.Repeat("x", maxLine+1), "custody log: line 1: it is too long"},
	} {
		bad := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(bad, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(bad, clock, "zapis")
		if exit.StatusOf(err) != exit.Mismatch || !strings.HasPrefix(fmt.Sprint(err), tt.want) {
			t.Errorf("%s: status %d, %v", tt.name, exit.StatusOf(err), err)
		}
		if after, _ := os.ReadFile(bad); string(after) != tt.text {
			t.Errorf("%s: the file was changed", tt.name)
		}
	}
}

// A sealed event that was replaced by another one, sealed to the same owner, is detected by its hash.
func TestReplacedEvent(t *testing.T) {
	path, id := filled(t)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	second, third := strings.Split(lines[1], " "), strings.Split(lines[2], " ")
	second[3], second[4] = third[3], third[4]
	lines[1] = strings.Join(second, " ")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = openLog(t, path).Read(2, id)
	if exit.StatusOf(err) != exit.Mismatch || fmt.Sprint(err) != "custody log: event 2 is not the one whose hash stands in the chain" {
		t.Errorf("status %d, %v", exit.StatusOf(err), err)
	}
}

func TestRecordRefuses(t *testing.T) {
	l := openLog(t, filepath.Join(t.TempDir(), "log"))
	for _, tt := range []struct {
		record Record
		want   string
	}{
		{Record{Act: "peeked"}, `there is no act "peeked"`},
		{Record{Act: Opened, Case: "17"}, "a case is c and ten hexadecimal digits"},
		{Record{Act: Opened, In: "x"}, "not 64 lower-case hexadecimal digits"},
		{Record{Act: Opened, By: By{Name: "anna"}}, "a key's fingerprint is written"},
		{Record{Act: Opened, Why: strings.Repeat("x", MaxWhy+1)}, "the reason has 4001 bytes, and at most 4000 are kept"},
	} {
		_, err := l.RecordRelease(tt.record)
		if exit.StatusOf(err) != exit.Failed || !strings.HasPrefix(fmt.Sprint(err), "the custody log could not be written: ") ||
			!strings.Contains(err.Error(), tt.want) || exit.HintOf(err) != "nothing was done" {
			t.Errorf("%+v: %v", tt.record, err)
		}
	}
	if l.Len() != 0 {
		t.Errorf("%d events were written", l.Len())
	}
}

// failing is a disk that fails on request.
type failing struct {
	file
	write, sync, truncate error
}

func (f *failing) WriteAt(p []byte, off int64) (int, error) {
	if f.write != nil {
		f.file.WriteAt(p[:len(p)/2], off)
		return len(p) / 2, f.write
	}
	return f.file.WriteAt(p, off)
}

func (f *failing) Sync() error {
	if f.sync != nil {
		return f.sync
	}
	return f.file.Sync()
}

func (f *failing) Truncate(n int64) error {
	if f.truncate != nil {
		return f.truncate
	}
	return f.file.Truncate(n)
}

func TestDiskFails(t *testing.T) {
	full, bad := errors.New("no space left"), errors.New("input/output error")
	for _, tt := range []struct {
		name    string
		disk    failing
		again   bool // whether the log works once the disk does
		onDisk  uint64
		refusal string
	}{
		{"full", failing{write: full}, true, 2, "the custody log could not be written: no space left"},
		{"full, and no way back", failing{write: full, truncate: bad}, false, 1, "the custody log could not be written: no space left"},
		{"sync", failing{sync: bad}, false, 2, "the custody log could not be written: the disk failed: input/output error"},
	} {
		path := filepath.Join(t.TempDir(), "log")
		l := openLog(t, path)
		put(t, l, Record{Act: Imported})
		disk := tt.disk
		disk.file = l.f
		l.f = &disk
		_, err := l.RecordRelease(Record{Act: Viewed})
		if exit.StatusOf(err) != exit.Failed || fmt.Sprint(err) != tt.refusal {
			t.Errorf("%s: %v", tt.name, err)
		}
		disk.write, disk.sync, disk.truncate = nil, nil, nil
		if _, err := l.RecordRelease(Record{Act: Opened}); (err == nil) != tt.again {
			t.Errorf("%s, and after that: %v", tt.name, err)
		}
		l.Close()
		if n := openLog(t, path).Len(); n != tt.onDisk {
			t.Errorf("%s: %d events on the disk, want %d", tt.name, n, tt.onDisk)
		}
	}
}

func TestSetOwnerRefusesClassicKeys(t *testing.T) {
	l := openLog(t, filepath.Join(t.TempDir(), "log"))
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.SetOwner(card.Card{Age: classic.Recipient().String()}); err == nil || !strings.Contains(err.Error(), "is a classic key") {
		t.Errorf("%v", err)
	}
}

// Record refuses acts that release something from a vault: those events come from the release gate.
func TestRecordRefusesActsThatRelease(t *testing.T) {
	l, err := Open(filepath.Join(t.TempDir(), "log"), func() time.Time { return time.Unix(0, 0) }, "zapis test")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, a := range Acts() {
		_, err := l.Record(Record{Act: a})
		if a.Releases() != (err != nil) {
			t.Errorf("%s: %v", a, err)
		}
		if _, err := l.RecordRelease(Record{Act: a}); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}
