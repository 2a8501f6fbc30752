package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"zapis/internal/shorttest"
	"zapis/store/blob"
	"zapis/store/blob/file"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/exit"
	"zapis/store/kv"
)

// checkFolder verifies a whole ledger that is not open.
func checkFolder(t testing.TB, dir string) {
	t.Helper()
	for _, f := range faultsOf(t, dir) {
		t.Errorf("check: %s", f)
	}
}

func faultsOf(t testing.TB, dir string) []Fault {
	t.Helper()
	s, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	defer s.Close()
	faults, err := s.Check(context.Background(), nil)
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	compareShares(t, s, faults)
	return faults
}

// compareShares checks a ledger again, in several shares, which must find the same.
func compareShares(t testing.TB, s *Store, want []Fault) {
	t.Helper()
	s.checkAtOnce = max(s.Size()/4, 1)
	defer func() { s.checkAtOnce = 0 }()
	if got, err := s.Check(context.Background(), nil); err != nil || !slices.Equal(got, want) {
		t.Errorf("in shares: %q, %v; want %q", got, err, want)
	}
}

// sample is a ledger with one of everything: two slots, attachments, a reply, a
// tombstone that was carried out, and a report and a reply that wait.
type sample struct {
	dir           string
	first         Submission // with two attachments
	index         uint64     // of first
	tombstone     uint64
	waits         Submission // with one attachment
	size          uint64
	tag, freshTag ledger.Hash
}

