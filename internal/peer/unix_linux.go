package peer

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// SameUser reports whether the process at the other end of a Unix socket has this process's user id. For the side that
// connects, that is the process that called listen(2). Its error says that the kernel could not be asked.
func SameUser(c *net.UnixConn) (bool, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false, err
	}
	var cred *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) { cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return false, err
	}
	if failed != nil {
		return false, os.NewSyscallError("getsockopt", failed)
	}
	return int(cred.Uid) == os.Getuid(), nil
}
