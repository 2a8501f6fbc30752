package signals

import (
	"sync"
	"testing"
	"time"
)

// BenchmarkBatch is one batch: sixteen parts sealed to one duty card, signed and durable. docs/spec/signals.md: under 20 ms
// and 64 KiB.
func BenchmarkBatch(b *testing.B) {
	d := newDesk(b, 24*time.Hour)
	for b.Loop() {
		if err := d.server.Make(b.Context()); err != nil {
			b.Fatal(err)
		}
		d.now = d.now.Add(Period)
	}
	file, err := d.server.Batch(0)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(file)), "bytes/batch")
}

// BenchmarkReportBesideReaders is one honest report, while readers ask for the newest batch 1,000 times a minute, and
// without them.
func BenchmarkReportBesideReaders(b *testing.B) {
	for name, every := range map[string]time.Duration{"alone": 0, "1000 readers a minute": 60 * time.Millisecond} {
		b.Run(name, func(b *testing.B) {
			d := newDesk(b, 24*time.Hour)
			d.batch()
			stop := make(chan struct{})
			var readers sync.WaitGroup
			if every > 0 {
				readers.Go(func() {
					for {
						select {
						case <-stop:
							return
						case <-time.After(every):
							if _, err := d.server.Batch(0); err != nil {
								b.Error(err)
								return
							}
						}
					}
				})
			}
			for b.Loop() {
				d.send("danger_now", "yes")
			}
			close(stop)
			readers.Wait()
		})
	}
}
