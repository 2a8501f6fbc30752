package connlimit

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are pipes.
type pipes struct {
	coming chan net.Conn
	closed chan struct{}
	once   *sync.Once
}

func newPipes() pipes { return pipes{make(chan net.Conn, 1000), make(chan struct{}), new(sync.Once)} }

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.coming:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

func (p pipes) dial() net.Conn {
	theirs, ours := net.Pipe()
	p.coming <- ours
	return theirs
}

// withLimit runs try with a Listener of that limit, on a virtual clock.
func withLimit(t *testing.T, places int, try func(t *testing.T, p pipes, d *Listener)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		d := New(p, places, 5*time.Second)
		try(t, p, d)
		d.Close()
	})
}

func accept(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// gone reports whether the peer closed the connection.
func gone(conn net.Conn) bool {
	conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := conn.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}

func TestAdmitsUpToTheLimitAndRefusesAfterTheGracePeriod(t *testing.T) {
	withLimit(t, 2, func(t *testing.T, p pipes, d *Listener) {
		a, b := p.dial(), p.dial()
		inA, inB := accept(t, d), accept(t, d)
		inA.SetReadDeadline(time.Time{}) // they are at work
		inB.SetReadDeadline(time.Time{})
		c := p.dial()
		begin := time.Now()
		refused := accept(t, d.Overflow())
		if took := time.Since(begin); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("a connection was pending for %v", took)
		}
		if d.within() != 2 || gone(a) || gone(b) || gone(c) {
			t.Error("a connection was closed within the grace period")
		}
		refused.Close()
		refused.Close() // as net/http may
		if !gone(c) {
			t.Error("closing the refused connection did not reach the peer")
		}
		late := p.dial() // pending when a connection closes
		synctest.Wait()
		inA.Close()
		inA.Close()
		accept(t, d)
		if d.within() != 2 || gone(late) {
			t.Errorf("%d within", d.within())
		}
	})
}

func TestReplacesTheLongestIdleConnection(t *testing.T) {
	withLimit(t, 3, func(t *testing.T, p pipes, d *Listener) {
		busy, idle, slow := p.dial(), p.dial(), p.dial()
		inBusy := accept(t, d)
		inIdle := accept(t, d)
		accept(t, d) // slow: it never sends its header
		inBusy.SetReadDeadline(time.Now().Add(10 * time.Second))
		inBusy.SetReadDeadline(time.Time{}) // its header has come
		inIdle.SetDeadline(time.Time{})
		time.Sleep(3 * time.Second)
		inIdle.SetDeadline(time.Now().Add(time.Minute))
		time.Sleep(time.Second)
		inIdle.SetReadDeadline(time.Now().Add(time.Minute)) // setting it again does not restart the wait
		time.Sleep(time.Second)

		p.dial()
		accept(t, d)
		if !gone(slow) || gone(idle) || gone(busy) {
			t.Error("only the slow connection should be closed")
		}
		time.Sleep(3 * time.Second)
		p.dial()
		accept(t, d)
		if !gone(idle) || gone(busy) {
			t.Error("only the idle connection should be closed")
		}
	})
}

func TestReplacesAConnectionWhoseAnswerIsNotRead(t *testing.T) {
	withLimit(t, 1, func(t *testing.T, p pipes, d *Listener) {
		p.dial()
		in := accept(t, d)
		in.SetReadDeadline(time.Time{})
		ended := make(chan error, 1)
		go func() {
			_, err := in.Write([]byte("an answer"))
			ended <- err
		}()
		time.Sleep(5 * time.Second)
		p.dial()
		accept(t, d)
		if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the write ended with %v", err)
		}
	})
}

// The oldest pending connection is refused first; connections beyond overflowLimit are closed without an answer.
func TestPendingAndOverflowAreBounded(t *testing.T) {
	withLimit(t, 1, func(t *testing.T, p pipes, d *Listener) {
		p.dial()
		accept(t, d).SetReadDeadline(time.Time{})
		var all []net.Conn
		for range MaxPending + overflowLimit {
			all = append(all, p.dial())
			synctest.Wait()
		}
		for range 2 {
			all = append(all, p.dial())
			synctest.Wait()
		}
		last := all[len(all)-1]
		var gones []int
		for i, conn := range all {
			if gone(conn) {
				gones = append(gones, i)
			}
		}
		// The overflow queue was full of the oldest connections when two more were moved there.
		if !slices.Equal(gones, []int{overflowLimit, overflowLimit + 1}) {
			t.Errorf("let go: %v", gones)
		}
		if refused := accept(t, d.Overflow()); gone(all[0]) {
			t.Error("the oldest refused connection is closed")
		} else if refused.Close(); !gone(all[0]) {
			t.Error("refused connections are not in the order of arrival")
		}
		time.Sleep(6 * time.Second)
		d.Overflow().Close()
		if !gone(last) {
			t.Error("a closed overflow listener leaves a connection open")
		}
		if _, err := d.Overflow().Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a closed overflow listener returns %v", err)
		}
		late := p.dial()
		time.Sleep(6 * time.Second)
		if !gone(late) {
			t.Error("a closed overflow listener queued a connection")
		}
		d.Close()
		if _, err := d.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a closed listener returns %v", err)
		}
	})
}

// With net/http on both listeners: admitted connections are served, others are refused, idle ones are replaced.
func TestServesAndRefusesWithHTTP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := New(l, 1, 0)
	says := func(word string) *http.Server {
		return &http.Server{IdleTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, word) })}
	}
	inner, outer := says("within"), says("busy")
	go inner.Serve(d)
	go outer.Serve(d.Overflow())
	defer inner.Close()
	defer outer.Close()
	ask := func() (net.Conn, string) {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		return conn, string(body)
	}
	first, text := ask()
	defer first.Close()
	if text != "within" {
		t.Errorf("the first hears %q", text)
	}
	// As soon as the server waits for the first connection's next request, a new connection replaces it.
	for text = ""; text != "within"; {
		var conn net.Conn
		if conn, text = ask(); text != "within" && text != "busy" {
			t.Fatalf("a newcomer hears %q", text)
		}
		defer conn.Close()
	}
	if _, err := first.Read(make([]byte, 1)); err == nil {
		t.Error("the first still has a connection")
	}
}

// within reports how many are in.
func (d *Listener) within() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.admitted)
}
