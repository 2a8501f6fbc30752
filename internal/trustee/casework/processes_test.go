package casework_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

// Several processes write into one vault while a desk has it open. flock(2) holds between two openings of one file,
// whichever process made them, so goroutines with a vault of their own stand for processes.
func TestProcessesTakeTurnsOnAVault(t *testing.T) {
	shorttest.Skip(t, "no vault is written by several processes")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report(nil, "narrative", "They came at six.")
	o := newVault(t)
	anna := vaulttest.Identity(t, "anna")
	key := vaulttest.Key(anna)
	o.mustTake(h.Carry(0), vault.ImportOptions{Key: &key})

	open := func() (*casework.Trustee, error) {
		v, err := casework.Open(o.dir, vault.Options{Now: func() time.Time { return tick }, Tool: "zapis test", Warn: t.Logf, Wait: time.Minute})
		if err == nil {
			err = v.Use(key)
		}
		return v, err
	}
	note := func(v *casework.Trustee, text string) error {
		cases, err := v.Sort(t.Context(), func(int, int) {})
		if err != nil {
			return err
		}
		c, err := cases.Find(filed.Case)
		if err != nil {
			return err
		}
		return v.Write(c, review.Review{Kind: review.Note, Text: text}, false)
	}
	desk, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	if err := desk.Suspend(); err != nil {
		t.Fatal(err)
	}

	const writers, each = 3, 3
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				v, err := open()
				if err == nil {
					err = note(v, fmt.Sprintf("note %d of writer %d", n, w))
					v.Close()
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := range each {
		_, err := desk.Resume()
		if err == nil {
			err = note(desk, fmt.Sprintf("note %d of the desk", n))
		}
		if err == nil {
			err = desk.Suspend()
		}
		if err != nil {
			t.Error(err)
		}
	}
	all.Wait()

	if _, err := desk.Resume(); err != nil {
		t.Fatal(err)
	}
	cases, err := desk.Sort(t.Context(), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	c, err := cases.Find(filed.Case)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := desk.Show(c)
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]bool)
	for _, r := range shown.Reviews {
		texts[r.Text] = true
	}
	if want := (writers + 1) * each; len(texts) != want || len(shown.Reviews) != want {
		t.Errorf("%d notes of %d texts, want %d", len(shown.Reviews), len(texts), want)
	}
	done, err := desk.Check(t.Context(), func(int64) {})
	if err != nil || len(done.Wrong) > 0 {
		t.Errorf("%v, %v", done.Wrong, err)
	}
}

func TestASuspendedVaultRecordsNothing(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	o := newVault(t)
	o.mustTake(h.Carry(0), vault.ImportOptions{})
	v := o.open()
	if err := v.Suspend(); err != nil {
		t.Fatal(err)
	}
	_, err := v.Custody.Record(custody.Record{Act: custody.Viewed, Subject: "a list"})
	refused(t, "while others may write", err, exit.Failed, "the custody log could not be written: another process may be writing to it")
	other := o.open()
	_, err = v.Resume()
	refused(t, "while another has its turn", err, exit.Failed, "the vault is in use by process ")
	other.Close()
	if changed, err := v.Resume(); changed || err != nil {
		t.Errorf("%v, %v", changed, err)
	}
	if _, err := v.Custody.Record(custody.Record{Act: custody.Viewed, Subject: "a list"}); err != nil {
		t.Error(err)
	}
}

// An import by another process is there after Resume.
func TestResumeReadsWhatAnotherProcessHasImported(t *testing.T) {
	shorttest.Skip(t, "not tested: imports by two processes")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	h.Report(nil, "narrative", "One.")
	o := newVault(t)
	key := vaulttest.Key(vaulttest.Identity(t, "anna"))
	o.mustTake(h.Carry(0), vault.ImportOptions{})
	v := o.open()
	if err := v.Suspend(); err != nil {
		t.Fatal(err)
	}
	h.Pass(time.Hour)
	h.Report(nil, "narrative", "Two.")
	o.mustTake(h.Carry(0), vault.ImportOptions{Key: &key})
	before := v.Size()
	if changed, err := v.Resume(); !changed || err != nil {
		t.Fatalf("%v, %v", changed, err)
	}
	if v.Size() <= before || v.Owner() == nil {
		t.Errorf("%d entries, before %d; the owner is %v", v.Size(), before, v.Owner())
	}
	if err := v.Use(key); err != nil {
		t.Fatal(err)
	}
	if cases, err := v.Sort(t.Context(), func(int, int) {}); err != nil || len(cases.List) != 2 {
		t.Errorf("%d cases, %v", len(cases.List), err)
	}
}
