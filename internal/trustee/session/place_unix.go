//go:build unix

package session

import (
	"fmt"
	"os"
	"syscall"
)

// checkOwn refuses a folder that is a symbolic link, belongs to another user, or lets other users in.
func checkOwn(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is no folder", dir)
	case !ok || int(owner.Uid) != os.Getuid():
		return fmt.Errorf("%s belongs to another user", dir)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("other users may enter %s (mode %04o)", dir, info.Mode().Perm())
	}
	return nil
}
