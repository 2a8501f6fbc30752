package duty

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// socks is a SOCKS5 proxy (RFC 1928) without authentication that connects whatever it is asked for to one address.
type socks struct {
	to string

	mu    sync.Mutex // guards asked
	asked []string   // address type and host:port, as the client sent them
}

func (p *socks) serve(c net.Conn) error {
	defer c.Close()
	read := func(n int) ([]byte, error) {
		b := make([]byte, n)
		_, err := io.ReadFull(c, b)
		return b, err
	}
	hello, err := read(2)
	if err != nil {
		return err
	}
	if _, err := read(int(hello[1])); err != nil {
		return err
	}
	if _, err := c.Write([]byte{5, 0}); err != nil {
		return err
	}
	ask, err := read(5) // version, command, reserved, address type, first byte of the address
	if err != nil || hello[0] != 5 || ask[0] != 5 || ask[1] != 1 {
		return fmt.Errorf("%v %v: %v", hello, ask, err)
	}
	kind, length := "name", int(ask[4])
	if ask[3] == 1 {
		kind, length = "IPv4", 3
	}
	rest, err := read(length + 2)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.asked = append(p.asked, fmt.Sprintf("%s %s:%d", kind, rest[:length], binary.BigEndian.Uint16(rest[length:])))
	p.mu.Unlock()
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0}); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(out, c)
		out.Close()
	}()
	_, err = io.Copy(c, out)
	return err
}

// An onion's name reaches the proxy as it is: it is resolved nowhere else.
func TestAnOnionIsReachedThroughTheProxy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method, " ", r.Host, r.URL.Path) }))
	defer server.Close()
	p := &socks{to: server.Listener.Addr().String()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { _ = p.serve(c) }) // what it did not do shows in what was asked
		}
	})
	const onion = "zapisexampleonionzapisexampleonionzapisexampleonionzapisex.onion"
	for _, scheme := range []string{"socks5h://", "socks5://"} {
		c, err := newClient("http://"+onion, scheme+l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.get(t.Context(), "/signals")
		if err != nil || string(got) != "GET "+onion+"/signals" {
			t.Errorf("%s: %q, %v", scheme, got, err)
		}
		if err := c.post(t.Context(), "/signals/poll", []byte("message")); err != nil {
			t.Errorf("%s: %v", scheme, err)
		}
		c.http.CloseIdleConnections()
	}
	l.Close()
	served.Wait()
	if want := "name " + onion + ":80"; strings.Join(p.asked, "\n") != want+"\n"+want {
		t.Errorf("the proxy was asked for %q", p.asked)
	}

	c, err := newClient("http://"+onion, "socks5h://"+l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.get(t.Context(), "/signals"); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("a proxy that is not there: %v", err)
	}
}
