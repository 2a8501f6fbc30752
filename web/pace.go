package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// pacedBody reads a request's body under a rolling deadline: in each window the sender has to bring window times rate
// bytes, or the read fails with os.ErrDeadlineExceeded. Only time spent waiting for the sender counts, so that our own
// disk or a queue on our side never cuts anybody off.
type pacedBody struct {
	body   io.ReadCloser
	conn   *http.ResponseController
	rate   int64         // bytes a second
	window time.Duration // over which the rate is measured

	left time.Duration // of the current window
	owed int64         // bytes still to come in it
	seen int64         // bytes that came in all
	err  error         // what ended the body: io.EOF when it is complete
}

func newPacedBody(w http.ResponseWriter, r *http.Request, rate int64, window time.Duration) *pacedBody {
	p := &pacedBody{body: r.Body, conn: http.NewResponseController(w), rate: rate, window: window}
	p.renew()
	return p
}

func (p *pacedBody) renew() {
	p.left = p.window
	p.owed = max(1, int64(float64(p.rate)*p.window.Seconds()))
}

func (p *pacedBody) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	start := time.Now()
	// A recorder in a test has no connection to set a deadline on; a server's always has.
	_ = p.conn.SetReadDeadline(start.Add(p.left))
	n, err := p.body.Read(b)
	p.left -= time.Since(start)
	p.owed -= int64(n)
	p.seen += int64(n)
	switch {
	case err != nil:
		p.err = err
		// The server goes on listening on the connection while we work on what came: with a deadline that has
		// passed it would take the reporter for gone.
		_ = p.conn.SetReadDeadline(time.Time{})
	case p.owed <= 0:
		p.renew()
	case p.left <= 0:
		p.err = os.ErrDeadlineExceeded
		err = p.err
	}
	return n, err
}

func (p *pacedBody) Close() error { return p.body.Close() }

// complete says that the body was read to its end.
func (p *pacedBody) complete() bool { return errors.Is(p.err, io.EOF) }

// drain reads on and throws away, for at most d. A browser that is still sending does not look at an answer: Firefox
// shows nothing and sends it all again, unless its sending is taken in.
func (p *pacedBody) drain(d time.Duration) {
	end := time.Now().Add(d)
	buf := make([]byte, 16<<10)
	for p.err == nil && time.Now().Before(end) {
		p.left = min(p.left, time.Until(end))
		_, _ = p.Read(buf)
	}
}
