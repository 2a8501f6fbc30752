package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are where a program reads and writes: results on Out, talk on Err.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// StandardStreams are the process' own.
func StandardStreams() *Streams {
	return &Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
}

// isTerminal reports whether a person is looking at w.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Watched reports whether results go to a terminal, where a file's bytes have no business.
func (s *Streams) Watched() bool { return isTerminal(s.Out) }

// width returns the columns of the terminal that w is; 0 where it is none, which means: don't wrap.
func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// Width returns the columns that results may take; 0 where nothing limits them.
func (s *Streams) Width() int { return width(s.Out) }
