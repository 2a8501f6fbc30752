package carry_test

import (
	"bytes"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/carry"
	"zapis/internal/shorttest"
)

// streamed writes a carry file without anything that waits, and reads the entries again from others.
func streamed(t *testing.T, out io.Writer, b *ledgertest.Builder, others [][]byte) error {
	t.Helper()
	w, err := carry.NewStream(out, carry.Header{Origin: ledgertest.Origin, Genesis: b.Genesis, Size: b.Size()})
	must(t, err)
	for _, c := range b.Checkpoints {
		must(t, w.Checkpoint(c))
	}
	for _, e := range b.Entries {
		must(t, w.Entry(e))
	}
	err = w.Parts(func(visit func([]byte) error) error {
		for _, e := range others {
			if err := visit(e); err != nil {
				return err
			}
		}
		return nil
	}, func(p ledger.Part) (io.ReadCloser, error) {
		f, ok := b.Files[p.Hash]
		if !ok {
			return nil, nil
		}
		return io.NopCloser(bytes.NewReader(f)), nil
	})
	if err != nil {
		return err
	}
	return w.Close()
}

// forgetful is a ledger of which one report was erased.
func forgetful(t *testing.T) *ledgertest.Builder {
	b := ledgertest.New()
	b.Report("stays", 1)
	b.Report("goes", 1)
	b.Filler()
	b.Erase(2, mustEntry(t, b, 2).Body.Parts[1].Hash)
	b.Filler()
	b.Checkpoint()
	return b
}

// A stream has the same bytes as a file whose writer keeps a list of the parts, and refuses what that refuses.
func TestStream(t *testing.T) {
	b := forgetful(t)
	var got bytes.Buffer
	if err := streamed(t, &got, b, b.Entries); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), write(t, b, 0)) {
		t.Error("the files differ")
	}
	swapped := slices.Clone(b.Entries)
	swapped[1], swapped[2] = swapped[2], swapped[1]
	for name, others := range map[string][][]byte{"one less": b.Entries[:len(b.Entries)-1], "two swapped": swapped} {
		if err := streamed(t, io.Discard, b, others); err == nil || err.Error() != "carry file: the entries were others when they were read again" {
			t.Errorf("%s: %v", name, err)
		}
	}
	e, err := ledger.ParseEntry(b.Entries[len(b.Entries)-1])
	must(t, err)
	lost := e.Body.Parts[0].Hash
	delete(b.Files, lost)
	if err := streamed(t, io.Discard, b, b.Entries); err == nil || err.Error() != "carry file: the part "+lost.String()+" of entry "+itoa(int64(e.Index))+" ("+e.Body.Parts[0].Kind+") is missing, and no tombstone says that it was erased" {
		t.Errorf("a part is missing: %v", err)
	}
}

// The memory of a stream does not grow with the ledger; that of a writer with a list does, or nothing would be shown.
func TestStreamInBoundedMemory(t *testing.T) {
	shorttest.Skip(t, "no large file is measured in memory")
	const entries = 20_000
	for name, test := range map[string]struct {
		create func(io.Writer, carry.Header) (*carry.Writer, error)
		within func(int64) bool
	}{
		"stream": {carry.NewStream, func(grown int64) bool { return grown < 256<<10 }},
		"list":   {carry.NewWriter, func(grown int64) bool { return grown > 2<<20 }},
	} {
		b := ledgertest.New()
		w, err := test.create(io.Discard, carry.Header{Origin: ledgertest.Origin, Genesis: b.Genesis, Since: 1, Size: 1 + entries})
		must(t, err)
		note, err := b.Key.SignCheckpoint(ledger.Checkpoint{Origin: ledgertest.Origin, Size: 1 + entries, Time: time.Unix(1, 0)})
		must(t, err)
		must(t, w.Checkpoint(note))
		before := live()
		part := make([]byte, ledger.FillerSize)
		for i := range uint64(entries) {
			copy(part, bytes.Repeat([]byte(itoa(int64(1000000+i))), 10))
			must(t, w.Entry(append(ledger.Head(ledgertest.Origin, 1+i, ledger.Hash{1}), ledger.BodyOf(ledger.KindFiller, 0, part).Marshal()...)))
		}
		grown := live() - before
		t.Logf("%s: %d bytes for %d entries", name, grown, entries)
		if !test.within(grown) {
			t.Errorf("%s has grown by %d bytes", name, grown)
		}
		runtime.KeepAlive(w)
	}
}

// live returns how many bytes are in use on the heap.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
