package ledger_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"pgregory.net/rapid"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

// grow makes a tree of n leaves, and returns the leaves.
func grow(t testing.TB, n uint64) (ledger.StoredTree, []ledger.Hash) {
	var m ledger.StoredTree
	leaves := make([]ledger.Hash, 0, n)
	for i := range n {
		leaf := ledger.LeafHash(fmt.Appendf(nil, "leaf %d", i))
		must(t, m.Add(i, leaf))
		leaves = append(leaves, leaf)
	}
	if uint64(len(m)) != ledger.StoredCount(n) {
		t.Fatalf("%d hashes are stored for %d leaves, and StoredCount says %d", len(m), n, ledger.StoredCount(n))
	}
	return m, leaves
}

// Roots and proofs are those of another house's code, for every size to 70 and
// every pair in it; and each side verifies the other's.
func TestTreeAgreesWithMerkle(t *testing.T) {
	const size = 70
	m, leaves := grow(t, size)
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	roots := []ledger.Hash{{}}
	theirs := factory.NewEmptyRange(0)
	for i := range uint64(size) {
		must(t, theirs.Append(leaves[i][:], nil))
		want, err := theirs.GetRootHash(nil)
		must(t, err)
		got, err := ledger.RootAt(i+1, m)
		must(t, err)
		if got != ledger.Hash(want) {
			t.Fatalf("the root of %d leaves is %s, and theirs %x", i+1, got, want)
		}
		roots = append(roots, got)
	}
	for n := uint64(1); n <= size; n++ {
		cp := ledger.Checkpoint{Size: n, Root: roots[n]}
		for i := range n {
			path, err := ledger.ProveEntry(n, i, m)
			must(t, err)
			must(t, ledger.CheckInclusion(cp, i, leaves[i], path))
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, i, n, leaves[i][:], slices(path), roots[n][:]); err != nil {
				t.Fatalf("entry %d of %d: they refuse our proof: %v", i, n, err)
			}
			old := i + 1
			path, err = ledger.ProveConsistency(n, old, m)
			must(t, err)
			must(t, ledger.CheckConsistency(cp, ledger.Checkpoint{Size: old, Root: roots[old]}, path))
			if err := proof.VerifyConsistency(rfc6962.DefaultHasher, old, n, slices(path), roots[old][:], roots[n][:]); err != nil {
				t.Fatalf("%d to %d: they refuse our proof: %v", old, n, err)
			}
		}
	}
}

func slices(path []ledger.Hash) [][]byte {
	out := make([][]byte, len(path))
	for i, h := range path {
		out[i] = h[:]
	}
	return out
}

// Whatever is changed in a proof, both houses refuse it.
func TestFalseProofs(t *testing.T) {
	m, leaves := grow(t, 300)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(2, 300).Draw(t, "size")
		index := rapid.Uint64Max(size-1).Draw(t, "index")
		root, err := ledger.RootAt(size, m)
		if err != nil {
			t.Fatal(err)
		}
		path, err := ledger.ProveEntry(size, index, m)
		if err != nil {
			t.Fatal(err)
		}
		leaf := leaves[index]
		switch rapid.IntRange(0, 4).Draw(t, "change") {
		case 0:
			leaf[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		case 1:
			path[rapid.IntRange(0, len(path)-1).Draw(t, "hash")][rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		case 2:
			path = path[1:]
		case 3:
			path = append(path, ledger.Hash{})
		case 4:
			other := rapid.Uint64Max(size-1).Draw(t, "other")
			if other == index {
				return
			}
			index = other
		}
		ours := ledger.CheckInclusion(ledger.Checkpoint{Size: size, Root: root}, index, leaf, path)
		theirs := proof.VerifyInclusion(rfc6962.DefaultHasher, index, size, leaf[:], slices(path), root[:])
		if ours == nil || theirs == nil {
			t.Fatalf("accepted: we say %v, they %v", ours, theirs)
		}
		want := fmt.Sprintf("inclusion: the path does not lead from entry %d to the root of %d entries", index, size)
		if ours.Error() != want {
			t.Fatalf("%v, want %s", ours, want)
		}
	})
}

func TestProofsOutOfRange(t *testing.T) {
	m, leaves := grow(t, 3)
	for _, test := range [][2]uint64{{3, 3}, {0, 0}, {ledger.MaxIndex + 1, 0}} {
		if _, err := ledger.ProveEntry(test[0], test[1], m); err == nil || err.Error() != fmt.Sprintf("ledger: entry %d is not among the first %d", test[1], test[0]) {
			t.Error(err)
		}
	}
	for _, test := range [][2]uint64{{3, 0}, {3, 4}, {ledger.MaxIndex + 1, 1}} {
		if _, err := ledger.ProveConsistency(test[0], test[1], m); err == nil || err.Error() != fmt.Sprintf("ledger: no proof from %d to %d entries", test[1], test[0]) {
			t.Error(err)
		}
	}
	if _, err := ledger.RootAt(0, m); err == nil || err.Error() != "ledger: an empty ledger has no root" {
		t.Error(err)
	}
	cp := ledger.Checkpoint{Size: 3}
	refused(t, ledger.CheckInclusion(cp, 3, leaves[0], nil), "inclusion: entry 3 is not among the first 3")
	refused(t, ledger.CheckConsistency(cp, ledger.Checkpoint{}, nil), "consistency: no way from 0 to 3 entries")
	refused(t, ledger.CheckConsistency(cp, ledger.Checkpoint{Size: 4}, nil), "consistency: no way from 4 to 3 entries")
	refused(t, ledger.CheckConsistency(cp, ledger.Checkpoint{Size: 2}, nil), "consistency: the ledger of 2 entries is not the beginning of that of 3")
}

