package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowKinds are the ways of taking up a server's sockets without taking up one's own time. Each writes to a connection
// for as long as it lasts; pause waits for one breath, and reports false when the connection was closed.
var slowKinds = []struct {
	name string
	send func(c net.Conn, pause func() bool)
}{
	{"headers that never end", func(c net.Conn, pause func() bool) {
		io.WriteString(c, "GET /en/ HTTP/1.1\r\nHost: x\r\n")
		for i := 0; pause(); i++ {
			fmt.Fprintf(c, "X-%d: y\r\n", i)
		}
	}},
	{"nothing at all", func(c net.Conn, pause func() bool) {
		for pause() {
		}
	}},
	{"bodies that trickle", func(c net.Conn, pause func() bool) {
		io.WriteString(c, "POST /send HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nnarrative=")
		for pause() {
			io.WriteString(c, "a")
		}
	}},
	{"files that trickle", func(c net.Conn, pause func() bool) {
		io.WriteString(c, "POST /send HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000000\r\n\r\n"+
			"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"+strings.Repeat("a", 5000))
		for pause() {
			io.WriteString(c, "a")
		}
	}},
	{"bodies where none belong", func(c net.Conn, pause func() bool) {
		io.WriteString(c, "GET /checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
		for pause() {
			io.WriteString(c, "a")
		}
	}},
	{"chunks that trickle", func(c net.Conn, pause func() bool) {
		io.WriteString(c, "POST /mailbox HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n")
		for pause() {
			io.WriteString(c, "1\r\na\r\n")
		}
	}},
	{"idle after an answer", func(c net.Conn, pause func() bool) {
		io.WriteString(c, "GET /checkpoint HTTP/1.1\r\nHost: x\r\n\r\n")
		for pause() {
		}
	}},
	{"answers that nobody reads", func(c net.Conn, pause func() bool) {
		for range 5 { // 400 KB of pages: more than the system buffers for the server
			if _, err := io.WriteString(c, "GET /en/ HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				break
			}
		}
		for pause() {
		}
	}},
}

// Many slow connections are all closed, and other clients are served meanwhile.
func TestSlowSockets(t *testing.T) {
	t.Parallel()
	n := scaled(150, 5000)
	h := newHouse(t)
	flags := []string{"serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0"}
	breath := 5 * time.Second
	if !*large {
		breath = 100 * time.Millisecond
		flags = append(flags, "--connections", "100", "--rate-over", "1s", "--min-rate", "64K", "--header-time", "1s", "--idle-time", "1s")
	}
	srv := start(t, nil, flags...)
	for _, kind := range slowKinds {
		t.Run(kind.name, func(t *testing.T) {
			attack(t, srv, n, breath, kind.send)
		})
	}
	get(t, srv.at+"/en/", http.StatusOK)
	srv.stop(t)
	must(t, h.dir, "zapisd", "check", "--dir", h.ledger)
}

// attack opens n slow connections, sends honest reports beside them, and waits until the server has got rid of all.
func attack(t *testing.T, srv *service, n int, breath time.Duration, send func(net.Conn, func() bool)) {
	t.Helper()
	before := srv.sockets(t)
	over := make(chan struct{})
	var slow, honest sync.WaitGroup
	began := time.Now()
	for range n {
		conn, err := net.Dial("tcp", strings.TrimPrefix(srv.at, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		_ = conn.SetWriteDeadline(began.Add(patience))
		slow.Go(func() {
			defer conn.Close()
			send(conn, func() bool {
				select {
				case <-over:
					return false
				case <-time.After(breath):
					return true
				}
			})
		})
	}
	all := srv.sockets(t) - before
	var served, refused int
	var slowest time.Duration
	honest.Go(func() {
		for {
			begin := time.Now()
			if status := sendOne(srv.at); status == http.StatusOK {
				served++
			} else {
				refused++
				t.Errorf("an honest report was answered with status %d", status)
			}
			slowest = max(slowest, time.Since(begin))
			select {
			case <-over:
				return
			case <-time.After(scaled(20*time.Millisecond, time.Second)):
			}
		}
	})
	left := n
	for left > 2 && time.Since(began) < patience { // the honest one, and the one before it that is closing
		time.Sleep(breath)
		left = srv.sockets(t) - before
	}
	close(over)
	honest.Wait()
	slow.Wait()
	if left > 2 {
		t.Errorf("%d of %d are still connected after %v", left, n, time.Since(began))
	}
	if served == 0 || refused > 0 {
		t.Errorf("beside them %d honest reports were taken, %d were not", served, refused)
	}
	t.Logf("of %d the server held %d when the last had come; all gone after %v; %d honest reports beside them, the slowest in %v; server's VmRSS %d MiB",
		n, all, time.Since(began).Round(time.Second/10), served, slowest.Round(time.Millisecond), srv.status(t, "VmRSS")>>10)
}

// sockets counts the service's open sockets.
func (s *service) sockets(t *testing.T) (n int) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", s.pid())
	open, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range open {
		if to, err := os.Readlink(filepath.Join(dir, f.Name())); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// sendOne sends an honest report on a connection of its own and returns the answer's status; 0 for none.
func sendOne(at string) int {
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Post(at+"/en/send", "application/x-www-form-urlencoded", strings.NewReader("narrative=They+came+at+six.&consent=store"))
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}
