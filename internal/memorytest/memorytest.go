// Package memorytest puts the folders of tests into memory, where nothing waits for a disk. Only tests import it.
package memorytest

import (
	"flag"
	"os"
)

// room is how many bytes must be free in memory's file system, so that no test fills it.
const room = 4 << 30

// TempDirs, called by TestMain, has t.TempDir and os.MkdirTemp make their folders in memory, in this process and in those
// that it starts. Folders stay on the disk where memory's file system is missing, too small or not for programs, where
// TMPDIR or GOTMPDIR says where they belong, and for benchmarks, which measure the disk too.
func TempDirs() {
	flag.Parse()
	dir := folder()
	if dir == "" || os.Getenv("TMPDIR")+os.Getenv("GOTMPDIR") != "" || flag.Lookup("test.bench").Value.String() != "" {
		return
	}
	if err := os.Setenv("TMPDIR", dir); err != nil {
		panic(err)
	}
}
