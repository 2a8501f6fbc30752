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
	switch os.Getenv("ZAPIS_SANDBOX_CHILD") {
	case "drop":
		sandbox.Drop()
		report(probes)
	case "isolate":
		if err := sandbox.Isolate(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		report(isolated)
	case "online":
		dir, err := os.MkdirTemp("", "online")
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		sandbox.Online(dir)
		report(onlineIn(dir))
	case "socket": // a child of the first
		fmt.Println(resultText(socket(unix.AF_INET, unix.SOCK_DGRAM)()))
	default:
		os.Exit(m.Run())
	}
}

func report(probes []probe) {
	for _, p := range probes {
		fmt.Printf("%s: %s\n", p.name, resultText(p.try()))
	}
}

type probe struct {
	name string
	try  func() error
	want string
}

var probes = []probe{
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
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "ZAPIS_SANDBOX_CHILD=socket")
		out, err := child.CombinedOutput()
		if err == nil && string(out) == "denied\n" {
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

// onManyThreads returns nil if a single one of them gets a socket.
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

func resultText(err error) string {
	switch {
	case err == nil:
		return "allowed"
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES): // seccomp's, Landlock's
		return "denied"
	}
	return err.Error()
}

func TestDrop(t *testing.T) { tryIn(t, "drop", probes) }

func tryIn(t *testing.T, mode string, probes []probe) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "ZAPIS_SANDBOX_CHILD="+mode)
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

var isolated = []probe{
	{"tcp", socket(unix.AF_INET, unix.SOCK_STREAM), "denied"},
	{"udp6", socket(unix.AF_INET6, unix.SOCK_DGRAM), "denied"},
	{"unix", socket(unix.AF_UNIX, unix.SOCK_STREAM), "denied"},
	{"pair", func() error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err }, "denied"},
	{"other threads", onManyThreads, "denied"},
	{"read a file", func() error { _, err := os.ReadFile("/proc/self/status"); return err }, "denied"},
	{"make a file", func() error { _, err := os.CreateTemp("", "x"); return err }, "denied"},
	{"list a folder", func() error { _, err := os.ReadDir("/"); return err }, "denied"},
	{"look at a file", func() error { _, err := os.Lstat("/etc/passwd"); return err }, "denied"},
	{"remove a file", func() error { return unix.Unlink("/nowhere") }, "denied"},
	{"memory file", func() error { _, err := unix.MemfdCreate("x", 0); return err }, "denied"},
	{"a child", func() error { return exec.Command("/bin/true").Run() }, "denied"},
	{"exec", func() error { return unix.Exec("/bin/true", []string{"true"}, nil) }, "denied"},
	{"signal another", func() error { return unix.Kill(os.Getppid(), 0) }, "denied"},
	{"signal another's thread", func() error { return unix.Tgkill(os.Getppid(), os.Getppid(), 0) }, "denied"},
	{"trace", func() error { return unix.PtraceAttach(os.Getppid()) }, "denied"},
	{"raise a limit", func() error { return unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: 1 << 40, Max: 1 << 40}) }, "denied"},
	{"another's memory", func() error {
		_, err := unix.ProcessVMReadv(os.Getppid(), []unix.Iovec{}, []unix.RemoteIovec{}, 0)
		return err
	}, "denied"},
	{"work", func() error {
		// Memory, threads, the collector and the clock go on.
		var all sync.WaitGroup
		for range 32 {
			all.Go(func() {
				runtime.LockOSThread()
				_ = make([]byte, 1<<20)
				runtime.GC()
			})
		}
		all.Wait()
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
		return err
	}, "allowed"},
}

func TestIsolate(t *testing.T) { tryIn(t, "isolate", isolated) }

// onlineIn are what a program on the network can do that writes in one folder.
func onlineIn(dir string) []probe {
	return []probe{
		{"tcp", socket(unix.AF_INET, unix.SOCK_STREAM), "allowed"},
		{"udp6", socket(unix.AF_INET6, unix.SOCK_DGRAM), "allowed"},
		{"unix", socket(unix.AF_UNIX, unix.SOCK_STREAM), "allowed"},
		{"netlink", socket(unix.AF_NETLINK, unix.SOCK_RAW), "denied"},
		{"packet", socket(unix.AF_PACKET, unix.SOCK_RAW), "denied"},
		{"a child", func() error { return exec.Command("/bin/true").Run() }, "denied"},
		{"exec", func() error { return unix.Exec("/bin/true", []string{"true"}, nil) }, "denied"},
		{"trace", func() error { return unix.PtraceAttach(os.Getppid()) }, "denied"},
		{"read a file", func() error { _, err := os.ReadFile("/etc/hosts"); return err }, "allowed"},
		{"make a file elsewhere", func() error { _, err := os.CreateTemp("", "x"); return err }, "denied"},
		{"replace a file in the folder", func() error {
			f, err := os.CreateTemp(dir, "x")
			if err != nil {
				return err
			}
			f.Close()
			return os.Rename(f.Name(), dir+"/y")
		}, "allowed"},
		{"remove the folder's file", func() error { return os.Remove(dir + "/y") }, "allowed"},
	}
}

func TestOnline(t *testing.T) { tryIn(t, "online", onlineIn("")) }
