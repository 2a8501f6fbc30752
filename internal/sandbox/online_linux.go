//go:build linux && (amd64 || arm64)

package sandbox

import (
	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// notOnline are the system calls that a program on the network needs not: starting others, and reaching into them.
var notOnline = []uint32{
	unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_IO_URING_SETUP,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_MOUNT, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_KEXEC_LOAD,
}

// Online is for a program that needs the network and one folder: from then on this process starts no program, looks into no other
// process, has no sockets but Unix, IPv4 and IPv6 ones, and writes files in dir alone; it reads all. Where the kernel has no seccomp or
// no Landlock, what that would hold is not held, and nothing is said.
func Online(dir string) {
	// Landlock first: its library makes system calls on every thread.
	const read = landlock.AccessFSSet(ll.AccessFSReadFile | ll.AccessFSReadDir)
	const write = landlock.AccessFSSet(ll.AccessFSWriteFile | ll.AccessFSTruncate | ll.AccessFSMakeReg | ll.AccessFSRemoveFile)
	_ = landlock.V5.BestEffort().RestrictPaths(landlock.PathAccess(read, "/"), landlock.PathAccess(read|write, dir))
	_ = install(online())
}

func online() []unix.SockFilter {
	program := loadCall()
	for _, call := range notOnline {
		program = append(program, jump(unix.BPF_JEQ, call, 0, 1), give(deny))
	}
	return append(program,
		jump(unix.BPF_JEQ, unix.SYS_SOCKET, 1, 0),
		give(unix.SECCOMP_RET_ALLOW),
		load(offsetArg0),
		jump(unix.BPF_JEQ, unix.AF_UNIX, 3, 0),
		jump(unix.BPF_JEQ, unix.AF_INET, 2, 0),
		jump(unix.BPF_JEQ, unix.AF_INET6, 1, 0),
		give(deny),
		give(unix.SECCOMP_RET_ALLOW),
	)
}
