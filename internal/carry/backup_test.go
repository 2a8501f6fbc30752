package carry

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/exit"
)

// backupOf writes a small backup, and returns its items too.
func backupOf(t testing.TB) (file []byte, items []BackupItem) {
	t.Helper()
	b := ledgertest.New()
	b.Checkpoint()
	b.Report("one", 0)
	b.Checkpoint()
	items = []BackupItem{
		{Kind: BackupCheckpoint, Size: 1, Text: b.Checkpoints[0]}, {Kind: BackupCheckpoint, Size: 2, Text: b.Checkpoints[1]},
		{Kind: BackupEntry, Index: 0, Text: b.Entries[0]}, {Kind: BackupEntry, Index: 1, Text: b.Entries[1]},
		{Kind: BackupWaiting, Hash: ledger.Hash{1}, Text: []byte("a promise\n")},
		{Kind: BackupLocator, Hash: ledger.Hash{1}, Text: []byte("box")}, {Kind: BackupLocator, Hash: ledger.Hash{2}, Text: []byte("box")},
		{Kind: BackupKept, Name: "cosigned/2", Text: []byte("note")}, {Kind: BackupKept, Name: "heard/abcd-00000001", Text: []byte("said")},
	}
	h := BackupHeader{Origin: ledgertest.Origin, Genesis: b.Genesis, Size: 2, Waiting: 1, Locators: 2, Kept: 2}
	return writeBackup(t, h, items), items
}

