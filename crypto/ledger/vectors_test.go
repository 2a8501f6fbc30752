package ledger_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

// With -update the vectors are written with new keys: ML-DSA signatures are randomised, so all bytes change.
var update = flag.Bool("update", false, "write docs/spec/vectors again")

const vectorsDir = "../../docs/spec/vectors"

func dir(name string) string { return filepath.Join(vectorsDir, name) }

// vectorVerifier is of the keys that stand beside the vectors.
func vectorVerifier(t *testing.T) *ledger.Verifier {
	t.Helper()
	text, err := os.ReadFile(dir("checkpoint/keys.txt"))
	must(t, err)
	v, err := ledger.NewVerifier(strings.Fields(string(text))...)
	must(t, err)
	return v
}

func judges(t *testing.T) map[string]ledgertest.Judge {
	v := vectorVerifier(t)
	return map[string]ledgertest.Judge{
		"entry": func(b []byte) (string, error) {
			e, err := ledger.ParseEntry(b)
			if err == nil && !bytes.Equal(e.Marshal(), b) {
				return "", fmt.Errorf("it is written again in another way")
			}
			return fmt.Sprintf("leaf %s body %s", ledger.LeafHash(b), e.Body.Hash()), err
		},
		"genesis": func(b []byte) (string, error) {
			g, err := ledger.ParseGenesis(b)
			if err != nil {
				return "", err
			}
			if !bytes.Equal(g.Marshal(), b) {
				return "", fmt.Errorf("it is written again in another way")
			}
			return g.Card().String(), nil
		},
		"checkpoint": func(b []byte) (string, error) {
			c, others, err := v.OpenWitnessed(b)
			return fmt.Sprintf("size %d root %s time %s others %d", c.Size, c.Root, c.Time.Format(time.RFC3339), len(others)), err
		},
		"promise": func(b []byte) (string, error) {
			p, err := v.OpenPromise(b)
			return fmt.Sprintf("body %s slot %s", p.Body, p.Slot.Format(time.RFC3339)), err
		},
		"receipt": func(b []byte) (string, error) {
			r, err := v.OpenReceipt(b)
			return fmt.Sprintf("index %d leaf %s size %d", r.Entry.Index, r.Leaf, r.Checkpoint.Size), err
		},
		"change": func(b []byte) (string, error) { return judgeChange(t, b) },
	}
}

// changed is the ledger that a change is judged in: the genesis, and a report.
func changed() *ledgertest.Builder {
	b := ledgertest.New()
	b.Report("report", 1)
	return b
}

// judgeChange puts a trustees, key or tombstone body after a report, and
// follows.
func judgeChange(t *testing.T, body []byte) (string, error) {
	b := changed()
	kind := ledger.KindTombstone
	switch {
	case bytes.HasPrefix(body, []byte("zapis/trustees/")):
		kind = ledger.KindTrustees
	case bytes.HasPrefix(body, []byte("zapis/key/")):
		kind = ledger.KindKey
	}
	b.Add(ledger.BodyOf(kind, 0, b.File(body)))
	chain, err := follow(b, nil)
	if err != nil {
		return "", err
	}
	_, set, err := chain.SetInForce()
	must(t, err)
	v, err := chain.Verifier(3)
	must(t, err)
	return fmt.Sprintf("%s: %d trustees, log key %s", kind, len(set.Trustees), v.Keys()[0]), nil
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	for name, judge := range judges(t) {
		t.Run(name, func(t *testing.T) { ledgertest.CheckVectors(t, dir(name), judge) })
	}
}

