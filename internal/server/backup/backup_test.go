package backup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/carry"
	"zapis/internal/exit"
	"zapis/store"
)

// state writes the ledger.tar of a ledger in memory.
func state(t testing.TB, b *ledgertest.Builder) io.Reader {
	t.Helper()
	var out bytes.Buffer
	w, err := carry.NewBackupWriter(&out, carry.BackupHeader{Origin: ledgertest.Origin, Genesis: b.Genesis, Size: b.Size()})
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range b.Checkpoints {
		c, err := ledger.ParseNote(note)
		if err == nil {
			err = w.Put(carry.BackupItem{Kind: carry.BackupCheckpoint, Size: c.Size, Text: note})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, text := range b.Entries {
		if err := w.Put(carry.BackupItem{Kind: carry.BackupEntry, Index: uint64(i), Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &out
}

// fetchFrom hands out the parts that a ledger has.
func fetchFrom(b *ledgertest.Builder) Fetch {
	return func(_ context.Context, wanted []ledger.Part, take func(ledger.Part, io.Reader) error) error {
		for _, p := range wanted {
			if content, ok := b.Files[p.Hash]; ok {
				if err := take(p, bytes.NewReader(content)); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func open(t testing.TB, dir string) *Folder {
	t.Helper()
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// wants fails unless err has these words, and the status of what does not verify.
func wants(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || exit.StatusOf(err) != exit.Mismatch {
		t.Errorf("status %d, error %v\nwant %s", exit.StatusOf(err), err, want)
	}
}

func TestUpdate(t *testing.T) {
	b := ledgertest.Everything()
	f := open(t, t.TempDir())
	res, err := f.Update(t.Context(), state(t, b), fetchFrom(b))
	if err != nil {
		t.Fatal(err)
	}
	erased := 0
	for _, p := range res.Parts {
		if p.Erased {
			erased++
		}
	}
	if res.Last.Size != b.Size() || res.From != 0 || res.Fetched != len(b.Files) || erased != 2 {
		t.Errorf("%+v, erased: %d", res, erased)
	}
	if res, err = f.Update(t.Context(), state(t, b), fetchFrom(b)); err != nil || res.Fetched != 0 || res.From != b.Size() {
		t.Errorf("again: %+v, %v", res, err)
	}
	if _, err := f.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	for _, p := range res.Parts {
		if info, err := os.Stat(f.part(p.Hash)); p.Erased != (err != nil) || err == nil && info.ModTime().Unix() != 0 {
			t.Errorf("the file of %s tells when it came: %v", p.Hash, err)
		}
	}
	// What a Restore makes of it is the same ledger, with all that governs it.
	dir := filepath.Join(t.TempDir(), "restored")
	if _, err := f.Restore(t.Context(), dir, b.Key, nil); err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if faults, err := s.Check(t.Context(), nil); err != nil || len(faults) > 0 || s.Size() != b.Size() {
		t.Errorf("%d entries, %v, %v", s.Size(), faults, err)
	}
	if _, _, err := s.Tagged(ledger.Sum([]byte("tag"))); err != nil {
		t.Errorf("the reply: %v", err)
	}
}

func TestUpdateRefuses(t *testing.T) {
	good := ledgertest.New()
	good.Report("one", 1)
	good.Checkpoint()
	report, err := ledger.ParseEntry(good.Entries[1])
	if err != nil {
		t.Fatal(err)
	}
	attachment := report.Body.Parts[3].Hash
	dir := t.TempDir()
	f := open(t, dir)
	if _, err := Open(dir); err == nil || err.Error() != "another process is changing "+dir {
		t.Errorf("opened twice: %v", err)
	}
	tree := func() string {
		var b strings.Builder
		filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
			if !info.IsDir() && info.Name() != lockFile && !strings.Contains(path, incomingDir) && !strings.HasSuffix(path, newSuffix) {
				b.WriteString(path + "\n")
			}
			return err
		})
		return b.String()
	}
	try := func(want string, b *ledgertest.Builder, fetch Fetch) {
		t.Helper()
		before := tree()
		_, err := f.Update(t.Context(), state(t, b), fetch)
		wants(t, err, want)
		if after := tree(); after != before {
			t.Errorf("something entered:\n%s\nbefore:\n%s", after, before)
		}
		if err := f.clear(); err != nil {
			t.Fatal(err)
		}
	}
	without := func(hash ledger.Hash) Fetch {
		return func(ctx context.Context, wanted []ledger.Part, take func(ledger.Part, io.Reader) error) error {
			return fetchFrom(good)(ctx, wanted, func(p ledger.Part, r io.Reader) error {
				if p.Hash == hash {
					return nil
				}
				return take(p, r)
			})
		}
	}
	try("the attachment "+attachment.String()+" of entry 1 is missing or cut, and no tombstone says that it was erased", good, without(attachment))
	genesis, _ := ledger.ParseEntry(good.Entries[0])
	try("entry 0 (genesis): its body is missing", good, without(genesis.Body.Parts[0].Hash))
	try("the signal "+report.Body.Parts[0].Hash.String()+" is altered or cut", good, func(_ context.Context, wanted []ledger.Part, take func(ledger.Part, io.Reader) error) error {
		return take(ledger.Part{Kind: "signal", Hash: report.Body.Parts[0].Hash, Size: report.Body.Parts[0].Size}, strings.NewReader("x"))
	})
	broken := errors.New("the wire is cut")
	if _, err := f.Update(t.Context(), state(t, good), func(context.Context, []ledger.Part, func(ledger.Part, io.Reader) error) error { return broken }); err != broken {
		t.Errorf("%v", err)
	}
	if _, err := f.Update(t.Context(), state(t, good), fetchFrom(good)); err != nil {
		t.Fatal(err)
	}

	// A tombstone that names the part under another entry excuses nothing.
	other := ledgertest.New()
	other.Report("one", 1)
	other.Report("two", 0)
	other.Checkpoint()
	other.Erase(2, attachment)
	other.Checkpoint()
	delete(other.Files, attachment)
	f = open(t, t.TempDir())
	dir = f.dir
	try("the attachment "+attachment.String()+" of entry 1 is missing or cut", other, fetchFrom(other))

	forged := ledgertest.New()
	forged.Report("one", 1)
	forged.Key = ledgertest.Key(9)
	forged.Checkpoint()
	try("checkpoint 2: checkpoint: it is not signed by the keys of "+ledgertest.Origin, forged, fetchFrom(forged))
}
