package bundle

import (
	"bytes"
	"encoding/binary"
	"flag"
	"hash/crc32"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zapis/internal/shorttest"
)

// `make flips` asks for every bit of a mebibyte.
var (
	flipSize = flag.Int("bundle.flipsize", 0, "flip the bits of a bundle of at least so many bytes")
	flipStep = flag.Int("bundle.step", 4001, "flip every so-manieth bit of a bundle; 1 for all of them")
)

// Whatever bit of a bundle is flipped, it is found, and nothing crashes.
func TestEveryFlipIsFound(t *testing.T) {
	shorttest.Skip(t, "no bits of a bundle are flipped")
	t.Parallel()
	flipAll(t, sizedBundle(t, *flipSize), *flipStep)
}

// The same for a bundle with time stamps.
func TestEveryFlipOfTheVectorIsFound(t *testing.T) {
	shorttest.Skip(t, "no byte of the vector is changed")
	t.Parallel()
	flipAll(t, read(t, "anchored/bundle.zip"), *flipStep)
}

// alsoInFull is how many of the flips are looked at a second time, by the check that lists every fault.
const alsoInFull = 50

func flipAll(t *testing.T, zip []byte, step int) {
	bits := len(zip) * 8
	count := (bits + step - 1) / step
	alike(t, zip)
	found := inParallel(t, zip, count, func(zip []byte, n int) {
		at := n * step
		zip[at/8] ^= 1 << (at % 8)
		first := mustFail(t, zip, at)
		if n%(count/alsoInFull+1) == 0 {
			if all := check(t, zip, Options{}); all.OK || !slices.Contains(all.Faults, first) {
				t.Errorf("bit %d: the check that ends at %q finds in full %q", at, first, all.Faults)
			}
		}
		zip[at/8] ^= 1 << (at % 8)
	})
	t.Logf("%d of the %d bits of %d bytes flipped, all found", found, bits, len(zip))
}

// A CRC-32 is no evidence: it is changed with the file. With one bit flipped in any byte of any file, and the zip's
// CRC-32 adjusted in both places, the check finds it by the bundle's own hashes.
func TestEveryFlipWithItsCRCIsFound(t *testing.T) {
	shorttest.Skip(t, "no bits of a bundle are flipped together with its CRC-32")
	t.Parallel()
	zip := sizedBundle(t, *flipSize)
	alike(t, zip)
	members, err := readZip(bytes.NewReader(zip), int64(len(zip)))
	if err != nil {
		t.Fatal(err)
	}
	var bytesOf []int64 // the offsets of what is flipped
	central := make([]int64, len(members))
	at := members[len(members)-1].end()
	for i, m := range members {
		central[i] = at
		at += int64(len(centralHeader(m)))
		for offset := m.contentOffset(); offset < m.end(); offset += int64(*flipStep) {
			bytesOf = append(bytesOf, offset)
		}
	}
	found := inParallel(t, zip, len(bytesOf), func(zip []byte, n int) {
		at := bytesOf[n]
		i, ok := slices.BinarySearchFunc(members, at, func(m member, at int64) int { return int(min(max(m.Offset-at, -1), 1)) })
		if !ok {
			i--
		}
		m, le := members[i], binary.LittleEndian
		fit := func(crc uint32) {
			le.PutUint32(zip[m.Offset+14:], crc)
			le.PutUint32(zip[central[i]+16:], crc)
		}
		zip[at] ^= 1 << (at % 8)
		fit(crc32.ChecksumIEEE(zip[m.contentOffset():m.end()]))
		first := mustFail(t, zip, int(at)*8+int(at%8))
		if strings.Contains(first, "CRC-32") || strings.HasPrefix(first, "zip: ") {
			t.Errorf("byte %d, in %s: found by %q", at, m.Name, first)
		}
		zip[at] ^= 1 << (at % 8)
		fit(m.CRC)
	})
	t.Logf("one bit flipped in %d bytes of the files in a bundle of %d, each with a CRC-32 that fits, all found", found, len(zip))
}

// alike holds that a good bundle is as good to the check that may end early.
func alike(t *testing.T, zip []byte) {
	t.Helper()
	whole := check(t, zip, Options{})
	if !whole.OK {
		t.Fatal(whole.Faults)
	}
	if first := check(t, zip, Options{First: true}); !reflect.DeepEqual(first, whole) {
		t.Fatalf("the check that may end early says\n%+v\nand the whole one\n%+v", first, whole)
	}
}

// mustFail returns the fault that is found first.
func mustFail(t *testing.T, zip []byte, bit int) string {
	r, err := Check(bytes.NewReader(zip), int64(len(zip)), Options{First: true})
	if err != nil || r.OK || len(r.Faults) == 0 || len(r.Proved)+len(r.NotProved)+len(r.Withheld) > 0 {
		t.Errorf("bit %d of byte %d of %d: %v %+v", bit%8, bit/8, len(zip), err, r)
		return ""
	}
	return r.Faults[0]
}

// inParallel passes the numbers below count to as many workers as there are processors, each with a copy of the zip,
// and returns how many were done.
func inParallel(t *testing.T, zip []byte, count int, flip func(zip []byte, n int)) int64 {
	begun, workers := time.Now(), runtime.GOMAXPROCS(0)
	var all sync.WaitGroup
	var done atomic.Int64
	for w := range workers {
		all.Go(func() {
			own := bytes.Clone(zip)
			for n := w; n < count && !t.Failed(); n += workers {
				flip(own, n)
				done.Add(1)
			}
			if !bytes.Equal(own, zip) {
				t.Error("a flip was not taken back")
			}
		})
	}
	all.Wait()
	t.Logf("%d checks in %s on %d processors", done.Load(), time.Since(begun).Round(time.Second), workers)
	return done.Load()
}

// sizedBundle is a bundle of a little more than so many bytes, or as large as it comes.
func sizedBundle(t *testing.T, size int) []byte {
	zip := sample(t)
	if size <= len(zip) {
		return zip
	}
	const most = 14 // of a report's sixteen files
	h := newHouse(t)
	files := []file{photo}
	for i := range most {
		content := bytes.Repeat([]byte{byte(i), 'z', 'a', 'p', 'i', 's'}, (size-len(zip))/6/most+700)
		files = append(files, file{name: "a.bin", mediaType: "application/octet-stream", content: content})
	}
	report, body := h.submit(firstReport(files...))
	report.Entry = h.append(body)
	cp := h.checkpoint()
	report.Receipt = h.receipt(1, cp)
	return write(t, Input{Ledger: h.genesis.Card(), Checkpoint: cp, Public: h.public(cp), Submissions: []Submission{report},
		Custody: h.custody(caseID(body)), Signer: h.signers["anna"], Time: testTime, Tool: "zapis test"})
}
