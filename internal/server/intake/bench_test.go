package intake

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"zapis/internal/bench/measure"
	"zapis/internal/incident"
)

const benchFile = 100 << 20

// content reads as n bytes that cost the reader nothing to make.
func content(n int64) io.Reader { return io.LimitReader(forever{}, n) }

// submitFile sends a report with one file of 100 MiB: commit, seal, pad, hash,
// sync, append, promise.
func submitFile(h *house) {
	d := h.begin()
	h.must(d.AddFile("large.bin", content(benchFile)))
	_, err := d.Send(context.Background(), h.first(), "")
	h.must(err)
}

// ageFile has age alone encrypt the padded size to a file, and syncs that.
func ageFile(h *house) {
	h.t.Helper()
	name := filepath.Join(h.dir, "age")
	defer os.Remove(name) // overwriting an old file takes twice as long, and we overwrite none
	f, err := os.Create(name)
	h.must(err)
	var to []age.Recipient
	for _, id := range h.trustees {
		to = append(to, id.Recipient())
	}
	w, err := age.Encrypt(f, to...)
	h.must(err)
	_, err = io.CopyBuffer(struct{ io.Writer }{w}, content(128<<20), make([]byte, 256<<10))
	h.must(err)
	h.must(w.Close())
	h.must(f.Sync())
	h.must(f.Close())
}

// BenchmarkSubmit100MiB compares the two in one run, in turns, since a disk's mood
// changes: medians of the rounds, by the clock and by processor time.
func BenchmarkSubmit100MiB(b *testing.B) {
	h := newHouse(b, Limits{}, 24*time.Hour)
	submitFile(h)
	ageFile(h)
	for b.Loop() {
		took := measure.Turns(5,
			measure.Way{Name: "ours", Do: func() { submitFile(h) }},
			measure.Way{Name: "age", Do: func() { ageFile(h) }})
		measure.Report(b, "times-age", measure.Ratios(took["ours"], took["age"], measure.Wall))
		measure.Report(b, "cpu-times-age", measure.Ratios(took["ours"], took["age"], measure.Processor))
		for _, way := range []string{"ours", "age"} {
			b.ReportMetric(1000*measure.Median(measure.Seconds(took[way], measure.Wall)), way+"-ms")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSubmitWords is a report of words alone; most of it is the code's
// derivation.
func BenchmarkSubmitWords(b *testing.B) {
	h := newHouse(b, Limits{}, 24*time.Hour)
	for b.Loop() {
		_, err := h.begin().Send(context.Background(), h.first(), "")
		h.must(err)
	}
}

// BenchmarkMailbox opens the mailbox of a code with a case and that of one without.
func BenchmarkMailbox(b *testing.B) {
	h := newHouse(b, Limits{}, 0)
	hit, err := h.begin().Send(context.Background(), h.first(), "")
	h.must(err)
	other := newHouse(b, Limits{}, 0)
	for name, in := range map[string]*Intake{"hit": h.in, "miss": other.in} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = in.Mailbox(context.Background(), hit.Code)
			}
		})
	}
}

// BenchmarkFollowUp adds one file to a case that grows.
func BenchmarkFollowUp(b *testing.B) {
	h := newHouse(b, Limits{}, 24*time.Hour)
	first, err := h.begin().Send(context.Background(), h.first(), "")
	h.must(err)
	for b.Loop() {
		d := h.begin()
		h.must(d.AddFile("a.txt", strings.NewReader("a")))
		_, err := d.SendFollowUp(context.Background(), first.Code, incident.ActFollowUp, incident.Empty(), "")
		h.must(err)
	}
}
