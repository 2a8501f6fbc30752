package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"zapis/crypto/canonical"
	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/store"
)

type checkVerb struct {
	Dir    string `required:"" placeholder:"D" help:"The ledger's folder."`
	Pieces int    `placeholder:"N" help:"Of the attachments, read the next of N pieces only; whatever else there is, verify all of it."`
}

// checkArgs are the piece of the attachments that is read; zeros for all of them.
type checkArgs struct {
	Piece int `json:"piece,omitempty"`
	Of    int `json:"of,omitempty"`
}

func (v *checkVerb) Run(ctx context.Context, s *cli.Streams) error {
	var args checkArgs
	if v.Pieces != 0 {
		if v.Pieces < 2 || v.Pieces > store.MaxPieces {
			return exit.New(exit.Usage, "", "--pieces %d: 2 to %d are possible", v.Pieces, store.MaxPieces)
		}
		next, err := nextPiece(v.Dir, v.Pieces)
		if err != nil {
			return err
		}
		args = checkArgs{next, v.Pieces}
	}
	to := newScreen(s.Out, s)
	defer to.done()
	if err := perform(ctx, v.Dir, "check", args, to); err != nil || v.Pieces == 0 {
		return err
	}
	return keepPiece(v.Dir, args.Piece%args.Of+1, args.Of)
}

// pieceName is the file in a ledger's folder that says which piece of the attachments check --pieces reads next:
//
//	zapis/pieces/v1
//	next 4
//	of 30
//
// It is written after a piece that verifies. Without it, or where another number of pieces is asked for, piece 1 is next.
const (
	pieceName   = "pieces"
	pieceHeader = "zapis/pieces/v1"
	maxPiece    = 100
)

func nextPiece(dir string, of int) (int, error) {
	path := filepath.Join(dir, pieceName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	r := canonical.NewReader(text, maxPiece)
	r.Exact(pieceHeader)
	next, stored := r.Decimal(r.Word("next"), store.MaxPieces), r.Decimal(r.Word("of"), store.MaxPieces)
	if err := r.End(); err != nil || next < 1 || next > stored {
		return 0, exit.New(exit.Mismatch, "remove it: the pieces begin again with the first", "%s is damaged", path)
	}
	if int(stored) != of {
		return 1, nil
	}
	return int(next), nil
}

func keepPiece(dir string, next, of int) error {
	text := pieceHeader + "\nnext " + strconv.Itoa(next) + "\nof " + strconv.Itoa(of) + "\n"
	return atomicfile.WriteFile(filepath.Join(dir, pieceName), []byte(text), 0o600)
}

// checkLedger verifies all of a ledger, or all but some attachments' bytes: one line per fault, or a summary.
func checkLedger(ctx context.Context, st *store.Store, args checkArgs, to reporter) error {
	piece := store.Piece{Number: 1, Of: 1}
	if args.Of != 0 {
		piece = store.Piece{Number: args.Piece, Of: args.Of}
	}
	faults, err := st.CheckPiece(ctx, piece, func(done, total int64) { to.Progress(tick{"checking", done, total}) })
	if err != nil {
		return err
	}
	for _, f := range faults {
		escape.Fprintln(to, f.String())
	}
	if len(faults) > 0 {
		return exit.New(exit.Mismatch, "keep the folder as it is: it is evidence; docs/guides/operator.md says what then",
			"the ledger does not verify: faults found: %d", len(faults))
	}
	escape.Fprintf(to, "%s\n%s\n", st.Genesis().Card(), verified("all ", st.Size()))
	if piece.Of > 1 {
		escape.Fprintf(to, "of the attachments, piece %d of %d was read; of the others, only that each is there was verified\n", piece.Number, piece.Of)
	}
	warnings, err := anchorWarnings(ctx, st)
	for _, text := range warnings {
		escape.Fprintf(to, "WARNING: %s\n", text)
	}
	return err
}
