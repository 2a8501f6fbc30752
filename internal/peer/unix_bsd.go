//go:build darwin || freebsd

package peer

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// SameUser reports whether the process at the other end of a Unix socket has this process's user id.
func SameUser(c *net.UnixConn) (bool, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false, err
	}
	var cred *unix.Xucred
	var failed error
	if err := raw.Control(func(fd uintptr) { cred, failed = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED) }); err != nil {
		return false, err
	}
	if failed != nil {
		return false, os.NewSyscallError("getsockopt", failed)
	}
	return int(cred.Uid) == os.Getuid(), nil
}
