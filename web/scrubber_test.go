package web

import (
	"bytes"
	"os"
	"runtime"
	"testing"
	"unsafe"
)

// Freed copies between objects that live on, such as sealed pages, are zeroed however many there are: their memory does not
// go back to the kernel.
func TestScrubZeroesSlotsBetweenLiveObjects(t *testing.T) {
	const slot, count = 4096, 2000
	old := make([][]byte, count)
	for i := range old {
		old[i] = bytes.Repeat([]byte("leftover"), slot/8)
	}
	var freed []int64
	for i := 0; i < count; i += 2 {
		freed = append(freed, int64(uintptr(unsafe.Pointer(unsafe.SliceData(old[i])))))
		old[i] = nil
	}
	newScrubber().scrub()
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	left := 0
	piece := make([]byte, slot)
	for _, at := range freed {
		if _, err := mem.ReadAt(piece, at); err == nil && bytes.Contains(piece, []byte("leftover")) {
			left++
		}
	}
	if left > 0 {
		t.Errorf("%d of %d freed slots still have their content", left, len(freed))
	}
	runtime.KeepAlive(old)
}
