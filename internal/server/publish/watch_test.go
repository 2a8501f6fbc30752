package publish

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/witness"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// newWatch makes a witness in a folder, which watches the ledger of key 1.
func newWatch(t *testing.T) (dir string, w *Watch) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "W")
	must(t, CreateWatch(dir, witnessKey(t, "ours.example/w", 1)))
	w = reopen(t, dir)
	_, err := AddLedger(dir, logText(ledgertest.Key(1).Keys()), false)
	must(t, err)
	return dir, w
}

func reopen(t *testing.T, dir string) *Watch {
	t.Helper()
	w, err := OpenWatch(dir, time.Now)
	must(t, err)
	t.Cleanup(func() { w.Close() })
	return w
}

// one returns the only file of a name under a witness's ledgers.
func one(t *testing.T, dir, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "ledgers", "*", name))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", name, found, err)
	}
	return found[0]
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

// A witness keeps what it has signed after an interruption at any moment: the
// states on the disk between two writes are all tested.
func TestWatchIsStoppedAnywhere(t *testing.T) {
	b := grown(33, 64, 97)
	dir, w := newWatch(t)
	_, err := w.Cosign(b.request(t, 0, 0))
	must(t, err)
	before := map[string][]byte{"checkpoint": read(t, one(t, dir, "checkpoint")), "guard": read(t, filepath.Join(dir, "guard"))}
	_, err = w.Cosign(b.request(t, 1, 33))
	must(t, err)
	w.Close()
	after := read(t, one(t, dir, "checkpoint"))

	// Between the checkpoint and the guard: the guard is brought up.
	must(t, os.WriteFile(filepath.Join(dir, "guard"), before["guard"], 0o600))
	w = reopen(t, dir)
	var conflict *witness.Conflict
	if _, err := w.Cosign(b.request(t, 2, 33)); !errors.As(err, &conflict) || conflict.Size != 64 {
		t.Errorf("after a stop between the two: %v", err)
	}
	if !bytes.Contains(read(t, filepath.Join(dir, "guard")), []byte("cosigned example.org/ledger 64 ")) {
		t.Error("the guard was not brought up")
	}
	w.Close()
	// Temporary files are ignored.
	must(t, os.WriteFile(aside(one(t, dir, "checkpoint")), after[:40], 0o600))
	must(t, os.WriteFile(filepath.Join(dir, ".guard.new"), []byte("zapis"), 0o600))
	w = reopen(t, dir)
	if !bytes.Equal(w.Latest(ledgertest.Origin), after) {
		t.Error("it holds something else")
	}
	_, err = w.Cosign(b.request(t, 2, 64))
	must(t, err)
	w.Close()

	// A checkpoint from before: a restored copy.
	restored := "this looks like a restored copy, and a witness that signed from there could cosign two histories: make a new witness, with a new name, and give its keys out"
	fork := forked(33, 97)
	_, other := newWatch(t)
	_, err = other.Cosign(fork.request(t, 1, 0))
	must(t, err)
	path := one(t, dir, "checkpoint")
	newest, guard := read(t, path), read(t, filepath.Join(dir, "guard"))
	for name, c := range map[string]struct {
		do   func()
		want string
	}{
		"older":   {func() { os.WriteFile(path, before["checkpoint"], 0o600) }, "the witness in " + dir + " has cosigned 97 entries of example.org/ledger, and its folder has 33"},
		"gone":    {func() { os.Remove(path) }, "the witness in " + dir + " has cosigned example.org/ledger, and has no checkpoint of it any more"},
		"another": {func() { os.WriteFile(path, other.Latest(ledgertest.Origin), 0o600) }, "the witness in " + dir + " has cosigned another history of example.org/ledger than its folder has"},
		"damaged": {func() { os.WriteFile(path, []byte("x"), 0o600) }, path + ": note: no blank line before signatures"},
		"of another": {func() {
			os.WriteFile(path, bytes.Replace(newest, []byte("example.org/ledger\n97"), []byte("else.org/ledger\n97"), 1), 0o600)
		}, path + ": it is of else.org/ledger"},
		"bad guard": {func() {
			os.WriteFile(filepath.Join(dir, "guard"), []byte("zapis/witness-guard/v1\ncosigned x\n"), 0o600)
		}, filepath.Join(dir, "guard") + ": line 2: 3 values must follow \"cosigned\""},
		"empty guard": {func() { os.WriteFile(filepath.Join(dir, "guard"), nil, 0o600) }, filepath.Join(dir, "guard") + ": it is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			c.do()
			_, err := OpenWatch(dir, time.Now)
			refused(t, err, c.want, restored)
			if exit.StatusOf(err) != exit.Mismatch {
				t.Errorf("status %d", exit.StatusOf(err))
			}
			must(t, os.WriteFile(path, newest, 0o600))
			must(t, os.WriteFile(filepath.Join(dir, "guard"), guard, 0o600))
		})
	}
	must(t, os.Remove(filepath.Join(dir, "guard")))
	if _, err := OpenWatch(dir, time.Now); err == nil || !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "the witness in "+dir+" has no guard file: ") {
		t.Errorf("without a guard: %v", err)
	}
}