func TestReceipt(t *testing.T) {
	b := ledgertest.New()
	for i := range 5 {
		b.Report(fmt.Sprint("report ", i), i)
	}
	cp := b.Checkpoint()
	v := b.Key.Verifier()
	for i, text := range b.Entries {
		file, err := ledger.MakeReceipt(text, cp, b)
		must(t, err)
		r, err := v.OpenReceipt(file)
		if err != nil || r.Entry.Index != uint64(i) || string(r.Text) != string(text) || r.Checkpoint.Size != 6 || string(r.Note) != string(cp) || r.Leaf != ledger.LeafHash(text) {
			t.Fatalf("entry %d: opened %+v, %v", i, r, err)
		}
	}

	file, err := ledger.MakeReceipt(b.Entries[3], cp, b)
	must(t, err)
	good := string(file)
	lines := strings.SplitAfter(good, "\n")
	extra := func(text []byte) string { return "extra " + base64.StdEncoding.EncodeToString(text) + "\n" }
	another := entry(t, b, 3)
	another.Origin = "example.net/ledger"
	end := strings.Index(good, "\n\n") + 2
	ml := lines[len(lines)-2]
	for name, test := range map[string][2]string{
		"empty":              {"", "receipt: tlog proof missing expected header"},
		"another version":    {strings.Replace(good, "@v1", "@v2", 1), "receipt: tlog proof missing expected header"},
		"no entry":           {strings.Replace(good, lines[1], "", 1), `receipt: line 2: it must be "extra <the entry>"`},
		"an empty entry":     {strings.Replace(good, lines[1], "extra \n", 1), `receipt: line 2: it must be "extra <the entry>"`},
		"another entry":      {strings.Replace(good, lines[1], extra(b.Entries[4]), 1), "receipt: the entry says index 4, and the proof 3"},
		"an edited entry":    {strings.Replace(good, lines[1], extra(replace(b.Entries[3], "trustees 0", "trustees 1")), 1), "receipt: inclusion: the path does not lead from entry 3 to the root of 6 entries"},
		"a damaged entry":    {strings.Replace(good, lines[1], extra(b.Entries[3][1:]), 1), `receipt: entry: line 1: it must be "zapis/entry/v1"`},
		"another ledger's":   {strings.Replace(good, lines[1], extra(another.Marshal()), 1), "receipt: the entry is of example.net/ledger, and the checkpoint of example.org/ledger"},
		"index with zeros":   {strings.Replace(good, "index 3", "index 0003", 1), "receipt: line 3: not the one way to write it"},
		"CRLF":               {strings.Replace(good, "\n", "\r\n", 3), "receipt: line 1: not the one way to write it"},
		"path cut":           {strings.Replace(good, lines[3], "", 1), "receipt: inclusion: the path does not lead from entry 3 to the root of 6 entries"},
		"path swapped":       {strings.Replace(good, lines[3]+lines[4], lines[4]+lines[3], 1), "receipt: inclusion: the path does not lead from entry 3 to the root of 6 entries"},
		"no checkpoint":      {good[:end], "receipt: checkpoint: not a signed note: a text, a blank line, signature lines"},
		"ML-DSA stripped":    {strings.Replace(good, ml, "", 1), "receipt: checkpoint: the log's ML-DSA-44 signature is missing, and both are needed"},
		"no LF at the end":   {strings.TrimSuffix(good, "\n"), fmt.Sprintf("receipt: line %d: not the one way to write it", strings.Count(good, "\n")+1)},
		"another checkpoint": {good[:end] + string(strangeCheckpoint(t)), "receipt: checkpoint: the Ed25519 signature does not fit the text"},
		"too long":           {good + strings.Repeat("x", ledger.MaxReceipt), fmt.Sprintf("receipt: it has %d bytes, and at most 278528 are allowed", len(good)+ledger.MaxReceipt)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.OpenReceipt([]byte(test[0]))
			refused(t, err, test[1])
		})
	}
	c, _, err := v.OpenWitnessed(cp)
	must(t, err)
	if r, err := v.OpenReceiptUnder(file, cp, c); err != nil || r.Entry.Index != 3 || r.Checkpoint != c {
		t.Errorf("under a checkpoint that was verified: %+v, %v", r, err)
	}
	_, err = v.OpenReceiptUnder(file, strangeCheckpoint(t), c)
	refused(t, err, "receipt: it ends in another checkpoint")
	_, err = v.OpenReceiptUnder([]byte(strings.Replace(good, lines[3], "", 1)), cp, c)
	refused(t, err, "receipt: inclusion: the path does not lead from entry 3 to the root of 6 entries")
	if _, err := ledger.MakeReceipt(b.Entries[3][1:], cp, b); err == nil || err.Error() != `entry: line 1: it must be "zapis/entry/v1"` {
		t.Error(err)
	}
	early := ledgertest.New()
	if _, err := ledger.MakeReceipt(b.Entries[3], early.Checkpoint(), b); err == nil || err.Error() != "ledger: entry 3 is not among the first 1" {
		t.Error(err)
	}
}

// strangeCheckpoint has a good text and bad signatures.
func strangeCheckpoint(t testing.TB) []byte {
	_, _, n := checkpoint(t)
	return replace(n, "\n96\n", "\n6\n")
}