func writeBackup(t testing.TB, h BackupHeader, items []BackupItem) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewBackupWriter(&out, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		if err := w.Put(it); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func readBackup(file []byte) (h BackupHeader, items []BackupItem, err error) {
	r, err := NewBackupReader(bytes.NewReader(file))
	if err != nil {
		return h, nil, err
	}
	for {
		it, err := r.Next()
		if err == io.EOF {
			return r.Header(), items, nil
		}
		if err != nil {
			return h, nil, err
		}
		items = append(items, it)
	}
}

func TestBackup(t *testing.T) {
	file, items := backupOf(t)
	h, got, err := readBackup(file)
	if err != nil || len(got) != len(items) || h.Locators != 2 || h.Card().Genesis != h.Genesis {
		t.Fatalf("%+v, %d items, %v", h, len(got), err)
	}
	for i, it := range got {
		if it.Kind != items[i].Kind || !bytes.Equal(it.Text, items[i].Text) || it.Hash != items[i].Hash || it.Size != items[i].Size || it.Index != items[i].Index {
			t.Errorf("item %d: %+v", i, it)
		}
	}
	if p := got[7].Path(); p != "cosigned/2" {
		t.Errorf("the kept file is %s", p)
	}
	for n := range len(file) {
		if n%97 == 0 {
			if _, _, err := readBackup(file[:n]); exit.StatusOf(err) != exit.Mismatch {
				t.Fatalf("cut after %d bytes: %v", n, err)
			}
		}
	}
	if _, _, err := readBackup(append(bytes.Clone(file), 0)); err == nil || !strings.Contains(err.Error(), "bytes follow the end of the archive") {
		t.Errorf("a byte more: %v", err)
	}
}

func TestBackupRefuses(t *testing.T) {
	file, _ := backupOf(t)
	for _, test := range []struct{ from, to, want string }{
		{"size 2", "size 3", "backup: entries"},
		{"size 2", "size 0", "backup: backup.txt: line 4: the size is at least 1"},
		{"waiting 1", "waiting 2", "backup: its end: it has 1 waiting submissions, and backup.txt says 2"},
		{"locators 2", "locators 3", "backup: its end: it has 2 locators, and backup.txt says 3"},
		{"kept 2", "kept 1", "backup: its end: it has 2 kept files, and backup.txt says 1"},
		{"zapis/backup/v1", "zapis/backup/v2", `backup: backup.txt: line 1: it must be "zapis/backup/v1"`},
		{"origin example.org/ledger\ngenesis", "origin example.org/LEDGER\ngenesis", "backup: backup.txt: line 2: "},
	} {
		_, _, err := readBackup(ledgertest.Edit(file, test.from, test.to))
		if err == nil || !strings.HasPrefix(err.Error(), test.want) || exit.StatusOf(err) != exit.Mismatch {
			t.Errorf("%s: %v\nwant %s", test.to, err, test.want)
		}
	}
	one := ledgertest.Genesis().Entry().Marshal()
	h := BackupHeader{Origin: ledgertest.Origin, Size: 1}
	for _, test := range []struct {
		name  string
		items []BackupItem
		want  string
	}{
		{"no checkpoint", []BackupItem{{Kind: BackupEntry, Text: one}}, "backup: entries/0: the checkpoint of 1 entries is missing before it"},
		{"no entry", []BackupItem{{Kind: BackupCheckpoint, Size: 1}, {Kind: BackupLocator}}, "backup: locators/" + ledger.Hash{}.String() + ": entry 0 is missing before it"},
		{"entry skipped", []BackupItem{{Kind: BackupCheckpoint, Size: 1}, {Kind: BackupEntry, Index: 1}}, "backup: entries/1: it stands where entry 0 must"},
		{"too many entries", []BackupItem{{Kind: BackupCheckpoint, Size: 1}, {Kind: BackupEntry}, {Kind: BackupEntry, Index: 1}}, "backup: entries/1: it stands where entry 1 must"},
		{"checkpoint too large", []BackupItem{{Kind: BackupCheckpoint, Size: 2}},
			"backup: checkpoints/2: checkpoints stand in the order of their sizes, and none is of more entries than there are"},
		{"out of order", []BackupItem{{Kind: BackupCheckpoint, Size: 1}, {Kind: BackupEntry}, {Kind: BackupLocator, Hash: ledger.Hash{2}}, {Kind: BackupLocator, Hash: ledger.Hash{1}}},
			"backup: locators/" + ledger.Hash{1}.String() + ": it does not stand in the order of names"},
		{"back again", []BackupItem{{Kind: BackupCheckpoint, Size: 1}, {Kind: BackupEntry}, {Kind: BackupLocator}, {Kind: BackupWaiting}},
			"backup: waiting/" + ledger.Hash{}.String() + ": checkpoints, entries, what waits, locators and kept files stand in this order"},
		{"a guard", []BackupItem{{Kind: BackupKept, Name: "guard"}}, `backup: "guard" is not kept`},
		{"out of the folder", []BackupItem{{Kind: BackupKept, Name: "heard/../guard"}}, `backup: "heard/../guard" is not kept`},
	} {
		w, err := NewBackupWriter(io.Discard, h)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range test.items {
			if err = w.Put(it); err != nil {
				break
			}
		}
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v\nwant %s", test.name, err, test.want)
		}
	}
	var strange bytes.Buffer
	w := tarWriter{w: &strange}
	for _, name := range []string{backupName, "kept/guard"} {
		if err := w.bytes(name, BackupHeader{Origin: ledgertest.Origin, Size: 1}.Marshal()); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := readBackup(strange.Bytes()); err == nil || err.Error() != "backup: kept/guard: no such file is kept" {
		t.Errorf("a guard in the archive: %v", err)
	}
	if _, err := NewBackupWriter(io.Discard, BackupHeader{}); err == nil || err.Error() != "backup: line 2: a space too many, or no value after \"origin\"" {
		t.Errorf("no header: %v", err)
	}
}

func FuzzBackup(f *testing.F) {
	file, _ := backupOf(f)
	f.Add(file)
	f.Add(file[:1024])
	f.Fuzz(func(t *testing.T, file []byte) {
		h, items, err := readBackup(file)
		if err != nil {
			return
		}
		for i := range items {
			if items[i].Kind == BackupKept {
				items[i].Name = items[i].Path()
			}
		}
		if again := writeBackup(t, h, items); !bytes.Equal(again, file) {
			t.Error("read and written again, it is another")
		}
	})
}
