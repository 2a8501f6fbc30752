package publish

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/witness"
	"zapis/internal/memorytest"
	"zapis/internal/shorttest"
)

// standIn is the one function that the peer needs of a merkle that is newer
// than what there is: testdata/peer/README.md.
const standIn = `package proof

import (
	"errors"

	"github.com/transparency-dev/merkle"
)

// VerifySubtreeConsistency stands in for a function of a later version.
func VerifySubtreeConsistency(merkle.LogHasher, uint64, uint64, uint64, [][]byte, []byte, []byte) error {
	return errors.New("subtree proofs are not part of this build")
}
`

// peerDir is where peerProgram has built; empty where no test needed it. TestMain removes it.
var peerDir string

// peerProgram builds testdata/peer, once. It never skips: a client that no
// other implementation has tried is not known to work.
var peerProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "peer")
	if err != nil {
		return "", err
	}
	peerDir = dir
	where, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/transparency-dev/merkle").Output()
	if err != nil {
		return "", err
	}
	for from, to := range map[string]string{filepath.Join("testdata", "peer"): dir, strings.TrimSpace(string(where)): filepath.Join(dir, "merkle")} {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			return "", err
		}
	}
	proofs := filepath.Join(dir, "merkle", "proof")
	if err := os.Chmod(proofs, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(proofs, "subtree.go"), []byte(standIn), 0o600); err != nil {
		return "", err
	}
	program := filepath.Join(dir, "program")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-w", "-o", program, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return "", &buildError{out, err}
	}
	return program, nil
})

type buildError struct {
	out []byte
	err error
}

func (e *buildError) Error() string { return e.err.Error() + "\n" + string(e.out) }

func TestMain(m *testing.M) {
	memorytest.TempDirs()
	status := m.Run()
	if peerDir != "" {
		removeAll(peerDir)
	}
	os.Exit(status)
}

// removeAll also removes read-only copies from the module cache.
func removeAll(dir string) {
	filepath.WalkDir(dir, func(path string, d os.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	os.RemoveAll(dir)
}

func peer(t *testing.T) string {
	t.Helper()
	program, err := peerProgram()
	if err != nil {
		t.Fatalf("the peer can't be built: %v", err)
	}
	return program
}

// startPeer runs the peer's witness for a log, with an Ed25519 and an ML-DSA-44
// key of its own.
func startPeer(t *testing.T, name, logKey string) (url string, keys []*witness.Verifier) {
	t.Helper()
	edSecret, edPlain, err := note.GenerateKey(rand.Reader, name)
	must(t, err)
	edPublic, err := fnote.VKeyToCosignatureV1(edPlain)
	must(t, err)
	mlSecret, mlPublic, err := fnote.GenerateMLDSAKey(name)
	must(t, err)
	for _, public := range []string{edPublic, mlPublic} {
		v, err := witness.NewVerifier(public)
		must(t, err)
		keys = append(keys, v)
	}

	cmd := exec.Command(peer(t), "serve")
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	var message bytes.Buffer
	cmd.Stderr = &message
	must(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("the peer: %v\n%s", err, message.Bytes())
		}
	})
	_, err = io.WriteString(in, ledgertest.Origin+"\n"+logKey+"\n"+edSecret+"\n"+mlSecret+"\n\n")
	must(t, err)
	url, err = bufio.NewReader(out).ReadString('\n')
	must(t, err)
	return strings.TrimSpace(url), keys
}

