package store

import (
	"context"
	"io"
	"os"

	"zapis/store/blob"
)

// Reader opens what was written of the attachment so far, from its beginning,
// whether it has been kept or not: an attachment that is to be resealed is
// read back from the disk, sealed as it is. Close it before Discard.
func (w *PartWriter) Reader() (io.ReadCloser, error) {
	if w.kept {
		r, _, err := w.s.parts.Open(context.Background(), blob.Hash(w.hash))
		return r, err
	}
	if w.f == nil {
		return nil, os.ErrClosed
	}
	return os.Open(w.path)
}
