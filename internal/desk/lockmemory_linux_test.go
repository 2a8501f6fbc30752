package desk_test

import (
	"testing"

	"zapis/internal/memorytest"
)

// TestLockOverwritesFreedMemory: what was freed while the desk was open, texts of cases among it, is zeroed when it locks.
func TestLockOverwritesFreedMemory(t *testing.T) {
	b := start(t)
	b.unlock()
	left := memorytest.Freed(t)
	b.keeper.Lock()
	if of, still := left(); still > 0 {
		t.Errorf("%d of %d freed objects still have their content", still, of)
	}
}