// Our client and another implementation's witness.
func TestClientWithPeer(t *testing.T) {
	shorttest.Skip(t, "another implementation's witness, which is built first, is not asked")
	b := grown(33, 64, 97)
	log := b.Key.Verifier()
	url, keys := startPeer(t, "peer.example/w", log.Keys()[0])
	at := WitnessAt{URL: url, Keys: keys}
	client := NewClient(nil)
	ask := func(n int, last uint64) ([]witness.Cosignature, error) {
		at.Last = last
		checkpoint, by, err := AskWitness(t.Context(), client, at, log, b.prove(n))
		if err == nil && !bytes.Equal(checkpoint, b.Checkpoints[n]) {
			t.Error("the lines are of another checkpoint")
		}
		return by, err
	}
	for _, step := range []struct {
		n    int
		last uint64
	}{
		{0, 0},  // new to it
		{0, 33}, // again
		{1, 33}, // grown
		{2, 0},  // we forgot where it is: 409, and once more
	} {
		by, err := ask(step.n, step.last)
		must(t, err)
		if len(by) != 2 || by[0].Witness.Algorithm() != "Ed25519" || by[1].Witness.Algorithm() != "ML-DSA-44" {
			t.Errorf("checkpoint %d: %d lines", step.n, len(by))
		}
		note, err := witness.Merge(b.Checkpoints[step.n], by)
		must(t, err)
		if _, found, err := witness.Open(log, note, keys); err != nil || len(found) != 2 {
			t.Errorf("checkpoint %d: %d lines, %v", step.n, len(found), err)
		}
	}

	// We were restored from a copy.
	_, err := ask(0, 33)
	wantsContradiction(t, err, Contradiction{Witness: "peer.example/w", Reported: 97, Ours: 33},
		"the witness peer.example/w has cosigned 97 entries, and this ledger has 33")
	// And then went on.
	fork := forked(33, 97, 128)
	at.Last = 97
	_, _, err = AskWitness(t.Context(), client, at, log, fork.prove(2))
	wantsContradiction(t, err, Contradiction{Witness: "peer.example/w", Forked: true, Reported: 97, Ours: 128},
		"the witness peer.example/w has cosigned another history, of 97 entries")

	at.Last, at.Keys = 97, witnessKey(t, "peer.example/w", 7).Verifiers()
	_, _, err = AskWitness(t.Context(), client, at, log, b.prove(2))
	refused(t, err, "the witness peer.example/w: it answered, and not with a key that the policy has for it",
		"compare the witness's keys with those that its operator gave you")
	unknown, _ := startPeer(t, "peer.example/w", ledgertest.Key(2).Keys()[0])
	at.URL = unknown
	_, _, err = AskWitness(t.Context(), client, at, log, b.prove(2))
	// The specification requires 403 here, and the peer answers 500.
	refused(t, err, "the witness peer.example/w answered with status 500", "ask again later, or ask its operator")
}

// Somebody else's client and our witness.
func TestWitnessWithPeer(t *testing.T) {
	shorttest.Skip(t, "another implementation's client, which is built first, asks nothing")
	b := grown(33, 64)
	w, url := startWatch(t, b.Key.Keys())
	ask := func(body []byte) string {
		t.Helper()
		cmd := exec.Command(peer(t), "ask", url)
		cmd.Stdin = bytes.NewReader(body)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		must(t, err)
		return string(out)
	}
	for n, old := range []uint64{0, 33} {
		lines, err := witness.ParseLines([]byte(ask(b.request(t, n, old).Marshal())))
		must(t, err)
		by, err := witness.Check(noteText(t, b.Checkpoints[n]), lines, w.key.Verifiers())
		if err != nil || len(by) != 2 {
			t.Errorf("checkpoint %d: %d lines, %v", n, len(by), err)
		}
	}
	fork := forked(33, 64, 97)
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"stale":      {b.request(t, 1, 33).Marshal(), "refused 64: old size != current\n"},
		"a fork":     {fork.request(t, 2, 64).Marshal(), "refused 0: consistency proof invalid\n"},
		"beyond":     {witness.Request{Old: 97, Checkpoint: b.Checkpoints[1]}.Marshal(), "refused 0: old size > current\n"},
		"unsigned":   {witness.Request{Old: 64, Checkpoint: bytes.Replace(b.Checkpoints[1], []byte("\n64\n"), []byte("\n65\n"), 1)}.Marshal(), "refused 0: no valid signatures\n"},
		"a stranger": {witness.Request{Checkpoint: []byte("else.example\n1\nAAAA\n\n— else AAAA\n")}.Marshal(), "refused 0: unknown log\n"},
	} {
		if got := ask(c.body); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if r, err := http.Get(url + "/add-checkpoint"); err != nil || r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %v, %v", r.Status, err)
	}
}
