package mirror

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/exit"
)

// site is the published files of a ledger in memory, or forged ones.
type site struct {
	b    *ledgertest.Builder
	bend func(path string, content []byte) []byte
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var content []byte
	switch rest, isTile := strings.CutPrefix(r.URL.Path, "/tile/0/"); {
	case r.URL.Path == "/checkpoint":
		content = s.b.Checkpoints[len(s.b.Checkpoints)-1]
	case isTile:
		number, width, partial := strings.Cut(rest, ".p/")
		n, _ := strconv.Atoi(number)
		w := 256
		if partial {
			w, _ = strconv.Atoi(width)
		}
		for i := n * 256; i < n*256+w && i < len(s.b.Entries); i++ {
			leaf := ledger.LeafHash(s.b.Entries[i])
			content = append(content, leaf[:]...)
		}
	default:
		http.NotFound(w, r)
		return
	}
	if s.bend != nil {
		content = s.bend(r.URL.Path, bytes.Clone(content))
	}
	w.Write(content)
}

func grow(b *ledgertest.Builder, n int) *ledgertest.Builder {
	for range n {
		b.Filler()
	}
	b.Checkpoint()
	return b
}

func start(t testing.TB, s *site) (at *url.URL, m *Mirror) {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	m, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	named := ledgertest.Genesis().Card()
	log, err := ParseKeys(ledgertest.Genesis().Marshal(), &named)
	if err == nil {
		err = m.Trust(log)
	}
	if err != nil {
		t.Fatal(err)
	}
	at, err = url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return at, m
}

func TestPull(t *testing.T) {
	s := &site{b: grow(ledgertest.New(), 299)}
	at, m := start(t, s)
	if _, err := Open(m.dir); err == nil || err.Error() != "another process is changing "+m.dir {
		t.Errorf("opened twice: %v", err)
	}
	for _, more := range []int{0, 10, 300} {
		if more > 0 {
			grow(s.b, more)
		}
		res, err := m.Pull(t.Context(), at)
		if err != nil || res.Checkpoint.Size != s.b.Size() {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	// All levels, and a full tile in the place of the partial ones.
	root, err := ledger.RootAt(256, s.b)
	if err != nil {
		t.Fatal(err)
	}
	upper, err := os.ReadFile(filepath.Join(m.dir, "tile", "1", "000.p", "2"))
	if err != nil || !bytes.Equal(upper[:32], root[:]) {
		t.Errorf("the upper tile: %v", err)
	}
	for _, name := range []string{"tile/0/000", "tile/0/001", "tile/0/002.p/98", "checkpoints/300", "checkpoints/310", "checkpoints/610"} {
		if _, err := os.Stat(filepath.Join(m.dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestPullRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		bend func(s *site)
		want string
	}{
		{"a hash changed", func(s *site) {
			s.bend = func(path string, c []byte) []byte {
				if path != "/checkpoint" {
					c[len(c)-1] ^= 1
				}
				return c
			}
		}, "the published tiles have the root "},
		{"an old hash changed", func(s *site) {
			s.bend = func(path string, c []byte) []byte {
				if path != "/checkpoint" {
					c[40] ^= 1
				}
				return c
			}
		}, "the tree that it is over does not have this mirror's root at 20 entries: the log has shown two histories"},
		{"a tile cut", func(s *site) {
			s.bend = func(path string, c []byte) []byte {
				if path != "/checkpoint" {
					c = c[:64]
				}
				return c
			}
		}, "it has 64 bytes, not 960"},
		{"a tile too long", func(s *site) {
			s.bend = func(path string, c []byte) []byte {
				if path != "/checkpoint" {
					c = make([]byte, 9000)
				}
				return c
			}
		}, "more than 8192 bytes came"},
		{"another key", func(s *site) {
			s.b.Key = ledgertest.Key(5)
			s.b.Checkpoint()
		}, "/checkpoint: checkpoint: it is not signed by the keys of example.org/ledger"},
		{"another history", func(s *site) {
			s.b = ledgertest.New()
			s.b.Report("x", 0)
			grow(s.b, 28)
		}, "the tree that it is over does not have this mirror's root at 20 entries: the log has shown two histories"},
		{"shorter", func(s *site) { s.b = grow(ledgertest.New(), 9) }, "it has 10 entries, and this mirror 20: the ledger was rolled back, or this is an old copy of it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &site{b: grow(ledgertest.New(), 19)}
			at, m := start(t, s)
			if _, err := m.Pull(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			grow(s.b, 10)
			test.bend(s)
			_, err := m.Pull(t.Context(), at)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%v\nwant %s", err, test.want)
			}
			note, c, err := m.last()
			if err != nil || c.Size != 20 || len(note) == 0 {
				t.Errorf("the mirror has %d entries now, %v", c.Size, err)
			}
			kept, err := filepath.Glob(filepath.Join(m.dir, "suspect-*"))
			if fork := strings.Contains(test.want, "history") || strings.Contains(test.want, "histories"); err != nil || (len(kept) == 1) != (fork || strings.Contains(test.want, "rolled back")) {
				t.Errorf("kept as evidence: %v, %v", kept, err)
			}
		})
	}
	if _, err := (&Mirror{dir: t.TempDir()}).Pull(t.Context(), &url.URL{Scheme: "http", Host: "127.0.0.1:1"}); exit.StatusOf(err) != exit.KeyMissing {
		t.Errorf("without keys: %v", err)
	}
}
