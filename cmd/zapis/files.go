package main

import (
	"bufio"
	"io"

	"zapis/internal/atomicfile"
	"zapis/internal/cli"
)

// writeFile writes under another name first, and never over a file that is there.
func writeFile(name string, write func(io.Writer) error) error {
	if err := cli.CheckFree(name); err != nil {
		return err
	}
	f, err := atomicfile.Create(name, 0o600)
	if err != nil {
		return err
	}
	defer f.Discard()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Commit()
}
