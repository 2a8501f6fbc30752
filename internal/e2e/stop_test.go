package e2e

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An upload in progress when the server is stopped is read to its end.
func TestStopWaitsForUploads(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0")
	u := beginUpload(t, srv.at+"/send")
	u.field(t, "narrative", "words")
	u.field(t, "consent", "store")
	pour(t, u.file(t, "a file"), newCanary(), 1<<20)
	underWay(t, h)
	if err := srv.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	refusesNew(t, srv)
	pour(t, u.file(t, "another"), newCanary(), 1<<20)
	if code := u.end(t); len(strings.Fields(code)) != 8 {
		t.Errorf("the code is %q", code)
	}
	select {
	case err := <-srv.done:
		if err != nil {
			t.Errorf("zapisd ended with %v\n%s", err, srv.talk)
		}
	case <-time.After(patience):
		t.Fatal("zapisd did not stop")
	}

	// What was answered is there, and waits.
	must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", "carry.tar")
	if listing := must(t, h.dir, "tar", "-tf", "carry.tar"); strings.Count(listing, "/promise\n") != 1 {
		t.Errorf("the carry file holds\n%s", listing)
	}
}

// underWay waits until the server has begun to seal a file: what was sent so far may still lie in the system's buffers,
// before a server that has not even seen the connection.
func underWay(t *testing.T, h house) {
	t.Helper()
	for end := time.Now().Add(patience); partsIn(t, h.ledger) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no file arrives")
		}
	}
}

// refusesNew waits until new connections are refused.
func refusesNew(t *testing.T, srv *service) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		conn, err := net.Dial("tcp", strings.TrimPrefix(srv.at, "http://"))
		if err != nil {
			return
		}
		conn.Close()
		if time.Now().After(end) {
			t.Fatal("a server that was asked to stop still takes new connections")
		}
	}
}

// But not for ever.
func TestStopHasALimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--grace", "200ms")
	u := beginUpload(t, srv.at+"/send")
	u.field(t, "narrative", "words")
	pour(t, u.file(t, "a file"), newCanary(), 1<<20)
	underWay(t, h)
	u.expectCut.Store(true)
	if err := srv.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-srv.done:
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("zapisd ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("zapisd did not stop")
	}
	u.pipe.Close()
	want := fmt.Sprintf("listening on %s\nzapisd: uploads in flight did not end within 200ms and were cut off\n", srv.at)
	if srv.talk.String() != want {
		t.Errorf("zapisd said\n%s\nwant\n%s", srv.talk, want)
	}
	must(t, h.dir, "zapisd", "check", "--dir", h.ledger)
}

// For any input the server logs nothing about its sender.
func TestNothingIsLoggedOfClients(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0")
	for _, sent := range []string{
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", // TLS, to a port without it
		"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n",
		"NONSENSE\r\n\r\n",
		"POST /send HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 999\r\n\r\n--b\r\n",
		"POST /send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\nzz\r\n",
		"GET /" + strings.Repeat("a", 40<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(srv.at, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(sent)); err == nil {
			conn.(*net.TCPConn).CloseWrite()
			conn.SetReadDeadline(time.Now().Add(patience))
			for buf := make([]byte, 4096); err == nil; {
				_, err = conn.Read(buf)
			}
		}
		conn.Close()
	}
	get(t, srv.at+"/en/", 200)
	srv.stop(t)
	if text := srv.talk.String() + srv.out.String(); text != "listening on "+srv.at+"\n" {
		t.Errorf("the server said\n%s", text)
	}
}
