package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"io"
	"os/exec"
	"sync"
	"time"
)

// A Client shows files by workers. It is safe for concurrent use. Compiling the PDF decoder takes seconds, so a worker
// lives until it fails or the Client is closed. PDFs have a worker of their own, so that a hostile picture can't end it,
// and so have the pictures that are only compared, so that what a trustee looks at does not wait for them.
type Client struct {
	program string
	args    []string
	timeout time.Duration

	mu     sync.Mutex
	closed bool
	lanes  [3]lane
}

// The lanes of a Client.
const (
	laneShow = iota
	lanePDF
	laneHash
)

// A lane is one worker and the requests that wait for it.
type lane struct {
	busy sync.Mutex // held through a request
	mu   sync.Mutex // holds proc
	proc *process
}

type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.ReadCloser
}

// DefaultTimeout is the longest time of a request, with the start of a worker and the compiling of the PDF decoder.
const DefaultTimeout = 45 * time.Second

// NewClient returns a client that starts workers as program with args, the first of which is Verb. It starts none yet.
func NewClient(program string, args ...string) *Client {
	return &Client{program: program, args: args, timeout: DefaultTimeout}
}

// hashTimeout is the longest time of a request for a hash: thousands of pictures are compared in a row.
const hashTimeout = 15 * time.Second

// View returns one view of a file. An *Error has the reason where there is none. A file of a kind that can't be shown
// is returned without an error, with its metadata and Refused set.
func (c *Client) View(ctx context.Context, r Request) (*View, error) {
	if r.Side <= 0 {
		r.Side = ThumbnailSide
	}
	r.Side = min(r.Side, PageSide)
	var v *View
	err := c.ask(ctx, &frame{Op: opView, Request: &r}, r.Data, func(answer *frame) (err error) {
		v, err = answer.view()
		return err
	})
	return v, err
}

// Hash returns the difference hash of a picture file's first page (docs/media.md): 64 bits, of which nearly equal pictures
// share most. It is 0 for a file that is no picture, that can't be decoded, or that a limit excludes. An error means that
// no file can be hashed now: ctx has ended, the Client is closed, or no worker can be started.
func (c *Client) Hash(ctx context.Context, r Request) (hash uint64, err error) {
	err = c.ask(ctx, &frame{Op: opHash, Request: &r}, r.Data, func(answer *frame) error {
		if answer.View == nil || len(answer.blobs) != 0 {
			return errFrame
		}
		hash = answer.View.Hash
		return nil
	})
	if refused := (*Error)(nil); errors.As(err, &refused) && !refused.Code.all() {
		return 0, nil
	}
	return hash, err
}

// StopHashing ends the worker that Hash started, if there is one, once it has answered. The next Hash starts another.
func (c *Client) StopHashing() {
	l := &c.lanes[laneHash]
	l.busy.Lock()
	defer l.busy.Unlock()
	l.end()
}

// view checks an answer: a worker that was taken over may send anything, so that only plain PNG, JPEG, WAV and text
// are returned.
func (f *frame) view() (*View, error) {
	v := f.View
	if v == nil || len(f.blobs) != 3 {
		return nil, errFrame
	}
	v.Picture, v.Sound, v.Text = f.blobs[0], f.blobs[1], visible(string(f.blobs[2]))
	for i, m := range v.Metadata {
		v.Metadata[i] = Field{visible(m.Group), visible(m.Name), visible(m.Value)}
	}
	var err error
	switch {
	case len(v.Picture) == 0:
	case v.PictureType == "image/png":
		_, err = plainPNG(v.Picture)
	case v.PictureType == "image/jpeg":
		err = plainJPEG(v.Picture)
	default:
		err = errNotPlain
	}
	if err == nil && len(v.Sound) > 0 {
		err = plainWAV(v.Sound)
	}
	return v, err
}

