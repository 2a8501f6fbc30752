package media

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
)

// A frame is a header as JSON, preceded by its length in four bytes (big endian); then blobs, whose lengths are in the
// header.
type frame struct {
	Op      string   `json:"op,omitempty"` // of a request: view or redact; of a worker's first frame: ready
	Request *Request `json:"request,omitempty"`
	Boxes   []Box    `json:"boxes,omitempty"`
	View    *View    `json:"view,omitempty"`
	Code    Code     `json:"code,omitempty"`
	Lengths []int    `json:"lengths,omitempty"`

	blobs [][]byte
}

var errFrame = errors.New("media: not a frame")

func writeFrame(w io.Writer, f *frame) error {
	f.Lengths = f.Lengths[:0]
	for _, b := range f.blobs {
		f.Lengths = append(f.Lengths, len(b))
	}
	head, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if len(head) > maxHeader {
		return errFrame
	}
	if _, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head...)); err != nil {
		return err
	}
	for _, b := range f.blobs {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// readFrame refuses a frame of more than limit bytes before it reads it. io.EOF is the end between two frames.
func readFrame(r io.Reader, limit int) (*frame, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxHeader {
		return nil, errFrame
	}
	head := make([]byte, n)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, errFrame
	}
	f := new(frame)
	if err := json.Unmarshal(head, f); err != nil || len(f.Lengths) > 4 {
		return nil, errFrame
	}
	for _, n := range f.Lengths {
		if n < 0 || n > limit {
			return nil, errFrame
		}
		limit -= n
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, errFrame
		}
		f.blobs = append(f.blobs, b)
	}
	return f, nil
}
