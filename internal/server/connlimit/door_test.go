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

// place has a door of that many places under test, in a bubble with a clock of its own.
func place(t *testing.T, places int, try func(t *testing.T, p pipes, d *Door)) {
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

// gone says that the other end was closed.
func gone(conn net.Conn) bool {
	conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := conn.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}

func TestPlacesAreGivenOnce(t *testing.T) {
	place(t, 2, func(t *testing.T, p pipes, d *Door) {
		a, b := p.dial(), p.dial()
		inA, inB := accept(t, d), accept(t, d)
		inA.SetReadDeadline(time.Time{}) // they are at work
		inB.SetReadDeadline(time.Time{})
		c := p.dial()
		begin := time.Now()
		told := accept(t, d.Porch())
		if took := time.Since(begin); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("a newcomer stood outside for %v", took)
		}
		if d.within() != 2 || gone(a) || gone(b) || gone(c) {
			t.Error("somebody was let go who had waited no longer than they are given")
		}
		told.Close()
		told.Close() // as net/http may
		if !gone(c) {
			t.Error("the one on the porch was not let go")
		}
		late := p.dial() // stands outside when a place becomes free
		synctest.Wait()
		inA.Close()
		inA.Close()
		accept(t, d)
		if d.within() != 2 || gone(late) {
			t.Errorf("%d within", d.within())
		}
	})
}

// Who keeps the server waiting longest makes room; who has sent what was waited for does not.
func TestTheLongestWaitedForLeaves(t *testing.T) {
	place(t, 3, func(t *testing.T, p pipes, d *Door) {
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
		inIdle.SetReadDeadline(time.Now().Add(time.Minute)) // setting it again does not begin anew
		time.Sleep(time.Second)

		p.dial()
		accept(t, d)
		if !gone(slow) || gone(idle) || gone(busy) {
			t.Error("the slow one should have made room, and nobody else")
		}
		time.Sleep(3 * time.Second)
		p.dial()
		accept(t, d)
		if !gone(idle) || gone(busy) {
			t.Error("the idle one should have made room, and nobody else")
		}
	})
}

// An answer that nobody takes in is waited for as well.
func TestAnAnswerNobodyReads(t *testing.T) {
	place(t, 1, func(t *testing.T, p pipes, d *Door) {
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

// Outside and on the porch there is room for so many. Who came first goes first, and beyond the porch without a word.
func TestThePorchIsSmall(t *testing.T) {
	place(t, 1, func(t *testing.T, p pipes, d *Door) {
		p.dial()
		accept(t, d).SetReadDeadline(time.Time{})
		var all []net.Conn
		for range Outside + porchPlaces {
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
		// The porch was full of those who came first when two more were sent there.
		if !slices.Equal(gones, []int{porchPlaces, porchPlaces + 1}) {
			t.Errorf("let go: %v", gones)
		}
		if told := accept(t, d.Porch()); gone(all[0]) {
			t.Error("the first on the porch is not there")
		} else if told.Close(); !gone(all[0]) {
			t.Error("the first on the porch is not the first who came")
		}
		time.Sleep(6 * time.Second)
		d.Porch().Close()
		if !gone(last) {
			t.Error("a closed porch keeps somebody waiting")
		}
		if _, err := d.Porch().Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a closed porch gives %v", err)
		}
		late := p.dial()
		time.Sleep(6 * time.Second)
		if !gone(late) {
			t.Error("somebody was let onto a closed porch")
		}
		d.Close()
		if _, err := d.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a closed door gives %v", err)
		}
	})
}

// With net/http on both sides: those within are served, the rest are told, and idle ones make room.
func TestWithHTTP(t *testing.T) {
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
	go outer.Serve(d.Porch())
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
	first, said := ask()
	defer first.Close()
	if said != "within" {
		t.Errorf("the first hears %q", said)
	}
	// As soon as the server waits for the first one's next request, a newcomer has its place.
	for said = ""; said != "within"; {
		var conn net.Conn
		if conn, said = ask(); said != "within" && said != "busy" {
			t.Fatalf("a newcomer hears %q", said)
		}
		defer conn.Close()
	}
	if _, err := first.Read(make([]byte, 1)); err == nil {
		t.Error("the first still has a connection")
	}
}

// within says how many are in.
func (d *Door) within() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.guests)
}
