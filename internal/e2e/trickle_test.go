package e2e

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Form bodies that trickle, one byte every three seconds, are all cut off at once. Each is answered, a bounded number at
// a time: the most memory of the whole run stays under 160 MiB. docs/load.md has the figure of 4,000.
func TestTricklingForms(t *testing.T) {
	const most = 160 // MiB
	n := scaled(200, 4000)
	h := newHouse(t)
	flags := []string{"serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0"}
	if !*large {
		flags = append(flags, "--rate-over", "2s", "--min-rate", "64K")
	}
	srv := start(t, nil, flags...)
	idle := srv.status(t, "VmHWM") >> 10
	var senders sync.WaitGroup
	var mu sync.Mutex
	answered := make(map[string]int)
	for range n {
		conn, err := net.Dial("tcp", strings.TrimPrefix(srv.at, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		senders.Go(func() {
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(patience))
			io.WriteString(conn, "POST /en/send HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nnarrative=They+came+at+six")
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				answer, _ := io.ReadAll(conn)
				line, _, _ := strings.Cut(string(answer), "\r\n")
				mu.Lock()
				answered[line]++
				mu.Unlock()
			}()
			for {
				select {
				case <-gone:
					return
				case <-time.After(3 * time.Second):
					if _, err := io.WriteString(conn, "x"); err != nil {
						<-gone
						return
					}
				}
			}
		})
	}
	senders.Wait()
	peak := srv.status(t, "VmHWM") >> 10
	t.Logf("%d trickling forms: VmHWM %d MiB over the whole run, %d MiB before; answers: %v", n, peak, idle, answered)
	if peak >= most {
		t.Errorf("the peak is %d MiB, and has to be under %d", peak, most)
	}
	if got := answered["HTTP/1.1 303 See Other"]; got < n*9/10 {
		t.Errorf("%d of %d were answered: %v", got, n, fmt.Sprint(answered))
	}
	srv.stop(t)
}
