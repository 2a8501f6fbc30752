//go:build !linux || !(amd64 || arm64)

package offline

// Drop does nothing here: these systems have no seccomp.
func Drop() {}
