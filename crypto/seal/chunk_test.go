package seal

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"testing"

	"filippo.io/age"
)

// damaged returns copies of a file with a byte changed, with an end cut off, and with more at its end, and the file itself.
func damaged(file []byte, step int) map[string][]byte {
	all := map[string][]byte{"whole": file, "a byte more": append(bytes.Clone(file), 0), "a chunk more": append(bytes.Clone(file), make([]byte, 70<<10)...)}
	for at := 0; at < len(file); at += step {
		changed := bytes.Clone(file)
		changed[at] ^= 1
		all[fmt.Sprintf("byte %d changed", at)] = changed
		all[fmt.Sprintf("cut to %d bytes", at)] = file[:at]
	}
	for cut := range 2 * chunkOverhead {
		all[fmt.Sprintf("cut by %d bytes", cut)] = file[:len(file)-cut]
	}
	return all
}

// A part of one chunk opens, and is refused in the same words, as by age.Decrypt, which opens parts of many chunks.
func TestOpenChunkIsDecrypt(t *testing.T) {
	r := set(1, 2)
	me := people()[1]
	type file struct {
		name string
		k    Kind
		file []byte
		id   age.Identity
	}
	signal, _ := sealed(t, Signal, r, []byte("act report"))
	quorum, _ := sealed(t, Signal, set(2, 2), []byte("act report"))
	var files []file
	for name, f := range damaged(signal, 61) {
		files = append(files, file{name, Signal, f, me})
	}
	for name, f := range damaged(quorum, 307) {
		files = append(files, file{"quorum, " + name, Signal, f, reader(t, quorum, 2, 2)})
	}
	statement, _ := sealed(t, Statement, r, bytes.Repeat([]byte("no\x00 zeros"), 500))
	zeros, _ := sealed(t, Statement, r, make([]byte, 1000))
	full, _ := sealed(t, Statement, r, bytes.Repeat([]byte{0, 1, 0}, int(Statement.Capacity())/3))
	files = append(files, file{"statement", Statement, statement, me}, file{"statement of zeros", Statement, zeros, me}, file{"full statement", Statement, full, me},
		file{"statement, named a signal", Signal, statement, me}, file{"signal, named a statement", Statement, signal, me},
		file{"another's", Signal, signal, people()[2]}, file{"a quorum, one key", Signal, quorum, me}, file{"no file", Signal, nil, me})
	for i, length := range []uint64{0, 1, 60_000, 1 << 63} { // each refused by its length, or by what stands in the padding
		plain := framed(append([]byte("a"), make([]byte, 65_000)...), largestFixed-65_001-lengthSize, length)
		files = append(files, file{fmt.Sprint("framing ", i), Statement, rawSeal(t, plain, r.age()...), me})
	}
	opened := 0
	for _, f := range files {
		var want bytes.Buffer
		wantErr := decryptInto(&want, f.k, bytes.NewReader(f.file), f.id)
		got, err := OpenBytes(f.k, bytes.NewReader(f.file), DigestOf(f.file), f.id)
		switch {
		case wantErr == nil && err == nil && bytes.Equal(got, want.Bytes()):
			opened++
		case wantErr == nil || err == nil || err.Error() != wantErr.Error() || hex.EncodeToString(got) != "":
			t.Errorf("%s: %d bytes, %v; by age.Decrypt %d bytes, %v", f.name, len(got), err, want.Len(), wantErr)
		}
	}
	if opened < 6 {
		t.Errorf("%d of %d files opened", opened, len(files))
	}
}

// once is an identity that must be asked once only, as a key in hardware that is touched.
type once struct {
	age.Identity
	asked int
}

func (o *once) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	o.asked++
	return o.Identity.Unwrap(stanzas)
}

// An identity is asked once about a part, and what is wrong with the part changes nothing about that.
func TestIdentityAskedOnce(t *testing.T) {
	file, _ := sealed(t, Signal, set(1, 1), []byte("act report"))
	for name, f := range damaged(file, 200) {
		id := &once{Identity: people()[0]}
		_, err := OpenBytes(Signal, bytes.NewReader(f), DigestOf(f), id)
		if id.asked > 1 {
			t.Errorf("%s: asked %d times, %v", name, id.asked, err)
		}
	}
}

// Opening a statement allocates less than its plaintext: age.Decrypt allocates two buffers of its size, and opens it twice.
func TestOpenStatementAllocates(t *testing.T) {
	content := bytes.Repeat([]byte("words"), 200)
	file, s := sealed(t, Statement, set(1, 3), content)
	id, src := At(3, people()[2]), bytes.NewReader(file)
	least := uint64(1 << 63)
	for range 20 { // some make the pools' rooms, and the race detector has the pools lose some
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		src.Seek(0, io.SeekStart)
		if got, err := OpenBytes(Statement, src, s.Ciphertext, id); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if least >= largestFixed {
		t.Errorf("%d bytes a statement", least)
	}
}
