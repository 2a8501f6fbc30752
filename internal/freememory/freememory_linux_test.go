package freememory_test

import (
	"testing"

	"zapis/internal/freememory"
	"zapis/internal/memorytest"
)

// Freed copies between objects that live on, such as sealed pages, are zeroed however many there are: their memory does not
// go back to the kernel.
func TestOverwriteZeroesSlotsBetweenLiveObjects(t *testing.T) {
	left := memorytest.Freed(t)
	freememory.Overwrite()
	if of, still := left(); still > 0 {
		t.Errorf("%d of %d freed slots still have their content", still, of)
	}
}
