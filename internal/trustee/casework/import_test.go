package casework_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

func TestSecondImportIsNothing(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Slot: 24 * time.Hour})
	h.Report(nil)
	o := newVault(t)
	file := h.Carry(0)
	o.mustTake(file, as(h.Trustees[0]))
	before := tree(t, o.dir)
	done := o.mustTake(file, as(h.Trustees[0]))
	if !done.Nothing || done.Size != 1 || done.Waiting != 1 {
		t.Errorf("%+v", done)
	}
	if after := tree(t, o.dir); !equal(before, after) {
		t.Error("importing the same again changed the vault")
	}
}

func equal(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, content := range a {
		if name != "lock" && b[name] != content {
			return false
		}
	}
	return true
}

// What waits is taken along, keeps its case when it gets its entry, and costs its space once.
func TestWaiting(t *testing.T) {
	shorttest.Skip(t, "not tested: what waits at the operator")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Slot: 24 * time.Hour})
	filed := h.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}}, "country_event", "LT")
	o := newVault(t)
	done := o.mustTake(h.Carry(0), as(h.Trustees[0]))
	if done.Waiting != 1 || done.Size != 1 {
		t.Fatalf("%+v", done)
	}
	v := o.openAs(h.Trustees[0])
	if got := newsText(t, v, done); got != filed.Case+": new" {
		t.Errorf("news of what waits: %q", got)
	}
	s := find(t, v, filed.Case).Summary()
	if s.Index != nil || s.Waiting != 1 || s.Country != "LT" || s.Case != filed.Case {
		t.Errorf("while it waits: %+v", s)
	}
	if c := show(t, v, filed.Case); !c.Fits || len(c.Exhibits) != 1 {
		t.Errorf("while it waits: %v", c.Faults)
	}
	v.Close()

	// More waits, and a follow-up to what waits.
	h.Pass(time.Hour)
	h.FollowUp(filed, incident.ActFollowUp, nil, "narrative", "More.")
	if done = o.mustTake(h.Carry(1), as(h.Trustees[0])); done.Waiting != 2 || done.Nothing {
		t.Fatalf("%+v", done)
	}
	v = o.openAs(h.Trustees[0])
	if got := newsText(t, v, done); got != filed.Case+": 1 follow-up" {
		t.Errorf("news of a follow-up that waits: %q", got)
	}
	v.Close()

	h.Pass(24 * time.Hour)
	h.Slot()
	if done = o.mustTake(h.Carry(1), as(h.Trustees[0])); done.Waiting != 0 || done.Size != 33 || done.Reports != 2 || len(done.Mismatches) != 0 {
		t.Fatalf("%+v", done)
	}
	v = o.openAs(h.Trustees[0])
	if got := newsText(t, v, done); got != "" {
		t.Errorf("news again, with the entries: %q", got)
	}
	s = find(t, v, filed.Case).Summary()
	if s.Index == nil || s.Waiting != 0 || s.FollowUps != 1 || s.Case != filed.Case {
		t.Errorf("with its entry: %+v", s)
	}
	if _, err := release.Extract(t.Context(), v, show(t, v, filed.Case), filepath.Join(t.TempDir(), "out"), func(int64) {}); err != nil {
		t.Error(err)
	}
	v.Close()
	parts := make(map[string]os.FileInfo)
	linked := 0
	filepath.Walk(o.dir, func(name string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() && strings.Contains(name, "/parts/") {
			if old, ok := parts[info.Name()]; ok && os.SameFile(old, info) {
				linked++
			}
			parts[info.Name()] = info
		}
		return nil
	})
	if linked != 7 {
		t.Errorf("%d parts came a second time and are the same file, want 7", linked)
	}
}

// newsText returns the cases to which an import has brought something, with what.
func newsText(t *testing.T, v *casework.Trustee, done *casework.Imported) string {
	t.Helper()
	var all []string
	for _, n := range sort(t, v).News(done) {
		all = append(all, n.Summary.Case+": "+n.Words())
	}
	return strings.Join(all, "\n")
}