func newSample(t testing.TB) sample {
	t.Helper()
	c := newClock()
	m := sample{dir: newFolder(t), tag: ledger.Sum([]byte("tag")), freshTag: ledger.Sum([]byte("fresh"))}
	s, err := openTest(m.dir, Config{Slot: day, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	people := ledgertest.Trustees()
	m.first = withLarge(report(t, s, 70000, 1<<20))
	p := submit(t, s, m.first)
	gone := report(t, s, 66000)
	erased := submit(t, s, gone)
	submit(t, s, signedEntry(t, s, ledger.KindReply, people[0], ledger.Reply{Tag: m.tag, Message: random(700)}.Marshal()))
	c.forward(day)
	sequence(t, s)
	at, err := s.Find(erased.Body)
	if err != nil {
		t.Fatal(err)
	}
	stone := ledger.Tombstone{Origin: s.Origin(), Reason: ledger.EraseAsked, Parts: []ledger.Erased{{Index: at, Hash: gone.Body.Parts[3].Hash}}}
	st := submit(t, s, approved(t, s, ledger.KindTombstone, stone.Marshal(), nil, people[:2]...))
	c.forward(day)
	sequence(t, s)
	if m.tombstone, err = s.Find(st.Body); err != nil {
		t.Fatal(err)
	}
	m.waits = withLarge(report(t, s, 67000))
	submit(t, s, m.waits)
	submit(t, s, signedEntry(t, s, ledger.KindReply, people[1], ledger.Reply{Tag: m.freshTag, Message: random(700)}.Marshal()))
	if m.index, err = s.Find(p.Body); err != nil {
		t.Fatal(err)
	}
	m.size = s.Size()
	closeAndCheck(t, s)
	return m
}

// largePart is a size of parts that have pages of their own in the database.
const largePart = 20_000

// withLarge gives a report an identity that large.
func withLarge(sub Submission) Submission {
	sub.Small[2] = random(largePart)
	sub.Body.Parts[2].Hash, sub.Body.Parts[2].Size = ledger.Sum(sub.Small[2]), largePart
	return sub
}

// edit changes a ledger's database behind its back.
func edit(t testing.TB, dir string, fn func(tx kv.Tx) error) {
	t.Helper()
	p, err := readPlace(dir)
	if err != nil {
		t.Fatal(err)
	}
	e, err := p.openEngines(dir, false, nil)
	if err == nil {
		err = exit.First(kv.Update(e.db, fn), e.close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// partPath is where an attachment lies.
func partPath(dir string, h ledger.Hash) string {
	return file.Path(filepath.Join(dir, partsName), blob.Hash(h))
}

// flipped is a copy of b with one bit turned at i.
func flipped(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

func TestCheckNamesTheFault(t *testing.T) {
	m := newSample(t)
	entry := number(m.index)
	textAt := 32 * hashesIn(m.index)
	small := m.first.Body.Parts[1].Hash
	attachment := m.first.Body.Parts[4].Hash
	put := func(table string, key []byte, change func(old []byte) []byte) func(t *testing.T) {
		return func(t *testing.T) {
			edit(t, m.dir, func(tx kv.Tx) error {
				b := tx.Table(table)
				v := change(bytes.Clone(b.Get(key)))
				if v == nil {
					return b.Delete(key)
				}
				return b.Put(key, v)
			})
		}
	}
	remove := func([]byte) []byte { return nil }
	large := m.first.Body.Parts[2].Hash
	onSmall := func(h ledger.Hash, change func(old []byte) []byte) func(t *testing.T) {
		return put(tableSmall, h[:], change)
	}
	onFile := func(h ledger.Hash, change func(path string) error) func(t *testing.T) {
		return func(t *testing.T) {
			if err := change(partPath(m.dir, h)); err != nil {
				t.Fatal(err)
			}
		}
	}
	anyWaiting := m.waits.Body.Hash()
	n := fmt.Sprint("entry ", m.index)
	db := "ledger.db"
	// Where attachments lie in the database, there are no files to damage.
	var files []string
	if cluster != nil {
		db = "database"
		files = []string{"an attachment's bit", "an attachment cut short", "an attachment missing", "a pipe in an attachment's place",
			"a file that is none of ours", "a damaged file that nothing names", "a waiting attachment"}
	}
	for i, test := range []struct {
		name string
		do   func(t *testing.T)
		want []string // one of the faults begins so; all faults begin with one of these
	}{
		{"a letter of an entry", put(tableEntries, entry, func(v []byte) []byte { return flipped(v, len(v)-3) }), []string{n}},
		{"its first line", put(tableEntries, entry, func(v []byte) []byte { return flipped(v, textAt) }), []string{n}},
		{"its leaf in the tree", put(tableEntries, entry, func(v []byte) []byte { return flipped(v, 0) }),
			[]string{n, fmt.Sprint("entry ", m.index+1), "checkpoint"}},
		{"a hash of the tree", put(tableEntries, number(31), func(v []byte) []byte { return flipped(v, 32*4) }), []string{"entry 31: the tree's hash that it completes at level 4", "checkpoint", "guard"}},
		{"an entry cut short", put(tableEntries, entry, func(v []byte) []byte { return v[:20] }),
			[]string{n, "checkpoint 33: its root can't be computed"}}, // entries 31 and 32 are in the root by no later hash
		{"an entry missing", put(tableEntries, entry, remove), []string{n + ": it is missing", "checkpoint", db, "part", "guard", fmt.Sprint("entry ", m.index+1)}},
		{"the last entry missing", put(tableEntries, number(m.size-1), remove), []string{fmt.Sprint("entry ", m.size-1), "checkpoint", db, "part", "guard"}},
		{"a checkpoint's root", put(tableCheckpoints, number(33), func(v []byte) []byte { return flipped(v, 30) }), []string{"checkpoint 33: "}},
		{"a checkpoint's signature", put(tableCheckpoints, number(33), func(v []byte) []byte { return append(v[:len(v)-9], append([]byte("AAAA"), v[len(v)-5:]...)...) }), []string{"checkpoint 33: "}},
		{"a checkpoint of another size", func(t *testing.T) {
			edit(t, m.dir, func(tx kv.Tx) error {
				b := tx.Table(tableCheckpoints)
				return b.Put(number(40), bytes.Clone(b.Get(number(33))))
			})
		}, []string{"checkpoint 40: "}},
		{"a small part", func(t *testing.T) {
			edit(t, m.dir, func(tx kv.Tx) error {
				b := tx.Table(tableSmall)
				return b.Put(small[:], flipped(b.Get(small[:]), 100))
			})
		}, []string{n + ", statement " + small.String() + ": its 1500 bytes do not have this hash"}},
		{"a part of three megabytes", onSmall(large, func([]byte) []byte { return make([]byte, 3_000_000) }),
			[]string{map[bool]string{true: n + ", identity " + large.String() + ": its 3000000 bytes do not have this hash, or not the size 20000",
				false: "database: a value is larger than any that this program writes: table small has one of more than 2097152 bytes under " + large.String()}[cluster == nil]}},
		{"a small part missing", func(t *testing.T) {
			edit(t, m.dir, func(tx kv.Tx) error { return tx.Table(tableSmall).Delete(small[:]) })
		}, []string{n + ", statement " + small.String() + ": it is missing"}},
		{"a large part", onSmall(large, func(v []byte) []byte { return flipped(v, largePart-1) }),
			[]string{n + ", identity " + large.String() + ": its 20000 bytes do not have this hash, or not the size 20000"}},
		{"a large part cut short", onSmall(large, func(v []byte) []byte { return v[:largePart-1] }),
			[]string{n + ", identity " + large.String() + ": its 19999 bytes do not have this hash, or not the size 20000"}},
		{"a large part made small", onSmall(large, func(v []byte) []byte { return v[:100] }),
			[]string{n + ", identity " + large.String() + ": its 100 bytes do not have this hash, or not the size 20000"}},
		{"a large part missing", onSmall(large, remove), []string{n + ", identity " + large.String() + ": it is missing"}},
		{"a small part too many", func(t *testing.T) {
			edit(t, m.dir, func(tx kv.Tx) error { return putSmall(tx, ledger.Sum([]byte("x")), []byte("x")) })
		}, []string{"part " + ledger.Sum([]byte("x")).String() + ": a part that no body names"}},
		{"an attachment's bit", onFile(attachment, func(path string) error {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, flipped(b, 1<<19), 0o600)
		}), []string{n + ", attachment " + attachment.String() + ": its file has the hash "}},
		{"an attachment cut short", onFile(attachment, func(path string) error { return os.Truncate(path, 1<<20-1) }),
			[]string{n + ", attachment " + attachment.String() + ": its file has 1048575 bytes, and the entry says 1048576"}},
		{"an attachment missing", onFile(attachment, os.Remove), []string{n + ", attachment " + attachment.String() + ": its file is missing"}},
		{"a pipe in an attachment's place", onFile(attachment, func(path string) error { // no process writes to it, and the check must not wait
			return exit.First(os.Remove(path), syscall.Mkfifo(path, 0o600))
		}), []string{n + ", attachment " + attachment.String() + ": its file has 0 bytes, and the entry says 1048576", partPath(m.dir, attachment) + ": it does not belong here"}},
		{"an attachment not indexed", put(tableFiles, attachment[:], remove), []string{n + ", attachment " + attachment.String() + ": the index of files does not have it"}},
		{"a file that is none of ours", func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(m.dir, "parts", "x.txt"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{filepath.Join(m.dir, "parts", "x.txt") + ": it does not belong here"}},
		{"a damaged file that nothing names", onFile(attachment, func(path string) error {
			other := ledger.Sum([]byte("other"))
			if err := os.MkdirAll(filepath.Dir(partPath(m.dir, other)), 0o700); err != nil {
				return err
			}
			return os.WriteFile(partPath(m.dir, other), []byte("not it"), 0o600)
		}), []string{partPath(m.dir, ledger.Sum([]byte("other"))) + ": nothing names it, and it is damaged"}},
		{"an index that leads elsewhere", func(t *testing.T) {
			key := keyOf(m.first.Body.Hash())
			put(tableBodies, key[:], func([]byte) []byte { return number(m.index - 1) })(t)
		}, []string{db + ": the index of bodies leads from", n}},
		{"an index that lacks one", func(t *testing.T) {
			key := keyOf(m.first.Body.Hash())
			put(tableBodies, key[:], remove)(t)
		}, []string{n + ": its body is not indexed"}},
		{"an index with one too many", put(tableBodies, make([]byte, 16), func([]byte) []byte { return number(3) }),
			[]string{db + ": the index of bodies leads from 00000000000000000000000000000000 to entry 3"}},
		{"a promise's signature", put(tableWaiting, anyWaiting[:], func(v []byte) []byte {
			i := bytes.Index(v, []byte("\n\n")) + 60
			return append(v[:i], append([]byte("AAAA"), v[i+4:]...)...)
		}), []string{"waiting " + anyWaiting.String() + ": promise: "}},
		{"a promised body", put(tableWaiting, anyWaiting[:], func(v []byte) []byte { return flipped(v, len(v)-3) }), []string{"waiting " + anyWaiting.String(), "part", db}},
		{"a waiting part missing", func(t *testing.T) {
			h := m.waits.Body.Parts[2].Hash
			edit(t, m.dir, func(tx kv.Tx) error { return tx.Table(tableSmall).Delete(h[:]) })
		}, []string{"waiting " + anyWaiting.String() + ": its identity " + m.waits.Body.Parts[2].Hash.String() + " is missing"}},
		{"a waiting part altered", onSmall(m.waits.Body.Parts[2].Hash, func(v []byte) []byte { return flipped(v, 0) }),
			[]string{"waiting " + anyWaiting.String() + ": its identity " + m.waits.Body.Parts[2].Hash.String() + " is altered"}},
		{"a waiting part cut short", onSmall(m.waits.Body.Parts[2].Hash, func(v []byte) []byte { return v[:largePart-1] }),
			[]string{"waiting " + anyWaiting.String() + ": its identity " + m.waits.Body.Parts[2].Hash.String() + " is altered"}},
		{"a waiting attachment", onFile(m.waits.Body.Parts[3].Hash, os.Remove), []string{"attachment " + m.waits.Body.Parts[3].Hash.String() + ": its file is missing"}},
		{"a tag that leads elsewhere", put(tableTags, m.tag[:], func(v []byte) []byte { return flipped(v, 0) }),
			[]string{"reply " + m.tag.String()}},
		{"a tag missing", put(tableTags, m.freshTag[:], remove), []string{"reply " + m.freshTag.String() + ": its tag is not indexed"}},
		{"a tag too many", put(tableTags, make([]byte, 32), func([]byte) []byte { return make([]byte, 32) }),
			[]string{"reply " + strings.Repeat("0", 64) + ": its tag leads to no such reply"}},
		{"a locator too large", put(tableLocators, make([]byte, 32), func([]byte) []byte { return make([]byte, MaxLocator+1) }),
			[]string{"locator " + strings.Repeat("0", 64) + ": it is no locator"}},
		{"an erasure that nobody approved", func(t *testing.T) {
			edit(t, m.dir, func(tx kv.Tx) error {
				if err := tx.Table(tableSmall).Delete(small[:]); err != nil {
					return err
				}
				return tx.Table(tableErased).Put(small[:], number(m.tombstone))
			})
		}, []string{"part " + small.String() + ": it was erased, and no tombstone names it"}},
		{"the list of what governs", put(tableGoverning, number(5), func([]byte) []byte { return []byte{} }), []string{db + ": the list of entries that govern"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if slices.Contains(files, test.name) {
				return
			}
			if i%shorttest.Count(1, 10) != 0 {
				shorttest.Skip(t, "nine of ten faults are not looked for")
			}
			whole := copyLedger(t, m.dir)
			defer func() {
				restore(t, whole, m.dir)
				if cluster != nil {
					restoreDB(t, whole, m.dir)
				}
				checkFolder(t, m.dir)
			}()
			if cluster != nil {
				saveDB(t, m.dir, whole)
			}
			test.do(t)
			s, err := OpenReadOnly(m.dir)
			var faults []Fault
			if err != nil {
				// What must be read to open it at all is named by the error.
				if !errors.Is(err, ledger.ErrMismatch) {
					t.Fatal(err)
				}
				t.Logf("opening: %v", err)
				inner := strings.TrimPrefix(err.Error(), filepath.Join(m.dir, dbName)+": ")
				if cluster != nil {
					_, inner, _ = strings.Cut(err.Error(), ": ")
				}
				faults = []Fault{{-1, "", inner}}
			} else {
				faults, err = s.Check(t.Context(), nil)
				compareShares(t, s, faults)
				s.Close()
				if err != nil {
					t.Fatal(err)
				}
			}
			if len(faults) == 0 || !slices.ContainsFunc(faults, func(f Fault) bool { return strings.HasPrefix(f.String(), test.want[0]) }) {
				t.Errorf("found %q, want one that begins %q", faults, test.want[0])
			}
			for _, f := range faults {
				if !slices.ContainsFunc(test.want, func(w string) bool { return strings.HasPrefix(f.String(), w) }) {
					t.Errorf("also found: %s", f)
				}
				if strings.Contains(f.String(), "\n") {
					t.Errorf("more than one line: %q", f)
				}
			}
		})
	}
}

// copyLedger puts a copy of a ledger's folder aside.
func copyLedger(t testing.TB, dir string) (to string) {
	t.Helper()
	to = filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func restore(t testing.TB, from, dir string) {
	t.Helper()
	err := os.RemoveAll(dir)
	if err == nil {
		err = os.CopyFS(dir, os.DirFS(from))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckTellsOfItsProgress(t *testing.T) {
	shorttest.Skip(t, "not tested: the progress of a check")
	m := newSample(t)
	s, err := OpenReadOnly(m.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var last, total int64
	faults, err := s.Check(t.Context(), func(done, of int64) {
		if done < last || done > of {
			t.Errorf("%d of %d after %d", done, of, last)
		}
		last, total = done, of
	})
	if err != nil || len(faults) > 0 || last != total || total == 0 {
		t.Errorf("%d of %d, %v, %v", last, total, faults, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Check(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Check finds nothing in a ledger that changes meanwhile: what it sees is one snapshot, whose pages are not written again,
// also once a compaction has replaced the file.
func TestCheckBesideSubmissions(t *testing.T) {
	shorttest.Skip(t, "no check runs beside submissions")
	c := newClock()
	s := newStore(t, day, c)
	ended := make(chan struct{})
	checked := make(chan int)
	go func() {
		n := 0
		for {
			faults, err := s.Check(t.Context(), nil)
			if err != nil || len(faults) > 0 {
				t.Errorf("check %d: %v, %v", n, err, faults)
			}
			n++
			select {
			case <-ended:
				checked <- n
				return
			default:
			}
		}
	}()
	for i := range 60 {
		sub := wordsOf(s, []int{1500, 20_000, 70_000}[i%3])
		if i%5 == 0 {
			sub.Body.Parts = append(sub.Body.Parts, attach(t, s, random(100_000)))
		}
		submit(t, s, sub)
		if i%10 == 9 {
			c.forward(day)
			sequence(t, s)
		}
		if i%25 == 24 {
			if err := s.db.Forget(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	close(ended)
	if n := <-checked; n < 2 {
		t.Errorf("%d checks", n)
	}
}

// A slot that is committed and not yet released, because no witness answers, is no fault: its entries are verified, and what
// they name is named.
func TestCheckBeforeRelease(t *testing.T) {
	if cluster == nil {
		return // bbolt's commit and release are one to a reader
	}
	register := new(memoryRegister)
	c := newClock()
	s := open(t, newFolder(t), Config{Slot: day, Now: c.now, Register: register})
	for range 3 {
		submit(t, s, report(t, s, 3000))
	}
	c.forward(day)
	register.set(errors.New("down"))
	if err := s.Sequence(t.Context()); !errors.Is(err, ErrNoWitness) {
		t.Fatalf("without a witness: %v", err)
	}
	size := s.Size()
	if faults, err := s.Check(t.Context(), nil); err != nil || len(faults) > 0 || s.Size() != size {
		t.Errorf("%v, %v; %d entries", faults, err, s.Size())
	}
	register.set(nil)
	c.forward(day)
	sequence(t, s)
}
