//go:build !linux

package bolt

import "os"

// willRead does nothing.
func willRead(*os.File, uint64, uint64) {}
