package publish

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
	"zapis/store"
)

// serve makes a ledger of this many slots and publishes it.
func serve(t *testing.T, slots int) (*store.Store, *httptest.Server) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ledger")
	if _, err := store.Create(dir, ledgertest.Genesis(), ledgertest.Key(1), ledgertest.Slot.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	now := ledgertest.Slot
	s, err := store.Open(dir, store.Config{Slot: 24 * time.Hour, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if faults, err := s.Check(context.Background(), nil); err != nil || len(faults) > 0 {
			t.Errorf("the ledger does not verify: %v %v", faults, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for range slots {
		if err := s.Sequence(context.Background()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(24 * time.Hour)
	}
	srv := httptest.NewServer(Handler(s))
	t.Cleanup(srv.Close)
	return s, srv
}

func get(t *testing.T, url string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, b
}

// monitor is a stock client: it has the address and the log's keys, and reads
// tiles by the paths of C2SP tlog-tiles.
type monitor struct {
	t   *testing.T
	url string
}

func (m monitor) Height() int { return 8 }

func (m monitor) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, x := range tiles {
		path := "/" + strings.Replace(x.Path(), "tile/8/", "tile/", 1)
		r, b := get(m.t, m.url+path)
		if r.StatusCode != http.StatusOK {
			m.t.Fatalf("%s: %s", path, r.Status)
		}
		all = append(all, b)
	}
	return all, nil
}

func (m monitor) SaveTiles([]tlog.Tile, [][]byte) {}

func TestStockClientMonitors(t *testing.T) {
	shorttest.Skip(t, "no stock client, which is built first, monitors")
	s, srv := serve(t, 9) // 289 entries: one full tile, and two that are not
	r, note := get(t, srv.URL+"/checkpoint")
	if got := r.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("content type of the checkpoint: %s", got)
	}
	if got := r.Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("caching of the checkpoint: %s", got)
	}
	c, err := s.Verifier().OpenCheckpoint(note)
	if err != nil {
		t.Fatal(err)
	}
	tree := tlog.Tree{N: int64(c.Size), Hash: tlog.Hash(c.Root)}
	reader := tlog.TileHashReader(tree, monitor{t, srv.URL})
	for i := range c.Size {
		p, err := tlog.ProveRecord(int64(c.Size), int64(i), reader)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := s.Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(p, tree.N, tree.Hash, int64(i), tlog.Hash(ledger.LeafHash(entry))); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
}

// After a change of the log's keys those in force are public, and open what is public and what is promised from then on.
func TestKeysAfterAChangeOfKeys(t *testing.T) {
	s, srv := serve(t, 0)
	keysShown := func() ledger.LogKeys {
		_, text := get(t, srv.URL+"/log-keys")
		lines := strings.Split(string(text), "\n")
		if len(lines) != 3 || lines[2] != "" {
			t.Fatalf("/log-keys has %q", text)
		}
		return ledger.LogKeys(lines[:2])
	}
	if keysShown() != ledgertest.Genesis().Log {
		t.Error("before the change they are not the keys of the genesis")
	}
	next := ledgertest.Key(2)
	if err := s.SetNextKey(next); err != nil {
		t.Fatal(err)
	}
	b := ledgertest.New()
	text := b.KeyChangeTo(next, ledger.ReasonCompromised).Marshal()
	body := b.Approve(text, ledgertest.KeyLines(text, next), b.People[:2]...)
	submit := func(body ledger.Body, small ...[]byte) []byte {
		promise, err := s.Submit(t.Context(), store.Submission{Body: body, Small: small})
		if err == nil {
			err = s.Sequence(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		return promise
	}
	submit(ledger.BodyOf(ledger.KindKey, 0, body), body)

	shown := keysShown()
	if shown != next.Keys() {
		t.Errorf("after the change they are %q", shown)
	}
	v, err := ledger.NewVerifier(shown[:]...)
	if err != nil {
		t.Fatal(err)
	}
	_, note := get(t, srv.URL+"/checkpoint")
	if _, err := v.OpenCheckpoint(note); err != nil {
		t.Error(err)
	}
	report := b.Body(ledger.KindReport, "later", 0)
	promise := submit(report, b.Files[report.Parts[0].Hash], b.Files[report.Parts[1].Hash], b.Files[report.Parts[2].Hash])
	if _, err := v.OpenPromise(promise); err != nil {
		t.Error(err)
	}
	if _, genesis := get(t, srv.URL+"/genesis"); string(genesis) != string(ledgertest.Genesis().Marshal()) {
		t.Error("/genesis is another after the change")
	}
}

func TestPaths(t *testing.T) {
	_, srv := serve(t, 9)
	for path, want := range map[string]int{
		"/checkpoint":           200,
		"/genesis":              200,
		"/ledger-card":          200,
		"/log-keys":             200,
		"/log-keys/":            404,
		"/genesis/":             404,
		"/genesis.txt":          404,
		"/tile/0/000":           200,
		"/tile/0/000.p/1":       200,
		"/tile/0/001.p/33":      200,
		"/tile/1/000.p/1":       200,
		"/tile/0/001":           404, // not full
		"/tile/0/001.p/34":      404, // more than there are
		"/tile/0/002.p/1":       404,
		"/tile/1/000.p/2":       404,
		"/tile/2/000.p/1":       404,
		"/tile/63/000":          404,
		"/tile/64/000":          404,
		"/tile/0/000.p/256":     404,
		"/tile/0/000.p/0":       404,
		"/tile/0/000.p/01":      404,
		"/tile/0/000.p/+1":      404,
		"/tile/0/0":             404,
		"/tile/0/0000":          404,
		"/tile/0/x000/000":      404,
		"/tile/00/000":          404,
		"/tile/+0/000":          404,
		"/tile/-1/000":          404,
		"/tile/0/%30%30%30":     404,
		"/tile/0/000/":          404,
		"/tile/8/0/000":         404, // the Go checksum database's paths
		"/tile/entries/000":     404,
		"/tile/entries/000.p/1": 404,
		"/tile/data/000":        404,
		"/tile/0/x999/x999/999": 404,
		"/tile/0/x999/x999/x999/x999/x999/x999/999": 404,
		"/tile/":       404,
		"/checkpoint/": 404,
		"/entries/0":   404,
		"/":            404,
	} {
		r, body := get(t, srv.URL+path)
		if r.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, r.StatusCode, want)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s: %q", path, name, got)
			}
		}
		if r.StatusCode == 404 && (string(body) != "not here\n" || r.Header.Get("Cache-Control") != "no-store") {
			t.Errorf("%s: %q, %s", path, body, r.Header.Get("Cache-Control"))
		}
		if strings.HasPrefix(path, "/tile") && want == 200 {
			if r.Header.Get("Content-Type") != "application/octet-stream" || r.Header.Get("Cache-Control") != immutable {
				t.Errorf("%s: %v", path, r.Header)
			}
		}
	}
	r, err := http.Post(srv.URL+"/checkpoint", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("POST: %s, %v", r.Status, r.Header)
	}
}

func TestPathRoundTrip(t *testing.T) {
	for _, n := range []uint64{0, 1, 999, 1000, 1234067, 999999, 1000000, 1<<40 - 1} {
		for _, w := range []int{1, 255, 256} {
			want := tile{3, n, w}
			if got, ok := parseTile(want.path()); !ok || got != want {
				t.Errorf("%s was read as %+v, %v", want.path(), got, ok)
			}
		}
	}
	if got := (tile{0, 1234067, 256}).path(); got != "/tile/0/x001/x234/067" {
		t.Errorf("path %s", got)
	}
}

// submission is a report of random bytes.
func submission(s *store.Store) store.Submission {
	sub := store.Submission{Body: ledger.Body{Kind: ledger.KindReport}}
	sub.Body.Trustees, _ = s.SetInForce()
	rand.Read(sub.Body.Commitments[:])
	for _, kind := range []string{ledger.PartSignal, ledger.PartStatement, ledger.PartIdentity} {
		part := make([]byte, 900)
		rand.Read(part)
		sub.Small = append(sub.Small, part)
		sub.Body.Parts = append(sub.Body.Parts, ledger.Part{Kind: kind, Hash: ledger.Sum(part), Size: int64(len(part))})
	}
	return sub
}
