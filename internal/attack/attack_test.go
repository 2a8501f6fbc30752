package attack

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/witness"
	"zapis/internal/buildtest"
	"zapis/internal/exit"
	"zapis/internal/memorytest"
	"zapis/internal/server/backup"
	"zapis/internal/server/publish"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault"
	"zapis/store"
)

// verifier is zapis-verify as it is shipped; the other programs stand beside it.
var verifier string

func TestMain(m *testing.M) {
	if status, short := shorttest.None(m, "no attack is tried: the programs are built first, and started"); short {
		os.Exit(status)
	}
	memorytest.TempDirs()
	dir, err := os.MkdirTemp("", "zapis-attack-")
	if err != nil {
		panic(err)
	}
	verifier = filepath.Join(dir, "zapis-verify")
	if err := buildtest.Programs(dir, "zapis", "zapisd", "zapis-verify"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// An attack is what the operator makes of the ledger's history.
type attack struct {
	name string
	make func(h *house, was *history)
	grow bool // and continues from there, until it is longer than every copy

	vault, verify, mirror, guard string // how it is found out
}

var attacks = []attack{
	{"rolled back to an older copy", func(_ *house, was *history) { cut(was, 33) }, false,
		"the carry file ends at entry 32, and the vault already holds 65: it is of an older or shortened ledger",
		"the tiles are older than the file: they have 33 entries, and it has 65. Fetch them again; if that stays so, the ledger was rolled back",
		"the ledger has 33 entries, and the folder holds 65: it was rolled back or cut short",
		"it ends at 33 entries, and 65 were signed"},
	{"rolled back, and gone on from there", func(_ *house, was *history) { cut(was, 33) }, true,
		otherRoot, cheated, otherCheckpoint, "they differ at 65 entries"},
	{"the tail cut off", func(_ *house, was *history) { cut(was, 60) }, false,
		"the carry file ends at entry 59, and the vault already holds 65: it is of an older or shortened ledger",
		"the log cheated: it had signed 65 entries, in the file, and later, at 2026-11-23T00:00:00Z, a ledger of 60",
		"the ledger has 60 entries, and the folder holds 65: it was rolled back or cut short",
		"it ends at 60 entries, and 65 were signed"},
	{"the tail cut off, and filled up again", func(_ *house, was *history) { cut(was, 60) }, true,
		"it is not entry 60 as the vault holds it: the log has shown two histories", cheated, "it is not entry 60 as the folder holds it", "they differ at 65 entries"},
	{"an entry edited", func(h *house, was *history) {
		was.pieces[h.index].body.Commitments = ledger.Sum([]byte("other answers"))
	}, false, otherRoot, cheated, otherCheckpoint, "they differ at 65 entries"},
	{"an entry edited, long ago", func(h *house, was *history) {
		was.pieces[h.index].body.Commitments = ledger.Sum([]byte("other answers"))
	}, true, otherRoot, cheated, otherCheckpoint, "they differ at 65 entries"},
	{"an entry put in", func(h *house, was *history) {
		was.pieces = slices.Insert(was.pieces, int(h.index), newReport(0))
		was.pieces = was.pieces[:len(was.pieces)-1]
	}, true, otherRoot, cheated, otherCheckpoint, "they differ at 65 entries"},
	{"an entry left out", func(h *house, was *history) {
		was.pieces = append(slices.Delete(was.pieces, int(h.index), int(h.index)+1), newReport(0))
	}, true, otherRoot, cheated, otherCheckpoint, "they differ at 65 entries"},
	{"two entries changed places", func(h *house, was *history) {
		was.pieces[h.index], was.pieces[h.others[0]] = was.pieces[h.others[0]], was.pieces[h.index]
	}, true, otherRoot, cheated, otherCheckpoint, "they differ at 65 entries"},
	{"a report of today dated back", func(h *house, was *history) {
		for i := 1; i < 33; i++ { // at the place of a filler of the first slot, whose checkpoint keeps its time
			if was.pieces[i].body.Kind == ledger.KindFiller {
				was.pieces[i] = newReport(0)
				h.index = uint64(i)
				return
			}
		}
	}, true, otherRoot, cheated, otherCheckpoint, "they differ at 65 entries"},
}

const (
	otherRoot       = ", and the vault's first @ entries have "
	otherCheckpoint = "the carry file has another checkpoint of the same size than the folder: the log has shown two histories"
)

const cheated = "the log cheated: the first 65 entries in the tiles have the root "

func cut(h *history, size int) {
	h.pieces = h.pieces[:size]
	for at := range h.slots {
		if at > uint64(size) && size == 33 {
			delete(h.slots, at)
		}
	}
}

// firstChanged is where the forged history parts from the true one.
func firstChanged(was, is *history) uint64 {
	for i := range min(len(was.pieces), len(is.pieces)) {
		if was.pieces[i].body.Hash() != is.pieces[i].body.Hash() {
			return uint64(i)
		}
	}
	return 0
}

func TestNothingForks(t *testing.T) {
	h := newHouse(t)
	held := holders(t, h)
	must(t, h.Store.Close())
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			was, is := read(t, h.Dir), read(t, h.Dir)
			own := *h
			a.make(&own, is)
			dir := is.write(t)
			s := openForged(t, dir, h.Now(), a.grow)
			carryFile, public := export(t, s, 0), tiles(t, s)
			slot := "33" // of which the vault holds a checkpoint
			if firstChanged(was, is) == 0 {
				slot = "65"
			}
			expect := func(by, want string, err error) {
				t.Helper()
				want = strings.ReplaceAll(want, "@", slot)
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %v\nwant %s", by, err, want)
				} else if exit.StatusOf(err) != exit.Mismatch {
					t.Errorf("%s: status %d", by, exit.StatusOf(err))
				}
			}
			_, err := held.vault(t).Import(t.Context(), bytes.NewReader(carryFile), vault.ImportOptions{})
			expect("a vault", a.vault, err)
			expect("a mirror", a.mirror, held.mirror(t, carryFile))
			if a.grow {
				_, err := held.vault(t).Import(t.Context(), bytes.NewReader(export(t, s, 65)), vault.ImportOptions{})
				expect("a vault that is given only what is new", "entry 65: its previous is ", err)
			}
			for _, name := range []string{"checkpoint", "cosigned"} {
				want := a.verify
				status, out := verify(t, h.at(name), "--trust", h.at("genesis.txt"), "--tiles", public)
				if status != int(exit.Mismatch) || !strings.Contains(out, want) {
					t.Errorf("zapis-verify %s: status %d\n%s\nwant %s", name, status, out, want)
				}
			}
			// The receipt is under its own slot's checkpoint, of 33 entries: a change after those it can't tell.
			status, out := verify(t, h.at("receipt"), "--trust", h.at("genesis.txt"), "--tiles", public)
			if touched := firstChanged(was, is); (status == int(exit.Mismatch)) != (touched > 0 && touched < 33) {
				t.Errorf("zapis-verify receipt: entry %d was touched, status %d\n%s", touched, status, out)
			}
			expectStatus(t, held.witness(t, s))

			// Put in the true one's place, beside the guard.
			must(t, s.Close())
			expect("the guard", a.guard, guarded(t, h.Dir, dir))
		})
	}
}

