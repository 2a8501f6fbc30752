package memorytest

import (
	"bytes"
	"os"
	"runtime"
	"testing"
	"unsafe"
)

// Freed allocates objects of 4 KiB with a text in each, and drops every second one. left returns in how many of the dropped the text
// still is: their memory does not go back to the kernel, because of those between.
func Freed(t *testing.T) (left func() (of, still int)) {
	t.Helper()
	const slot, count = 4096, 2000
	text := []byte("leftover")
	old := make([][]byte, count)
	for i := range old {
		old[i] = bytes.Repeat(text, slot/len(text))
	}
	var freed []int64
	for i := 0; i < count; i += 2 {
		freed = append(freed, int64(uintptr(unsafe.Pointer(unsafe.SliceData(old[i])))))
		old[i] = nil
	}
	return func() (of, still int) {
		t.Helper()
		mem, err := os.Open("/proc/self/mem")
		if err != nil {
			t.Fatal(err)
		}
		defer mem.Close()
		piece := make([]byte, slot)
		for _, at := range freed {
			if _, err := mem.ReadAt(piece, at); err == nil && bytes.Contains(piece, text) {
				still++
			}
		}
		runtime.KeepAlive(old)
		return len(freed), still
	}
}
