package main

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
)

// A verb's work may run in another process: in the one that serves the ledger, or in a child that may crash on a
// damaged database. Its output then comes as frames: one byte of kind, four of length (big endian), and as many bytes.
// The last frame is the end, with the verb's status. A stream without an end means that the other process died.
const (
	frameResult   = 'o' // bytes for stdout or for the file asked for
	frameProgress = 'p' // a tick, as JSON
	frameEnd      = 'e' // an outcome, as JSON
)

const maxFrame = 1 << 20

// errNoEnd means that the other process stopped before its last frame.
var errNoEnd = errors.New("the process that read the ledger stopped before it was done")

// tick is the progress of the work.
type tick struct {
	Label string `json:"label"`
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
}

// outcome is how the work ended.
type outcome struct {
	Status exit.Status `json:"status"`
	Error  string      `json:"error,omitempty"`
	Hint   string      `json:"hint,omitempty"`
}

// reporter is the output of an operation: results as an io.Writer, and progress.
type reporter interface {
	io.Writer
	Progress(t tick)
}

// frameWriter sends an operation's output to another process.
type frameWriter struct {
	mu     sync.Mutex
	w      *bufio.Writer
	ticked time.Time
	flush  func() error // after the buffer: flushes the layers below it; may be nil

	file    *bufio.Writer // takes the results, where the other process has passed a file for them
	fileErr error         // the first of writing to it
}

func newFrameWriter(w io.Writer) *frameWriter {
	f := &frameWriter{w: bufio.NewWriterSize(w, 64<<10)}
	if rw, ok := w.(http.ResponseWriter); ok {
		f.flush = http.NewResponseController(rw).Flush
	}
	return f
}

func (f *frameWriter) frame(kind byte, payload []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var head [5]byte
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(len(payload)))
	if _, err := f.w.Write(head[:]); err != nil {
		return err
	}
	_, err := f.w.Write(payload)
	return err
}

func (f *frameWriter) send() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.w.Flush(); err != nil || f.flush == nil {
		return err
	}
	return f.flush()
}

// Write sends results.
func (f *frameWriter) Write(p []byte) (int, error) {
	if f.file != nil {
		n, err := f.file.Write(p)
		f.fileErr = exit.First(f.fileErr, err)
		return n, err
	}
	sent := 0
	for len(p) > 0 {
		n := min(len(p), maxFrame)
		if err := f.frame(frameResult, p[:n]); err != nil {
			return sent, err
		}
		sent, p = sent+n, p[n:]
	}
	return sent, nil
}

// Progress sends a tick, at most ten times a second. It ignores errors.
func (f *frameWriter) Progress(t tick) {
	if time.Since(f.ticked) < 100*time.Millisecond {
		return
	}
	f.ticked = time.Now()
	if payload, err := json.Marshal(t); err == nil && f.frame(frameProgress, payload) == nil {
		f.send()
	}
}

// End sends the last frame. Where the results could not be written, it says that and not what the work made of it.
func (f *frameWriter) End(err error) error {
	if f.file != nil {
		if err == nil {
			f.fileErr = exit.First(f.fileErr, f.file.Flush())
		}
		err = exit.First(f.fileErr, err)
	}
	end := outcome{Status: exit.StatusOf(err), Hint: cmp.Or(cli.Hint(err), cli.SystemHint(err))}
	if err != nil {
		end.Error = escape.Error(err)
	}
	payload, err := json.Marshal(end)
	if err != nil {
		return err
	}
	if err := f.frame(frameEnd, payload); err != nil {
		return err
	}
	return f.send()
}

// readFrames passes another process's output to to, and returns the error of its work. It returns errNoEnd when the
// stream stops before the end.
func readFrames(r io.Reader, to reporter) error {
	br := bufio.NewReaderSize(r, 64<<10)
	var buf []byte
	for {
		var head [5]byte
		if _, err := io.ReadFull(br, head[:]); err != nil {
			return errNoEnd
		}
		n := int(binary.BigEndian.Uint32(head[1:]))
		if n > maxFrame {
			return fmt.Errorf("a frame of %d bytes came, where %d is the most", n, maxFrame)
		}
		if cap(buf) < n {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		if _, err := io.ReadFull(br, buf); err != nil {
			return errNoEnd
		}
		switch head[0] {
		case frameResult:
			if _, err := to.Write(buf); err != nil {
				return err
			}
		case frameProgress:
			var t tick
			if err := json.Unmarshal(buf, &t); err != nil {
				return fmt.Errorf("a tick that can't be read: %w", err)
			}
			to.Progress(t)
		case frameEnd:
			var end outcome
			if err := json.Unmarshal(buf, &end); err != nil {
				return fmt.Errorf("an end that can't be read: %w", err)
			}
			if end.Status == exit.Done {
				return nil
			}
			var lines []error // escape.Error has left the line feeds of a list of errors alone
			for line := range strings.SplitSeq(end.Error, "\n") {
				lines = append(lines, errors.New(line))
			}
			return exit.New(end.Status, end.Hint, "%w", errors.Join(lines...))
		default:
			return fmt.Errorf("a frame of unknown kind %q came", head[0])
		}
	}
}

// screen is the reporter that writes results to w and progress to the terminal.
type screen struct {
	io.Writer
	file    *os.File // behind Writer, which has nothing in its buffer: a child process may write to it itself; may be nil
	streams *cli.Streams
	bar     *cli.Progress
	label   string
}

func newScreen(results io.Writer, s *cli.Streams) *screen {
	return &screen{Writer: results, streams: s}
}

func (s *screen) Progress(t tick) {
	if s.bar == nil || s.label != t.Label {
		s.done()
		s.bar, s.label = s.streams.Progress(t.Label, t.Total), t.Label
	}
	s.bar.At(t.Done)
}

// done removes the progress bar, before other output.
func (s *screen) done() {
	if s.bar != nil {
		s.bar.Done()
	}
}
