// Package connlimit caps the number of concurrently accepted connections of a net.Listener. It never inspects, stores
// or logs a peer's address.
//
//	l := connlimit.New(listener, 4096, 5*time.Second)
//	go pages.Serve(l)             // connections within the limit
//	go busy.Serve(l.Overflow())   // connections beyond it: each gets a short answer
//
// When the limit is reached, a new connection replaces the one for which the server has waited longest, if that wait
// is longer than the grace period. The server waits for a peer while it reads a request and while it writes an answer;
// a connection whose request is being processed is never closed. Until a connection can be replaced, new ones are
// pending, for at most the grace period. So ten thousand idle connections do not keep others out.
package connlimit

import (
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Listener is a net.Listener with a limit of concurrent connections. Close closes the wrapped listener and the
// overflow listener; admitted connections stay open.
type Listener struct {
	net.Listener
	limit    int
	grace    time.Duration // how long the server waits for one peer while others are pending
	start    time.Time
	overflow *Overflow

	started sync.Once
	ready   chan net.Conn // admitted connections, for Accept
	failed  chan error    // the error that ended the wrapped listener
	closed  chan struct{}
	closing sync.Once

	mu       sync.Mutex // guards what follows
	admitted map[*admitted]struct{}
	pending  []*pending // in the order of arrival
}

// pending is a connection that is not admitted yet.
type pending struct {
	conn    net.Conn
	evicted chan struct{} // closed when a newer connection takes the last pending slot
}

// MaxPending is how many connections may be pending. One more moves the oldest pending one to the overflow listener, so
// that an earlier crowd does not keep out a later visitor.
const MaxPending = 1024

// MaxExtraFiles is how many file descriptors a Listener holds at most beside those of admitted connections.
const MaxExtraFiles = MaxPending + overflowLimit

// New wraps l. The arguments are the number of connections admitted at a time, and how long the server waits for one
// peer once that limit is reached.
func New(l net.Listener, places int, given time.Duration) *Listener {
	return &Listener{Listener: l, limit: places, grace: given, start: time.Now(), overflow: newOverflow(l.Addr()),
		ready: make(chan net.Conn), failed: make(chan error, 1), closed: make(chan struct{}),
		admitted: make(map[*admitted]struct{})}
}

// Overflow returns the listener of connections beyond the limit.
func (l *Listener) Overflow() *Overflow { return l.overflow }

// Accept returns the next admitted connection.
func (l *Listener) Accept() (net.Conn, error) {
	l.started.Do(func() { go l.acceptLoop() })
	select {
	case conn := <-l.ready:
		return conn, nil
	case err := <-l.failed:
		l.failed <- err // for the next call
		return nil, err
	}
}

// acceptLoop accepts connections until the wrapped listener fails. It retries after a temporary error, such as a lack of
// file descriptors.
func (l *Listener) acceptLoop() {
	for {
		conn, err := l.Listener.Accept()
		var passing interface{ Temporary() bool }
		switch {
		case err == nil:
		case errors.As(err, &passing) && passing.Temporary():
			time.Sleep(retryAfter)
			continue
		default:
			l.failed <- err
			return
		}
		if b, ok := conn.(interface{ SetWriteBuffer(int) error }); ok {
			_ = b.SetWriteBuffer(writeBuffer)
		}
		if g := l.admit(conn); g != nil {
			l.deliver(g)
			continue
		}
		go l.wait(l.enqueue(conn))
	}
}

// enqueue adds a pending connection.
func (l *Listener) enqueue(conn net.Conn) *pending {
	n := &pending{conn, make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) == MaxPending {
		close(l.pending[0].evicted)
		l.pending = slices.Delete(l.pending, 0, 1)
	}
	l.pending = append(l.pending, n)
	return n
}

func (l *Listener) dequeue(n *pending) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.pending, n); i >= 0 {
		l.pending = slices.Delete(l.pending, i, i+1)
	}
}

