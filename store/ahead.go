package store

import (
	"bytes"
	"io"
	"iter"
	"slices"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// A walk over rows that also reads values of other tables for each of them would ask a database for each value alone. It
// announces the keys of some hundreds of rows instead (kv.Tx.Want), and the values come in one round trip. What is in
// memory is bounded by aheadRows and aheadBytes, whatever the ledger's size.
const (
	aheadRows  = 1 << 10
	aheadBytes = 8 << 20

	// unknownSize stands for the bytes of a part whose size no body says.
	unknownSize = 24 << 10
)

// needs returns the keys that a visitor of a row reads, and approximately how many bytes their values have.
type needs func(k, v []byte) (want []kv.Key, size int64)

// ahead visits the rows from k on, which c has just returned with v, to the end of the table. shared is that of the
// database: bbolt's values are at hand, and nothing is announced. Between two rows the visitor announces nothing else.
func ahead(tx kv.Tx, shared bool, c kv.Cursor, k, v []byte, needs needs) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		for ; k != nil && !shared; k, v = c.Next() {
			if !yield(k, v) {
				return
			}
		}
		type row struct{ k, v []byte }
		for k != nil {
			var rows []row
			var want []kv.Key
			var size int64
			for ; k != nil && len(rows) < aheadRows && size < aheadBytes; k, v = c.Next() {
				keys, n := needs(k, v)
				rows, want, size = append(rows, row{k, v}), append(want, keys...), size+n+int64(len(v))
			}
			tx.Want(want...)
			for _, r := range rows {
				if !yield(r.k, r.v) {
					return
				}
			}
		}
	}
}

// partsOfEntry are the needs of a visitor of entries that reads their parts.
func partsOfEntry(k, value []byte) ([]kv.Key, int64) {
	index, _ := readNumber(k)
	e, err := parseEntry(index, value)
	if err != nil {
		return nil, 0
	}
	return partKeys(e.Body)
}

// partsOfWaiting are the needs of a visitor of what waits that reads its parts, and its mark.
func partsOfWaiting(k, file []byte) ([]kv.Key, int64) {
	w, err := readWaiting(k, file)
	if err != nil {
		return nil, 0
	}
	keys, size := partKeys(w.body)
	return append(keys, kv.Key{Table: tableSignals, Key: signalKey(keyMark, w.hash[:])}), size
}

// partKeys are the keys that openPart reads for a body's parts.
func partKeys(b ledger.Body) (keys []kv.Key, size int64) {
	for _, p := range b.Parts {
		keys = append(keys, keysOfPart(p.Hash)...)
		if p.Kind != ledger.PartAttachment {
			size += min(p.Size, ledger.MaxSmall)
		}
	}
	return keys, size
}

// EachPart visits parts in the order of hashes, as Part gives them, its errors included. visit closes r. Small parts are
// read some hundreds at a time.
func (s *Store) EachPart(hashes []ledger.Hash, visit func(h ledger.Hash, r io.ReadCloser, size int64, err error) error) error {
	for some := range slices.Chunk(hashes, aheadBytes/unknownSize) {
		small := make(map[ledger.Hash][]byte)
		want := make([]kv.Key, len(some))
		for i := range some {
			want[i] = kv.Key{Table: tableSmall, Key: some[i][:]}
		}
		err := s.viewWith(want, func(v *view) error {
			for _, h := range some {
				if part := v.tx.Copy(tableSmall, h[:], new([]byte)); part != nil {
					small[h] = part
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, h := range some {
			if part, ok := small[h]; ok {
				err = visit(h, io.NopCloser(bytes.NewReader(part)), int64(len(part)), nil)
			} else {
				r, size, partErr := s.Part(h)
				err = visit(h, r, size, partErr)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// keysOfPart are the keys that openPart reads.
func keysOfPart(h ledger.Hash) []kv.Key {
	return []kv.Key{{Table: tableSmall, Key: h[:]}, {Table: tableErased, Key: h[:]}, {Table: tableFiles, Key: h[:]}}
}
