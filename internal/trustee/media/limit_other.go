//go:build !linux

package media

// limitMemory has nothing to do: no process is isolated here, so that nothing is decoded.
func limitMemory() error { return nil }
