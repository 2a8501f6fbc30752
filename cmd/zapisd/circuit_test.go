package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

const torsLine = "PROXY TCP6 fc00:dead:beef:4dad::0:29 ::1 65535 80\r\n"

// onCircuits serves "served" behind a listener that lets two connections of a circuit in, and dials it.
func onCircuits(t *testing.T) (dial func(first string) net.Conn, l *circuitListener) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	under, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	l = newCircuitListener(under, 2)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "served to "+r.RemoteAddr) })}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return func(first string) net.Conn {
		t.Helper()
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := io.WriteString(conn, first); err != nil {
			t.Fatal(err)
		}
		return conn
	}, l
}

// hears returns the response to a request on the connection.
func hears(t *testing.T, conn net.Conn) string {
	t.Helper()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return "nothing"
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "nothing"
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestCircuitsShareThePlaces(t *testing.T) {
	dial, l := onCircuits(t)
	const served = "served to @" // a socket's other end; nothing of the circuit
	a, b := dial(torsLine), dial(torsLine)
	for _, conn := range []net.Conn{a, b, a} { // one connection may ask again
		if got := hears(t, conn); got != served {
			t.Fatalf("heard %q", got)
		}
	}
	if got := hears(t, dial(torsLine)); got != "nothing" {
		t.Errorf("a third connection of the circuit heard %q", got)
	}
	other := strings.Replace(torsLine, ":29", ":2a", 1)
	if got := hears(t, dial(other)); got != served {
		t.Errorf("another circuit heard %q", got)
	}
	a.Close()
	for hears(t, dial(torsLine)) != served { // the server notices the end a moment later
		if t.Context().Err() != nil {
			t.Fatal("the place is not given back")
		}
	}
	b.Close()
	l.Close()
}

// The line may come in pieces, and together with what follows.
func TestCircuitLineInPieces(t *testing.T) {
	ours, theirs := net.Pipe()
	l := newCircuitListener(nil, 1)
	c := &circuitConn{Conn: ours, of: l}
	go func() {
		for _, piece := range []string{"P", "ROXY TCP6 fc00:dead:beef:4dad:", ":1 ::1 65535 80\r", "\nGET /", " and on"} {
			io.WriteString(theirs, piece)
		}
		theirs.Close()
	}()
	got, err := io.ReadAll(c)
	if string(got) != "GET / and on" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if len(l.open) != 1 {
		t.Errorf("%d circuits are counted", len(l.open))
	}
	c.Close()
	c.Close() // as net/http may
	if len(l.open) != 0 {
		t.Error("a closed connection's circuit is still known")
	}
}

func TestCircuitLineRefused(t *testing.T) {
	for name, tt := range map[string]struct{ sent, want string }{
		"none":        {"GET / HTTP/1.1\r\n", "the connection does not begin with tor's line"},
		"a client":    {"PROXY TCP4 192.0.2.1 127.0.0.1 1 80\r\n", "the connection does not begin with tor's line"},
		"six":         {"PROXY TCP6 2001:db8::7 ::1 1 80\r\n", "the connection does not begin with tor's line, but with the address of a client"},
		"no address":  {"PROXY TCP6 anna ::1 1 80\r\n", "the connection does not begin with tor's line"},
		"unknown":     {"PROXY UNKNOWN\r\n", "the connection does not begin with tor's line"},
		"two spaces":  {strings.Replace(torsLine, " ::1", "  ::1", 1), "the connection does not begin with tor's line"},
		"a bare LF":   {strings.Replace(torsLine, "\r", "", 1) + strings.Repeat("x", 100), "the connection does not begin with tor's line"},
		"much":        {"PROXY " + strings.Repeat("x", 200) + "\r\n", "the connection does not begin with tor's line"},
		"broken off":  {"PROXY TCP6 fc00:", "EOF"},
		"of a kind":   {"\x16\x03\x01", "the connection does not begin with tor's line"},
		"version two": {"\r\n\r\n\x00\r\nQUIT\n", "the connection does not begin with tor's line"},
	} {
		ours, theirs := net.Pipe()
		go func() { io.WriteString(theirs, tt.sent); theirs.Close() }()
		c := &circuitConn{Conn: ours, of: newCircuitListener(nil, 1)}
		for range 2 { // it stays refused
			if _, err := c.Read(make([]byte, 10)); err == nil || err.Error() != tt.want {
				t.Errorf("%s: %v, want %s", name, err, tt.want)
			}
		}
		c.Close()
		if _, err := c.Conn.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: the connection is still open: %v", name, err)
		}
	}
}

func FuzzProxyLine(f *testing.F) {
	f.Add(strings.TrimSpace(torsLine))
	f.Add("PROXY TCP6 fc00:dead:beef:4dad::%1 ::1 1 1")
	f.Fuzz(func(t *testing.T, line string) {
		if circuit, err := parseProxyLine(line); err == nil && !torsRoom.Contains(circuit) {
			t.Errorf("%q gives %s", line, circuit)
		}
	})
}
