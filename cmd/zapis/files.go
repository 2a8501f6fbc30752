package main

import (
	"bufio"
	"io"
	"os"

	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/exit"
)

// readAtMost reads a file, unless it has more bytes.
func readAtMost(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = exit.New(exit.Mismatch, "", "%s has more than %d bytes", name, most)
	}
	return text, err
}

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
