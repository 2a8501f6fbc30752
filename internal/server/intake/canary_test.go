package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

// canary is long enough that no random bytes make it.
const canary = "canary-7f3a9c51-sings"

// singer reads as n canaries, and looks every so often whether one got out.
type singer struct {
	left int
	look func(when string)
	next int
}

func (s *singer) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	if s.left <= s.next {
		s.look("while a file is read")
		s.next = s.left - s.left/3
	}
	n := copy(p, canary)
	if n < len(canary) {
		return n, nil
	}
	s.left--
	return n, nil
}

// TestNothingInTheClear puts a canary into every field and file and looks for it
// under the ledger's folder and the folder for temporary files: while a file is
// read, when it is sealed again, after sending, after a refusal, and when the
// ledger is closed.
func TestNothingInTheClear(t *testing.T) {
	shorttest.Skip(t, "no canary is looked for in the ledger's files")
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var logged bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)

	h := newHouse(t, Limits{File: 10 << 20}, 24*time.Hour)
	looks := 0
	look := func(when string) {
		t.Helper()
		looks++
		for _, dir := range []string{h.dir, temp} {
			for _, what := range []string{canary, fmt.Sprintf("%x", canary)} {
				if found := contains(t, dir, what); found != "" {
					t.Fatalf("%s: in %s", when, found)
				}
			}
		}
	}
	send := func(late bool, act incident.Act, result Result) Result {
		t.Helper()
		f := incident.Form{"consent": {"store"}}
		for _, field := range incident.Fields() {
			if field.Kind == incident.KindText {
				f[field.Name] = []string{canary}
			}
		}
		r, errs := incident.Validate(f, testTime, act)
		if errs != nil {
			t.Fatal(errs)
		}
		d := h.begin()
		h.must(d.AddFile(canary+".txt", &singer{left: 40_000, next: 30_000, look: look}))
		h.must(d.AddFile("folder/"+canary, strings.NewReader(canary)))
		if late {
			d.MarkIdentify()
		}
		look("before sending")
		var err error
		if act == incident.ActReport {
			result, err = d.Send(context.Background(), r, "")
		} else {
			result, err = d.SendFollowUp(context.Background(), result.Code, act, r, "")
		}
		h.must(err)
		look("after sending")
		if bytes.Contains(result.Promise, []byte(canary)) {
			t.Fatal("the promise sings")
		}
		return result
	}
	first := send(false, incident.ActReport, Result{})
	send(true, incident.ActFollowUp, first)

	refused := h.begin()
	err := refused.AddFile(canary, &singer{left: 1 << 20, next: 1 << 19, look: look})
	var field incident.FieldError
	if !errors.As(err, &field) || field.Code != incident.FileTooLarge || strings.Contains(err.Error(), canary) {
		t.Errorf("refused as %v", err)
	}
	look("after a refusal")
	refused.Discard()
	h.must(h.store.Sequence(context.Background()))
	look("after the slot")
	h.must(h.store.Close())
	look("when the ledger is closed")
	if looks < 10 {
		t.Errorf("only %d looks", looks)
	}
	if strings.Contains(logged.String(), canary) || logged.Len() > 0 {
		t.Errorf("%d bytes were logged", logged.Len())
	}
	// The search itself finds a canary.
	if err := os.WriteFile(filepath.Join(temp, "x"), []byte("a"+canary+"b"), 0o600); err != nil {
		t.Fatal(err)
	}
	if contains(t, temp, canary) == "" {
		t.Error("the search finds nothing")
	}
}

// TestMemoryStaysConstant holds a large file to a few pieces' worth of memory,
// with all that is ever allocated for it counted. (Sealing again allocates more:
// age's reader takes a fresh piece of 64 KiB each time and drops the one before.)
func TestMemoryStaysConstant(t *testing.T) {
	shorttest.Skip(t, "not tested: the memory of a large upload")
	h := newHouse(t, Limits{}, 24*time.Hour)
	d := h.begin()
	h.must(d.AddFile("warm.bin", io.LimitReader(forever{}, 1<<20)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	h.must(d.AddFile("large.bin", io.LimitReader(forever{}, 96<<20)))
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 6<<20 {
		t.Errorf("%d KiB allocated for a file of 96 MiB", got>>10)
	}
}