// What another trustee wrote is news, once; what the owner wrote is none when it comes back.
func TestNewsOfTrustees(t *testing.T) {
	shorttest.Skip(t, "not tested: news about changes of trustees")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{})
	quiet, filed := d.Report(nil), d.Report(nil, "danger_now", "yes")
	d.carry()
	d.in("anna", func(v *casework.Trustee) {
		d.Must(v.Write(find(t, v, quiet.Case), review.Review{Kind: review.Note, Text: "a note"}, false))
	})
	d.collects("anna", filed, "x")
	d.MustAccept(d.outbox("anna"))
	d.FollowUp(quiet, incident.ActStop, nil)
	done := d.carry()
	for name, want := range map[string]string{
		"anna":  filed.Case + ": 1 exhibit\n" + quiet.Case + ": 1 follow-up, WITHDRAWN",
		"boris": filed.Case + ": 1 exhibit\n" + quiet.Case + ": 1 follow-up, 1 text by a trustee, WITHDRAWN",
	} {
		d.in(name, func(v *casework.Trustee) {
			if got := newsText(t, v, done[name]); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
			}
		})
	}
	if got := d.carry()["boris"]; !got.Nothing {
		t.Fatal("a second import brings something")
	} else {
		d.in("boris", func(v *casework.Trustee) {
			if got := newsText(t, v, got); got != "" {
				t.Errorf("news of nothing: %q", got)
			}
		})
	}
}

func TestImportRefusesWhatDoesNotJoin(t *testing.T) {
	shorttest.Skip(t, "not tested: imports that do not join")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	other := vaulttest.New(t, vaulttest.Options{})
	h.Report(nil)
	early := h.Carry(0)
	h.Report(nil)
	h.Report(nil)
	whole := h.Carry(0)
	h.Report(nil)
	late := h.Carry(4)
	h.Report(nil)
	later := h.Carry(5)

	o := newVault(t)
	_, err := o.take(h.Carry(2), vault.ImportOptions{})
	refused(t, "a part of a ledger into an empty vault", err, exit.Mismatch, "the carry file begins at entry 2, and the vault is empty")
	foreign := other.Card()
	_, err = o.take(whole, vault.ImportOptions{Card: &foreign})
	refused(t, "another card", err, exit.Mismatch, "the carry file is of the ledger "+h.Card().String()+", and the card that you gave names "+foreign.String())
	if len(tree(t, filepath.Join(o.dir, "imports"))) != 0 {
		t.Error("something entered")
	}

	own := h.Card()
	o.mustTake(whole, vault.ImportOptions{Card: &own})
	for _, tt := range []struct {
		name, want string
		file       []byte
	}{
		{"a second ledger", "this vault holds the ledger " + h.Card().String() + ", and the carry file is of " + other.Card().String(), other.Carry(0)},
		{"a shorter one", "the carry file ends at entry 1, and the vault already holds 4: it is of an older or shortened ledger", early},
		{"a gap", "the carry file begins at entry 5, and the vault ends at 3: what lies between is missing", later},
	} {
		before := tree(t, o.dir)
		_, err := o.take(tt.file, vault.ImportOptions{})
		refused(t, tt.name, err, exit.Mismatch, tt.want)
		if !equal(before, tree(t, o.dir)) {
			t.Errorf("%s: the vault changed", tt.name)
		}
	}
	if done := o.mustTake(late, vault.ImportOptions{}); done.From != 4 || done.Size != 5 {
		t.Errorf("what joins: %+v", done)
	}
	if done := o.mustTake(h.Carry(2), vault.ImportOptions{}); done.From != 5 || done.Size != 6 {
		t.Errorf("what overlaps: %+v", done)
	}
}

// fork makes two histories of one ledger, each signed by its keys.
func fork(t *testing.T) (a, b *vaulttest.House) {
	h := vaulttest.New(t, vaulttest.Options{})
	h.Report(nil)
	twin := h.Twin()
	h.Open(0)
	twin.Open(0)
	return h, twin
}