func TestSpecShowsTheVectors(t *testing.T) {
	ledgertest.CheckSample(t, "../../docs/spec/ledger.md", dir("entry/report.txt"))
	for _, sample := range []string{ledger.LeafHash(read(t, "entry/report.txt")).String(), ledger.LeafHash(read(t, "entry/genesis.txt")).String()} {
		if page, err := os.ReadFile("../../docs/spec/ledger.md"); err != nil || !strings.Contains(string(page), "\n"+sample+"  -\n") {
			t.Errorf("ledger.md does not show the leaf hash %s (%v)", sample, err)
		}
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(dir(name))
	must(t, err)
	return b
}

func writeVectors(t *testing.T) {
	b := ledgertest.Everything()
	keys := ledgertest.Key(1).Keys()
	must(t, os.MkdirAll(dir("checkpoint"), 0o777))
	must(t, os.WriteFile(dir("checkpoint/keys.txt"), []byte(keys[0]+"\n"+keys[1]+"\n"), 0o666))
	j := judges(t)
	write := func(name string, all []ledgertest.Vector) {
		must(t, ledgertest.WriteVectors(dir(name), j[name], all...))
	}
	write("entry", entryVectors(t, b))
	write("genesis", genesisVectors())
	write("checkpoint", checkpointVectors(t, b))
	write("promise", promiseVectors(t))
	write("receipt", receiptVectors(t))
	write("change", changeVectors(t))
	must(t, os.WriteFile(dir(changedEntry), changed().Entries[1], 0o666))
}

// changedEntry is entry 1 of the ledger that changes are judged in.
const changedEntry = "change/key-entry.txt"

// TestChangesAreJudgedInTheOpen: with the vectors alone the ledger before them is known too.
func TestChangesAreJudgedInTheOpen(t *testing.T) {
	b := changed()
	for i, name := range []string{"entry/genesis.txt", changedEntry} {
		if !bytes.Equal(read(t, name), b.Entries[i]) {
			t.Errorf("%s is not entry %d", name, i)
		}
	}
	if body := read(t, "genesis/genesis.txt"); ledger.Sum(body) != entry(t, b, 0).Body.Parts[0].Hash {
		t.Error("genesis/genesis.txt is not the body of entry 0")
	}
}

type vectors = []ledgertest.Vector

func bad(file, class string, text []byte, from, to string) ledgertest.Vector {
	return ledgertest.Vector{File: file, Class: class, Content: ledgertest.Edit(text, from, to)}
}

func entryVectors(t *testing.T, b *ledgertest.Builder) vectors {
	report := b.Entries[1]
	zeros := strings.Repeat("0", 64)
	hash := func(part int) string { return entry(t, b, 1).Body.Parts[part].Hash.String() }
	var attachments strings.Builder // fifteen, beside the two that there are
	for i := range 15 {
		fmt.Fprintf(&attachments, "attachment %s 70000\n", ledger.Sum([]byte{byte(i)}))
	}
	all := vectors{
		{File: "genesis.txt", Class: "ok", Content: b.Entries[0]},
		{File: "report.txt", Class: "ok", Content: report},
		{File: "filler.txt", Class: "ok", Content: b.Entries[2]},
		{File: "reply.txt", Class: "ok", Content: b.Entries[3]},
		{File: "exhibit.txt", Class: "ok", Content: b.Entries[7]},
		{File: "tombstone.txt", Class: "ok", Content: b.Entries[9]},
		bad("version.txt", "canonical", report, "entry/v1", "entry/v2"),
		bad("crlf.txt", "canonical", report, "kind report", "kind report\r"),
		bad("two-spaces.txt", "canonical", report, "index ", "index  "),
		bad("space-at-end.txt", "canonical", report, "kind report", "kind report "),
		bad("blank-line.txt", "canonical", report, "trustees 0\n", "trustees 0\n\n"),
		bad("leading-zero.txt", "canonical", report, "index 1", "index 01"),
		bad("plus-sign.txt", "canonical", report, "index 1", "index +1"),
		bad("origin-capital.txt", "canonical", report, "origin example", "origin Example"),
		bad("origin-plus.txt", "canonical", report, "/ledger", "/ledger+1"),
		bad("previous-zeros.txt", "canonical", report, b.Genesis.String(), zeros),
		bad("hash-capitals.txt", "canonical", report, b.Genesis.String(), strings.ToUpper(b.Genesis.String())),
		bad("unknown-kind.txt", "canonical", report, "kind report", "kind rumour"),
		bad("genesis-not-first.txt", "canonical", report, "kind report", "kind genesis"),
		bad("later-trustees.txt", "canonical", report, "trustees 0", "trustees 1"),
		bad("another-order.txt", "canonical", report, "signal ", "statement "),
		bad("empty-part.txt", "canonical", report, " 1300\n", " 0\n"),
		bad("part-too-large.txt", "canonical", report, " 1300\n", " 1048577\n"),
		bad("part-twice.txt", "canonical", report, hash(4), hash(3)),
		bad("filler-size.txt", "canonical", b.Entries[2], " 64\n", " 65\n"),
		bad("index-too-large.txt", "canonical", report, "index 1", "index 1099511627777"),
		bad("origin-dots.txt", "canonical", report, "/ledger", "/../ledger"),
		bad("origin-of-ours.txt", "canonical", report, "origin example.org", "origin zapis/example.org"),
		bad("delete-character.txt", "canonical", report, "kind report", "kind report\x7f"),
		bad("not-utf-8.txt", "canonical", report, "kind report", "kind r\xe9port"),
		bad("attachments-too-many.txt", "canonical", report, "commitments", attachments.String()+"commitments"),
		bad("more-lines.txt", "canonical", report, "commitments", "attachment "+zeros+" 70000\nnote hello\ncommitments"),
		{File: "no-line-feed.txt", Class: "canonical", Content: bytes.TrimSuffix(report, []byte("\n"))},
		{File: "line-after.txt", Class: "canonical", Content: append(bytes.Clone(report), "x\n"...)},
		{File: "cut.txt", Class: "canonical", Content: report[:bytes.Index(report, []byte("commitments"))]},
	}
	return all
}

func genesisVectors() vectors {
	g := ledgertest.Genesis()
	good := g.Marshal()
	nobody := g
	nobody.Set.Duty = nil
	continued := g
	continued.Continues = &ledger.Continued{Origin: "example.net/old", Genesis: ledger.Sum(nil), Size: 64, Root: ledger.Sum([]byte("root"))}
	lines := strings.SplitAfter(string(good), "\n")
	return vectors{
		{File: "genesis.txt", Class: "ok", Content: good},
		{File: "without-duty.txt", Class: "ok", Content: nobody.Marshal()},
		{File: "continued.txt", Class: "ok", Content: continued.Marshal()},
		bad("key-of-another-origin.txt", "canonical", good, "origin example.org", "origin example.net"),
		bad("keys-swapped.txt", "canonical", good, lines[3]+lines[4], lines[4]+lines[3]),
		bad("key-id.txt", "canonical", good, "ledger+", "ledger+0"),
		bad("quorum-zero.txt", "canonical", good, "quorum identity 2", "quorum identity 0"),
		bad("quorum-too-large.txt", "canonical", good, "quorum identity 2", "quorum identity 4"),
		bad("quorum-order.txt", "canonical", good, "quorum statement 1\nquorum attachment 1\n", "quorum attachment 1\nquorum statement 1\n"),
		bad("trustee-twice.txt", "canonical", good, lines[11], lines[10]),
		bad("no-trustees.txt", "canonical", good, lines[10]+lines[11]+lines[12], ""),
		bad("classic-recipient.txt", "canonical", good, "trustee anna age1pq1", "trustee anna age1"),
		bad("damaged-recipient.txt", "canonical", good, "trustee anna age1pq1", "trustee anna age1pq1q"),
		bad("approvals-too-many.txt", "canonical", good, "approvals 2", "approvals 4"),
		bad("vocabulary-zero.txt", "canonical", good, "vocabulary 1", "vocabulary 0"),
		bad("duty-twice.txt", "canonical", good, lines[13], lines[13]+lines[13]),
		bad("duty-takes-a-name.txt", "canonical", good, "duty anna", "duty boris"),
		bad("continues-nothing.txt", "canonical", continued.Marshal(), " 64 ", " 0 "),
	}
}

func checkpointVectors(t *testing.T, b *ledgertest.Builder) vectors {
	n := b.Checkpoints[0]
	l := strings.SplitAfter(string(n), "\n")
	text, ed, ml := strings.Join(l[:4], ""), l[4], l[5]
	k := ledgertest.Key(1)
	other, err := ledgertest.Key(2).SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: 3, Root: ledger.Sum(nil), Time: slot})
	must(t, err)
	witness := "— witness.example AAAAAAAA\n"
	root := strings.TrimSuffix(l[2], "\n")
	raw := func(file, class, text string) ledgertest.Vector {
		return ledgertest.Vector{File: file, Class: class, Content: signRaw(t, k, text)}
	}
	return vectors{
		{File: "stored.txt", Class: "ok", Content: n},
		{File: "witnessed.txt", Class: "ok", Content: []byte(string(n) + witness)},
		{File: "without-ed25519.txt", Class: "signature", Content: []byte(text + ml)},
		{File: "without-ml-dsa.txt", Class: "signature", Content: []byte(text + ed)},
		{File: "other-order.txt", Class: "signature", Content: []byte(text + ml + ed)},
		{File: "another-key.txt", Class: "signature", Content: other},
		bad("size-edited.txt", "signature", n, "\n3\n", "\n4\n"),
		{File: "signed-twice.txt", Class: "canonical", Content: []byte(string(n) + ml)},
		{File: "witness-between.txt", Class: "canonical", Content: []byte(text + ed + witness + ml)},
		{File: "unsigned.txt", Class: "canonical", Content: []byte(text)},
		{File: "crlf.txt", Class: "canonical", Content: bytes.ReplaceAll(n, []byte("\n"), []byte("\r\n"))},
		raw("signed-leading-zero.txt", "canonical", origin+"\n03\n"+root+"\n"),
		raw("signed-extension.txt", "canonical", origin+"\n3\n"+root+"\nextension\n"),
		raw("signed-short-root.txt", "canonical", origin+"\n3\nAAAA\n"),
		raw("signed-size-zero.txt", "canonical", origin+"\n0\n"+root+"\n"),
		raw("signed-another-origin.txt", "proof", "example.net/ledger\n3\n"+root+"\n"),
	}
}

