package pgtest

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"
)

// Proxy is a TCP proxy before a node, which can be cut, and counts how often a client asks and waits.
type Proxy struct {
	trips    atomic.Int64
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

// NewProxied makes an empty database, and a proxy to the first node. The caller closes the proxy.
func (c *Cluster) NewProxied() (name string, p *Proxy, err error) {
	if name, err = c.NewDatabase(); err != nil {
		return "", nil, err
	}
	p, err = NewProxy(c.Nodes[0])
	return name, p, err
}

// DSN returns the address of a database through the proxy, for the role.
func (p *Proxy) DSN(database string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable&connect_timeout=2", Role, p.listener.Addr(), database)
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
	// A message is counted before it is sent on: its answer may come before the next line of this goroutine runs.
	go func() { _, _ = io.Copy(io.MultiWriter(&asks{count: &p.trips}, to), c); to.Close() }()
	_, _ = io.Copy(c, to)
	c.Close()
}

// RoundTrips returns how many times the clients have asked and then waited for the answer, since the proxy began.
func (p *Proxy) RoundTrips() int64 { return p.trips.Load() }

// asks counts the messages of one client after which it waits: Sync and Query (PostgreSQL's documentation, "Message
// Formats"). Each message but the first of a connection begins with its type; then comes the length, itself included, in 4
// bytes. The Query with which pgx's pool tries a connection that was idle for a second is not counted: how often it does so
// depends on the machine's load.
type asks struct {
	count   *atomic.Int64
	head    []byte // type and length of the message that has begun
	content []byte // the beginning of its content, a byte longer than ping
	left    int    // bytes of its content that are still to come
	started bool   // the first message is over
}

// ping is the content of that Query.
const ping = "-- ping\x00"

func (a *asks) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		kind := 0 // bytes of the type
		if a.started {
			kind = 1
		}
		if len(a.head) < kind+4 {
			a.head, rest = append(a.head, rest[0]), rest[1:]
			if len(a.head) < kind+4 {
				continue
			}
			a.left = int(binary.BigEndian.Uint32(a.head[kind:])) - 4
		}
		n := min(a.left, len(rest))
		a.content = append(a.content, rest[:min(n, len(ping)+1-len(a.content))]...)
		if a.left, rest = a.left-n, rest[n:]; a.left > 0 {
			continue
		}
		if a.started && (a.head[0] == 'S' || a.head[0] == 'Q' && string(a.content) != ping) {
			a.count.Add(1)
		}
		a.head, a.content, a.started = a.head[:0], a.content[:0], true
	}
	return len(b), nil
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
