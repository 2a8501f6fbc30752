//go:build unix

package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// echoOff has the terminal no longer show what is typed.
func echoOff(in *os.File) error {
	t, err := unix.IoctlGetTermios(int(in.Fd()), getTermios)
	if err != nil {
		return os.NewSyscallError("ioctl", err)
	}
	t.Lflag &^= unix.ECHO
	return os.NewSyscallError("ioctl", unix.IoctlSetTermios(int(in.Fd()), setTermios, t))
}
