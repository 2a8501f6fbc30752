package casework_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"zapis/internal/evidence/custody"
	"zapis/internal/memorytest"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

const childVault = "ZAPIS_TEST_CHILD_VAULT"

// noSleep is for children under the race detector, which otherwise sleeps for a second when a process ends.
const noSleep = "GORACE=atexit_sleep_ms=0"

// TestMain is also the child process of TestKilledImport, which imports its standard input, and of TestKilledActs.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childActs); dir != "" {
		actUntilKilled(dir)
	}
	dir := os.Getenv(childVault)
	if dir == "" {
		memorytest.TempDirs()
		os.Exit(m.Run())
	}
	v, err := casework.Open(dir, vault.Options{Create: true, Now: time.Now, Tool: "zapis test", Warn: func(string, ...any) {}})
	if err != nil {
		os.Exit(1)
	}
	os.Stdout.WriteString("open\n")
	done, err := v.Import(context.Background(), os.Stdin, vault.ImportOptions{})
	if err != nil || done == nil {
		os.Exit(1)
	}
}

// kill -9 at any point of an import leaves the vault as it was, or with all of the import; the next import
// makes it whole, and every import that entered was recorded.
func TestKilledImport(t *testing.T) {
	shorttest.Skip(t, "no process is killed in an import")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	h.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}})
	first := h.Carry(0)
	h.Report([]vaulttest.File{{Name: "b.jpg", Content: jpeg}})
	second := h.Carry(0)
	killImports(t, first, second, 2, 3, 300*time.Microsecond)
}

// The same holds for an import that makes segments: a torn one is never part of the vault.
func TestKilledSegments(t *testing.T) {
	shorttest.Skip(t, "no process is killed in an import")
	t.Parallel()
	m := newMany(t, 4)
	more := m.grow(t, bulk)
	first, err := os.ReadFile(filepath.Join(m.dir, "carry"))
	ok(t, err)
	second, err := os.ReadFile(more)
	ok(t, err)
	killImports(t, first, second, 5, 5+bulk, 20*time.Millisecond)
}

// killImports imports first into a vault, begins to import second, and kills that at several points: within second, and at
// multiples of step within the commit.
func killImports(t *testing.T, first, second []byte, few, all uint64, step time.Duration) {
	t.Helper()
	points := []int{1, len(second) / 7, len(second) / 2, len(second) - 1025, len(second) - 1, len(second), len(second), len(second), len(second)}
	entered := 0
	for i, n := range points {
		o := newVault(t)
		o.mustTake(first, vault.ImportOptions{})
		before := tree(t, o.dir)

		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childVault+"="+o.dir, noSleep)
		in, err := child.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		out.Read(make([]byte, 5))
		in.Write(second[:n])
		if n == len(second) {
			// It has all: give it a little longer each time, so that the blow falls elsewhere in the commit.
			in.Close()
			waitFor(filepath.Join(o.dir, "incoming", "import.txt"), time.Duration(i)*step)
		}
		child.Process.Kill()
		child.Wait()

		v := o.open()
		size, events := v.Size(), v.Custody.Len()
		if checked, err := v.Check(t.Context(), func(int64) {}); err != nil || len(checked.Wrong) > 0 {
			t.Errorf("killed after %d bytes: %v, %v", n, checked, err)
		}
		v.Close()
		switch size {
		case few:
			if events == 1 && !equal(before, tree(t, o.dir)) {
				t.Errorf("killed after %d bytes: the vault is not as it was", n)
			}
		case all:
			entered++
			if events != 2 {
				t.Errorf("killed after %d bytes: the import entered with %d events", n, events)
			}
		default:
			t.Errorf("killed after %d bytes: %d entries", n, size)
		}
		if done := o.mustTake(second, vault.ImportOptions{}); done.Size != all {
			t.Errorf("killed after %d bytes: the next import came to %d entries", n, done.Size)
		}
	}
	t.Logf("%d of %d imports had entered when they were killed", entered, len(points))
}

