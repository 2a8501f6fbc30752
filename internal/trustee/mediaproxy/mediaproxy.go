// Package mediaproxy lets zapis have pictures redacted and hashed. zapis links no decoder: it starts zapis-desk under the
// hidden verb Verb, which passes each request on to its media worker (internal/trustee/media) and does nothing else. Nothing is
// written to a disk.
//
// A message is a header, one line of JSON of at most 64 KiB, and then as many bytes as its "size" says. The process answers
// requests in their order until its standard input ends.
package mediaproxy

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"zapis/internal/exit"
)

// Verb is the hidden first argument under which zapis-desk calls Serve.
const Verb = "media-proxy"

const (
	program   = "zapis-desk"
	maxHeader = 64 << 10
	maxData   = 256 << 20 // bytes of a file, as in package media
)

// Box is a rectangle in the upright picture at full size: x and y of its upper left corner, width and height, in pixels.
type Box [4]int

// Request asks for one thing about one file.
type Request struct {
	Op     string `json:"op"`   // OpRedact or OpHash
	Name   string `json:"name"` // what the sender calls the file
	Page   int    `json:"page"` // from 0
	Boxes  []Box  `json:"boxes"`
	Reason string `json:"reason"`
	Data   []byte `json:"-"`
	Size   int64  `json:"size"` // of Data
}

// The operations.
const (
	OpRedact = "redact" // answered with a PNG of pixels only
	OpHash   = "hash"   // answered with the difference hash
)

// Answer is that to one request.
type Answer struct {
	Refused string `json:"refused"` // a sentence; empty where it was done
	Hash    uint64 `json:"hash"`
	Data    []byte `json:"-"`
	Size    int64  `json:"size"` // of Data
}

// Proxy is a running zapis-desk. It belongs to one goroutine.
type Proxy struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// Start starts the zapis-desk that lies beside this program, or else the one in PATH. ctx ends it.
func Start(ctx context.Context) (*Proxy, error) {
	name, err := find()
	if err != nil {
		return nil, exit.New(exit.Failed, "put both programs of the package into one folder", "pictures are decoded by zapis-desk, which is not there: %w", err)
	}
	cmd := exec.CommandContext(ctx, name, Verb)
	cmd.Dir = string(filepath.Separator)
	cmd.Env = []string{"LC_ALL=C.UTF-8"}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, exit.New(exit.Failed, "", "zapis-desk could not be started: %w", err)
	}
	return &Proxy{cmd, in, bufio.NewReaderSize(out, maxHeader)}, nil
}

func find() (string, error) {
	file := program
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	if own, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(own), file)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	return exec.LookPath(file)
}

// Close ends the process and waits for it.
func (p *Proxy) Close() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

// Redact burns boxes into a page of a file, from 0, and returns the copy: media.Client.Redact.
func (p *Proxy) Redact(name string, data []byte, page int, boxes []Box, reason string) (png []byte, err error) {
	a, err := p.ask(Request{Op: OpRedact, Name: name, Page: page, Boxes: boxes, Reason: reason, Data: data})
	return a.Data, err
}

// Hash returns a picture's difference hash: media.Client.Hash. Together with its Proxy it is a casework.PictureHasher.
func (p *Proxy) Hash(ctx context.Context, name string, data []byte) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	a, err := p.ask(Request{Op: OpHash, Name: name, Data: data})
	return a.Hash, err
}

var errAnswer = errors.New("zapis-desk gave no answer that is understood: both programs must be of one version")

func (p *Proxy) ask(r Request) (a Answer, err error) {
	r.Size = int64(len(r.Data))
	if err := write(p.in, r, r.Data); err != nil {
		return a, fmt.Errorf("zapis-desk has ended: %w", err)
	}
	if a.Data, err = read(p.out, &a, func() int64 { return a.Size }); err != nil {
		return a, exit.New(exit.Failed, "", "%w", errAnswer)
	}
	if a.Refused != "" {
		return a, exit.New(exit.Failed, "", "%s", a.Refused)
	}
	return a, nil
}

// Serve answers the requests that come in until in ends.
func Serve(in io.Reader, out io.Writer, answer func(Request) Answer) error {
	requests := bufio.NewReaderSize(in, maxHeader)
	for {
		var r Request
		data, err := read(requests, &r, func() int64 { return r.Size })
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		r.Data = data
		a := answer(r)
		clear(data)
		a.Size = int64(len(a.Data))
		if err := write(out, a, a.Data); err != nil {
			return err
		}
	}
}

func write(w io.Writer, header any, data []byte) error {
	line, err := json.Marshal(header)
	if err != nil {
		return err
	}
	if len(line) >= maxHeader {
		return errAnswer
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// read reads a message. io.EOF is the end between two messages.
func read(r *bufio.Reader, header any, size func() int64) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == io.EOF && len(line) == 0 {
		return nil, io.EOF
	}
	if err != nil {
		return nil, errAnswer
	}
	d := json.NewDecoder(strings.NewReader(string(line)))
	d.DisallowUnknownFields()
	if err := d.Decode(header); err != nil || size() < 0 || size() > maxData {
		return nil, errAnswer
	}
	data := make([]byte, size())
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, errAnswer
	}
	return data, nil
}