func TestForkIsSeen(t *testing.T) {
	t.Parallel()
	a, b := fork(t)
	a.Report(nil, "narrative", "One history.")
	b.Report(nil, "narrative", "Another history.")
	o := newVault(t)
	o.mustTake(a.Carry(0), vault.ImportOptions{})
	_, err := o.take(b.Carry(0), vault.ImportOptions{})
	refused(t, "the same size", err, exit.Mismatch, "checkpoints/3: its root is")
	refused(t, "the same size", err, exit.Mismatch, "the log has shown two histories")
	b.Report(nil)
	_, err = o.take(b.Carry(0), vault.ImportOptions{})
	refused(t, "a longer one", err, exit.Mismatch, "the log has shown two histories")
	_, err = o.take(b.Carry(3), vault.ImportOptions{})
	refused(t, "a longer one, from the seam on", err, exit.Mismatch, "entry 3: its previous is")
	if exit.HintOf(err) != "keep this file, and the vault as it is: together they prove that the log has shown two histories" {
		t.Errorf("hint %q", exit.HintOf(err))
	}
}

// A promise whose slot has passed without the submission is evidence, and is reported prominently.
func TestBrokenPromise(t *testing.T) {
	shorttest.Skip(t, "not tested: a promise that is broken")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Slot: 24 * time.Hour})
	twin := h.Twin()
	h.Open(24 * time.Hour)
	h.Report(nil)
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))

	twin.Pass(25 * time.Hour)
	twin.Open(24 * time.Hour)
	twin.Report(nil)
	twin.Pass(25 * time.Hour)
	twin.Slot()
	done := o.mustTake(twin.Carry(0), as(h.Trustees[0]))
	if len(done.Mismatches) != 1 || !strings.Contains(done.Mismatches[0].Text, "the log promised it for the slot of 2026-11-22 00:00:00, has signed that of") {
		t.Errorf("%+v", done.Mismatches)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna", "boris"}})
	h.Report(nil)
	o := newVault(t)
	v := o.open()
	err := v.Use(vaulttest.Key(h.Trustees[0]))
	refused(t, "an empty vault", err, exit.Failed, "is empty")
	v.Close()
	stranger := vaulttest.Identity(t, "stranger")
	_, err = o.take(h.Carry(0), as(stranger))
	refused(t, "a stranger imports", err, exit.KeyMissing, "the identity of stranger (SHA256:")
	refused(t, "a stranger imports", err, exit.KeyMissing, "is that of no trustee of the ledger example.org/ledger")
	if len(tree(t, filepath.Join(o.dir, "imports"))) != 0 {
		t.Error("and something entered")
	}

	o.mustTake(h.Carry(0), vault.ImportOptions{})
	v = o.open()
	refused(t, "a stranger opens", v.Use(vaulttest.Key(stranger)), exit.KeyMissing, "is that of no trustee")
	_, err = v.Sort(t.Context(), func(int, int) {})
	refused(t, "without a key", err, exit.KeyMissing, "this needs your identity")
	if err := v.Use(vaulttest.Key(h.Trustees[1])); err != nil {
		t.Fatal(err)
	}
	v.Close()
	v = o.open()
	refused(t, "another trustee", v.Use(vaulttest.Key(h.Trustees[0])), exit.KeyMissing, "this vault belongs to boris (SHA256:")
	v.Close()

	_, err = o.take(h.Carry(0), as(h.Trustees[0]))
	refused(t, "another trustee imports", err, exit.KeyMissing, "this vault belongs to boris")

	// The same name and the same SSH key do not make the same trustee.
	k := vaulttest.Key(h.Trustees[1])
	k.Card.Age = h.Trustees[0].Card.Age
	v = o.open()
	refused(t, "half a key", v.Use(k), exit.KeyMissing, "this vault belongs to boris")
}

