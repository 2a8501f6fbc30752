package store

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/memorytest"
	"zapis/internal/shorttest"
)

// The tests run themselves as children that may be killed or crash: this
// variable says as what.
const childVariable = "ZAPIS_STORE_CHILD"

// noSleep is for children under the race detector, which otherwise sleeps for a
// second when a process ends.
const noSleep = "GORACE=atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "":
		flag.Parse()
		if *attachmentSize <= 1<<30 {
			memorytest.TempDirs()
		}
		os.Exit(runOn(m))
	case "append":
		childAppends(os.Args[1], os.Args[2])
	case "check":
		childChecks(os.Args[1])
	}
}

func child(as string, args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), childVariable+"="+as, noSleep)
	return c
}

// childAppends submits reports until it is killed, and says so for each that it
// was promised.
func childAppends(dir, slot string) {
	d, err := time.ParseDuration(slot)
	if err != nil {
		panic(err)
	}
	c := newClock()
	s, err := openTest(dir, Config{Slot: d, Now: c.now, Verb: "a child"})
	if err != nil {
		panic(err)
	}
	for w := range 3 {
		go func() {
			for i := 0; ; i++ {
				sub := words(s)
				if i%3 == w {
					sub.Body.Parts = append(sub.Body.Parts, mustAttach(s, random(66000)))
				}
				if _, err := s.Submit(context.Background(), sub); err != nil {
					panic(err)
				}
				fmt.Println("promised", sub.Body.Hash())
				if i%5 == 4 && d > 0 {
					c.forward(d / 3)
					if err := s.Sequence(context.Background()); err != nil {
						panic(err)
					}
				}
			}
		}()
	}
	select {}
}

func mustAttach(s *Store, content []byte) ledger.Part {
	w, err := s.NewPart()
	if err == nil {
		_, err = w.Write(content)
	}
	if err != nil {
		panic(err)
	}
	part, err := w.Keep(ledger.Sum(content))
	if err != nil {
		panic(err)
	}
	return part
}

// many is how often the process is killed, a bit turned, and the power lost: in
// CI less often (make faults).
var many = flag.Int("store.faults", 0, "how many kills, turned bits and losses of power, instead of a few")

func orFew(few int) int {
	if *many > 0 {
		return *many
	}
	return few
}

// tell says now and then how far a large run has come, and at its end.
func tell(t *testing.T, done, of int, format string, args ...any) {
	t.Helper()
	if done == of || done%500 == 0 {
		t.Logf("%d of %d "+format, append([]any{done, of}, args...)...)
	}
}

// inMemory is a folder in memory where the system has one: for tests that kill
// processes or make up a disk of their own, to which the machine's disk is only a
// wait.
func inMemory(t *testing.T) string {
	t.Helper()
	const memory = "/dev/shm"
	if _, err := os.Stat(memory); err != nil {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memory, "zapis-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestKill kills a process that submits, at any moment, again and again, and
// looks each time whether all that was promised is there and all of the ledger
// verifies.
func TestKill(t *testing.T) {
	shorttest.Skip(t, "no process is killed while it submits")
	n := orFew(200) / 2
	for _, slot := range []string{"0s", "24h"} {
		t.Run("slot="+slot, func(t *testing.T) {
			t.Parallel()
			memory := inMemory(t)
			var dir string
			var promised []ledger.Hash
			kept, early := 0, 0
			for i := range n {
				if i%5 == 0 { // a new ledger now and then, so that checking stays quick
					if err := os.RemoveAll(dir); err != nil {
						t.Fatal(err)
					}
					dir, promised = filepath.Join(memory, strconv.Itoa(i)), nil
					makeLedger(t, dir)
				}
				more := killed(t, dir, slot)
				promised = append(promised, more...)
				lost(t, dir, promised)
				if t.Failed() {
					return
				}
				kept += len(more)
				if len(more) == 0 {
					early++
				}
				tell(t, i+1, n, "kills: %d promises, none lost; %d times before the first promise", kept, early)
			}
		})
	}
}

// killed lets a child append for a while, kills it, and returns what it
// promised.
func killed(t *testing.T, dir, slot string) (promised []ledger.Hash) {
	t.Helper()
	c := child("append", dir, slot)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	enough := rand.IntN(12)
	kill := sync.OnceFunc(func() { c.Process.Kill() })
	if enough == 0 { // while it opens, perhaps
		time.AfterFunc(time.Duration(rand.IntN(60))*time.Millisecond, kill)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		h, err := ledger.ParseHash(strings.TrimPrefix(lines.Text(), "promised "))
		if err != nil {
			t.Errorf("the child says %q", lines.Text())
			continue
		}
		promised = append(promised, h)
		if len(promised) == enough {
			time.AfterFunc(time.Duration(rand.IntN(3000))*time.Microsecond, kill)
		}
	}
	if err := c.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the child ended with %v:\n%s", err, stderr.String())
	}
	return promised
}

// lost checks a ledger as the kill has left it, and again after opening, and
// that it has all that was promised.
func lost(t *testing.T, dir string, promised []ledger.Hash) {
	t.Helper()
	if rand.IntN(4) == 0 {
		checkFolder(t, dir) // as the kill has left it
	}
	s, err := openTest(dir, Config{Slot: day, Now: newClock().now})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range promised {
		_, err := s.Receipt(h)
		if err == nil {
			continue
		}
		var waits bool
		s.Waiting(func(w Waiting) error {
			waits = waits || w.Hash == h
			return nil
		})
		if !waits {
			t.Errorf("promised, and lost: %s", h)
		}
	}
	closeAndCheck(t, s)
}
