package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
)

// With HiddenServiceExportCircuitID haproxy in torrc, tor names the circuit of each connection to an onion service in
// a line of HAProxy's PROXY protocol, version 1, before the first byte:
//
//	PROXY TCP6 fc00:dead:beef:4dad::0:29 ::1 65535 80
//
// The number identifies a circuit while it is open, and no person: tor chooses it, and a browser gets a new one each
// time. A new circuit costs its client a proof of work; the number serves to limit the connections of one circuit. It
// is stored while a connection is open.

// torsRoom is the address range that tor uses for circuit numbers. A connection with any other address is refused: it
// would be a client's own address, from a proxy.
var torsRoom = netip.MustParsePrefix("fc00:dead:beef:4dad::/64")

// maxProxyLine is the longest line that the protocol allows, with its end.
const maxProxyLine = 107

// circuitListener is a listener on a socket that only tor uses.
type circuitListener struct {
	net.Listener
	most int // connections that one circuit may have at a time

	mu   sync.Mutex
	open map[netip.Addr]int // by circuit, while there are any
}

func newCircuitListener(l net.Listener, most int) *circuitListener {
	return &circuitListener{Listener: l, most: most, open: make(map[netip.Addr]int)}
}

// Accept does not wait for the line. The connection's first Read does, under the deadline of its reader.
func (l *circuitListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &circuitConn{Conn: conn, of: l}, nil
}

// enter counts a connection of the circuit, or reports false.
func (l *circuitListener) enter(circuit netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[circuit] >= l.most {
		return false
	}
	l.open[circuit]++
	return true
}

func (l *circuitListener) leave(circuit netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[circuit]--; l.open[circuit] <= 0 {
		delete(l.open, circuit)
	}
}

// circuitConn removes tor's line before the first byte is read. One goroutine reads; any goroutine may call Close.
type circuitConn struct {
	net.Conn
	of      *circuitListener
	started bool
	failed  error
	rest    []byte // what came together with the line

	mu      sync.Mutex
	circuit netip.Addr // once it is counted
	closed  bool
}

func (c *circuitConn) Read(p []byte) (int, error) {
	if !c.started {
		c.started = true
		c.failed = c.begin()
	}
	if c.failed != nil {
		return 0, c.failed
	}
	if len(c.rest) > 0 {
		n := copy(p, c.rest)
		if c.rest = c.rest[n:]; len(c.rest) == 0 {
			c.rest = nil
		}
		return n, nil
	}
	return c.Conn.Read(p)
}

// begin reads the line and takes a place for its circuit. A circuit with too many connections gets no answer: no
// browser opens as many.
func (c *circuitConn) begin() error {
	line, err := c.readLine()
	if err != nil {
		return err
	}
	circuit, err := parseProxyLine(line)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return net.ErrClosed
	case !c.of.enter(circuit):
		return io.EOF
	}
	c.circuit = circuit
	return nil
}

var errNoProxyLine = errors.New("the connection does not begin with tor's line")

// readLine reads up to the end of the first line, and keeps the bytes after it.
func (c *circuitConn) readLine() (string, error) {
	buf := make([]byte, 0, maxProxyLine)
	for {
		n, err := c.Conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if line, rest, ok := bytes.Cut(buf, []byte("\r\n")); ok {
			c.rest = rest
			return string(line), nil
		}
		switch {
		case err != nil:
			return "", err
		case len(buf) == cap(buf), !strings.HasPrefix(string(buf), "PROXY "[:min(len(buf), 6)]):
			return "", errNoProxyLine
		}
	}
}

// parseProxyLine returns the address that stands for a circuit. Its errors contain nothing of the line.
func parseProxyLine(line string) (netip.Addr, error) {
	words := strings.Split(line, " ")
	if len(words) != 6 || words[0] != "PROXY" || words[1] != "TCP6" {
		return netip.Addr{}, errNoProxyLine
	}
	circuit, err := netip.ParseAddr(words[2])
	if err != nil {
		return netip.Addr{}, errNoProxyLine
	}
	if !torsRoom.Contains(circuit) {
		return netip.Addr{}, fmt.Errorf("%w, but with the address of a client", errNoProxyLine)
	}
	return circuit, nil
}

func (c *circuitConn) Close() error {
	c.mu.Lock()
	if !c.closed && c.circuit.IsValid() {
		c.of.leave(c.circuit)
	}
	c.closed = true
	c.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite shuts down the write side, so that the peer can read the whole answer before the connection is closed.
func (c *circuitConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
