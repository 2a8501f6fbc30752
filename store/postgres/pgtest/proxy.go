package pgtest

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"
)

// Proxy is a TCP proxy before a node, which can be cut.
type Proxy struct {
	listener net.Listener
	to       atomic.Value // string
	cut      atomic.Bool
	conns    chan net.Conn
}

// NewProxy listens on loopback and forwards to a node.
func NewProxy(n *Node) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, conns: make(chan net.Conn, 1<<10)}
	p.To(n)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.forward(c)
		}
	}()
	return p, nil
}

// DSN returns the address of a database through the proxy.
func (p *Proxy) DSN(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable&connect_timeout=2", p.listener.Addr(), database)
}

func (p *Proxy) forward(c net.Conn) {
	if p.cut.Load() {
		c.Close()
		return
	}
	to, err := net.Dial("tcp", p.to.Load().(string))
	if err != nil {
		c.Close()
		return
	}
	p.conns <- c
	p.conns <- to
	go func() { _, _ = io.Copy(to, c); to.Close() }()
	_, _ = io.Copy(c, to)
	c.Close()
}

// To sends further connections to another node, and closes those that there are.
func (p *Proxy) To(n *Node) {
	p.to.Store("127.0.0.1:" + strconv.Itoa(n.Port))
	p.Cut()
	p.Mend()
}

// Cut closes all connections and accepts no more; Mend accepts them again.
func (p *Proxy) Cut() {
	p.cut.Store(true)
	for {
		select {
		case c := <-p.conns:
			c.Close()
		default:
			return
		}
	}
}

// Mend ends a Cut.
func (p *Proxy) Mend() { p.cut.Store(false) }

// Close ends the proxy.
func (p *Proxy) Close() { p.listener.Close(); p.Cut() }
