//go:build !linux || !(amd64 || arm64)

package sandbox

// Drop does nothing here: these systems have no seccomp.
func Drop() {}
