//go:build !linux

package atomicfile

import "os"

// SyncData makes a file's bytes, and what is needed to find them, durable.
func SyncData(f *os.File) error { return f.Sync() }
