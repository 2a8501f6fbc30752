//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"zapis/internal/sandbox"
)

// The dropping can't be undone, so it is tried in a child: this binary again.
func TestMain(m *testing.M) {
	if os.Getenv("ZAPIS_SANDBOX_CHILD") == "" {
		os.Exit(m.Run())
	}
	sandbox.Drop()
	for _, p := range probes {
		fmt.Printf("%s: %s\n", p.name, said(p.try()))
	}
}

var probes = []struct {
	name string
	try  func() error
	want string
}{
	{"tcp", socket(unix.AF_INET, unix.SOCK_STREAM), "denied"},
	{"tcp6", socket(unix.AF_INET6, unix.SOCK_STREAM), "denied"},
	{"udp", socket(unix.AF_INET, unix.SOCK_DGRAM), "denied"},
	{"udp6", socket(unix.AF_INET6, unix.SOCK_DGRAM), "denied"},
	{"raw", socket(unix.AF_INET, unix.SOCK_RAW), "denied"},
	{"netlink", socket(unix.AF_NETLINK, unix.SOCK_RAW), "denied"},
	{"packet", socket(unix.AF_PACKET, unix.SOCK_RAW), "denied"},
	{"unix", socket(unix.AF_UNIX, unix.SOCK_STREAM), "allowed"},
	{"io_uring", func() error {
		var params [120]byte // struct io_uring_params
		fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
		if errno != 0 {
			return errno
		}
		return unix.Close(int(fd))
	}, "denied"},
	{"other threads", onManyThreads, "denied"},
	{"a child", func() error {
		out, err := exec.Command("python3", "-c", "import socket\ntry:\n socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nexcept PermissionError: print('denied')").CombinedOutput()
		if err == nil && strings.TrimSpace(string(out)) == "denied" {
			return unix.EPERM
		}
		return fmt.Errorf("%v %s", err, out)
	}, "denied"},
	{"files", func() error { _, err := os.ReadFile("/proc/self/status"); return err }, "allowed"},
}

func socket(domain, typ int) func() error {
	return func() error {
		fd, err := unix.Socket(domain, typ, 0)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
}

// onManyThreads gives nil if a single one of them gets a socket.
func onManyThreads() error {
	var all sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		all.Go(func() {
			runtime.LockOSThread()
			errs[i] = socket(unix.AF_INET, unix.SOCK_DGRAM)()
		})
	}
	all.Wait()
	for _, err := range errs {
		if !errors.Is(err, unix.EPERM) {
			return err
		}
	}
	return unix.EPERM
}

func said(err error) string {
	switch {
	case err == nil:
		return "allowed"
	case errors.Is(err, unix.EPERM):
		return "denied"
	}
	return err.Error()
}

func TestDrop(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "ZAPIS_SANDBOX_CHILD=1")
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, p := range probes {
		if want := p.name + ": " + p.want + "\n"; !strings.Contains(string(out), want) {
			t.Errorf("no line %q in:\n%s", want, out)
		}
	}
}