// Without an attack, no check reports one.
func TestHonestGrowth(t *testing.T) {
	h := newHouse(t)
	held := holders(t, h)
	h.Report(nil)
	h.Pass(day)
	h.Slot()
	carryFile, public := export(t, h.Store, 0), tiles(t, h.Store)
	if _, err := held.vault(t).Import(t.Context(), bytes.NewReader(carryFile), vault.ImportOptions{}); err != nil {
		t.Error(err)
	}
	if err := held.mirror(t, carryFile); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"checkpoint", "cosigned", "receipt"} {
		if status, out := verify(t, h.at(name), "--trust", h.at("genesis.txt"), "--tiles", public); status != 0 {
			t.Errorf("%s: status %d\n%s", name, status, out)
		}
	}
	status, out := verify(t, h.at("cosigned"), "--trust", h.at("genesis.txt"), "--trust", h.at("witness-keys"))
	if status != 0 || !strings.Contains(out, "The witness partner.example/witness, whose key you trust, has seen it") {
		t.Errorf("status %d\n%s", status, out)
	}
	if err := held.witness(t, h.Store); err != nil {
		t.Error(err)
	}
	if err := guarded(t, h.Dir, h.Dir); err != nil {
		t.Error(err)
	}
}

func verify(t testing.TB, args ...string) (status int, out string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), verifier, args...)
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(b)
}

