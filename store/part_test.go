package store

import (
	"bytes"
	"io"
	"testing"
)

// Parts that are open at once share no memory; one that is opened after another was closed may have that one's.
func TestOpenParts(t *testing.T) {
	s := newStore(t, day, newClock())
	sub := wordsOf(s, 72<<10)
	submit(t, s, sub)
	parts := sub.Body.Parts
	err := s.Snapshot(func(n *Snapshot) error {
		for range 2 {
			var opened []io.ReadCloser
			for i, p := range parts {
				r, size, err := n.Part(p.Hash)
				if err != nil || size != int64(len(sub.Small[i])) {
					t.Fatal(size, err)
				}
				opened = append(opened, r)
			}
			for i, r := range opened {
				if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, sub.Small[i]) {
					t.Errorf("part %d: %d bytes, %v", i, len(got), err)
				}
			}
			for _, r := range opened {
				if err := r.Close(); err != nil {
					t.Error(err)
				}
				if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
					t.Errorf("after Close: %d bytes, %v", n, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