func promiseVectors(t *testing.T) vectors {
	body := ledgertest.New().Body(ledger.KindReport, "promised", 1).Marshal()
	k := ledgertest.Key(1)
	n, err := k.SignPromise(ledger.BodyHash(body), slot)
	must(t, err)
	file := ledger.PromiseFile(n, body)
	l := strings.SplitAfter(string(n), "\n")
	text, ed, ml := strings.Join(l[:5], ""), l[5], l[6]
	cp, err := k.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: 3, Root: ledger.Sum(nil), Time: slot})
	must(t, err)
	cosig := strings.SplitAfter(string(cp), "\n")[5]
	end := "\n" + string(body)
	return vectors{
		{File: "promise.txt", Class: "ok", Content: file},
		{File: "without-ed25519.txt", Class: "signature", Content: []byte(text + ml + end)},
		{File: "without-ml-dsa.txt", Class: "signature", Content: []byte(text + ed + end)},
		{File: "checkpoint-cosignature.txt", Class: "signature", Content: []byte(text + ed + cosig + end)},
		bad("another-slot.txt", "signature", file, "2026-11-22", "2026-11-23"),
		{File: "body-edited.txt", Class: "hash", Content: ledgertest.Edit(file, "trustees 0", "trustees 1")},
		{File: "note-alone.txt", Class: "canonical", Content: n},
		bad("body-damaged.txt", "canonical", file, "kind report", "kind  report"),
		{File: "line-after.txt", Class: "canonical", Content: append(bytes.Clone(file), '\n')},
	}
}

