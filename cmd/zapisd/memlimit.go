package main

import (
	"math"
	"runtime/debug"
)

// softMemory is where the collector begins to work harder, in bytes of Go memory. What is in use under attack is less
// (docs/load.md); without it the collector lets as much garbage lie as there is memory in use.
const softMemory = 112 << 20

// limitMemory sets the soft limit, unless the operator has set one (GOMEMLIMIT).
func limitMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(softMemory)
	}
}
