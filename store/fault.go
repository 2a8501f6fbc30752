package store

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// Fault is one thing that does not verify.
type Fault struct {
	Entry int64  // index, or -1 where no entry is concerned
	Part  string // the part's hash, a checkpoint, a file: what is at fault, or empty
	Text  string // what is wrong with it
}

// String returns the fault on one line.
func (f Fault) String() string {
	switch {
	case f.Entry >= 0 && f.Part != "":
		return fmt.Sprintf("entry %d, %s: %s", f.Entry, f.Part, f.Text)
	case f.Entry >= 0:
		return fmt.Sprintf("entry %d: %s", f.Entry, f.Text)
	case f.Part != "":
		return f.Part + ": " + f.Text
	}
	return f.Text
}

// maxFaults is the most faults that are returned: a database that was
// overwritten with noise has one in every line.
const maxFaults = 1000

// faults collects the faults of a check, from several goroutines.
type faults struct {
	mu   sync.Mutex
	all  []Fault
	more int
}

func (fs *faults) add(entry int64, part, format string, args ...any) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.all) == maxFaults {
		fs.more++
		return
	}
	fs.all = append(fs.all, Fault{entry, part, fmt.Sprintf(format, args...)})
}

// sorted returns all faults: entry by entry, then the rest.
func (fs *faults) sorted() []Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	slices.SortStableFunc(fs.all, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(uint64(a.Entry), uint64(b.Entry)), cmp.Compare(a.Part, b.Part), cmp.Compare(a.Text, b.Text))
	})
	if fs.more > 0 {
		fs.all = append(fs.all, Fault{-1, "", fmt.Sprintf("and %d more", fs.more)})
		fs.more = 0
	}
	return fs.all
}
