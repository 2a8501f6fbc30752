package witness_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/witness"
)

// ask makes the request from one size of a ledger to its checkpoint number n.
func ask(t testing.TB, b *ledgertest.Builder, old uint64, n int) witness.Request {
	t.Helper()
	q := witness.Request{Old: old, Checkpoint: b.Checkpoints[n]}
	c, err := ledgertest.Key(1).Verifier().OpenCheckpoint(q.Checkpoint)
	must(t, err)
	if old > 0 && old <= c.Size {
		q.Proof, err = ledger.ProveConsistency(c.Size, old, b)
		must(t, err)
	}
	return q
}

func latest(t testing.TB, b *ledgertest.Builder, n int) *ledger.Checkpoint {
	t.Helper()
	c, err := ledgertest.Key(1).Verifier().OpenCheckpoint(b.Checkpoints[n])
	must(t, err)
	return &c
}

func TestJudge(t *testing.T) {
	b, fork := grown(33, 64, 96), ledgertest.New()
	fork.Report("another history", 0)
	for fork.Size() < 64 {
		fork.Filler()
	}
	fork.Checkpoint()
	log := ledgertest.Key(1).Verifier()

	for name, c := range map[string]struct {
		had *ledger.Checkpoint
		q   witness.Request
	}{
		"first": {nil, ask(t, b, 0, 0)},
		"grown": {latest(t, b, 0), ask(t, b, 33, 1)},
		"far":   {latest(t, b, 0), ask(t, b, 33, 2)},
		"again": {latest(t, b, 1), ask(t, b, 64, 1)},
		"as written": {latest(t, b, 0), func() witness.Request {
			q, err := witness.ParseRequest(ask(t, b, 33, 1).Marshal())
			must(t, err)
			return q
		}()},
	} {
		if got, err := witness.Judge(log, c.had, c.q); err != nil || got.Size < 33 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}

	one := ask(t, b, 33, 1)
	one.Checkpoint = onlyOne(t, one.Checkpoint)
	wrong := ask(t, b, 33, 1)
	wrong.Proof[0][0] ^= 1
	forked := ask(t, fork, 33, 0)
	forked.Proof = ask(t, b, 33, 1).Proof
	for name, c := range map[string]struct {
		had  *ledger.Checkpoint
		q    witness.Request
		want error
	}{
		"one signature":        {latest(t, b, 0), one, witness.ErrSignature},
		"beyond":               {latest(t, b, 1), ask(t, b, 64, 0), witness.ErrOldSize},
		"a wrong proof":        {latest(t, b, 0), wrong, witness.ErrProof},
		"no proof":             {latest(t, b, 0), witness.Request{Old: 33, Checkpoint: b.Checkpoints[1]}, witness.ErrProof},
		"a proof from nothing": {nil, witness.Request{Proof: wrong.Proof, Checkpoint: b.Checkpoints[0]}, witness.ErrProof},
		"another root":         {latest(t, b, 1), witness.Request{Old: 64, Checkpoint: fork.Checkpoints[0]}, witness.ErrProof},
		"a fork":               {latest(t, b, 0), forked, witness.ErrProof},
	} {
		_, err := witness.Judge(log, c.had, c.q)
		if !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), c.want.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		had *ledger.Checkpoint
		q   witness.Request
		has uint64
	}{
		"too old":      {latest(t, b, 1), ask(t, b, 33, 2), 64},
		"rolled back":  {latest(t, b, 2), ask(t, b, 33, 1), 96},
		"unknown here": {nil, ask(t, b, 33, 1), 0},
	} {
		_, err := witness.Judge(log, c.had, c.q)
		var conflict *witness.Conflict
		if !errors.As(err, &conflict) || conflict.Size != c.has {
			t.Errorf("%s: %v", name, err)
		}
		if want := fmt.Sprintf("this witness has cosigned %d entries last, and the request starts elsewhere", c.has); err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A log may have its first checkpoint cosigned before its first entry.
func TestJudgeEmptyTree(t *testing.T) {
	b := grown(33)
	log := ledgertest.Key(1).Verifier()
	empty := func(root ledger.Hash) []byte {
		return ledgertest.SignEmpty(root)
	}
	none := empty(sha256.Sum256(nil))
	q := witness.Request{Checkpoint: none}
	c, err := witness.Judge(log, nil, q)
	if err != nil || c.Size != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	if again, err := witness.Judge(log, &c, q); err != nil || again.Size != 0 {
		t.Errorf("the same again: %v", err)
	}
	if next, err := witness.Judge(log, &c, witness.Request{Checkpoint: b.Checkpoints[0]}); err != nil || next.Size != 33 {
		t.Errorf("the first entries: %+v, %v", next, err)
	}
	var conflict *witness.Conflict
	if _, err := witness.Judge(log, latest(t, b, 0), q); !errors.As(err, &conflict) || conflict.Size != 33 {
		t.Errorf("empty again after 33 entries: %v", err)
	}
	if _, err := witness.Judge(log, nil, witness.Request{Checkpoint: none, Proof: []ledger.Hash{{}}}); !errors.Is(err, witness.ErrProof) {
		t.Errorf("with a proof: %v", err)
	}
	_, err = witness.Judge(log, nil, witness.Request{Checkpoint: empty(ledger.Sum([]byte("x")))})
	if !errors.Is(err, witness.ErrSignature) || !strings.Contains(err.Error(), "checkpoint: line 3: the root of no entries is e3b0c442") {
		t.Errorf("another root: %v", err)
	}

	k, err := witness.GenerateSigningKey("w.example/w", bytes.NewReader(bytes.Repeat([]byte("w"), 64)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := ledger.NoteText(none)
	if err != nil {
		t.Fatal(err)
	}
	by, err := k.Cosign(text, ledgertest.Slot)
	if err != nil || len(by) != 2 {
		t.Fatal(by, err)
	}
	note, err := witness.Merge(none, by)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := witness.Lines(note)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := witness.Check(text, lines, k.Verifiers()); err != nil || len(found) != 2 {
		t.Errorf("%d lines verify: %v", len(found), err)
	}
	// Our own ledgers begin with their genesis: no other kind of ledger accepts an empty tree.
	if _, err := log.OpenCheckpoint(none); err == nil || err.Error() != "checkpoint: line 2: a size is 1 to 1099511627776" {
		t.Errorf("a reader: %v", err)
	}
}

// onlyOne removes the log's ML-DSA-44 line.
func onlyOne(t testing.TB, note []byte) []byte {
	t.Helper()
	i := bytes.LastIndexByte(bytes.TrimSuffix(note, []byte("\n")), '\n')
	return bytes.Clone(note[:i+1])
}

func TestRequestRefused(t *testing.T) {
	b := grown(33, 64)
	good := string(ask(t, b, 33, 1).Marshal())
	hash := strings.Split(good, "\n")[1] + "\n"
	for name, c := range map[string]struct{ body, want string }{
		"empty":      {"", "witness request: no blank line before the checkpoint"},
		"no blank":   {"old 0\n" + string(b.Checkpoints[0][:20]), "witness request: no blank line before the checkpoint"},
		"no old":     {strings.Replace(good, "old 33", "new 33", 1), `witness request: line 1: it must be "old " and a size, and no other way to write it`},
		"zeros":      {strings.Replace(good, "old 33", "old 033", 1), `witness request: line 1: it must be "old " and a size, and no other way to write it`},
		"huge":       {strings.Replace(good, "old 33", "old 18446744073709551615", 1), `witness request: line 1: it must be "old " and a size, and no other way to write it`},
		"a CR":       {strings.Replace(good, "old 33\n", "old 33\r\n", 1), `witness request: line 1: it must be "old " and a size, and no other way to write it`},
		"short hash": {strings.Replace(good, hash, "AAAA\n", 1), "witness request: line 2: not a hash in base64"},
		"loose bits": {strings.Replace(good, hash, strings.Repeat("A", 42)+"B=\n", 1), "witness request: line 2: not a hash in base64"},
		"long":       {"old 33\n" + strings.Repeat(hash, 64) + "\n" + string(b.Checkpoints[1]), "witness request: a proof has at most 63 lines, not 64"},
		"large":      {strings.Repeat("x", witness.MaxRequest+1), "witness request: it has 65537 bytes, and at most 65536 are allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := witness.ParseRequest([]byte(c.body))
			refused(t, err, c.want)
		})
	}
	q, err := witness.ParseRequest([]byte(good))
	if err != nil || q.Origin() != ledgertest.Origin || string(q.Marshal()) != good {
		t.Errorf("%v, %s", err, q.Origin())
	}
}

func FuzzParseRequest(f *testing.F) {
	b := grown(33, 64)
	f.Add(ask(f, b, 33, 1).Marshal())
	f.Add([]byte("old 0\n\nx"))
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := witness.ParseRequest(body)
		if err != nil {
			if !errors.Is(err, canonical.ErrMismatch) {
				t.Fatalf("no mismatch: %v", err)
			}
			return
		}
		if !bytes.Equal(q.Marshal(), body) {
			t.Fatalf("%q was read as %q", body, q.Marshal())
		}
	})
}
