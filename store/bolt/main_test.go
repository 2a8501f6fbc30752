package bolt

import (
	"os"
	"testing"

	"zapis/internal/memorytest"
)

func TestMain(m *testing.M) {
	memorytest.TempDirs()
	os.Exit(m.Run())
}
