package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are a program's input and outputs: results on Out, messages on Err.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// StandardStreams returns those of the process.
func StandardStreams() *Streams {
	return &Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
}

// isTerminal reports whether w is a terminal.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Watched reports whether results go to a terminal, which must not get a file's bytes.
func (s *Streams) Watched() bool { return isTerminal(s.Out) }

// width returns the columns of the terminal w; 0 where it is none, which means: don't wrap.
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

// Width returns the columns for results; 0 for no limit.
func (s *Streams) Width() int { return width(s.Out) }