// waitFor waits until a file is there, or the child has gone past it, and then for a moment.
func waitFor(name string, moment time.Duration) {
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		if _, err := os.Stat(name); err == nil {
			break
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(filepath.Dir(name)), "imports", "000002")); err == nil {
			return
		}
	}
	for end := time.Now().Add(moment); time.Now().Before(end); {
	}
}

func TestWhatIsRecorded(t *testing.T) {
	shorttest.Skip(t, "not tested: the record of each act")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna"}})
	filed := h.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}})
	h.Report(nil)
	o := newVault(t)
	anna := h.Trustees[0]
	o.mustTake(h.Carry(0), as(anna))
	v := o.openAs(anna)
	cases := sort(t, v)
	if err := v.RecordListing(len(cases.List)); err != nil {
		t.Fatal(err)
	}
	c := show(t, v, filed.Case)
	if _, err := release.Extract(t.Context(), v, c, filepath.Join(t.TempDir(), "out"), func(int64) {}); err != nil {
		t.Fatal(err)
	}
	in, err := bundleOf(t, v, c, release.BundleOptions{For: court, Leave: casefile.Leave{Override: "the court\nasked"}})
	if err != nil {
		t.Fatal(err)
	}
	type line struct{ act, id, subject, why string }
	want := []line{
		{"imported", "", "carry file: 3 entries from 0, 0 waiting", ""},
		{"opened", "", "statements 1-2", ""},
		{"viewed", "", "list of 2 cases", ""},
		{"opened", filed.Case, "statement of entry 1", ""},
		{"opened", filed.Case, "identity of entry 1", ""},
		{"viewed", filed.Case, "the case", ""},
		{"extracted", filed.Case, "A01 (entry 1)", ""},
		{"opened", filed.Case, "statement of entry 1", ""}, // the gate opens the case itself
		{"opened", filed.Case, "identity of entry 1", ""},
		{"viewed", filed.Case, "the case", ""},
		{"opened", filed.Case, "A01 (entry 1)", ""},
		{"noted", filed.Case, "event 1, at 2026-11-22T09:00:00Z by anna: a carry file was verified and taken in, with entry 1", ""},
		{"noted", filed.Case, "event 2, at 2026-11-22T09:00:00Z by anna: statements were opened in order to be sorted into cases, among them of entry 1", ""},
		{"withheld", filed.Case, "contact, contact_when, name, and files that show who the reporter is", "identity"},
		{"exported", filed.Case, "bundle without the identity", "without the consent \"court\": the court\nasked"},
	}
	var got []line
	for n := uint64(1); n <= v.Custody.Len(); n++ {
		e, err := v.Custody.Read(n, anna.Age)
		if err != nil {
			t.Fatal(err)
		}
		if e.By != (custody.By{Name: "anna", Fingerprint: anna.Card.Fingerprint()}) || !e.At.Equal(tick) || e.Tool != "zapis test" {
			t.Errorf("event %d: by %v at %v with %q", n, e.By, e.At, e.Tool)
		}
		if _, listed := in.Custody.Shown[n]; listed != (e.Case != "") {
			t.Errorf("event %d (%s %s): in the bundle %v", n, e.Act, e.Subject, listed)
		}
		got = append(got, line{string(e.Act), e.Case, e.Subject, e.Why})
	}
	if !slices.Equal(got, want) {
		t.Errorf("recorded\n%+v\nwant\n%+v", got, want)
	}
	if n, head := v.Custody.Head(); uint64(len(in.Custody.Hashes)) != n || in.Custody.Head != head {
		t.Error("the excerpt does not end in the log's head")
	}

	// What was sorted before is not opened again.
	before := v.Custody.Len()
	sort(t, v)
	if v.Custody.Len() != before {
		t.Error("the statements were opened a second time")
	}
}
