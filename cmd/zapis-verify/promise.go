package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/canon"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// checkPromise verifies a promise and, with the ledger's public tiles, finds
// the entry that keeps it. Nobody is asked: which entry it is stays unknown to
// whoever gave the tiles.
func checkPromise(text []byte, known *trust, tiles string) (verdict, error) {
	origin := ""
	if lines := strings.SplitN(string(text), "\n", 3); len(lines) == 3 {
		origin = lines[1]
	}
	if err := card.CheckOrigin(origin); err != nil {
		return refused(canon.Refuse("promise: line 2: %w", err)), nil
	}
	k, c, err := known.keysOf(origin)
	if err != nil {
		return verdict{}, err
	}
	p, err := k.OpenPromise(text)
	if err != nil {
		return refused(err), nil
	}
	slot := p.Slot.Format(time.RFC3339)
	proved := []string{
		whose(origin, c),
		fmt.Sprintf("The log promised, with both of its signatures, that the body %s will be in its ledger at %s.", p.Body, slot),
	}
	notProved := []string{"What was reported: the body holds hashes of sealed parts, and no words."}
	if tiles == "" {
		return accepted(c, proved, append(notProved,
			"That the promise was kept: give the ledger's public tiles to --tiles.")), nil
	}
	found, err := search(tiles, p, k, c)
	if errors.Is(err, ledger.ErrMismatch) {
		return refused(err), nil
	}
	if err != nil {
		return verdict{}, err
	}
	switch cp := found.checkpoint; {
	case found.ok:
		proved = append(proved, fmt.Sprintf("The promise was kept: entry %d of the %d in the tiles is this body, at its place. Both of the log's signatures are on the checkpoint, for %s by the log's clock.",
			found.index, cp.Size, cp.Time.Format(time.RFC3339)))
	case cp.Time.Before(p.Slot):
		notProved = append(notProved, fmt.Sprintf("That the promise was kept: it is not yet due. The slot is %s, and the checkpoint in the tiles is of %s.",
			slot, cp.Time.Format(time.RFC3339)))
	default:
		return refused(canon.Refuse("the log cheated: it promised the body %s for %s, and none of the %d entries of its checkpoint of %s is that body. Keep the promise and these tiles: together they prove it",
			p.Body, slot, cp.Size, cp.Time.Format(time.RFC3339))), nil
	}
	return accepted(c, proved, notProved), nil
}

// A finding is where a body stands in a ledger of this checkpoint.
type finding struct {
	checkpoint ledger.Checkpoint
	index      uint64
	ok         bool
}

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// search reads the hashes of all entries out of tiles (C2SP tlog-tiles, level
// 0), compares them with the signed root, and tries the body at each place.
func search(dir string, p ledger.Promise, k keys, c *card.LedgerCard) (finding, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return finding{}, err
	}
	defer root.Close()
	note, err := readSmall(root, "checkpoint", ledger.MaxNote)
	if err != nil {
		return finding{}, err
	}
	f := finding{}
	if f.checkpoint, err = k.OpenCheckpoint(note); err != nil {
		return finding{}, err
	}
	var previous ledger.Hash
	var tree forest
	for at := uint64(0); at < f.checkpoint.Size; {
		width := min(f.checkpoint.Size-at, tileWidth)
		tile, err := readTile(root, at/tileWidth, int(width))
		if err != nil {
			return finding{}, err
		}
		for i := range width {
			leaf := ledger.Hash(tile[i*32 : i*32+32])
			if at+i == 0 && c != nil && leaf != ledger.Hash(c.Genesis) {
				return finding{}, canon.Refuse("the tiles begin with another genesis than that of the ledger you trust")
			}
			if !f.ok && ledger.PromiseFits(p.Origin, at+i, previous, p.Text, leaf) {
				f.index, f.ok = at+i, true
			}
			tree.add(at+i, leaf)
			previous = leaf
		}
		at += width
	}
	if tree.root() != f.checkpoint.Root {
		return finding{}, canon.Refuse("the tiles are not those of the checkpoint beside them: their root is another")
	}
	return f, nil
}

// readTile reads a tile of level 0: the partial one of this width, or the full
// one that has replaced it.
func readTile(root *os.Root, n uint64, width int) ([]byte, error) {
	for _, w := range []int{width, tileWidth} {
		path := strings.Replace(tlog.Tile{H: tileHeight, L: 0, N: int64(n), W: w}.Path(), "tile/8/", "tile/", 1)
		tile, err := readSmall(root, path, tileWidth*32)
		if errors.Is(err, fs.ErrNotExist) && w < tileWidth {
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(tile) != w*32 {
			return nil, canon.Refuse("%s: has %d bytes, not %d", path, len(tile), w*32)
		}
		return tile, nil
	}
	return nil, fs.ErrNotExist
}

func readSmall(root *os.Root, name string, most int64) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = canon.Refuse("%s: is longer than it can be", name)
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
