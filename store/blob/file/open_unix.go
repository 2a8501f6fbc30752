//go:build unix

package file

import "golang.org/x/sys/unix"

const nonblocking = unix.O_NONBLOCK
