package store

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
	"zapis/store/kv"
)

// traces counts the files of a folder that hold any 16 bytes of these contents,
// at any place.
func traces(t testing.TB, dir string, contents ...[]byte) (files int) {
	t.Helper()
	const width = 16
	known := make(map[[width]byte]bool)
	for _, c := range contents {
		for i := 0; i+width <= len(c); i += width {
			known[[width]byte(c[i:])] = true
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for i := 0; i+width <= len(b); i++ {
			if known[[width]byte(b[i:])] {
				files++
				break
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// tombstone proposes to erase these parts of an entry.
func tombstone(s *Store, index uint64, hashes ...ledger.Hash) []byte {
	slices.SortFunc(hashes, compareHashes)
	stone := ledger.Tombstone{Origin: s.Origin(), Reason: ledger.EraseAsked}
	for _, h := range hashes {
		stone.Parts = append(stone.Parts, ledger.Erased{Index: index, Hash: h})
	}
	return stone.Marshal()
}

// forgettable is a ledger with one report whose parts are known, in its entry.
type forgettable struct {
	*Store
	clock   *clock
	report  Submission
	file    []byte // the attachment
	promise ledger.Promise
	index   uint64
}

func newForgettable(t testing.TB) *forgettable {
	t.Helper()
	return newForgettableOf(t, ledgertest.Genesis())
}

func newForgettableOf(t testing.TB, g ledger.Genesis) *forgettable {
	t.Helper()
	f := &forgettable{clock: newClock()}
	dir := filepath.Join(t.TempDir(), "ledger")
	if _, err := createTest(dir, g, ledgertest.Key(1), start); err != nil {
		t.Fatal(err)
	}
	f.Store = open(t, dir, Config{Slot: day, Now: f.clock.now, Verb: "a test"})
	f.report = words(f.Store)
	f.file = random(70000)
	f.report.Body.Parts = append(f.report.Body.Parts, attach(t, f.Store, f.file))
	f.promise = submit(t, f.Store, f.report)
	submit(t, f.Store, report(t, f.Store, 70000))
	f.slot(t)
	var err error
	if f.index, err = f.Find(f.promise.Body); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *forgettable) slot(t testing.TB) {
	t.Helper()
	f.clock.forward(day)
	sequence(t, f.Store)
}

func (f *forgettable) hashes() (all []ledger.Hash) {
	for _, p := range f.report.Body.Parts {
		all = append(all, p.Hash)
	}
	return all
}

func TestErase(t *testing.T) {
	shorttest.Skip(t, "no trace of erased parts is looked for")
	f := newForgettable(t)
	s := f.Store
	receipt, err := s.Receipt(f.promise.Body)
	if err != nil {
		t.Fatal(err)
	}
	older, _ := s.LatestCheckpoint()
	all := append(slices.Clone(f.report.Small), f.file)
	if n := traces(t, s.dir, all...); n != 2 {
		t.Fatalf("%d files hold the parts before: the scan finds nothing", n)
	}
	stone := approved(t, s, ledger.KindTombstone, tombstone(s, f.index, f.hashes()...), nil, ledgertest.Trustees()[:2]...)
	at := submit(t, s, stone)
	if n := traces(t, s.dir, all...); n != 2 {
		t.Error("the parts went before the tombstone was an entry")
	}
	submit(t, s, words(s))
	f.slot(t)

	if n := traces(t, s.dir, all...); n != 0 {
		t.Errorf("%d files still hold bytes of what was erased", n)
	}
	index, err := s.Find(at.Body)
	if err != nil || index != s.Size()-1 {
		t.Errorf("the tombstone is entry %d of %d, %v: what governs comes last", index, s.Size(), err)
	}
	for _, h := range f.hashes() {
		_, _, err := s.Part(h)
		wants(t, err, ErrErased, "part "+h.String()+": the part was erased")
	}
	if exists(partPath(s.dir, f.report.Body.Parts[3].Hash)) {
		t.Error("the attachment's file is still there")
	}
	if still, err := s.Erasing(); still || err != nil {
		t.Errorf("still erasing: %v, %v", still, err)
	}

	// What was proved before is proved still.
	again, err := s.Receipt(f.promise.Body)
	if err != nil || !bytes.Equal(again, receipt) {
		t.Errorf("the receipt after erasing: %v", err)
	}
	_, now := s.LatestCheckpoint()
	was, err := s.Verifier().OpenCheckpoint(older)
	if err != nil {
		t.Fatal(err)
	}
	path, err := s.Consistency(now.Size, was.Size)
	if err == nil {
		err = ledger.CheckConsistency(now, was, path)
	}
	if err != nil {
		t.Error(err)
	}

	// The same part does not come back.
	sub := words(s)
	sub.Small[1], sub.Body.Parts[1] = f.report.Small[1], f.report.Body.Parts[1]
	_, err = s.Submit(t.Context(), sub)
	wants(t, err, ErrPartTaken, "another submission has this part already: "+f.report.Body.Parts[1].Hash.String())
}

// In a new ledger an erasure is announced: until its slots have passed every byte is there, and then none is.
func TestAnnouncedErase(t *testing.T) {
	shorttest.Skip(t, "not tested: an erasure that is announced first")
	g := ledgertest.Genesis()
	g.Rules, g.Delay = ledger.Rules2, ledger.Delay
	f := newForgettableOf(t, g)
	s := f.Store
	all := append(slices.Clone(f.report.Small), f.file)
	stone, err := ledger.ParseTombstone(tombstone(s, f.index, f.hashes()...))
	if err != nil {
		t.Fatal(err)
	}
	stone.After = after(s)
	text := stone.Marshal()
	n := ledger.Approved{Text: ledger.NoticeText(text)}
	for _, trustee := range ledgertest.Trustees()[:2] {
		st := statement(s, card.KindApproval, ledger.Subject(text))
		st.Expires = time.Date(2026, 12, 20, 0, 0, 0, 0, time.UTC)
		signed, err := trustee.Signer.SignStatement(st)
		if err != nil {
			t.Fatal(err)
		}
		n.Approvals = append(n.Approvals, signed)
	}
	body := n.Marshal()
	submit(t, s, Submission{Body: ledger.BodyOf(ledger.KindTombstone, 0, body), Small: [][]byte{body}})
	for slot := range 1 + ledger.Delay { // that of the notice, and the last one erases
		if files := traces(t, s.dir, all...); cluster == nil && files != 2 { // else they are in the database
			t.Fatalf("%d slots after the approvals %d files hold the parts, want 2", slot, files)
		}
		for _, h := range f.hashes() {
			r, _, err := s.Part(h)
			if err != nil {
				t.Fatalf("%d slots after the approvals: %v", slot, err)
			}
			r.Close()
		}
		f.slot(t)
	}
	if files := traces(t, s.dir, all...); files != 0 {
		t.Errorf("%d files still hold bytes of what was erased", files)
	}
	for _, h := range f.hashes() {
		_, _, err := s.Part(h)
		wants(t, err, ErrErased, "part "+h.String()+": the part was erased")
	}
}

// busyOnce is a database whose Forget has no room or no time, the first time.
type busyOnce struct {
	kv.DB
	err   error
	tried chan struct{}
}

func (b *busyOnce) Forget(ctx context.Context) error {
	defer func() { b.tried <- struct{}{} }()
	if err := b.err; err != nil {
		b.err = nil
		return err
	}
	return b.DB.Forget(ctx)
}

// awaitErasing waits until an erasure is owed or not: a shared database forgets beside the slot.
func awaitErasing(t testing.TB, s *Store, owed bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		still, err := s.Erasing()
		if err != nil {
			t.Fatal(err)
		}
		if still == owed {
			return
		}
		if !s.shared || time.Now().After(end) {
			t.Fatalf("an erasure is owed: %v", still)
		}
	}
}

// heldUp is a database whose Forget waits for a reader that does not end.
type heldUp struct {
	kv.DB
	once         sync.Once
	begun, ended chan struct{}
}

func (h *heldUp) Forget(ctx context.Context) error {
	h.once.Do(func() { close(h.begun) })
	<-h.ended
	return h.DB.Forget(ctx)
}

// While a shared database waits for a table that an export reads, submissions and slots go on.
func TestEraseBesideSubmissions(t *testing.T) {
	if cluster == nil {
		return // bbolt forgets in the slot: its readers keep the old file
	}
	f := newForgettable(t)
	held := &heldUp{DB: f.db, begun: make(chan struct{}), ended: make(chan struct{})}
	f.db = held
	submit(t, f.Store, approved(t, f.Store, ledger.KindTombstone, tombstone(f.Store, f.index, f.hashes()...), nil, ledgertest.Trustees()[:2]...))
	f.slot(t)
	<-held.begun
	submit(t, f.Store, words(f.Store))
	f.slot(t)
	if still, err := f.Erasing(); !still || err != nil {
		t.Errorf("an erasure is owed: %v (%v)", still, err)
	}
	close(held.ended)
	awaitErasing(t, f.Store, false)
	closeAndCheck(t, f.Store)
}

// A database that can't forget now holds up no slot: the erasure is still owed, and the next slot ends it.
func TestEraseWhileBusy(t *testing.T) {
	shorttest.Skip(t, "not tested: an erasure while reports come in")
	for _, busy := range []error{kv.ErrFull, kv.ErrUnavailable} {
		f := newForgettable(t)
		tried := make(chan struct{}, 9)
		f.db = &busyOnce{f.db, busy, tried}
		stone := approved(t, f.Store, ledger.KindTombstone, tombstone(f.Store, f.index, f.hashes()...), nil, ledgertest.Trustees()[:2]...)
		submit(t, f.Store, stone)
		for _, owed := range []bool{true, false} {
			f.slot(t)
			<-tried
			awaitErasing(t, f.Store, owed)
		}
		if cluster == nil {
			if n := traces(t, f.dir, append(slices.Clone(f.report.Small), f.file)...); n != 0 {
				t.Errorf("%v: %d files still hold bytes of what was erased", busy, n)
			}
		}
		closeAndCheck(t, f.Store)
	}
}

// The power fails after the tombstone is committed, and before anything else.
func TestEraseCutOff(t *testing.T) {
	shorttest.Skip(t, "not tested: an erasure that a crash interrupts")
	f := newForgettable(t)
	s := f.Store
	stone := approved(t, s, ledger.KindTombstone, tombstone(s, f.index, f.hashes()...), nil, ledgertest.Trustees()[:2]...)
	submit(t, s, stone)
	f.clock.forward(day)
	err := s.ask(t.Context(), &request{act: func() error {
		_, err := s.commitEntries(nil, s.sequenceWaiting)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	all := append(slices.Clone(f.report.Small), f.file)
	if n := traces(t, s.dir, all...); n != 2 {
		t.Errorf("%d files hold what was erased, and both should: then why compact?", n)
	}
	if still, err := s.Erasing(); !still || err != nil {
		t.Errorf("still erasing: %v, %v", still, err)
	}
	if faults, err := s.Check(t.Context(), nil); err != nil || len(faults) != 1 || faults[0].Text != "nothing names it" {
		t.Errorf("%v, %v", faults, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, s.dir, Config{Slot: day, Now: f.clock.now})
	if n := traces(t, s.dir, all...); n != 0 {
		t.Errorf("after opening %d files hold what was erased", n)
	}
}

func TestTombstoneMisnames(t *testing.T) {
	f := newForgettable(t)
	s := f.Store
	people := ledgertest.Trustees()
	for _, test := range []struct {
		text []byte
		by   int
		want string
	}{
		{tombstone(s, f.index, ledger.Sum(nil)), 2, fmt.Sprintf("entry %d has no part %s", f.index, ledger.Sum(nil))},
		{tombstone(s, f.index%2+1, f.hashes()[1]), 2, fmt.Sprintf("entry %d has no part %s", f.index%2+1, f.hashes()[1])},
		{tombstone(s, f.index, f.hashes()[1]), 1, fmt.Sprintf("entry %d (tombstone): 1 approvals, and 2 are needed", s.Size())},
		{tombstone(s, s.Size(), f.hashes()[1]), 2, fmt.Sprintf("entry %d (tombstone): it erases a part of entry %d, which is not before it", s.Size(), s.Size())},
		{tombstone(s, 0, s.Genesis().Entry().Body.Parts[0].Hash), 2, fmt.Sprintf("entry %d (tombstone): it erases the body of entry 0, by which the ledger is governed", s.Size())},
	} {
		_, err := s.Submit(t.Context(), approved(t, s, ledger.KindTombstone, test.text, nil, people[:test.by]...))
		wants(t, err, ErrRefused, "the submission is not acceptable: "+test.want)
	}
}

func TestCompactKeepsEverything(t *testing.T) {
	shorttest.Skip(t, "not tested: a compaction")
	c := newClock()
	s := newStore(t, day, c)
	for range 5 {
		for range 10 {
			submit(t, s, report(t, s, 66000))
		}
		c.forward(day)
		sequence(t, s)
	}
	submit(t, s, words(s))
	before, _ := s.LatestCheckpoint()
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, _ := s.LatestCheckpoint()
	if !bytes.Equal(before, after) {
		t.Error("another checkpoint")
	}
	sequence(t, s)
	if faults, err := s.Check(t.Context(), nil); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
}
