package store

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles are 8 levels high: a full one lists 256 hashes (C2SP tlog-tiles).
const (
	tileHeight = 8
	TileWidth  = 1 << tileHeight
)

// Tile returns the hashes number index·256 to index·256+width-1 at the tree's
// level 8·level, of the ledger under its last checkpoint. width is 1 to 256.
// ErrUnknown means that the tree is not that large.
func (s *Store) Tile(level int, index uint64, width int) (tile []byte, err error) {
	err = s.view(func(v *view) error {
		tile, err = v.tile(level, index, width)
		return err
	})
	return tile, err
}

func (v *view) tile(level int, index uint64, width int) ([]byte, error) {
	if level < 0 || level > 7 || width < 1 || width > TileWidth || index > v.Size {
		return nil, fmt.Errorf("tile %d/%d: %w", level, index, ErrUnknown)
	}
	if have := v.Size >> (tileHeight * level); index*TileWidth+uint64(width) > have {
		return nil, fmt.Errorf("tile %d/%d: %w: the tree has %d hashes at this level", level, index, ErrUnknown, have)
	}
	return tlog.ReadTileData(tlog.Tile{H: tileHeight, L: level, N: int64(index), W: width}, v.hashes())
}
