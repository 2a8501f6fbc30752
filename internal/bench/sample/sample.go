// Package sample makes ledgers of many invented reports, for measuring. Its entries, parts, checkpoints and carry
// files are what the server's would be, by the same formats; there is no store under them, and no code behind a
// mailbox, so that ten thousand reports take a minute and not an hour.
package sample

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/carry"
	"zapis/internal/incident"
)

// Origin is the name of every ledger made here.
const Origin = "example.org/ledger"

// perSlot is how many reports come between two checkpoints.
const perSlot = 100

// Ledger is one that grows. It belongs to one goroutine.
type Ledger struct {
	log      *ledger.SigningKey
	genesis  ledger.Genesis
	audience audience
	now      time.Time
	reports  int

	entries [][]byte
	last    ledger.Hash
	hashes  ledger.StoredTree
	slots   []slot
	parts   []Part
	spool   *os.File // the parts' bytes, one after the other
	end     int64
}

// Part is one file of a ledger, somewhere in its spool.
type Part struct {
	ledger.Part
	Index  uint64 // of the entry that names it
	Offset int64
}

type slot struct {
	size uint64
	note []byte
}

// New makes a ledger whose identities open with two of the trustees, and all else with one. spool is a new file
// that is readable and writable; it stays the caller's.
func New(spool *os.File, trustees []card.Card) (*Ledger, error) {
	n := ledger.DefaultQuorum(len(trustees))
	set := ledger.TrusteeSet{Vocabulary: incident.VocabularyVersion, Approvals: n,
		Quorum: ledger.Quorum{Statement: 1, Attachment: 1, Identity: n}, Trustees: trustees}
	if err := set.Check(); err != nil {
		return nil, err
	}
	log, err := ledger.GenerateSigningKey(Origin, rand.Reader)
	if err != nil {
		return nil, err
	}
	l := &Ledger{log: log, spool: spool, now: time.Date(2026, 2, 21, 20, 47, 45, 0, time.UTC),
		genesis: ledger.Genesis{Origin: Origin, Log: log.Keys(), Set: set}}
	rand.Read(l.genesis.Nonce[:])
	if l.audience, err = newAudience(set); err != nil {
		return nil, err
	}
	return l, l.add(report{l.genesis.Entry().Body, [][]byte{l.genesis.Marshal()}})
}

// Key is the key that signs the ledger's checkpoints.
func (l *Ledger) Key() *ledger.SigningKey { return l.log }

// Card names the ledger.
func (l *Ledger) Card() card.LedgerCard { return l.genesis.Card() }

// Checkpoint returns the newest signed checkpoint, and nil before the first report.
func (l *Ledger) Checkpoint() []byte {
	if len(l.slots) == 0 {
		return nil
	}
	return l.slots[len(l.slots)-1].note
}

// Size returns how many entries there are: the genesis, and one for each report.
func (l *Ledger) Size() uint64 { return uint64(len(l.entries)) }

// Parts lists the files of all entries, in the ledger's order.
func (l *Ledger) Parts() []Part { return l.parts }

// Read returns a part's bytes in buf, or in a larger one where it is too small. Any goroutine may read.
func (l *Ledger) Read(p Part, buf []byte) ([]byte, error) {
	if int64(cap(buf)) < p.Size {
		buf = make([]byte, p.Size)
	}
	buf = buf[:p.Size]
	_, err := l.spool.ReadAt(buf, p.Offset)
	return buf, err
}

// Grow adds reports, sealed on all cores, and a checkpoint for every hundred of them and for the last. progress
// is told how many were added.
func (l *Ledger) Grow(ctx context.Context, reports int, progress func(done int)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	numbers := make(chan int)
	sealed := make(chan report, 2*runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for n := range numbers {
				r, err := l.audience.seal(n, l.now)
				if err != nil {
					stop(err)
					return
				}
				select {
				case sealed <- r:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	go func() {
		defer close(numbers)
		for i := range reports {
			select {
			case numbers <- l.reports + i:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() { workers.Wait(); close(sealed) }()
	done := 0
	for r := range sealed {
		err := l.add(r)
		if done++; err == nil && (done%perSlot == 0 || done == reports) {
			err = l.checkpoint()
		}
		if err != nil {
			stop(err)
			continue // until all workers have ended
		}
		progress(done)
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	l.reports += reports
	l.now = l.now.Add(24 * time.Hour)
	return nil
}

// add adds the entry of a submission.
func (l *Ledger) add(r report) error {
	e := ledger.Entry{Origin: Origin, Index: l.Size(), Previous: l.last, Body: r.body}
	l.last = e.LeafHash()
	if err := l.hashes.Add(e.Index, l.last); err != nil {
		return err
	}
	l.entries = append(l.entries, e.Marshal())
	for i, p := range r.body.Parts {
		if _, err := l.spool.WriteAt(r.files[i], l.end); err != nil {
			return err
		}
		l.parts = append(l.parts, Part{p, e.Index, l.end})
		l.end += p.Size
	}
	return nil
}

func (l *Ledger) checkpoint() error {
	root, err := ledger.RootAt(l.Size(), l.hashes)
	if err != nil {
		return err
	}
	note, err := l.log.SignCheckpoint(ledger.Checkpoint{Origin: Origin, Size: l.Size(), Root: root, Time: l.now})
	l.slots = append(l.slots, slot{l.Size(), note})
	return err
}

// Carry writes the carry file from entry since on.
func (l *Ledger) Carry(to io.Writer, since uint64) error {
	if len(l.slots) == 0 {
		return fmt.Errorf("a ledger without a report has no checkpoint yet")
	}
	w, err := carry.NewWriter(to, carry.Header{Origin: Origin, Genesis: l.Card().Genesis, Since: since, Size: l.Size()})
	if err != nil {
		return err
	}
	for i, s := range l.slots {
		if s.size > since || i == len(l.slots)-1 {
			if err := w.Checkpoint(s.note); err != nil {
				return err
			}
		}
	}
	for _, e := range l.entries[since:] {
		if err := w.Entry(e); err != nil {
			return err
		}
	}
	for _, p := range l.parts {
		if p.Index < since {
			continue
		}
		if err := w.Part(p.Hash, io.NewSectionReader(l.spool, p.Offset, p.Size)); err != nil {
			return err
		}
	}
	return w.Close()
}
