package carry_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/carry"
	"zapis/internal/exit"
)

// write makes a carry file of a ledger.
func write(t testing.TB, b *ledgertest.Builder, since uint64, waiting ...ledger.Body) []byte {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	w, err := carry.NewWriter(&out, carry.Header{Origin: ledgertest.Origin, Genesis: b.Genesis,
		Since: since, Size: b.Size(), Waiting: uint64(len(waiting))})
	check(err)
	for i, c := range b.Checkpoints {
		text, err := ledger.NoteText(c)
		check(err)
		cp, err := ledger.ParseCheckpointText(text)
		check(err)
		if cp.Size > since || i == len(b.Checkpoints)-1 {
			check(w.Checkpoint(c))
		}
	}
	for _, e := range b.Entries[since:] {
		check(w.Entry(e))
	}
	for _, text := range b.Entries[since:] {
		e, err := ledger.ParseEntry(text)
		check(err)
		for _, p := range e.Body.Parts {
			if f, ok := b.Files[p.Hash]; ok {
				check(w.Part(p.Hash, bytes.NewReader(f)))
			}
		}
	}
	slices.SortFunc(waiting, func(x, y ledger.Body) int { return strings.Compare(x.Hash().String(), y.Hash().String()) })
	for _, body := range waiting {
		check(w.Waiting(body.Marshal(), b.Promise(body)))
		for _, p := range body.Parts {
			check(w.WaitingPart(p.Hash, bytes.NewReader(b.Files[p.Hash])))
		}
	}
	check(w.Close())
	return out.Bytes()
}

// follow reads a carry file as an import does: everything is verified.
func follow(r io.Reader) (*ledger.Chain, []carry.Item, error) {
	cr, err := carry.NewReader(r)
	if err != nil {
		return nil, nil, err
	}
	c := cr.Header().Card()
	chain := ledger.NewChain(&c)
	var items []carry.Item
	var notes [][]byte
	entries := map[uint64]ledger.Entry{}
	for {
		it, err := cr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, items, err
		}
		switch it.Kind {
		case carry.Checkpoint:
			notes = append(notes, it.Text)
			err = chain.Mark(it.Size)
		case carry.Entry:
			entries[it.Index], err = chain.Add(it.Text)
		case carry.Part:
			if it.Text, err = io.ReadAll(it.Content); err == nil && it.Part.Kind == ledger.PartBody {
				err = chain.AddBody(entries[it.Index], it.Text)
			}
		case carry.WaitingPart:
			it.Text, err = io.ReadAll(it.Content)
		}
		if err != nil {
			return nil, items, err
		}
		it.Content = nil
		items = append(items, it)
	}
	if err := chain.Settled(); err != nil {
		return nil, items, err
	}
	for _, n := range notes {
		if _, err := chain.CheckCheckpoint(n); err != nil {
			return nil, items, err
		}
	}
	return chain, items, nil
}

func sample(t testing.TB) (*ledgertest.Builder, []byte) {
	b := ledgertest.Everything()
	return b, write(t, b, 0, b.Body(ledger.KindReport, "waits", 1), b.Body(ledger.KindReport, "waits too", 0))
}

func TestRoundTrip(t *testing.T) {
	b, file := sample(t)
	chain, items, err := follow(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	root, err := ledger.RootAt(b.Size(), b)
	if err != nil {
		t.Fatal(err)
	}
	if chain.Size() != b.Size() || chain.Root() != root {
		t.Errorf("followed to %d entries and root %s, want %d and %s", chain.Size(), chain.Root(), b.Size(), root)
	}
	waiting := 0
	for _, it := range items {
		if it.Kind == carry.WaitingPromise {
			p, err := b.Key.Verifier().OpenPromise(it.Text)
			if err != nil || p.Body != it.BodyHash {
				t.Errorf("%s: %v", it.Name, err)
			}
			waiting++
		}
	}
	if waiting != 2 {
		t.Errorf("%d promises read, want 2", waiting)
	}
}

func TestSince(t *testing.T) {
	b := ledgertest.Everything()
	for since := range b.Size() + 1 {
		r, err := carry.NewReader(bytes.NewReader(write(t, b, since)))
		if err != nil {
			t.Fatal(err)
		}
		entries := uint64(0)
		for {
			it, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("since %d: %v", since, err)
			}
			if it.Kind == carry.Entry {
				entries++
			}
		}
		if entries != b.Size()-since {
			t.Errorf("since %d: %d entries", since, entries)
		}
	}
}

// Parts that are not read are compared all the same.
func TestUnreadPartIsCompared(t *testing.T) {
	_, file := sample(t)
	i := bytes.Index(file, []byte("parts/")) + 512 + 100
	file[i] ^= 1
	r, err := carry.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Next()
	}
	if err == io.EOF || exit.StatusOf(err) != exit.Mismatch || !strings.Contains(err.Error(), "its bytes have the hash") {
		t.Errorf("read on to: %v", err)
	}
	if _, again := r.Next(); !errors.Is(again, err) {
		t.Errorf("a second call gave %v", again)
	}
}

func TestStockTar(t *testing.T) {
	_, file := sample(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "carry.tar")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := exec.Command("tar", "--utc", "--full-time", "-tvf", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, list)
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(list), "\n"), "\n") {
		if !strings.HasPrefix(line, "-r--r--r-- 0/0 ") || !strings.Contains(line, " 1970-01-01 00:00:00 ") {
			t.Errorf("tar lists %q", line)
		}
	}
	if out, err := exec.Command("tar", "-C", dir, "-xf", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	_, items, err := follow(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		got, err := os.ReadFile(filepath.Join(dir, it.Name))
		if err != nil || !bytes.Equal(got, it.Text) {
			t.Errorf("%s: extracted otherwise (%v)", it.Name, err)
		}
	}
	if n := strings.Count(string(list), "\n"); n != len(items)+1 {
		t.Errorf("tar lists %d members, and %d were read beside carry.txt", n, len(items))
	}
}

// After a refusal nothing more comes of a file: members that follow the refused one are not given out.
func TestNothingFollowsARefusal(t *testing.T) {
	_, file := sample(t)
	i := bytes.Index(file, []byte("zapis/entry/v"))
	bad := bytes.Clone(file)
	bad[i] ^= 1
	r, err := carry.NewReader(bytes.NewReader(bad))
	for err == nil {
		_, err = r.Next()
	}
	if !isMismatch(err) {
		t.Fatal(err)
	}
	for range 3 {
		if it, again := r.Next(); again != err || it.Name != "" {
			t.Errorf("after %v: %q, %v", err, it.Name, again)
		}
	}
}
