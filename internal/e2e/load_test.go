package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// bareEnv, where set, makes the test's own program the bare handler: the process that TestLoad compares with.
const bareEnv = "ZAPIS_BARE_HANDLER"

// bare is the least durable server of forms: it reads each, appends it to one file, and syncs that.
func bare(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "listening on http://%s\n", l.Addr())
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = f.Write(body)
		}
		if err == nil {
			err = f.Sync()
		}
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
}

// TestLoad sends reports as fast as they are answered, from 1 to 500 clients at once, to zapisd with three post-quantum
// trustees and to the bare handler. docs/load.md has the full run's table.
func TestLoad(t *testing.T) {
	lasts := scaled(300*time.Millisecond, 10*time.Second)
	var table strings.Builder
	fmt.Fprintf(&table, "| Clients | zapisd: reports a second | p50 | p99 | told to wait | VmHWM | bare: a second | p50 | p99 | VmHWM | zapisd / bare |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, clients := range scaled([]int{1, 10}, []int{1, 10, 100, 500}) {
		h := newHouse(t)
		ours := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0")
		theirs := launch(t, bareCommand(t))
		zapisd := load(t, ours, "/send", clients, lasts)
		plain := load(t, theirs, "/", clients, lasts)
		fmt.Fprintf(&table, "| %d | %.1f | %s | %s | %d | %d MiB | %.0f | %s | %s | %d MiB | %.3f |\n", clients,
			zapisd.rate, zapisd.p50, zapisd.p99, zapisd.busy, zapisd.peak>>10, plain.rate, plain.p50, plain.p99, plain.peak>>10, zapisd.rate/plain.rate)
		theirs.cmd.Process.Kill()
		<-theirs.done
		ours.stop(t)
		// What was answered is there.
		must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", "carry.tar")
		if listing := must(t, h.dir, "tar", "-tf", "carry.tar"); strings.Count(listing, "/promise\n") != zapisd.sent {
			t.Errorf("%d reports were answered, and %d are there", zapisd.sent, strings.Count(listing, "/promise\n"))
		}
	}
	t.Logf("\n%s", table.String())
}

func bareCommand(t *testing.T) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), bareEnv+"="+filepath.Join(t.TempDir(), "bare"))
	return cmd
}

// measured is what came of a load.
type measured struct {
	sent     int
	busy     int     // answered politely that too many are here
	rate     float64 // a second
	p50, p99 time.Duration
	peak     int // KiB
}

// load sends reports from so many clients, each as soon as its last one was answered, each on a connection of its own.
func load(t *testing.T, srv *service, path string, clients int, lasts time.Duration) measured {
	t.Helper()
	body := "consent=store&method=T1&narrative=" + strings.Repeat("%D0%AF+%D0%BD%D0%B5+%D0%B2%D0%B5%D0%B4%D0%B0%D1%8E.+", 40)
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	var mu sync.Mutex
	var took []time.Duration
	busy := 0
	begin := time.Now()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for time.Since(begin) < lasts {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.at+path, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.Header.Set("Accept", "application/json")
				one := time.Now()
				resp, err := client.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				answer, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err == nil && resp.StatusCode == http.StatusServiceUnavailable && string(answer) == `{"error":"busy","fields":{}}`+"\n" {
					mu.Lock()
					busy++
					mu.Unlock()
					continue
				}
				if err != nil || resp.StatusCode != http.StatusCreated {
					t.Errorf("status %d, %v: %.300s", resp.StatusCode, err, answer)
					return
				}
				mu.Lock()
				took = append(took, time.Since(one))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	seconds := time.Since(begin).Seconds()
	if len(took) == 0 {
		t.Fatal("nothing was answered")
	}
	slices.Sort(took)
	at := func(part int) time.Duration { return took[len(took)*part/100].Round(100 * time.Microsecond) }
	return measured{len(took), busy, float64(len(took)) / seconds, at(50), at(99), srv.status(t, "VmHWM")}
}
