package bundle

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"zapis/crypto/seal"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

// zeros reads as so many zero bytes, without having them.
type zeros struct{ left int64 }

func (z *zeros) Read(b []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), z.left))
	clear(b[:n])
	z.left -= int64(n)
	return n, nil
}

func (*zeros) Close() error { return nil }

// largeCase returns a case whose one attachment has so many zero bytes.
func largeCase(t testing.TB, size int64) Input {
	h := newHouse(t)
	sum := sha256.New()
	if _, err := io.Copy(sum, &zeros{size}); err != nil {
		t.Fatal(err)
	}
	a := seal.AttachmentValue{Exhibit: "A01", SHA256: fmt.Sprintf("%x", sum.Sum(nil)), Size: size, MediaType: "video/mp4", Name: "a.mp4"}
	lines, err := seal.Commit(fields1, map[string][]byte{"narrative": []byte(`"A film."`), "attachment-1": a.Value()})
	if err != nil {
		t.Fatal(err)
	}
	_, body := h.submit(unsent{act: incident.ActReport, first: 1})
	listing := seal.ListingOf(lines)
	body.Commitments = listing.Hash()
	s := Submission{Act: "report", Received: testTime, Listing: listing.Marshal(), Entry: h.append(body),
		Attachments: []Attachment{{"A01", func() (io.ReadCloser, error) { return &zeros{size}, nil }}}}
	items, part := seal.Split(lines, nil)
	for _, item := range items {
		if item.Line != nil {
			s.Lines = append(s.Lines, item.Line.Marshal())
		}
	}
	for _, l := range part.Lines {
		s.Identity = append(s.Identity, l.Marshal())
	}
	cp := h.checkpoint()
	s.Receipt = h.receipt(1, cp)
	return Input{Ledger: h.genesis.Card(), Checkpoint: cp, Public: h.public(cp), Submissions: []Submission{s},
		Custody: h.custody(caseID(body)), Signer: h.signers["anna"], Time: testTime, Tool: "zapis test"}
}

// peak watches the heap while do runs, and returns the most it held, in bytes.
func peak(do func()) uint64 {
	var most atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse+m.StackInuse))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	do()
	close(stop)
	<-stopped
	return most.Load()
}

var largeSize = flag.Int64("bundle.large", 256<<20, "how many bytes the attachment of the large bundle has")

// Memory does not grow with the originals: a bundle of 256 MiB, or of 10 GiB with
// -bundle.large 10737418240, on a disk with holes, is written and checked in far less than
// 64 MiB.
func TestLargeBundleInLittleMemory(t *testing.T) {
	shorttest.Skip(t, "no large bundle is measured in memory")
	in := largeCase(t, *largeSize)
	f, err := os.Create(filepath.Join(t.TempDir(), "large.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	runtime.GC()
	most := peak(func() {
		if err := Write(&sparse{f: f}, in); err != nil {
			t.Error(err)
		}
	})
	t.Logf("writing: %d MiB", most>>20)
	if most > 48<<20 {
		t.Errorf("writing took %d MiB", most>>20)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	var r Report
	most = peak(func() {
		if r, err = Check(f, info.Size(), Options{}); err != nil {
			t.Error(err)
		}
	})
	t.Logf("checking: %d MiB", most>>20)
	if !r.OK || most > 48<<20 {
		t.Errorf("checking took %d MiB: %q", most>>20, r.Faults)
	}
}

// sparse writes a file with holes for what is zero, so that a large test needs
// no large disk.
type sparse struct {
	f  *os.File
	at int64
}

func (s *sparse) Write(b []byte) (int, error) {
	if len(bytes.Trim(b, "\x00")) > 0 {
		if _, err := s.f.WriteAt(b, s.at); err != nil {
			return 0, err
		}
	}
	s.at += int64(len(b))
	return len(b), nil
}

// BenchmarkCheck compares the checker with crypto/sha256 over the same bytes, from memory and in turn: the ratio is
// what counts.
func BenchmarkCheck(b *testing.B) {
	zip := write(b, largeCase(b, 64<<20))
	b.SetBytes(int64(len(zip)))
	var hashing, checking time.Duration
	for b.Loop() {
		begin := time.Now()
		sha256.Sum256(zip)
		hashing += time.Since(begin)
		begin = time.Now()
		if r := check(b, zip, Options{}); !r.OK {
			b.Fatal(r.Faults)
		}
		checking += time.Since(begin)
	}
	b.ReportMetric(hashing.Seconds()/checking.Seconds(), "of-sha256")
}