func receiptVectors(t *testing.T) vectors {
	b := ledgertest.New()
	for i := range 4 {
		b.Report(fmt.Sprint("report ", i), 0)
	}
	cp := b.Checkpoint()
	first, err := ledger.MakeReceipt(b.Entries[0], cp, b)
	must(t, err)
	file, err := ledger.MakeReceipt(b.Entries[3], cp, b)
	must(t, err)
	l := strings.SplitAfter(string(file), "\n")
	otherExtra := strings.SplitAfter(string(first), "\n")[1]
	ml := l[len(l)-2]
	return vectors{
		{File: "receipt.txt", Class: "ok", Content: file},
		{File: "genesis.txt", Class: "ok", Content: first},
		bad("version.txt", "canonical", file, "@v1", "@v2"),
		bad("without-entry.txt", "canonical", file, l[1], ""),
		bad("leading-zero.txt", "canonical", file, "index 3", "index 003"),
		bad("crlf.txt", "canonical", file, l[0], strings.TrimSuffix(l[0], "\n")+"\r\n"),
		bad("another-entry.txt", "proof", file, l[1], otherExtra),
		bad("loose-base64.txt", "canonical", file, l[3], strings.Replace(l[3], "=\n", "\n", 1)),
		bad("path-longer.txt", "proof", file, l[3], l[3]+l[3]),
		bad("path-cut.txt", "proof", file, l[3], ""),
		bad("path-swapped.txt", "proof", file, l[3]+l[4], l[4]+l[3]),
		bad("without-ml-dsa.txt", "signature", file, ml, ""),
	}
}

