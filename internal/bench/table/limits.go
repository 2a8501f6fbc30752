package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"filippo.io/age"

	"zapis/internal/atomicfile"
	"zapis/internal/bench/measure"
)

// limit is one thing that the machine can do, measured some times.
type limit struct {
	what  string
	unit  string
	taken []float64
}

// Sizes of what the limits are measured over.
const (
	limitRounds = 5
	hashed      = 64 << 20
	readFile    = 256 << 20
	barriers    = 100
	unwraps     = 200
)

// machine measures the terms of which docs/performance.md predicts the rows, in turn, in a folder of the disk that the
// benchmarks use.
func machine() ([]limit, error) {
	dir, err := os.MkdirTemp("", "zapis-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file, err := newReadFile(filepath.Join(dir, "read"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unwrap, err := newUnwrap()
	if err != nil {
		return nil, err
	}
	var failed error
	keep := func(err error) {
		if failed == nil {
			failed = err
		}
	}
	memory := bytes.Repeat([]byte("zapis "), hashed/6)
	cores := runtime.GOMAXPROCS(0)
	took := measure.Turns(limitRounds,
		measure.Way{Name: "one", Do: func() { sha256.Sum256(memory) }},
		measure.Way{Name: "all", Do: func() { onCores(cores, func() { sha256.Sum256(memory) }) }},
		measure.Way{Name: "barrier", Do: func() { keep(syncOften(filepath.Join(dir, "barrier"))) }},
		measure.Way{Name: "read", Before: func() { measure.Forget(file) }, Do: func() { keep(readAll(file)) }},
		measure.Way{Name: "unwrap", Do: func() { keep(unwrap()) }})
	of := func(what, unit, name string, figure func(seconds float64) float64) limit {
		l := limit{what: what, unit: unit}
		for _, s := range measure.Seconds(took[name], measure.Wall) {
			l.taken = append(l.taken, figure(s))
		}
		return l
	}
	return []limit{
		of("SHA-256 on one core", "MB/s", "one", func(s float64) float64 { return float64(len(memory)) / 1e6 / s }),
		of(fmt.Sprintf("SHA-256 on %d cores", cores), "MB/s", "all", func(s float64) float64 { return float64(cores*len(memory)) / 1e6 / s }),
		of("append of 4 KiB and fdatasync", "µs", "barrier", func(s float64) float64 { return 1e6 * s / barriers }),
		of("sequential read, cold", "MB/s", "read", func(s float64) float64 { return readFile / 1e6 / s }),
		of("age's unwrapping of one header, one core", "µs", "unwrap", func(s float64) float64 { return 1e6 * s / unwraps }),
	}, failed
}

func onCores(cores int, do func()) {
	var done sync.WaitGroup
	for range cores {
		done.Go(do)
	}
	done.Wait()
}

func newReadFile(name string) (*os.File, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	piece := bytes.Repeat([]byte{0xA5}, 1<<20)
	for range readFile / len(piece) {
		if _, err := f.Write(piece); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

func readAll(f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 1<<20))
	return err
}

func syncOften(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	for range barriers {
		if _, err := f.Write(make([]byte, 4<<10)); err != nil {
			return err
		}
		if err := atomicfile.SyncData(f); err != nil {
			return err
		}
	}
	return nil
}

// newUnwrap returns a function that opens the header of a message to one post-quantum recipient so many times.
func newUnwrap() (func() error, error) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, err
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, id.Recipient())
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, err
	}
	header, err := age.ExtractHeader(&sealed)
	return func() error {
		for range unwraps {
			if _, err := age.DecryptHeader(header, id); err != nil {
				return err
			}
		}
		return nil
	}, err
}

// limitTable returns the limits as a table.
func limitTable(limits []limit) string {
	rows := [][]string{{"This machine", "Median", "Least to most"}}
	for _, l := range limits {
		rows = append(rows, []string{l.what, figure(measure.Median(l.taken)) + " " + l.unit, spread(slices.Min(l.taken), slices.Max(l.taken))})
	}
	return aligned(rows)
}

func spread(least, most float64) string { return figure(least) + " to " + figure(most) }

// aligned prints a table of Markdown whose columns are aligned for a terminal too.
func aligned(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for n, r := range rows {
		for i, cell := range r {
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", width[i]-len([]rune(cell))))
		}
		b.WriteString("|\n")
		for i := range r {
			if n == 0 {
				fmt.Fprintf(&b, "|%s", strings.Repeat("-", width[i]+2))
			}
		}
		if n == 0 {
			b.WriteString("|\n")
		}
	}
	return b.String()
}
