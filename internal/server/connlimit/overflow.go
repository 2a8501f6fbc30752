package connlimit

import (
	"net"
	"sync"
)

// overflowLimit is how many connections beyond the limit are answered at a time. Further ones are closed without an
// answer, so that refusing stays cheaper than serving.
const overflowLimit = 128

// Overflow is a net.Listener of connections beyond the limit.
type Overflow struct {
	addr    net.Addr
	slots   chan struct{}
	queue   chan net.Conn
	closing sync.Once
	closed  chan struct{}
}

func newOverflow(at net.Addr) *Overflow {
	return &Overflow{addr: at, slots: make(chan struct{}, overflowLimit), queue: make(chan net.Conn, overflowLimit), closed: make(chan struct{})}
}

// offer queues a connection for Accept, or closes it where overflowLimit is reached.
func (p *Overflow) offer(conn net.Conn) {
	select {
	case p.slots <- struct{}{}:
		p.queue <- &overflowConn{Conn: conn, overflow: p} // never blocks: the queue has overflowLimit slots
	default:
		_ = conn.Close()
	}
	select {
	case <-p.closed: // possibly closed between the check and the send
		_ = p.Close()
	default:
	}
}

// Accept returns the next queued connection.
func (p *Overflow) Accept() (net.Conn, error) {
	select {
	case <-p.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case conn := <-p.queue:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close closes the listener and the queued connections.
func (p *Overflow) Close() error {
	p.closing.Do(func() { close(p.closed) })
	for {
		select {
		case conn := <-p.queue:
			_ = conn.Close()
		default:
			return nil
		}
	}
}

// Addr returns the address of the wrapped listener.
func (p *Overflow) Addr() net.Addr { return p.addr }

// overflowConn is a connection that was accepted from Overflow.
type overflowConn struct {
	net.Conn
	overflow *Overflow
	closing  sync.Once
}

func (s *overflowConn) Close() error {
	s.closing.Do(func() { <-s.overflow.slots })
	return s.Conn.Close()
}

func (s *overflowConn) CloseWrite() error { return closeWrite(s.Conn) }
