package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// pacedBody reads a request's body under a rolling deadline: in each window the sender has to bring window times rate
// bytes, or the read fails with os.ErrDeadlineExceeded. Only time spent waiting for the sender counts, so that our own
// disk or a queue on our side never cuts anybody off.
type pacedBody struct {
	body  io.ReadCloser
	conn  *http.ResponseController
	pace  pace
	crowd func() bool // where set and true, others wait for what this sender takes up

	left time.Duration // of the current window
	owed int64         // bytes still to come in it
	seen int64         // bytes that came in all
	err  error         // what ended the body: io.EOF when it is complete

	mu  sync.Mutex // guards cut, and that nothing sets a deadline after it
	cut error      // why somebody else ended the body
}

// pace is how fast a sender has to be.
type pace struct {
	rate   int64         // bytes a second
	window time.Duration // over which the rate is measured
}

// crowded is how many times faster than usual a sender of files has to be while others wait for the room.
const crowded = 16

func newPacedBody(w http.ResponseWriter, r *http.Request, at pace) *pacedBody {
	p := &pacedBody{body: r.Body, conn: http.NewResponseController(w), pace: at}
	p.renew()
	return p
}

// renew begins a window. The deadline is taken back for a moment: whoever watches the connection sees that what was
// waited for has come (internal/door).
func (p *pacedBody) renew() {
	rate := p.pace.rate
	if p.crowd != nil && p.crowd() {
		rate *= crowded
	}
	p.left = p.pace.window
	p.owed = max(1, int64(float64(rate)*p.pace.window.Seconds()))
	p.deadline(time.Time{})
}

// deadline sets the connection's, unless the body was cut off. A recorder in a test has no connection to set one on; a
// server's always has.
func (p *pacedBody) deadline(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut == nil {
		_ = p.conn.SetReadDeadline(t)
	}
}

// longAgo is a deadline that has passed: with it nobody, net/http included, waits for more of a body.
var longAgo = time.Unix(1, 0)

// cutOff ends the body for a reason of ours. Another goroutine may call it for as long as the request lasts.
func (p *pacedBody) cutOff(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut == nil {
		p.cut = why
		_ = p.conn.SetReadDeadline(longAgo)
	}
}

func (p *pacedBody) wasCut() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut
}

func (p *pacedBody) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	start := time.Now()
	p.deadline(start.Add(p.left))
	n, err := p.body.Read(b)
	p.left -= time.Since(start)
	p.owed -= int64(n)
	p.seen += int64(n)
	switch cut := p.wasCut(); {
	case cut != nil:
		p.err = cut
	case err == io.EOF:
		p.err = err
		// The server goes on listening on the connection while we work on what came: with a deadline that has
		// passed it would take the reporter for gone.
		p.deadline(time.Time{})
	case err != nil:
		p.stop(err)
	case p.owed <= 0:
		p.renew()
	case p.left <= 0:
		p.stop(os.ErrDeadlineExceeded)
	}
	return n, p.err
}

// stop ends the reading for good: net/http would go on to read up to 256 KiB of what is left, and wait for it for ever.
func (p *pacedBody) stop(why error) {
	p.err = why
	p.deadline(longAgo)
}

func (p *pacedBody) Close() error { return p.body.Close() }

// complete says that the body was read to its end.
func (p *pacedBody) complete() bool { return errors.Is(p.err, io.EOF) }

// drain reads on and throws away, for at most d. A browser that is still sending does not look at an answer: Firefox
// shows nothing and sends it all again, unless its sending is taken in.
func (p *pacedBody) drain(d time.Duration) {
	end := time.Now().Add(d)
	buf := make([]byte, 16<<10)
	defer clear(buf)
	for p.err == nil && time.Now().Before(end) {
		p.left = min(p.left, time.Until(end))
		_, _ = p.Read(buf)
	}
	if p.err == nil {
		p.stop(os.ErrDeadlineExceeded)
	}
}
