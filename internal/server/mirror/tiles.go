package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

const (
	height = 8
	width  = 1 << height
)

// path returns a tile's path as C2SP tlog-tiles writes it.
func path(t tlog.Tile) string { return strings.Replace(t.Path(), "tile/8/", "tile/", 1) }

// client fetches published files.
type client struct{ base string }

func newClient(from *url.URL) client { return client{strings.TrimSuffix(from.String(), "/")} }

// patience is the time for one file of a few kilobytes, also over tor.
const patience = 2 * time.Minute

func (c client) get(ctx context.Context, name string, max int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+name, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, exit.New(exit.Failed, "try again later", "%s can't be reached: %w", c.base, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, exit.Advise(exit.Failed, exit.LookIfPublished.With(), "%s%s: %s", c.base, name, resp.Status)
	}
	b, err := readLimited(resp.Body, max)
	if err != nil {
		return nil, exit.New(exit.Failed, "", "%s%s: %w", c.base, name, err)
	}
	return b, nil
}

// tree extends the tree by new hashes. Until all is verified it keeps in
// memory what it computes: the right edge, and the tiles to write.
type tree struct {
	m    *Mirror
	from client
	ctx  context.Context

	size  uint64
	edge  [][]ledger.Hash   // by level of tiles: the hashes of the tile that is not full yet
	peaks []ledger.Hash     // roots of the complete subtrees, largest first
	tiles map[string][]byte // to be written
	final ledger.Checkpoint
	first ledger.Hash // of entry 0
}

// grow fetches the hashes of entries from the first incomplete tile on, and
// compares both roots.
func (t *tree) grow(old, c ledger.Checkpoint) error {
	t.tiles, t.final = make(map[string][]byte), c
	for n := uint64(0); n*width < c.Size; n++ {
		w := int(min(c.Size-n*width, width))
		leaves, err := t.leaves(n, w, old.Size)
		if err != nil {
			return err
		}
		if n == 0 {
			t.first = ledger.Hash(leaves[:32])
		}
		for i := range w {
			t.add(ledger.Hash(leaves[i*32:]))
			if t.size == old.Size && t.root() != old.Root {
				return fmt.Errorf("%w that it is over does not have this mirror's root at %d entries: the log has shown two histories", errFork, old.Size)
			}
		}
	}
	if root := t.root(); root != c.Root {
		return exit.New(exit.Mismatch, "fetch again; if it stays so, keep what is published", "the published tiles have the root %s, and the checkpoint of %d entries says %s", root, c.Size, c.Root)
	}
	return nil
}

// leaves returns a tile of level 0: the mirror's own where it is complete,
// else the published one.
func (t *tree) leaves(n uint64, w int, have uint64) ([]byte, error) {
	full := tlog.Tile{H: height, L: 0, N: int64(n), W: width}
	if (n+1)*width <= have {
		b, err := os.ReadFile(filepath.Join(t.m.dir, filepath.FromSlash(path(full))))
		if err == nil && len(b) == width*32 {
			return b, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	tile := full
	tile.W = w
	b, err := t.from.get(t.ctx, "/"+path(tile), width*32)
	if err != nil {
		return nil, err
	}
	if len(b) != w*32 {
		return nil, exit.New(exit.Mismatch, "", "%s/%s: it has %d bytes, not %d", t.from.base, path(tile), len(b), w*32)
	}
	return b, nil
}

// add appends a leaf to the tree and to its tiles.
func (t *tree) add(leaf ledger.Hash) {
	h := tlog.Hash(leaf)
	t.put(0, t.size, h)
	for level, n := 1, t.size; n&1 == 1; level, n = level+1, n>>1 {
		last := len(t.peaks) - 1
		h = tlog.NodeHash(tlog.Hash(t.peaks[last]), h)
		t.peaks = t.peaks[:last]
		if level%height == 0 {
			t.put(level/height, n>>1, h)
		}
	}
	t.peaks = append(t.peaks, ledger.Hash(h))
	t.size++
}

// put puts hash number n of a level of tiles into its tile.
func (t *tree) put(level int, n uint64, h tlog.Hash) {
	for len(t.edge) <= level {
		t.edge = append(t.edge, nil)
	}
	t.edge[level] = append(t.edge[level], ledger.Hash(h))
	if len(t.edge[level]) == width {
		t.keep(level, n/width, t.edge[level])
		t.edge[level] = nil
	}
}

func (t *tree) keep(level int, n uint64, hashes []ledger.Hash) {
	b := make([]byte, 0, len(hashes)*32)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	t.tiles[path(tlog.Tile{H: height, L: level, N: int64(n), W: len(hashes)})] = b
}

func (t *tree) root() ledger.Hash {
	h := tlog.Hash(t.peaks[len(t.peaks)-1])
	for i := len(t.peaks) - 2; i >= 0; i-- {
		h = tlog.NodeHash(tlog.Hash(t.peaks[i]), h)
	}
	return ledger.Hash(h)
}

// store writes the tiles that the mirror does not have.
func (t *tree) store() error {
	for level, hashes := range t.edge {
		if len(hashes) > 0 {
			t.keep(level, (t.size>>(height*level))/width, hashes)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.tiles)) {
		if info, err := os.Stat(filepath.Join(t.m.dir, filepath.FromSlash(name))); err == nil && info.Size() == int64(len(t.tiles[name])) {
			continue
		}
		if err := t.m.write(name, t.tiles[name]); err != nil {
			return err
		}
	}
	return nil
}