func changeVectors(t *testing.T) vectors {
	p := ledgertest.Trustees()
	b := changed()
	two := func(text, lines []byte) []byte { return b.Approve(text, lines, p[0], p[2]) }
	k1, k2 := ledgertest.Key(1), ledgertest.Key(2)
	set := ledger.TrusteesChange{Origin: origin, After: b.After, Set: ledgertest.Set(p[0], p[3])}.Marshal()
	old := ledger.TrusteesChange{Origin: origin, After: ledger.Sum(nil), Set: ledgertest.Set(p[0], p[3])}.Marshal()
	rotation := b.KeyChangeTo(k2, ledger.ReasonRotation).Marshal()
	theft := b.KeyChangeTo(k2, ledger.ReasonCompromised).Marshal()
	report := entry(t, b, 1).Body
	erase := func(index uint64, part ledger.Hash) []byte {
		return ledger.Tombstone{Origin: origin, Reason: ledger.EraseAsked, Parts: []ledger.Erased{{Index: index, Hash: part}}}.Marshal()
	}
	tomb := erase(1, report.Parts[3].Hash)
	hold := ledger.Hold{Origin: origin, Nonce: ledger.Sum([]byte("hold")), Reason: ledger.HoldProceedings, Entries: []uint64{1}}.Marshal()
	later := ledger.Hold{Origin: origin, Nonce: ledger.Sum([]byte("hold")), Reason: ledger.HoldProceedings, Entries: []uint64{2}}.Marshal()
	release := ledger.Release{Origin: origin, Hold: 1, Leaf: ledger.LeafHash(b.Entries[1])}.Marshal()
	good := two(set, nil)
	v := func(file, class string, body []byte) ledgertest.Vector {
		return ledgertest.Vector{File: file, Class: class, Content: body}
	}
	return vectors{
		v("trustees.txt", "ok", good),
		v("key-rotation.txt", "ok", two(rotation, ledgertest.KeyLines(rotation, k2, k1))),
		v("key-compromised.txt", "ok", two(theft, ledgertest.KeyLines(theft, k2))),
		v("tombstone.txt", "ok", two(tomb, nil)),
		v("hold.txt", "ok", b.Approve(hold, nil, p[1])),
		v("hold-by-nobody.txt", "canonical", hold),
		v("hold-of-the-future.txt", "place", b.Approve(later, nil, p[1])),
		v("release-of-nothing.txt", "place", two(release, nil)),
		v("one-approval.txt", "right", b.Approve(set, nil, p[0])),
		v("approved-twice-by-one.txt", "right", b.Approve(set, nil, p[0], p[0])),
		v("approved-by-a-stranger.txt", "right", b.Approve(set, nil, p[0], p[3])),
		v("after-another.txt", "right", two(old, nil)),
		v("key-not-signed-by-the-old.txt", "right", two(rotation, ledgertest.KeyLines(rotation, k2))),
		v("key-not-signed-by-the-new.txt", "right", two(theft, nil)),
		v("key-stays.txt", "right", two(b.KeyChangeTo(k1, ledger.ReasonRotation).Marshal(), ledgertest.KeyLines(rotation, k1, k1))),
		bad("edited-after.txt", "right", good, "quorum identity 2", "quorum identity 1"),
		bad("tombstone-without-order.txt", "canonical", two(tomb, nil), "part 1 ", "part 01 "),
		v("tombstone-of-the-future.txt", "place", two(erase(2, report.Parts[3].Hash), nil)),
		v("tombstone-of-the-genesis.txt", "right", two(erase(0, entry(t, b, 0).Body.Parts[0].Hash), nil)),
		v("tombstone-twice.txt", "canonical", two(ledgertest.Edit(tomb, "part 1", strings.Split(string(tomb), "\n")[3]+"\npart 1"), nil)),
		v("key-no-reason.txt", "canonical", two(ledgertest.Edit(theft, "reason compromised", "reason lost"), ledgertest.KeyLines(theft, k2))),
		v("approved-in-another-order.txt", "right", b.Approve(set, nil, p[2], p[0])),
		v("another-origin.txt", "place", two(ledgertest.Edit(set, "origin example.org", "origin example.net"), nil)),
		bad("tombstone-no-reason.txt", "canonical", two(tomb, nil), "reason asked", "reason none"),
		bad("approval-joined.txt", "canonical", good, "-----END SSH SIGNATURE-----\n\n", "-----END SSH SIGNATURE-----\n"),
	}
}
