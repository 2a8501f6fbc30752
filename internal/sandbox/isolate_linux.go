//go:build linux && (amd64 || arm64)

package sandbox

import (
	"fmt"
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// allowed are the system calls that a Go program needs which reads and writes files that are open already: memory, threads,
// signals, waiting, the time, randomness. Memory may be made executable: a WebAssembly compiler needs that.
var allowed = append([]uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_FCNTL,
	unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MADVISE, unix.SYS_MREMAP, unix.SYS_BRK, unix.SYS_MINCORE,
	unix.SYS_FUTEX, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_MEMBARRIER,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_NANOSLEEP,
	unix.SYS_GETTIMEOFDAY, unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETRANDOM,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2, unix.SYS_PIPE2,
}, allowedHere...)

// prSetVMA names a range of anonymous memory (prctl(2)); Go's runtime does so.
const prSetVMA = 0x53564d41

// Isolate takes from this process, for ever, all files but those that are open, every network and every other process: it can
// read, write and compute. It makes threads but no processes, signals none but itself, and writes no core file. A program
// calls it before it reads what a stranger made.
//
// Seccomp holds all of that, and its absence is an error. Landlock holds the same for files and networks a second time, where
// the kernel has it.
func Isolate() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("core files: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("dumpable: %w", err)
	}
	// Landlock first: its library makes system calls on every thread.
	_ = landlock.V7.BestEffort().Restrict()
	return install(isolation())
}

func isolation() []unix.SockFilter {
	program := loadCall()
	for _, call := range allowed {
		program = append(program, jump(unix.BPF_JEQ, call, 0, 1), give(unix.SECCOMP_RET_ALLOW))
	}
	// Where clone3 is missing, the C library's threads are made by clone, whose flags can be seen.
	program = append(program, jump(unix.BPF_JEQ, unix.SYS_CLONE3, 0, 1), give(unix.SECCOMP_RET_ERRNO|uint32(unix.ENOSYS)))
	// These three by their first argument: a thread and no process, this process and no other, a name and nothing else.
	program = append(program, onlyIf(unix.SYS_CLONE, unix.BPF_JSET, unix.CLONE_THREAD)...)
	program = append(program, onlyIf(unix.SYS_TGKILL, unix.BPF_JEQ, uint32(os.Getpid()))...)
	program = append(program, onlyIf(unix.SYS_PRCTL, unix.BPF_JEQ, prSetVMA)...)
	return append(program, give(deny))
}

// onlyIf allows a call whose first argument passes a test.
func onlyIf(call uint32, test uint16, k uint32) []unix.SockFilter {
	return []unix.SockFilter{
		jump(unix.BPF_JEQ, call, 0, 4),
		load(offsetArg0),
		jump(test, k, 0, 1),
		give(unix.SECCOMP_RET_ALLOW),
		give(deny),
	}
}
