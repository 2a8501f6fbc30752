package e2e

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// A flipped bit of the database is either detected or irrelevant: free pages hold old bytes. Detecting it does not end
// the program: reading such a file can end a process in ways that it can't recover from.
func TestFlippedBitsAreNoticedOrOfNoAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0")
	for range 3 {
		u := beginUpload(t, srv.at+"/send")
		u.field(t, "narrative", strings.Repeat("words ", 100))
		u.field(t, "consent", "store")
		u.end(t)
	}
	srv.stop(t)
	must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", "whole.tar")
	whole := readFile(t, h.path("whole.tar"))
	copied := h.path("copy")
	if err := os.CopyFS(copied, os.DirFS(h.ledger)); err != nil {
		t.Fatal(err)
	}

	const flips, pageSize = 60, 8 << 10
	db := copied + "/ledger.db"
	content := readFile(t, db)
	r := rand.New(rand.NewPCG(2026, 11))
	var used []int // bytes that say something: most of a young database is zeros
	for i, b := range content {
		if b != 0 {
			used = append(used, i)
		}
	}
	noticed, crashed := 0, 0
	for range flips {
		at, bit := used[r.IntN(len(used))], byte(1)<<r.IntN(8)
		if r.IntN(2) == 0 {
			at = at/pageSize*pageSize + r.IntN(64) // a page's head, by which bbolt finds its way
		}
		damaged := bytes.Clone(content)
		damaged[at] ^= bit
		if err := os.WriteFile(db, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		o := command(t, h.dir, "zapisd", "check", "--dir", copied)
		switch {
		case o.status == 3 && o.err != "":
			noticed++
			if strings.Contains(o.err, "reading it ended the process that read it") {
				crashed++
			}
		case o.status == 0:
			must(t, h.dir, "zapisd", "export", "--dir", copied, "--out", "copy.tar")
			if !bytes.Equal(readFile(t, h.path("copy.tar")), whole) {
				t.Errorf("byte %d, bit %d: check found nothing, and the export is another", at, bit)
			}
		default:
			t.Errorf("byte %d, bit %d: check ended with status %d\n%s%s", at, bit, o.status, o.out, o.err)
		}
		if strings.Contains(o.out+o.err, "goroutine ") {
			t.Errorf("byte %d, bit %d: a crash's traces reached the terminal:\n%s%s", at, bit, o.out, o.err)
		}
	}
	t.Logf("of %d flipped bits %d were noticed, %d of them by a crash that was survived", flips, noticed, crashed)
	if noticed == 0 {
		t.Error("not one was noticed: this test looks at the wrong file")
	}
}
