package e2e

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	landlock "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// allowedCalls reads a unit's SystemCallFilter lines as systemd does, with what its groups hold.
func allowedCalls(t *testing.T, unit string) map[string]bool {
	t.Helper()
	groups := make(map[string][]string)
	var group string
	for line := range strings.Lines(must(t, "", "systemd-analyze", "syscall-filter", "--no-pager")) {
		line = strings.TrimRight(line, "\n")
		word := strings.TrimSpace(line)
		switch {
		case word == "" || strings.HasPrefix(word, "#"):
		case line == word && strings.HasPrefix(word, "@"):
			group = word
		case line != word && group != "":
			groups[group] = append(groups[group], word)
		}
	}
	if len(groups["@system-service"]) < 30 {
		t.Fatalf("@system-service holds %d names: this test reads them wrongly", len(groups["@system-service"]))
	}
	allowed := make(map[string]bool)
	var set func(name string, to bool)
	set = func(name string, to bool) {
		if !strings.HasPrefix(name, "@") {
			allowed[name] = to
			return
		}
		if groups[name] == nil {
			t.Fatalf("the unit names %s, which is no group", name)
		}
		for _, n := range groups[name] {
			set(n, to)
		}
	}
	lines := regexp.MustCompile(`(?m)^SystemCallFilter=(.*)$`).FindAllStringSubmatch(unit, -1)
	if len(lines) == 0 {
		t.Fatal("the unit has no filter")
	}
	for _, line := range lines {
		names, denied := strings.CutPrefix(line[1], "~")
		for _, n := range strings.Fields(names) {
			set(n, !denied)
		}
	}
	for _, n := range groups["@default"] { // always allowed
		allowed[n] = true
	}
	return allowed
}

// ended reads what strace has written, once it has written all of it.
func ended(t *testing.T, record string, process int) string {
	t.Helper()
	last := regexp.MustCompile(fmt.Sprintf(`(?m)^%d +\+\+\+ exited with 0 \+\+\+$`, process))
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		text := string(readFile(t, record))
		if last.MatchString(text) {
			return text
		}
		if time.Now().After(end) {
			t.Fatal("the record has no end")
		}
	}
}

// What the unit leaves the server is enough for it: every call that it makes, from start to stop, with a report, a mailbox and
// a slot in between, is one that the filter lets through. Two are not, on purpose: raising limits. It does without.
func TestUnitLeavesTheServerItsCalls(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, h.dir, "zapisd", "setup", "--dir", "/var/lib/zapis", "--out", "setup")
	allowed := allowedCalls(t, string(readFile(t, h.path("setup/zapis.service"))))

	record := h.path("calls")
	// -D: the server itself is our child, and strace its grandchild.
	srv := startUnder(t, []string{"strace", "-D", "-f", "-q", "-e", "signal=none", "-o", record}, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0")
	u := beginUpload(t, srv.at+"/send")
	u.field(t, "narrative", "words")
	u.field(t, "consent", "store")
	pour(t, u.file(t, "a file"), newCanary(), 1<<20)
	u.end(t)
	get(t, srv.at+"/be/", 200)
	get(t, srv.at+"/checkpoint", 200)
	must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", "carry.tar")
	must(t, h.dir, "zapisd", "status", "--dir", h.ledger)
	srv.stop(t)

	made := make(map[string]bool)
	for line := range strings.Lines(ended(t, record, srv.cmd.Process.Pid)) {
		if m := regexp.MustCompile(`^(?:\d+ +)?([a-z][a-z0-9_]*)\(`).FindStringSubmatch(line); m != nil {
			made[m[1]] = true
		}
	}
	if !made["openat"] || !made["exit_group"] || !made["fdatasync"] {
		t.Fatalf("strace saw %d calls, and not those that must be there", len(made))
	}
	network := []string{"socket", "bind", "listen", "accept4", "getsockname", "getpeername", "setsockopt", "getsockopt"}
	var refused []string
	for call := range made {
		if !allowed[call] && !slices.Contains(network, call) {
			refused = append(refused, call)
		}
	}
	slices.Sort(refused)
	if got := strings.Join(slices.DeleteFunc(refused, func(c string) bool {
		return c == "prlimit64" || c == "setrlimit"
	}), " "); got != "" {
		t.Errorf("the unit's filter refuses what the server calls: %s", got)
	}
}

// A server that listens has confined itself, and leaves no core dump.
func TestServerConfinesItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0")
	proc := fmt.Sprintf("/proc/%d/", srv.cmd.Process.Pid)
	if limits := string(readFile(t, proc+"limits")); !regexp.MustCompile(`(?m)^Max core file size +0 +0 `).MatchString(limits) {
		t.Errorf("it may leave a core dump:\n%s", limits)
	}
	// Landlock is for processes that can gain no privileges: one that is confined has given them up, in every thread.
	tasks, err := filepath.Glob(proc + "task/*/status")
	if err != nil || len(tasks) == 0 {
		t.Fatalf("%d threads, %v", len(tasks), err)
	}
	if abi, err := landlock.LandlockGetABIVersion(); err != nil || abi < 1 {
		return // tested in cmd/zapisd
	}
	for _, name := range tasks {
		if status := string(readFile(t, name)); !strings.Contains(status, "NoNewPrivs:\t1\n") {
			t.Errorf("a thread is not confined:\n%s", status)
		}
	}
}
