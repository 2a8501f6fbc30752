//go:build unix

package measure

import (
	"fmt"
	"syscall"
	"time"
)

// CPU returns the processor time of this process so far, user and system, over all cores.
func CPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(fmt.Sprintf("measure: getrusage: %v", err))
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