// An import that ends early, wherever that is, leaves the vault as it was.
func TestInterruptedImport(t *testing.T) {
	shorttest.Skip(t, "not tested: an import that is interrupted")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	h.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}})
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	h.Report([]vaulttest.File{{Name: "b.jpg", Content: jpeg}})
	before := tree(t, o.dir)
	file := h.Carry(2)
	for n := 0; n < len(file); n += 7919 {
		v := o.open()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := v.Import(ctx, io.MultiReader(bytes.NewReader(file[:n]), stop{cancel}, bytes.NewReader(file[n:])), as(h.Trustees[0]))
		if err == nil {
			t.Fatalf("interrupted after %d bytes: it went on", n)
		}
		v.Close()
		v = o.open() // clears what is left
		v.Close()
		if !equal(before, tree(t, o.dir)) {
			t.Fatalf("interrupted after %d bytes: the vault changed", n)
		}
	}
}

// stop is where a reader is interrupted.
type stop struct{ cancel func() }

func (s stop) Read([]byte) (int, error) {
	s.cancel()
	return 0, io.EOF
}

func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	o := newVault(t)
	o.mustTake(h.Carry(0), vault.ImportOptions{})
	v := o.open()
	_, err := o.try()
	refused(t, "a second one", err, exit.Failed, "the vault is in use by process ")
	v.Close()
	o.open().Close()
}

func TestCardOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	wrong := card.LedgerCard{Origin: "example.org/other", Genesis: h.Card().Genesis}
	_, err := newVault(t).take(h.Carry(0), vault.ImportOptions{Card: &wrong})
	refused(t, "the origin alone", err, exit.Mismatch, "and the card that you gave names zapis-ledger+example.org/other+")
}

// The carry file as a whole: every member that is cut, doubled, left out or out of its order, and bits
// flipped all over it, are refused with a sentence, and nothing enters.
func TestHostileCarryFile(t *testing.T) {
	shorttest.Skip(t, "no carry file is cut or flipped all over")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Slot: 24 * time.Hour})
	h.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}})
	h.Pass(25 * time.Hour)
	h.Slot()
	h.Report(nil)
	file := h.Carry(0)
	list := members(t, file)
	if !bytes.Equal(together(list), file) {
		t.Fatal("the test does not know the archive's form")
	}
	o := newVault(t)
	try := func(name string, bad []byte) {
		t.Helper()
		_, err := o.take(bad, vault.ImportOptions{})
		if err == nil || exit.StatusOf(err) != exit.Mismatch || len(err.Error()) < 20 {
			t.Errorf("%s: status %d: %v", name, exit.StatusOf(err), err)
		}
	}
	at, fillers := 0, 0
	for i, m := range list {
		if strings.HasPrefix(m.name, "parts/") && len(m.content(t)) == 64 {
			if fillers++; fillers > 3 {
				at += len(m.bytes)
				continue // thirty fillers are like three
			}
		}
		try("cut before "+m.name, file[:at])
		try("cut within "+m.name, file[:at+len(m.bytes)/2])
		at += len(m.bytes)
		if m.name == "checkpoints/1" {
			continue // an old one may be missing: the newest contains its content
		}
		try("without "+m.name, together(slices.Delete(slices.Clone(list), i, i+1)))
		try("twice "+m.name, together(slices.Insert(slices.Clone(list), i, m)))
		if i > 0 {
			swapped := slices.Clone(list)
			swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
			try("swapped "+m.name, together(swapped))
		}
	}
	try("without its end", file[:len(file)-512])
	try("with more behind", append(slices.Clone(file), 0))
	for n := 0; n < len(file); n += 4999 {
		bad := slices.Clone(file)
		bad[n] ^= 1 << (n % 8)
		try("a bit flipped", bad)
	}
	if len(tree(t, filepath.Join(o.dir, "imports"))) != 0 {
		t.Error("something entered")
	}
	o.mustTake(file, vault.ImportOptions{})
}
