package store

import (
	"encoding/binary"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

// MaxPieces is the most pieces that attachments are verified in.
const MaxPieces = 1000

// Piece is one of several pieces of all attachments, about equally many each, by the first two bytes of their hashes. Number
// is 1 to Of. An attachment belongs to the same piece always.
type Piece struct{ Number, Of int }

func (p Piece) check() error {
	if p.Of < 1 || p.Of > MaxPieces || p.Number < 1 || p.Number > p.Of {
		return exit.New(exit.Usage, "", "attachments are verified in 1 to %d pieces, and not in piece %d of %d", MaxPieces, p.Number, p.Of)
	}
	return nil
}

// has reports whether an attachment belongs to the piece.
func (p Piece) has(h ledger.Hash) bool {
	return int(binary.BigEndian.Uint16(h[:]))*p.Of>>16 == p.Number-1
}
