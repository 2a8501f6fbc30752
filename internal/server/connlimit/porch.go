package connlimit

import (
	"net"
	"sync"
)

// porchPlaces is how many can be told at the same time that there is no place. Beyond them a connection is closed
// without a word: telling must cost less than serving.
const porchPlaces = 128

// Porch is a net.Listener for those who found no place.
type Porch struct {
	at     net.Addr
	places chan struct{}
	coming chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func newPorch(at net.Addr) *Porch {
	return &Porch{at: at, places: make(chan struct{}, porchPlaces), coming: make(chan net.Conn, porchPlaces), closed: make(chan struct{})}
}

// offer hands a connection on, or closes it.
func (p *Porch) offer(conn net.Conn) {
	select {
	case p.places <- struct{}{}:
		p.coming <- &standing{Conn: conn, porch: p} // there is room for as many as there are places
	default:
		_ = conn.Close()
	}
	select {
	case <-p.closed: // perhaps while it was handed on
		_ = p.Close()
	default:
	}
}

// Accept gives the next who is to be told.
func (p *Porch) Accept() (net.Conn, error) {
	select {
	case <-p.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case conn := <-p.coming:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the porch. Whoever still waits to be told is let go.
func (p *Porch) Close() error {
	p.once.Do(func() { close(p.closed) })
	for {
		select {
		case conn := <-p.coming:
			_ = conn.Close()
		default:
			return nil
		}
	}
}

// Addr is the address of the door.
func (p *Porch) Addr() net.Addr { return p.at }

// standing is a connection on the porch.
type standing struct {
	net.Conn
	porch *Porch
	once  sync.Once
}

func (s *standing) Close() error {
	s.once.Do(func() { <-s.porch.places })
	return s.Conn.Close()
}

func (s *standing) CloseWrite() error { return closeWrite(s.Conn) }
