package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Some tests use as much of a machine as an attack would. `go test ./...` runs them small; with -large they run as in
// docs/load.md.
var large = flag.Bool("large", false, "run the load, memory and slow-socket tests at full size")

// scaled returns a size for the run that this is.
func scaled[T any](small, full T) T {
	if *large {
		return full
	}
	return small
}

// pid is the service's process.
func (s *service) pid() int { return s.cmd.Process.Pid }

// status reads a line of the service's /proc/PID/status, in KiB.
func (s *service) status(t *testing.T, name string) int {
	t.Helper()
	text := readFile(t, fmt.Sprintf("/proc/%d/status", s.pid()))
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("there is no %s in\n%s", name, text)
	return 0
}

// mapping is a range of a process's memory.
type mapping struct{ from, to uint64 }

// mappings lists the writable memory of the service: the rest holds no reporter's words. The ledger's database is
// mapped as well, and holds ciphertext.
func (s *service) mappings(t *testing.T) (all []mapping) {
	t.Helper()
	for line := range strings.Lines(string(readFile(t, fmt.Sprintf("/proc/%d/maps", s.pid())))) {
		var m mapping
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &m.from, &m.to, &mode); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if strings.HasPrefix(mode, "rw") {
			all = append(all, m)
		}
	}
	return all
}

// memory visits all of the service's writable memory, a piece at a time, but for pieces of zeros. Pieces overlap by less than a word.
// It needs root or CAP_SYS_PTRACE, since the process is not dumpable; without, it reports false.
func (s *service) memory(t *testing.T, visit func(piece []byte)) bool {
	t.Helper()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", s.pid()))
	if os.IsPermission(err) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	const overlap = 256
	buf := make([]byte, 1<<20+overlap)
	zeros := make([]byte, len(buf))
	for _, m := range s.mappings(t) {
		for at := m.from; at < m.to; at += 1 << 20 {
			n, err := mem.ReadAt(buf[:min(uint64(len(buf)), m.to-at)], int64(at))
			if n == 0 && err != nil {
				continue // reserved and not there
			}
			if !bytes.Equal(buf[:n], zeros[:n]) {
				visit(buf[:n])
			}
		}
	}
	return true
}

// markers are words that no chance makes, each of which can be told from the others: what is sent, and what is looked
// for afterwards. Bit i of the number is written as a letter, so that no marker is a part of another.
type markers struct{ stem string }

func newMarkers() markers { return markers{newCanary().word} }

func (m markers) word(i int) string { return fmt.Sprintf("%s-%06d.", m.stem, i) }

// note counts how many different markers of n are in a piece of memory, and how often; the stem alone does not count.
func (m markers) note(piece []byte, found map[string]int) {
	stem := []byte(m.stem + "-")
	for {
		i := bytes.Index(piece, stem)
		if i < 0 {
			return
		}
		piece = piece[i:]
		if end := len(stem) + 6; len(piece) > end && piece[end] == '.' {
			found[string(piece[:end])]++
		}
		piece = piece[1:]
	}
}
