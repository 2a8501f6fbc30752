package desk_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
)

// fullDisk is set in the process whose files can't grow: the limit is one of a whole process.
const fullDisk = "ZAPIS_TEST_FULL_DISK"

// A disk that is full in the middle of an event of the custody log: each act says so, none is done, the log stays whole, and
// the same act works once there is room.
func TestAFullDisk(t *testing.T) {
	shorttest.Skip(t, "not tested: a full disk")
	if os.Getenv(fullDisk) == "" {
		t.Parallel()
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAFullDisk$", "-test.v")
		child.Env = append(os.Environ(), fullDisk+"=1")
		out, err := child.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestAFullDisk") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	b := start(t)
	b.unlock()
	note := url.Values{"kind": {"note"}, "text": {"Room was made."}}
	before, size := b.custody(), b.logSize()
	// 20 bytes of the next event have room.
	limit(t, uint64(size+20))
	const says = "the custody log could not be written: "
	hint := "make room on that disk, and do it again"
	for _, form := range []url.Values{note, {"kind": {"state"}, "to": {"triaged"}}, {"kind": {"set"}, "field": {"reliability"}, "value": {"B"}}} {
		_, page := b.post("/case/"+b.quiet+"/act", form)
		b.holds(page, says, "file too large", hint)
	}
	_, page := b.post("/case/"+b.quiet+"/reply", url.Values{"text": {"Thank you."}})
	b.holds(page, says, hint)
	for _, path := range []string{"/case/" + b.quiet, "/links"} {
		_, page = b.get(path)
		b.holds(page, says, hint)
		if strings.Contains(page, "A letter came") {
			t.Errorf("%s shows what was not recorded:\n%s", path, page)
		}
	}
	_, page = b.post("/links", nil)
	b.holds(page, says, hint)
	if got := b.custody(); got != before || b.logSize() != size {
		t.Errorf("%d events and %d bytes, before %d and %d", got, b.logSize(), before, size)
	}
	if c := b.desk(b.quiet); len(c.History) != 0 || c.State.Text != "received" {
		t.Errorf("something was decided: %+v", c)
	}

	limit(t, unix.RLIM_INFINITY)
	_, page = b.post("/case/"+b.quiet+"/act", note)
	b.holds(page, "Room was made.")
	b.keeper.Lock()
	b.unlock()
	if c := b.desk(b.quiet); len(c.Notes) != 1 || len(c.History) != 2 { // the note, and that the page was read
		t.Errorf("after room was made: %+v", c)
	}
	b.with(func(v *casework.Trustee, _ *casework.Cases) error {
		done, err := v.Check(t.Context(), func(int64) {})
		if err == nil && len(done.Wrong) > 0 {
			t.Errorf("the vault has %q", done.Wrong)
		}
		return err
	})
}

// logSize gives the size of the custody log in bytes.
func (b *browser) logSize() (size int64) {
	b.t.Helper()
	b.with(func(v *casework.Trustee, _ *casework.Cases) error {
		info, err := os.Stat(filepath.Join(v.Dir(), "custody", "log"))
		if err == nil {
			size = info.Size()
		}
		return err
	})
	return size
}

// limit sets the size in bytes up to which files of this process can grow.
func limit(t *testing.T, size uint64) {
	t.Helper()
	var now unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_FSIZE, &now)
	if err == nil {
		err = unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: min(size, now.Max), Max: now.Max})
	}
	if err != nil {
		t.Fatal(err)
	}
}