// Of many concurrent requests from one size, one succeeds. This is the race
// that tlog-witness warns of.
func TestWatchAskedAtOnce(t *testing.T) {
	b := grown(33, 64, 97)
	_, w := newWatch(t)
	_, err := w.Cosign(b.request(t, 0, 0))
	must(t, err)
	var all sync.WaitGroup
	var mu sync.Mutex
	signed := 0
	for i := range 16 {
		q := b.request(t, 1+i%2, 33)
		all.Go(func() {
			if _, err := w.Cosign(q); err == nil {
				mu.Lock()
				signed++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if signed != 1 {
		t.Errorf("%d of 16 were cosigned, want 1", signed)
	}
}

// A ledger that asks with what does not follow leaves it there as evidence, and
// not more of it than a folder can take.
func TestWatchKeepsSuspects(t *testing.T) {
	b := grown(33)
	dir, w := newWatch(t)
	_, err := w.Cosign(b.request(t, 0, 0))
	must(t, err)
	fork := forked(33)
	for n := range uint64(20) {
		fork.grow(34 + n)
		q := fork.request(t, 1+int(n), 33)
		if _, err := w.Cosign(q); !errors.Is(err, witness.ErrProof) {
			t.Fatal(err)
		}
	}
	kept, err := filepath.Glob(filepath.Join(dir, "ledgers", "*", "suspect-*"))
	if err != nil || len(kept) != 16 {
		t.Fatalf("%d kept, %v", len(kept), err)
	}
	for _, name := range kept {
		q, err := witness.ParseRequest(read(t, name))
		must(t, err)
		if _, err := b.Key.Verifier().OpenCheckpoint(q.Checkpoint); err != nil {
			t.Errorf("%s proves nothing: %v", name, err)
		}
	}
}

func TestWatchRefusesRequests(t *testing.T) {
	shorttest.Skip(t, "not tested: requests that a witness refuses")
	b := grown(33)
	_, url := startWatch(t, b.Key.Keys())
	for name, c := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"no request": {"hello", 400, "witness request: no blank line before the checkpoint\n"},
		"too large":  {strings.Repeat("x", witness.MaxRequest+1), 400, "the request can't be read, or is too large\n"},
		"unknown":    {"old 0\n\nelse\n1\nAAAA\n\n— else AAAA\n", 404, "the ledger is not one that this witness watches\n"},
		"unsigned":   {"old 0\n\nexample.org/ledger\n1\nAAAA\n\n— else AAAA\n", 403, "the checkpoint is not signed with both of the ledger's keys: checkpoint: not a signed note: a text, a blank line, signature lines\n"},
		"elsewhere":  {string(b.request(t, 0, 20).Marshal()), 409, "0\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.Post(url+"/add-checkpoint", "", strings.NewReader(c.body))
			must(t, err)
			defer r.Body.Close()
			var got bytes.Buffer
			got.ReadFrom(r.Body)
			if r.StatusCode != c.status || got.String() != c.want || (c.status == 409) != (r.Header.Get("Content-Type") == "text/x.tlog.size") {
				t.Errorf("%s %v\n%s", r.Status, r.Header, got.String())
			}
		})
	}
	for path, status := range map[string]int{"/": 404, "/sign-subtree": 404, "/" + strings.Repeat("0", 64) + "/checkpoint": 404} {
		if r, _ := get(t, url+path); r.StatusCode != status {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	if r, err := http.Post(url+"/x/checkpoint", "", nil); err != nil || r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST to a monitor's page: %v, %v", r.Status, err)
	}
}

// aside is the name under which a file is written before it is in place.
func aside(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
}

// With a failing disk no signature is sent.
func TestWatchCannotWrite(t *testing.T) {
	b := grown(33, 64)
	dir, w := newWatch(t)
	_, err := w.Cosign(b.request(t, 0, 0))
	must(t, err)
	path := one(t, dir, "checkpoint")
	must(t, os.Mkdir(aside(path), 0o700))
	if lines, err := w.Cosign(b.request(t, 1, 33)); err == nil || lines != nil {
		t.Fatalf("%s, %v", lines, err)
	}
	if status, ours := statusOf(err); err != nil && (status != 500 || !ours) {
		t.Errorf("status %d", status)
	}
	must(t, os.Remove(aside(path)))
	must(t, os.Mkdir(filepath.Join(dir, ".guard.new"), 0o700))
	if lines, err := w.Cosign(b.request(t, 1, 33)); err == nil || lines != nil {
		t.Fatalf("%s, %v", lines, err)
	}
	must(t, os.Remove(filepath.Join(dir, ".guard.new")))
	var conflict *witness.Conflict
	if _, err := w.Cosign(b.request(t, 1, 33)); !errors.As(err, &conflict) || conflict.Size != 64 {
		t.Errorf("what is on the disk counts, whether or not it left: %v", err)
	}
	w.Close()
	reopen(t, dir)
}
