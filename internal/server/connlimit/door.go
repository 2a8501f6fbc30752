// Package door lets so many connections in at a time. It knows nobody: no address is looked at, none is kept.
//
//	d := door.New(listener, 4096, 5*time.Second)
//	go pages.Serve(d)         // those within
//	go busy.Serve(d.Porch())  // those for whom there is no place: they are told so
//
// When all places are taken, a newcomer gets the place of whoever the server has been waiting for longest, if that is
// longer than they are given: for the next request, for the rest of a header or a body, or to take an answer in. Until
// somebody is, newcomers stand outside, for no longer than that. So ten thousand that send nothing keep nobody out. What
// is at work is never cut: the server waits for nobody then.
package connlimit

import (
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Door is a net.Listener with a number of places. Closing it closes the listener under it and the porch; connections
// that are in stay.
type Door struct {
	net.Listener
	places int
	given  time.Duration // for how long anybody is waited for while others wait for a place
	start  time.Time
	porch  *Porch

	opened  sync.Once
	ready   chan net.Conn // who may go in
	failed  chan error    // what the listener ended with
	closed  chan struct{}
	closing sync.Once

	mu      sync.Mutex // guards what follows
	guests  map[*guest]struct{}
	outside []*newcomer // who wait for a place, in the order in which they came
}

// newcomer is somebody who stands outside.
type newcomer struct {
	conn   net.Conn
	pushed chan struct{} // closed when somebody newer takes the last place outside
}

// Outside is how many newcomers may stand outside. One more sends the one who has stood there longest to the porch: a
// crowd that came before is not to keep out who comes now.
const Outside = 1024

// Open is how many files a door has open at most, beside a place's connection each.
const Open = Outside + porchPlaces

// New makes a door before l. given is for how long anybody may keep the server waiting once all places are taken.
func New(l net.Listener, places int, given time.Duration) *Door {
	return &Door{Listener: l, places: places, given: given, start: time.Now(), porch: newPorch(l.Addr()),
		ready: make(chan net.Conn), failed: make(chan error, 1), closed: make(chan struct{}),
		guests: make(map[*guest]struct{})}
}

// Porch is where those wait to be answered who found no place.
func (d *Door) Porch() *Porch { return d.porch }

// Accept gives the next connection that has a place.
func (d *Door) Accept() (net.Conn, error) {
	d.opened.Do(func() { go d.receive() })
	select {
	case conn := <-d.ready:
		return conn, nil
	case err := <-d.failed:
		d.failed <- err // for whoever asks again
		return nil, err
	}
}

// receive takes in whoever comes, until the listener ends. A lack of file descriptors passes.
func (d *Door) receive() {
	for {
		conn, err := d.Listener.Accept()
		var passing interface{ Temporary() bool }
		switch {
		case err == nil:
		case errors.As(err, &passing) && passing.Temporary():
			time.Sleep(lackPasses)
			continue
		default:
			d.failed <- err
			return
		}
		if b, ok := conn.(interface{ SetWriteBuffer(int) error }); ok {
			_ = b.SetWriteBuffer(answers)
		}
		if g := d.enter(conn); g != nil {
			d.let(g)
			continue
		}
		go d.stand(d.queue(conn))
	}
}

// queue lets a newcomer stand outside.
func (d *Door) queue(conn net.Conn) *newcomer {
	n := &newcomer{conn, make(chan struct{})}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.outside) == Outside {
		close(d.outside[0].pushed)
		d.outside = slices.Delete(d.outside, 0, 1)
	}
	d.outside = append(d.outside, n)
	return n
}

func (d *Door) unqueue(n *newcomer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.Index(d.outside, n); i >= 0 {
		d.outside = slices.Delete(d.outside, i, i+1)
	}
}

// answers is how much of what is answered the system may hold for one connection, in bytes: more than a page, and far
// less than what it would take over for somebody who reads nothing.
const answers = 128 << 10

// lackPasses is for how long nobody is taken in after the system had no room for one more.
const lackPasses = 50 * time.Millisecond

// let hands a connection with a place to Accept.
func (d *Door) let(g *guest) {
	select {
	case d.ready <- g:
	case <-d.closed:
		_ = g.Close()
	}
}

// stand waits for a place, for as long as anybody within is given.
func (d *Door) stand(n *newcomer) {
	defer d.unqueue(n)
	for range looks {
		select {
		case <-d.closed:
			_ = n.conn.Close()
			return
		case <-n.pushed:
			d.porch.offer(n.conn)
			return
		case <-time.After(d.given/looks + 1):
		}
		if g := d.enter(n.conn); g != nil {
			d.let(g)
			return
		}
	}
	d.porch.offer(n.conn)
}

// looks is how often a newcomer looks for a place: once more after the time that anybody is given.
const looks = 16

// Close closes the listener and the porch, and lets go of those outside.
func (d *Door) Close() error {
	d.closing.Do(func() { close(d.closed) })
	_ = d.porch.Close()
	return d.Listener.Close()
}

// now is never 0, which stands for nobody being waited for.
func (d *Door) now() int64 { return int64(time.Since(d.start)) + 1 }

func (d *Door) enter(conn net.Conn) *guest {
	g := &guest{Conn: conn, door: d}
	g.reading.Store(d.now())
	d.mu.Lock()
	var leaves *guest
	if len(d.guests) >= d.places {
		if leaves = d.longest(); leaves == nil {
			d.mu.Unlock()
			return nil
		}
		delete(d.guests, leaves)
	}
	d.guests[g] = struct{}{}
	d.mu.Unlock()
	if leaves != nil {
		_ = leaves.Conn.Close()
	}
	return g
}

// longest finds whoever has been waited for longest, and too long. d.mu is held.
func (d *Door) longest() (found *guest) {
	oldest := d.now() - int64(d.given)
	for g := range d.guests {
		if since := g.since(); since != 0 && since <= oldest {
			found, oldest = g, since
		}
	}
	return found
}

// guest is a connection that has a place. It knows since when the server waits for its other end: a server sets a read
// deadline when it begins to wait and takes it back when it has what it waited for, and it waits while a write lasts.
type guest struct {
	net.Conn
	door    *Door
	reading atomic.Int64 // since when, as Door.now has it; 0 for not
	writing atomic.Int64
}

// since is since when the server waits, or 0.
func (g *guest) since() int64 {
	r, w := g.reading.Load(), g.writing.Load()
	if r == 0 || w != 0 && w < r {
		return w
	}
	return r
}

func (g *guest) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		g.reading.Store(0)
	} else {
		g.reading.CompareAndSwap(0, g.door.now())
	}
	return g.Conn.SetReadDeadline(t)
}

func (g *guest) SetDeadline(t time.Time) error {
	if err := g.SetReadDeadline(t); err != nil {
		return err
	}
	return g.Conn.SetWriteDeadline(t)
}

func (g *guest) Write(p []byte) (int, error) {
	g.writing.Store(g.door.now())
	defer g.writing.Store(0)
	return g.Conn.Write(p)
}

func (g *guest) Close() error {
	g.door.mu.Lock()
	delete(g.door.guests, g)
	g.door.mu.Unlock()
	return g.Conn.Close()
}

// CloseWrite ends our side, so that the other end reads an answer out before the connection goes.
func (g *guest) CloseWrite() error { return closeWrite(g.Conn) }

func closeWrite(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
