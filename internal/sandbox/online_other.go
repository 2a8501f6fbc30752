//go:build !linux || !(amd64 || arm64)

package sandbox

// Online does nothing here: these systems have neither seccomp nor Landlock.
func Online(string) {}
