package witness_test

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
	"zapis/crypto/witness"
)

// With -update the vectors are written with new keys: ML-DSA signatures are
// randomised, so all bytes change.
var update = flag.Bool("update", false, "write docs/spec/vectors again")

const vectorsDir = "../../docs/spec/vectors"

// Files beside the vectors: the keys of the log and the witnesses, and what
// the witness that judges requests has cosigned last.
const (
	policyPath = vectorsDir + "/cosigned/key-policy.txt"
	latestPath = vectorsDir + "/request/key-latest.txt"
)

func judges(t *testing.T) map[string]ledgertest.Judge {
	text, err := os.ReadFile(policyPath)
	must(t, err)
	policy, err := witness.ParsePolicy(text)
	must(t, err)
	log, err := ledger.NewVerifier(policy.Logs...)
	must(t, err)
	note, err := os.ReadFile(latestPath)
	must(t, err)
	latest, err := log.OpenCheckpoint(note)
	must(t, err)
	return map[string]ledgertest.Judge{
		"cosigned": func(b []byte) (string, error) {
			c, by, err := policy.Check(log, b)
			var who []string
			for _, x := range by {
				who = append(who, fmt.Sprintf("%s %s %s", x.Witness.Name(), x.Witness.Algorithm(), x.Time.Format(time.RFC3339)))
			}
			return fmt.Sprintf("size %d root %s by %s", c.Size, c.Root, strings.Join(who, ", ")), err
		},
		"request": func(b []byte) (string, error) {
			q, err := witness.ParseRequest(b)
			if err != nil {
				return "", err
			}
			if !bytes.Equal(q.Marshal(), b) {
				return "", fmt.Errorf("it is written again in another way")
			}
			c, err := witness.Judge(log, &latest, q)
			return fmt.Sprintf("from %d to %d", q.Old, c.Size), err
		},
		"policy": func(b []byte) (string, error) {
			p, err := witness.ParsePolicy(b)
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("logs %d witnesses %d nobody is enough: %t", len(p.Logs), len(p.Witnesses), p.Satisfied(nil)), nil
		},
	}
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	for name, judge := range judges(t) {
		t.Run(name, func(t *testing.T) { ledgertest.CheckVectors(t, filepath.Join(vectorsDir, name), judge) })
	}
}