// writeBuffer is the size of the kernel's send buffer of one connection in bytes: larger than a page, and far smaller
// than what the kernel would buffer by default for a peer that reads nothing.
const writeBuffer = 128 << 10

// retryAfter is the pause of acceptLoop after a temporary error.
const retryAfter = 50 * time.Millisecond

// deliver passes an admitted connection to Accept.
func (l *Listener) deliver(g *admitted) {
	select {
	case l.ready <- g:
	case <-l.closed:
		_ = g.Close()
	}
}

// wait tries to admit a pending connection until the grace period is over, then passes it to the overflow listener.
func (l *Listener) wait(n *pending) {
	defer l.dequeue(n)
	for range attempts {
		select {
		case <-l.closed:
			_ = n.conn.Close()
			return
		case <-n.evicted:
			l.overflow.offer(n.conn)
			return
		case <-time.After(l.grace/attempts + 1):
		}
		if g := l.admit(n.conn); g != nil {
			l.deliver(g)
			return
		}
	}
	l.overflow.offer(n.conn)
}

// attempts is how often wait tries to admit one connection.
const attempts = 16

// Close closes both listeners and the pending connections.
func (l *Listener) Close() error {
	l.closing.Do(func() { close(l.closed) })
	_ = l.overflow.Close()
	return l.Listener.Close()
}

// now returns nanoseconds since start, plus one: 0 means "not waiting".
func (l *Listener) now() int64 { return int64(time.Since(l.start)) + 1 }

func (l *Listener) admit(conn net.Conn) *admitted {
	g := &admitted{Conn: conn, listener: l}
	g.reading.Store(l.now())
	l.mu.Lock()
	var leaves *admitted
	if len(l.admitted) >= l.limit {
		if leaves = l.longestIdle(); leaves == nil {
			l.mu.Unlock()
			return nil
		}
		delete(l.admitted, leaves)
	}
	l.admitted[g] = struct{}{}
	l.mu.Unlock()
	if leaves != nil {
		_ = leaves.Conn.Close()
	}
	return g
}

// longestIdle returns the connection for which the server has waited longest, or nil where none exceeds the grace
// period. The caller holds l.mu.
func (l *Listener) longestIdle() (found *admitted) {
	oldest := l.now() - int64(l.grace)
	for g := range l.admitted {
		if since := g.idleSince(); since != 0 && since <= oldest {
			found, oldest = g, since
		}
	}
	return found
}

// admitted is a connection within the limit. It records since when the server waits for the peer: net/http sets a read
// deadline when it starts to wait and clears it when the data has arrived, and it waits during a write.
type admitted struct {
	net.Conn
	listener *Listener
	reading  atomic.Int64 // as returned by Listener.now; 0: not waiting
	writing  atomic.Int64
}

// idleSince returns since when the server waits, or 0.
func (g *admitted) idleSince() int64 {
	r, w := g.reading.Load(), g.writing.Load()
	if r == 0 || w != 0 && w < r {
		return w
	}
	return r
}

func (g *admitted) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		g.reading.Store(0)
	} else {
		g.reading.CompareAndSwap(0, g.listener.now())
	}
	return g.Conn.SetReadDeadline(t)
}

func (g *admitted) SetDeadline(t time.Time) error {
	if err := g.SetReadDeadline(t); err != nil {
		return err
	}
	return g.Conn.SetWriteDeadline(t)
}

func (g *admitted) Write(p []byte) (int, error) {
	g.writing.Store(g.listener.now())
	defer g.writing.Store(0)
	return g.Conn.Write(p)
}

func (g *admitted) Close() error {
	g.listener.mu.Lock()
	delete(g.listener.admitted, g)
	g.listener.mu.Unlock()
	return g.Conn.Close()
}

// CloseWrite shuts down the write side, so that the peer can read the whole answer before the connection is closed.
func (g *admitted) CloseWrite() error { return closeWrite(g.Conn) }

func closeWrite(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
