package casework

import "testing"

// SetDeskFiles lowers, until the test ends, how many files of the desk's events become one.
func SetDeskFiles(t *testing.T, n int) {
	before := deskFiles
	deskFiles = n
	t.Cleanup(func() { deskFiles = before })
}
