package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// minRateBody reads a request's body under a rolling deadline: in each window the sender has to bring window times
// bytesPerSecond bytes, or the read fails with os.ErrDeadlineExceeded. Only time spent waiting for the sender counts, so
// that a slow disk or a queue of ours aborts no sender. One goroutine reads; abort may be called by another.
type minRateBody struct {
	body      io.ReadCloser
	conn      *http.ResponseController
	min       minRate
	contended func() bool // where set and true, other senders wait for what this one uses

	remaining time.Duration // time left in the current window
	due       int64         // bytes still due in it
	received  int64         // bytes received in all
	err       error         // what ended the body; io.EOF when it is complete

	mu      sync.Mutex // guards aborted, and that no deadline is set after it
	aborted error      // why another goroutine ended the body
}

// minRate is the least rate a sender has to keep.
type minRate struct {
	bytesPerSecond int64         // bytes a second
	window         time.Duration // the rate is measured over this
}

// contentionFactor multiplies the rate for uploads while others wait for a slot.
const contentionFactor = 16

func newMinRateBody(w http.ResponseWriter, r *http.Request, at minRate) *minRateBody {
	p := &minRateBody{body: r.Body, conn: http.NewResponseController(w), min: at}
	p.startWindow()
	return p
}

// startWindow begins a window. The deadline is cleared for a moment: connlimit sees from that that the awaited data has
// come.
func (p *minRateBody) startWindow() {
	rate := p.min.bytesPerSecond
	if p.contended != nil && p.contended() {
		rate *= contentionFactor
	}
	p.remaining = p.min.window
	p.due = max(1, int64(float64(rate)*p.min.window.Seconds()))
	p.setReadDeadline(time.Time{})
}

// setReadDeadline sets the connection's deadline unless the body was aborted. A test recorder has no connection and is
// ignored; a server always has one.
func (p *minRateBody) setReadDeadline(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.aborted == nil {
		_ = p.conn.SetReadDeadline(t)
	}
}

// pastDeadline has passed: with it neither we nor net/http wait for more of a body.
var pastDeadline = time.Unix(1, 0)

// abort ends the body for a reason of ours. Another goroutine may call it while the request lasts.
func (p *minRateBody) abort(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.aborted == nil {
		p.aborted = why
		_ = p.conn.SetReadDeadline(pastDeadline)
	}
}

func (p *minRateBody) abortCause() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.aborted
}

func (p *minRateBody) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	start := time.Now()
	p.setReadDeadline(start.Add(p.remaining))
	n, err := p.body.Read(b)
	p.remaining -= time.Since(start)
	p.due -= int64(n)
	p.received += int64(n)
	switch cut := p.abortCause(); {
	case cut != nil:
		p.err = cut
	case err == io.EOF:
		p.err = err
		// The server keeps reading from the connection while the form is processed. With an expired deadline it would
		// conclude that the client is gone.
		p.setReadDeadline(time.Time{})
	case err != nil:
		p.stop(err)
	case p.due <= 0:
		p.startWindow()
	case p.remaining <= 0:
		p.stop(os.ErrDeadlineExceeded)
	}
	return n, p.err
}

// stop ends the reading for good: net/http would otherwise read up to 256 KiB of the rest and wait for it without end.
func (p *minRateBody) stop(why error) {
	p.err = why
	p.setReadDeadline(pastDeadline)
}

func (p *minRateBody) Close() error { return p.body.Close() }

// complete reports whether the body was read to its end.
func (p *minRateBody) complete() bool { return errors.Is(p.err, io.EOF) }

// drain reads and discards for at most d. A browser that is still sending does not look at the answer: Firefox shows
// nothing and sends everything again unless the rest is taken in.
func (p *minRateBody) drain(d time.Duration) {
	end := time.Now().Add(d)
	buf := make([]byte, 16<<10)
	defer clear(buf)
	for p.err == nil && time.Now().Before(end) {
		p.remaining = min(p.remaining, time.Until(end))
		_, _ = p.Read(buf)
	}
	if p.err == nil {
		p.stop(os.ErrDeadlineExceeded)
	}
}
