// Package freememory overwrites what the heap has freed, so that text that was worked on does not stay in the process.
package freememory

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// collections is two because a sync.Pool releases its contents at the second.
const collections = 2

// Overwrite runs the garbage collector, returns free pages to the kernel, and zeroes the free slots of objects without pointers
// between those that live on. Objects with pointers are zeroed by the allocator before they are used again, and not here. Any
// goroutine may call it.
func Overwrite() {
	for range collections {
		debug.FreeOSMemory()
	}
	zeroFreeSlots()
	debug.FreeOSMemory()
}

// zeroFreeSlots allocates objects without pointers, of every size class that runtime.MemStats lists (up to some 18 KiB), and
// drops them: the allocator zeroes the slots that it gives out, and with them what freed copies left there. Hashes keep their
// input in such objects, and net/http its buffers of 4 KiB. A slot beside a live object does not go back to the kernel. Of
// each size it goes on until the allocator takes new memory, which it does when no slot is free, or maxSlotBytes are written.
func zeroFreeSlots() {
	const (
		roundBytes   = 128 << 10
		maxSlotBytes = 16 << 20
	)
	var classes runtime.MemStats
	runtime.ReadMemStats(&classes)
	var kept [][][]byte
	for _, class := range classes.BySize {
		if class.Size < 16 {
			continue // objects without pointers are not that small
		}
		for written, taken := 0, int64(0); written < maxSlotBytes && taken < roundBytes/2; written += roundBytes {
			round := make([][]byte, roundBytes/class.Size+1)
			before := spanBytes()
			for i := range round {
				round[i] = make([]byte, class.Size)
			}
			taken = spanBytes() - before
			kept = append(kept, round)
		}
	}
	runtime.KeepAlive(kept)
}

// spanBytes returns how many bytes the heap has set aside for objects, used and free slots together.
func spanBytes() int64 {
	sizes := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	metrics.Read(sizes)
	return int64(sizes[0].Value.Uint64() + sizes[1].Value.Uint64())
}
