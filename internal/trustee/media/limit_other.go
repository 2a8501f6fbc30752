//go:build !linux

package media

// limitMemory does nothing: no process is isolated here, so nothing is decoded.
func limitMemory() error { return nil }
