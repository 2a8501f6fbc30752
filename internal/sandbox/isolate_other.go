//go:build !linux || !(amd64 || arm64)

package sandbox

import (
	"errors"
	"runtime"
)

// Isolate is an error here: these systems have no seccomp.
func Isolate() error {
	return errors.New("no process can be isolated on " + runtime.GOOS + "/" + runtime.GOARCH)
}
