package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"zapis/internal/incident"
)

// disk is one that is as full as a test wants it to be.
type disk struct {
	free, used int64
	walks      int
	now        time.Time
}

func (d *disk) space(l Limits) *space {
	return &space{
		free:   func() (int64, error) { return d.free, nil },
		used:   func() (int64, error) { d.walks++; return d.used, nil },
		limits: l, now: func() time.Time { return d.now },
	}
}

// Files end first and words last, by what is free and by the quota.
func TestFilesEndBeforeWords(t *testing.T) {
	limits := Limits{FilesFloor: 100, WordsFloor: 10}
	quota := limits
	quota.Quota = 1000
	for _, c := range []struct {
		disk         disk
		limits       Limits
		files, words string
	}{
		{disk{free: 101}, limits, "", ""},
		{disk{free: 100}, limits, "the disk is full: less would be free on the disk than is to stay free", ""},
		{disk{free: 10}, limits, "the disk is full: less would be free on the disk than is to stay free", "the disk is full: less would be free on the disk than is to stay free"},
		{disk{free: 5000, used: 899}, quota, "", ""},
		{disk{free: 5000, used: 900}, quota, "the disk is full: the ledger would take up more than its quota", ""},
		{disk{free: 5000, used: 1000}, quota, "the disk is full: the ledger would take up more than its quota", "the disk is full: the ledger would take up more than its quota"},
	} {
		for files, want := range map[bool]string{true: c.files, false: c.words} {
			s := c.disk.space(c.limits)
			err := s.grant(1, files)
			if want == "" && err != nil || want != "" && (err == nil || err.Error() != want || !errors.Is(err, ErrFull)) {
				t.Errorf("%d free, %d used, files %v: %v", c.disk.free, c.disk.used, files, err)
			}
		}
	}
}

// What was granted counts before it is written, and what was written until the folder is walked again.
func TestGrantsAreCounted(t *testing.T) {
	d := disk{free: 1000, used: 100, now: testTime}
	s := d.space(Limits{FilesFloor: 100, WordsFloor: 10, Quota: 1000})
	if err := s.grant(700, true); err != nil {
		t.Fatal(err)
	}
	if err := s.grant(200, true); !errors.Is(err, ErrFull) {
		t.Errorf("what flies is not counted: %v", err)
	}
	d.free -= 700
	s.landed(700)
	if err := s.grant(101, true); !errors.Is(err, ErrFull) || d.walks != 1 {
		t.Errorf("the quota forgot what landed: %v after %d walks", err, d.walks)
	}
	d.used = 200 // it was refused, and discarded
	d.free = 900
	d.now = d.now.Add(measureMost)
	if err := s.grant(101, true); err != nil || d.walks != 2 {
		t.Errorf("what was discarded still counts: %v after %d walks", err, d.walks)
	}
	d.now = d.now.Add(measureAgain - time.Nanosecond)
	if err := s.grant(1, true); err != nil || d.walks != 2 {
		t.Errorf("%v after %d walks", err, d.walks)
	}
	d.now = d.now.Add(time.Nanosecond)
	if err := s.grant(1, true); err != nil || d.walks != 3 {
		t.Errorf("%v after %d walks", err, d.walks)
	}
	d.now = testTime // the clock was set back
	if err := s.grant(1, true); err != nil || d.walks != 4 {
		t.Errorf("%v after %d walks", err, d.walks)
	}
}

// A writer asks before it writes, and releases what it did not need.
func TestAWriterReservesBytesBeforeItWritesThem(t *testing.T) {
	d := disk{free: 5 * grain}
	s := d.space(Limits{FilesFloor: 2 * grain, WordsFloor: 1})
	var out bytes.Buffer
	w := &reservingWriter{w: &out, space: s}
	for range 3 * grain / 1000 {
		if _, err := w.Write(make([]byte, 1000)); err != nil {
			t.Fatalf("after %d bytes: %v", out.Len(), err)
		}
		d.free -= 1000
	}
	if n, err := w.Write(make([]byte, 2000)); n != 0 || !errors.Is(err, ErrFull) {
		t.Errorf("%d bytes were written beyond: %v", n, err)
	}
	w.done()
	if s.flying != 0 {
		t.Errorf("%d bytes still fly", s.flying)
	}
}

// An upload for which there is no room leaves nothing, and words still come in.
func TestNoRoomForFiles(t *testing.T) {
	h := newHouse(t, Limits{}, 0)
	d := disk{free: 3 << 30}
	h.in.space = d.space(h.in.limits)
	draft := h.begin()
	h.must(draft.AddFile("small", strings.NewReader("content")))
	d.free = 2 << 30
	if err := draft.AddFile("large", io.LimitReader(forever{}, 1<<20)); !errors.Is(err, ErrFull) {
		t.Errorf("a file was taken: %v", err)
	}
	draft.Discard()
	h.wantFiles(0)
	_, err := h.begin().Send(context.Background(), h.report(incident.ActReport, "narrative", "words", "consent", "store"), "")
	h.must(err)
	d.free = 256 << 20
	_, err = h.begin().Send(context.Background(), h.report(incident.ActReport, "narrative", "words", "consent", "store"), "")
	if !errors.Is(err, ErrFull) || h.in.space.flying != 0 {
		t.Errorf("words were taken: %v; %d bytes fly", err, h.in.space.flying)
	}
}

// Three quarters make a crowd.
func TestUploadsAreNearlyFullFromThreeQuartersOn(t *testing.T) {
	h := newHouse(t, Limits{Uploads: 4}, 0)
	for i := range 4 {
		if got := h.in.NearlyFull(); got != (i > 2) {
			t.Errorf("with %d of 4 places taken: %v", i, got)
		}
		h.must(h.in.uploads.acquire())
	}
	for range 4 {
		h.in.uploads.release()
	}
}