func writeVectors(t *testing.T) {
	b, fork := grown(33, 64, 97), ledgertest.New()
	fork.Report("another history", 0)
	for fork.Size() < 64 {
		fork.Filler()
	}
	fork.Checkpoint()
	one, two, stranger := signingKey(t, "one.example/w", 1), signingKey(t, "two.example/w", 2), signingKey(t, "three.example/w", 3)
	keys := ledgertest.Key(1).Keys()
	policy := lines(
		"log "+keys[0],
		"log "+keys[1],
		"witness one/ed25519 "+one.Verifiers()[0].String()+" https://one.example",
		"witness one/ml-dsa-44 "+one.Verifiers()[1].String()+" https://one.example",
		"witness two "+two.Verifiers()[0].String(),
		"group one all one/ed25519 one/ml-dsa-44",
		"group enough any one two",
		"quorum enough",
	)
	write := func(name string, content []byte) {
		must(t, os.MkdirAll(filepath.Dir(name), 0o777))
		must(t, os.WriteFile(name, content, 0o666))
	}
	write(policyPath, policy)
	write(latestPath, b.Checkpoints[0])

	type v = ledgertest.Vector
	edit := ledgertest.Edit
	note := b.Checkpoints[1]
	by := func(k *witness.SigningKey, i int, note []byte, at time.Time) string {
		c, err := k.Cosign(text(t, note), at)
		must(t, err)
		return string(c[i].Line())
	}
	with := func(more ...string) []byte { return []byte(string(note) + strings.Join(more, "")) }
	whole := cosigned(t, note, one)
	must(t, ledgertest.WriteVectors(vectorsDir+"/cosigned", judges(t)["cosigned"],
		v{File: "by-one.txt", Class: "ok", Content: whole},
		v{File: "by-two.txt", Class: "ok", Content: with(by(two, 0, note, noon))},
		v{File: "by-all.txt", Class: "ok", Content: cosigned(t, note, one, two)},
		v{File: "and-a-stranger.txt", Class: "ok", Content: cosigned(t, whole, stranger)},
		v{File: "by-nobody.txt", Class: "right", Content: note},
		v{File: "by-half-of-one.txt", Class: "right", Content: with(by(one, 0, note, noon))},
		v{File: "by-a-key-that-is-not-named.txt", Class: "right", Content: with(by(two, 1, note, noon))},
		v{File: "by-a-stranger.txt", Class: "right", Content: cosigned(t, note, stranger)},
		v{File: "of-another-checkpoint.txt", Class: "signature", Content: with(by(two, 0, b.Checkpoints[0], noon))},
		v{File: "of-another-checkpoint-ml-dsa.txt", Class: "signature", Content: with(by(two, 0, note, noon), by(one, 1, b.Checkpoints[0], noon))},
		v{File: "line-twice.txt", Class: "signature", Content: with(by(two, 0, note, noon), by(two, 0, note, noon.Add(time.Hour)))},
		v{File: "witness-before-the-log.txt", Class: "canonical", Content: []byte(text(t, note) + "\n" + by(two, 0, note, noon) + string(note[len(text(t, note))+1:]))},
		v{File: "size-edited.txt", Class: "signature", Content: edit(whole, "\n64\n", "\n65\n")},
	))

	good := ask(t, b, 33, 1).Marshal()
	hash := strings.SplitAfter(string(good), "\n")[1]
	forked := ask(t, fork, 33, 0)
	must(t, ledgertest.WriteVectors(vectorsDir+"/request", judges(t)["request"],
		v{File: "grown.txt", Class: "ok", Content: good},
		v{File: "far.txt", Class: "ok", Content: ask(t, b, 33, 2).Marshal()},
		v{File: "again.txt", Class: "ok", Content: ask(t, b, 33, 0).Marshal()},
		v{File: "cosigned-already.txt", Class: "ok", Content: witness.Request{Old: 33, Proof: ask(t, b, 33, 1).Proof, Checkpoint: whole}.Marshal()},
		v{File: "from-nothing.txt", Class: "place", Content: ask(t, b, 0, 1).Marshal()},
		v{File: "from-elsewhere.txt", Class: "place", Content: ask(t, b, 64, 2).Marshal()},
		v{File: "beyond-itself.txt", Class: "place", Content: witness.Request{Old: 65, Checkpoint: note}.Marshal()},
		v{File: "fork.txt", Class: "proof", Content: forked.Marshal()},
		v{File: "without-proof.txt", Class: "proof", Content: edit(good, strings.Split(string(good), "\n\n")[0], "old 33")},
		v{File: "one-signature.txt", Class: "signature", Content: witness.Request{Old: 33, Proof: ask(t, b, 33, 1).Proof, Checkpoint: onlyOne(t, note)}.Marshal()},
		v{File: "leading-zero.txt", Class: "canonical", Content: edit(good, "old 33", "old 033")},
		v{File: "loose-base64.txt", Class: "canonical", Content: edit(good, hash, strings.Repeat("A", 42)+"B=\n")},
		v{File: "no-blank-line.txt", Class: "canonical", Content: []byte("old 0\nexample.org/ledger\n1\n")},
	))

	w1, w2 := strings.SplitAfter(string(policy), "\n")[2], strings.SplitAfter(string(policy), "\n")[4]
	must(t, ledgertest.WriteVectors(vectorsDir+"/policy", judges(t)["policy"],
		v{File: "groups.txt", Class: "ok", Content: policy},
		v{File: "nobody.txt", Class: "ok", Content: []byte("quorum none\n")},
		v{File: "comments.txt", Class: "ok", Content: []byte("# who\n\n \t# else\n\twitness  w " + two.Verifiers()[1].String() + "\t\nquorum w\n")},
		v{File: "no-quorum.txt", Class: "place", Content: []byte(w1)},
		v{File: "two-quorums.txt", Class: "canonical", Content: []byte("quorum none\nquorum none\n")},
		v{File: "quorum-first.txt", Class: "canonical", Content: []byte("quorum two\n" + w2)},
		v{File: "key-twice.txt", Class: "canonical", Content: []byte(w2 + strings.Replace(w2, "two ", "again ", 1) + "quorum two\n")},
		v{File: "log-is-witness.txt", Class: "canonical", Content: []byte("log " + keys[1] + "\nwitness me " + keys[1] + "\nquorum me\n")},
		v{File: "in-two-groups.txt", Class: "canonical", Content: []byte(w1 + w2 + "group a any two\ngroup b any two one/ed25519\nquorum b\n")},
		v{File: "three-of-two.txt", Class: "canonical", Content: []byte(w1 + w2 + "group a 3 two one/ed25519\nquorum a\n")},
		v{File: "crlf.txt", Class: "canonical", Content: []byte("quorum none\r\n")},
		v{File: "log-key.txt", Class: "canonical", Content: []byte("witness w " + keys[0] + "\nquorum w\n")},
	))
}
