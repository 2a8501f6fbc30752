package bolt

import (
	"bytes"
	"cmp"
	"slices"

	"zapis/store/kv"
)

// How much is handed out at once: chunkBytes fit into a core's cache.
const (
	chunkBytes  = 128 << 10
	windowPages = 1 << 20 // pages that are put in order at once: 48 MB of memory
)

// place is a page with values of a large table: a leaf of the table itself with values beside their keys, or the page of
// one value.
type place struct {
	page uint64
	key  []byte // of the one value; nil for a leaf of the table
}

// Scan reads the values in the order in which they lie in the file, by plain reads. Only a value that lies as bbolt
// writes one is handed out. Once the caller has written, or where a page is damaged, it hands out less, or nothing.
func (t *transaction) Scan(name string, within kv.Range, each func(kv.Chunk) error) error {
	table, ok := t.Table(name).(large)
	if !ok || t.tx.Writable() {
		return nil
	}
	root := uint64(table.b.Root())
	f := t.pages()
	most := uint64(table.spec.Limit()) + f.size
	var window []place
	var failed error
	handOut := func() {
		slices.SortFunc(window, func(a, b place) int { return cmp.Compare(a.page, b.page) })
		for len(window) > 0 && failed == nil {
			n := 1
			for n+1 < len(window) && (window[n+1].page-window[0].page)*f.size <= chunkBytes {
				n++
			}
			end := f.count
			if n < len(window) {
				end = window[n].page
			}
			chunk := window[:n:n]
			failed = each(func(buf *[]byte, visit func(key, value []byte, err error)) {
				f.readChunk(chunk, end, most, buf, func(key, value []byte, err error) {
					if within.Has(key) { // a leaf has others beside those in the range
						visit(key, value, err)
					}
				})
			})
			window = window[n:]
		}
		window = nil
	}
	_ = f.walk(root, func(p page, least, below []byte) bool {
		if below != nil && bytes.Compare(below, within.From) <= 0 || within.Below != nil && bytes.Compare(least, within.Below) >= 0 {
			return false
		}
		if p.flags != leafPage {
			return failed == nil
		}
		inline := false
		for i := range p.count {
			e, ok := p.element(i)
			if !ok {
				break
			}
			if !within.Has(e.key) {
				continue
			}
			if root, _, ok := e.bucket(); ok && root != 0 {
				window = append(window, place{root, slices.Clone(e.key)})
			} else if ok {
				inline = true
			}
		}
		if inline {
			window = append(window, place{p.id, nil})
		}
		if len(window) >= windowPages {
			handOut()
		}
		return false
	})
	handOut()
	return failed
}

// readChunk reads the pages of a chunk, which end before another page, and passes on their values. A value that can't be
// read is passed on with the error, and pages of more than most bytes are left out.
func (f pages) readChunk(chunk []place, end, most uint64, buf *[]byte, visit func(key, value []byte, err error)) {
	first := chunk[0].page
	if first < 2 || end > f.count || first >= end {
		return
	}
	n := min((end-first)*f.size, chunkBytes)
	if uint64(len(*buf)) < n {
		*buf = make([]byte, n)
	}
	read, _ := f.file.ReadAt((*buf)[:n], int64(first*f.size)) // what is missing is read once more, by itself
	var rest []byte
	for _, at := range chunk {
		p, ok := parsePage((*buf)[min((at.page-first)*f.size, uint64(read)):read])
		if !ok || (1+p.overflow)*f.size > uint64(len(p.data)) {
			var err error
			if p, err = f.readUpTo(at.page, most, &rest); err != nil {
				if _, is := err.(*damage); !is && at.key != nil {
					visit(at.key, nil, err)
				}
				continue
			}
		}
		switch {
		case p.id != at.page || p.flags != leafPage:
		case at.key == nil:
			p.inlineValues(visit)
		default:
			if value, ok := p.onlyValue(); ok {
				visit(at.key, value, nil)
			}
		}
	}
}

// inlineValues passes on the values that lie beside their keys.
func (p page) inlineValues(visit func(key, value []byte, err error)) {
	for i := range p.count {
		e, ok := p.element(i)
		if !ok {
			return
		}
		if root, inline, ok := e.bucket(); ok && root == 0 {
			if value, ok := inline.onlyValue(); ok {
				visit(e.key, value, nil)
			}
		}
	}
}
