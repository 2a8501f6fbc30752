package main

import (
	"math"
	"runtime/debug"
)

// softMemory is the soft limit of the Go heap, in bytes. The memory in use under load is less (docs/load.md); without
// a limit the collector allows as much garbage as there is memory in use.
const softMemory = 112 << 20

// limitMemory sets the soft limit, unless the operator has set one (GOMEMLIMIT).
func limitMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(softMemory)
	}
}
