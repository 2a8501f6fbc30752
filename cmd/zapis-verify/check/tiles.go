package check

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// A tileCopy is a copy of a ledger's public tiles, read and compared with the
// signed checkpoint beside them.
type tileCopy struct {
	note       []byte // the signed checkpoint, with witnesses' lines
	checkpoint ledger.Checkpoint
	roots      map[uint64]ledger.Hash // of the sizes that were asked for and that it has
}

// readTiles reads the hashes of all entries out of tiles (C2SP tlog-tiles, level
// 0), compares their root with the signed one, and visits each.
func readTiles(dir fs.FS, k keys, c *card.LedgerCard, sizes []uint64, visit func(index uint64, leaf ledger.Hash)) (tileCopy, error) {
	note, err := readSmall(dir, "checkpoint", ledger.MaxNote)
	if err != nil {
		return tileCopy{}, noTiles(err)
	}
	s := tileCopy{note: note, roots: make(map[uint64]ledger.Hash)}
	if s.checkpoint, err = k.OpenCheckpoint(note); err != nil {
		return tileCopy{}, err
	}
	asked := make(map[uint64]bool)
	for _, size := range sizes {
		asked[size] = true
	}
	var tree forest
	for at := uint64(0); at < s.checkpoint.Size; {
		width := min(s.checkpoint.Size-at, tileWidth)
		tile, err := readTile(dir, at/tileWidth, int(width))
		if err != nil {
			return tileCopy{}, noTiles(err)
		}
		for i := range width {
			leaf := ledger.Hash(tile[i*32 : i*32+32])
			if at+i == 0 && c != nil && leaf != ledger.Hash(c.Genesis) {
				return tileCopy{}, canonical.Refuse("the tiles begin with another genesis than that of the ledger you trust")
			}
			if visit != nil {
				visit(at+i, leaf)
			}
			tree.add(at+i, leaf)
			if asked[at+i+1] {
				s.roots[at+i+1] = tree.root()
			}
		}
		at += width
	}
	if tree.root() != s.checkpoint.Root {
		return tileCopy{}, canonical.Refuse("the tiles are not those of the checkpoint beside them: their root is another")
	}
	return s, nil
}

// readTile reads a tile of level 0: the partial one of this width, or the full
// one that has replaced it.
func readTile(dir fs.FS, n uint64, width int) ([]byte, error) {
	missing := ""
	for _, w := range []int{width, tileWidth} {
		path := strings.Replace(tlog.Tile{H: tileHeight, L: 0, N: int64(n), W: w}.Path(), "tile/8/", "tile/", 1)
		tile, err := readSmall(dir, path, tileWidth*32)
		if errors.Is(err, fs.ErrNotExist) {
			missing = path
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(tile) != w*32 {
			return nil, canonical.Refuse("%s: has %d bytes, not %d", path, len(tile), w*32)
		}
		return tile, nil
	}
	return nil, &fs.PathError{Op: "open", Path: missing, Err: fs.ErrNotExist}
}

// noTiles says of a folder that lacks a file, or whose file can't be read, what
// it should be.
func noTiles(err error) error {
	file, ok := errors.AsType[*fs.PathError](err)
	switch {
	case !ok:
		return err
	case errors.Is(err, fs.ErrNotExist):
		return exit.New(exit.Failed, "it takes a whole copy of what the ledger publishes: a folder with the file checkpoint and the folder tile in it, as zapisd mirror keeps one",
			"--tiles: the folder has no file %s", file.Path)
	}
	return Unreadable("--tiles: ", file.Path, err)
}

func readSmall(dir fs.FS, name string, most int64) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = canonical.Refuse("%s: is longer than it can be", name)
	}
	return text, err
}

// A forest holds the roots of the complete subtrees of the leaves so far,
// largest first (RFC 6962, section 2.1).
type forest []ledger.Hash

// add appends leaf number index.
func (f *forest) add(index uint64, leaf ledger.Hash) {
	h := leaf
	for ; index&1 == 1; index >>= 1 {
		h = join((*f)[len(*f)-1], h)
		*f = (*f)[:len(*f)-1]
	}
	*f = append(*f, h)
}

func (f forest) root() ledger.Hash {
	if len(f) == 0 {
		return sha256.Sum256(nil)
	}
	h := f[len(f)-1]
	for i := len(f) - 2; i >= 0; i-- {
		h = join(f[i], h)
	}
	return h
}

func join(left, right ledger.Hash) ledger.Hash {
	return ledger.Hash(tlog.NodeHash(tlog.Hash(left), tlog.Hash(right)))
}
