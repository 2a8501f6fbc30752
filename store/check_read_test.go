package store

import (
	"slices"
	"testing"
)

// Spare tasks wait until no other is queued.
func TestSpareTasksWait(t *testing.T) {
	const each = 32
	w := &workers{work: make(chan func(*room), each), spare: make(chan func(*room), each)}
	var order []string
	for range each {
		w.spare <- func(*room) { order = append(order, "spare") }
		w.work <- func(*room) { order = append(order, "queued") }
	}
	for range 2 * each {
		w.next()(nil)
	}
	if want := append(slices.Repeat([]string{"queued"}, each), slices.Repeat([]string{"spare"}, each)...); !slices.Equal(order, want) {
		t.Errorf("%q", order)
	}
}

// The attachments that the database lists are hashed the largest first.
func TestLargestFilesAreFirst(t *testing.T) {
	s := newStore(t, day, newClock())
	for _, size := range []int{2000, 3000, 1000, 4000} {
		submit(t, s, report(t, s, size))
	}
	whole := Piece{1, 1}
	err := s.view(func(v *view) error {
		var sizes []int64
		for _, f := range (&checker{v: v, piece: whole, share: &share{Piece: whole}}).indexedFiles() {
			sizes = append(sizes, f.size)
		}
		if want := []int64{4000, 3000, 2000, 1000}; !slices.Equal(sizes, want) {
			t.Errorf("attachments of %d bytes, want %d", sizes, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
