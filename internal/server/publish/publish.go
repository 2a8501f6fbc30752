// Package publish serves everything of a ledger that is public: its genesis
// and its card, so that anyone can check a promise, the last signed
// checkpoint, and the hashes of the tree as C2SP tlog-tiles.
//
//	GET /ledger-card             the ledger card, one line
//	GET /genesis                 the genesis body: the log's first keys, the first trustees
//	GET /log-keys                the log's two verifier keys in force, a line each
//	GET /checkpoint              the signed note and its witnesses' lines so far, mutable
//	GET /tile/<L>/<N>            256 hashes of level 8·L, for ever the same
//	GET /tile/<L>/<N>.p/<W>      the first W of them, where the tree ends
//
// Entries are not published: /tile/entries/… does not exist. All other paths
// are 404. docs/public.md says what can be learned from the published files.
package publish

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"zapis/store"
)

// immutable is the Cache-Control of a full tile, which never changes.
const immutable = "public, max-age=31536000, immutable"

// Handler serves a ledger's checkpoint and tiles under /checkpoint and /tile/.
func Handler(s *store.Store) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			h.Set("Cache-Control", "no-store")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		if text, ok := fixed(s, r.URL.Path); ok {
			h.Set("Cache-Control", "no-cache")
			send(w, "text/plain; charset=utf-8", text)
			return
		}
		t, ok := parseTile(r.URL.EscapedPath())
		if !ok {
			notFound(w)
			return
		}
		tile, err := s.Tile(t.level, t.index, t.width)
		switch {
		case errors.Is(err, store.ErrUnknown):
			notFound(w)
		case err != nil:
			h.Set("Cache-Control", "no-store")
			http.Error(w, "the tile can't be read", http.StatusInternalServerError)
		default:
			h.Set("Cache-Control", immutable)
			send(w, "application/octet-stream", tile)
		}
	})
}

// Published reports whether a path is one that Handler may answer.
func Published(path string) bool {
	return path == checkpointPath || path == genesisPath || path == keysPath || path == cardPath || strings.HasPrefix(path, "/tile/")
}

const (
	checkpointPath = "/checkpoint"
	genesisPath    = "/genesis"
	keysPath       = "/log-keys" // as internal/server/mirror names its own
	cardPath       = "/ledger-card"
)

// fixed returns the texts that have one path each.
func fixed(s *store.Store, path string) (text []byte, ok bool) {
	switch path {
	case checkpointPath:
		return s.LatestCosigned(), true
	case genesisPath:
		return s.Genesis().Marshal(), true
	case keysPath:
		keys := s.Verifier().Keys()
		return []byte(keys[0] + "\n" + keys[1] + "\n"), true
	case cardPath:
		return []byte(s.Card().String() + "\n"), true
	}
	return nil, false
}

func send(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client may be gone
}

// notFound forbids caching: a tile that is missing today may exist tomorrow.
func notFound(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "not here", http.StatusNotFound)
}

// tile is a tile's coordinates.
type tile struct {
	level int
	index uint64
	width int
}

// path returns a tile's path in the canonical form of C2SP tlog-tiles: the
// index in groups of three digits, with an x before each but the last.
func (t tile) path() string {
	n := strconv.FormatUint(t.index%1000+1000, 10)[1:]
	for rest := t.index / 1000; rest > 0; rest /= 1000 {
		n = "x" + strconv.FormatUint(rest%1000+1000, 10)[1:] + "/" + n
	}
	p := "/tile/" + strconv.Itoa(t.level) + "/" + n
	if t.width < store.TileWidth {
		p += ".p/" + strconv.Itoa(t.width)
	}
	return p
}

// parseTile parses a tile's path, and accepts only its canonical form.
func parseTile(path string) (tile, bool) {
	t := tile{width: store.TileWidth}
	rest, ok := strings.CutPrefix(path, "/tile/")
	level, rest, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 || len(rest) > 40 {
		return t, false
	}
	var err error
	if t.level, err = strconv.Atoi(level); err != nil || t.level < 0 || t.level > 63 {
		return t, false
	}
	number, width, partial := strings.Cut(rest, ".p/")
	if partial {
		if t.width, err = strconv.Atoi(width); err != nil || t.width < 1 || t.width >= store.TileWidth {
			return t, false
		}
	}
	digits := strings.NewReplacer("x", "", "/", "").Replace(number)
	if t.index, err = strconv.ParseUint(digits, 10, 64); err != nil {
		return t, false
	}
	return t, t.path() == path
}