// Redact burns black boxes into a picture, or a page of a PDF, and verifies the result: it is decoded again, the boxes
// have one colour, everything else is unchanged, and the copy contains only pixels. The original is not changed.
func (c *Client) Redact(ctx context.Context, r Request, boxes []Box, reason string) (*Redaction, error) {
	if len(boxes) == 0 || len(boxes) > maxBoxes {
		return nil, refuse(BadBoxes)
	}
	var copied []byte
	var size image.Point
	err := c.ask(ctx, &frame{Op: opRedact, Request: &r, Boxes: boxes}, r.Data, func(answer *frame) (err error) {
		if len(answer.blobs) != 1 {
			return errFrame
		}
		copied = answer.blobs[0]
		size, err = plainPNG(copied)
		return err
	})
	if err != nil {
		return nil, err
	}
	// A second request, to any worker, gets the copy alone.
	if err := c.ask(ctx, &frame{Op: opProve, Request: &Request{}, Boxes: boxes}, copied, func(*frame) error { return nil }); err != nil {
		return nil, err
	}
	source, result := sha256.Sum256(r.Data), sha256.Sum256(copied)
	return &Redaction{PNG: copied, Record: Record{Source: hex.EncodeToString(source[:]), Page: r.Page, Width: size.X, Height: size.Y,
		Boxes: boxes, Reason: reason, Result: hex.EncodeToString(result[:])}}, nil
}

// ask sends a request to its lane's worker, reads the answer and calls check. Any error ends the worker, also one of
// check.
func (c *Client) ask(ctx context.Context, f *frame, data []byte, check func(*frame) error) error {
	if len(data) > MaxInput {
		return refuse(TooLarge)
	}
	f.blobs = [][]byte{data}
	l, timeout := &c.lanes[laneShow], c.timeout
	switch {
	case f.Op == opHash:
		l, timeout = &c.lanes[laneHash], min(timeout, hashTimeout)
	case isPDF(data):
		l = &c.lanes[lanePDF]
	}
	l.busy.Lock()
	defer l.busy.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	p, err := c.worker(ctx, l)
	if err != nil {
		return err
	}
	answer, err := p.exchange(ctx, f)
	if err == nil && answer.Code != "" {
		return refuse(answer.Code)
	}
	if err == nil {
		if err = check(answer); err == nil {
			return nil
		}
		err = errFrame
	}
	l.end()
	return c.judge(ctx, err)
}

func (c *Client) judge(ctx context.Context, err error) error {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	switch {
	case closed:
		return refuse(ClientClosed)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return refuse(TimedOut)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errFrame):
		return refuse(BadAnswer)
	}
	return refuse(Crashed)
}

// worker returns the lane's worker, and starts one where there is none.
func (c *Client) worker(ctx context.Context, l *lane) (*process, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, refuse(ClientClosed)
	}
	l.mu.Lock()
	p := l.proc
	if p == nil {
		var err error
		if p, err = c.start(); err != nil {
			l.mu.Unlock()
			c.mu.Unlock()
			return nil, refuse(NotStarted)
		}
		l.proc = p
		l.mu.Unlock()
		c.mu.Unlock()
		first, err := p.read(ctx)
		if err != nil || first.Op != opReady {
			l.end()
			if err == nil {
				return nil, refuse(first.Code)
			}
			return nil, c.judge(ctx, err)
		}
		return p, nil
	}
	l.mu.Unlock()
	c.mu.Unlock()
	return p, nil
}

// start runs the program without an environment and discards its stderr: a crash's trace may contain a file's content.
func (c *Client) start() (*process, error) {
	cmd := exec.Command(c.program, c.args...)
	cmd.Env = []string{"GOTRACEBACK=none", "LC_ALL=C.UTF-8"}
	cmd.Dir = "/"
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd, in, out}, nil
}

func (p *process) exchange(ctx context.Context, f *frame) (*frame, error) {
	stop := context.AfterFunc(ctx, p.kill)
	defer stop()
	if err := writeFrame(p.in, f); err != nil {
		return nil, err
	}
	return readFrame(p.out, maxAnswer)
}

func (p *process) read(ctx context.Context) (*frame, error) {
	stop := context.AfterFunc(ctx, p.kill)
	defer stop()
	return readFrame(p.out, maxAnswer)
}

func (p *process) kill() { _ = p.cmd.Process.Kill() }

// end kills the lane's worker and waits for it, so that its memory is released when this returns.
func (l *lane) end() {
	l.mu.Lock()
	p := l.proc
	l.proc = nil
	l.mu.Unlock()
	if p != nil {
		p.kill()
		_ = p.in.Close()
		_ = p.cmd.Wait()
	}
}

// Close ends the workers, and with them their copies of files. Requests in progress fail with ClientClosed.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	for i := range c.lanes {
		c.lanes[i].end()
	}
	return nil
}