// outside is the copies outside the server: a vault, a mirror, a witness, in their state after the second slot.
type outside struct{ dir string }

func holders(t testing.TB, h *house) outside {
	t.Helper()
	o := outside{t.TempDir()}
	carryFile, err := os.ReadFile(h.at("carry.tar"))
	must(t, err)
	v, err := casework.Open(filepath.Join(o.dir, "vault"), o.options(t, h, true))
	must(t, err)
	_, err = v.Import(t.Context(), bytes.NewReader(carryFile), vault.ImportOptions{})
	must(t, err)
	must(t, v.Close())
	b, err := backup.Open(filepath.Join(o.dir, "mirror"))
	must(t, err)
	_, err = b.Mirror(t.Context(), bytes.NewReader(carryFile), nil)
	must(t, err)
	must(t, b.Close())

	key, err := witness.GenerateSigningKey("partner.example/witness", rand.Reader)
	must(t, err)
	must(t, publish.CreateWatch(filepath.Join(o.dir, "witness"), key))
	w, err := publish.OpenWatch(filepath.Join(o.dir, "witness"), h.Now)
	must(t, err)
	logKeys := h.Store.Verifier().Keys()
	_, err = publish.AddLedger(filepath.Join(o.dir, "witness"), fmt.Appendf(nil, "log %s\nlog %s\nquorum none\n", logKeys[0], logKeys[1]), false)
	must(t, err)
	note, _ := h.Store.LatestCheckpoint()
	lines, err := w.Cosign(witness.Request{Checkpoint: note})
	must(t, err)
	must(t, w.Close())
	must(t, os.WriteFile(h.at("cosigned"), append(note, lines...), 0o600))
	var keys bytes.Buffer
	for _, k := range key.Verifiers() {
		fmt.Fprintln(&keys, k)
	}
	must(t, os.WriteFile(h.at("witness-keys"), keys.Bytes(), 0o600))
	return o
}

func (o outside) options(t testing.TB, h *house, create bool) vault.Options {
	return vault.Options{Create: create, Now: h.Now, Tool: "zapis test", Warn: t.Logf}
}

// copyOf returns a copy of the state outside, one for each attack.
func (o outside) copyOf(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	must(t, os.CopyFS(dir, os.DirFS(filepath.Join(o.dir, name))))
	return dir
}

func (o outside) vault(t testing.TB) *casework.Trustee {
	t.Helper()
	v, err := casework.Open(o.copyOf(t, "vault"), vault.Options{Now: clock, Tool: "zapis test", Warn: t.Logf})
	must(t, err)
	t.Cleanup(func() { v.Close() })
	return v
}

func (o outside) mirror(t testing.TB, carryFile []byte) error {
	t.Helper()
	b, err := backup.Open(o.copyOf(t, "mirror"))
	must(t, err)
	defer b.Close()
	_, err = b.Mirror(t.Context(), bytes.NewReader(carryFile), nil)
	return err
}

// witness asks for a cosignature of what a ledger has now, with the best proof that it can make.
func (o outside) witness(t testing.TB, s *store.Store) error {
	t.Helper()
	w, err := publish.OpenWatch(o.copyOf(t, "witness"), clock)
	must(t, err)
	defer w.Close()
	note, c := s.LatestCheckpoint()
	q := witness.Request{Old: 65, Checkpoint: note}
	if c.Size > 65 {
		q.Proof, err = s.Consistency(c.Size, 65)
		must(t, err)
	}
	_, err = w.Cosign(q)
	return err
}

func expectStatus(t *testing.T, err error) {
	t.Helper()
	var conflict *witness.Conflict
	if !errors.As(err, &conflict) && !errors.Is(err, witness.ErrProof) && !errors.Is(err, witness.ErrOldSize) {
		t.Errorf("the witness: %v", err)
	}
}

// guarded puts a database in the place of the true one, and opens the ledger.
func guarded(t testing.TB, honest, from string) error {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "replaced")
	must(t, os.CopyFS(dir, os.DirFS(from)))
	g, err := os.ReadFile(filepath.Join(honest, "guard"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "guard"), g, 0o600))
	s, err := store.Open(dir, store.Config{Slot: day, Now: clock})
	if err != nil {
		return err
	}
	return s.Close()
}
