//go:build linux && (amd64 || arm64)

package sandbox

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// Offsets in struct seccomp_data (seccomp(2)); both machines are little endian,
// so that the low half of an argument comes first.
const (
	offsetCall = 0
	offsetArch = 4
	offsetArg0 = 16
)

// x32 marks the system calls of amd64's third ABI, which nothing of ours uses.
const x32 = 0x40000000

var auditArch = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}[runtime.GOARCH]

// Drop denies this process and its children every socket but Unix ones, with
// EPERM: TCP, UDP, raw, netlink, and io_uring, which makes sockets by another
// way. Where the kernel has no seccomp, Landlock still takes TCP; where it has
// neither, nothing is taken and nothing is said: see the package's comment.
func Drop() {
	// Landlock first: its library makes system calls on every thread.
	_ = landlock.V5.BestEffort().RestrictNet()
	_ = filter()
}

const deny = uint32(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM))

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

// jump passes over so many instructions where a test of the loaded word says yes, or no.
func jump(test uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, K: k, Jt: yes, Jf: no}
}

func give(k uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k}
}

// loadCall denies the calls of another machine and of x32, and loads the number of the call.
func loadCall() []unix.SockFilter {
	return []unix.SockFilter{
		load(offsetArch),
		jump(unix.BPF_JEQ, auditArch, 1, 0),
		give(deny),
		load(offsetCall),
		jump(unix.BPF_JGE, x32, 0, 1),
		give(deny),
	}
}

// filter denies the sockets.
func filter() error {
	return install([]unix.SockFilter{
		load(offsetArch),
		jump(unix.BPF_JEQ, auditArch, 0, 7), // another machine's calls: deny
		load(offsetCall),
		jump(unix.BPF_JGE, x32, 5, 0),
		jump(unix.BPF_JEQ, unix.SYS_IO_URING_SETUP, 4, 0),
		jump(unix.BPF_JEQ, unix.SYS_SOCKET, 0, 2), // anything else: allow
		load(offsetArg0),
		jump(unix.BPF_JEQ, unix.AF_UNIX, 0, 1),
		give(unix.SECCOMP_RET_ALLOW),
		give(deny),
	})
}

// install puts a program on all threads.
func install(program []unix.SockFilter) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(program)
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	return nil
}
