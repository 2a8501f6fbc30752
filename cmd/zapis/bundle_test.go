package main

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"

	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/crypto/timestamp/timestamptest"
	"zapis/crypto/witness"
	"zapis/internal/buildtest"
	"zapis/internal/cli/scripttest"
	"zapis/internal/evidence/bundle/bundletest"
	"zapis/internal/incident"
	"zapis/internal/pythontest"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/vault/vaulttest"
	"zapis/store"
)

// Bytes in which Exif names a place.
const located = jpeg + "\x25\x88\x04\x00\x01\x00\x00\x00 here"

// TestBundleScripts runs the scripts under testdata/bundle: what a bundle is told, and what others make of it.
// They have zapis-verify and the stock age beside zapis.
func TestBundleScripts(t *testing.T) {
	shorttest.Skip(t, "no script of bundles is run")
	t.Parallel()
	pythontest.Direct()
	tools := t.TempDir()
	if err := buildtest.Programs(tools, "zapis-verify"); err != nil {
		t.Fatal(err)
	}
	age := exec.Command("go", "build", "-trimpath", "-ldflags=-w", "-o", tools+string(filepath.Separator), "filippo.io/age/cmd/age", "filippo.io/age/cmd/age-keygen")
	age.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := age.CombinedOutput(); err != nil {
		t.Fatalf("building age: %v\n%s", err, out)
	}
	made := t.TempDir()
	env, authority := prepareBundles(t, made)
	words := map[string]scripttest.Word{"flip": flip, "verifypage": verifyPage, "openpass": openPass,
		// reply REQUEST RESPONSE: what the authority answers
		"reply": func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) != 2 {
				ts.Fatalf("usage: reply REQUEST RESPONSE")
			}
			request, err := os.ReadFile(ts.MkAbs(args[0]))
			ts.Check(err)
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), authority.Reply(t, request), 0o600))
		}}
	scripts(t, "bundle", made, env, words, func(e *testscript.Env) {
		e.Setenv("PATH", tools+string(os.PathListSeparator)+e.Getenv("PATH"))
	})
}

// openPass opens an age file with a passphrase, which the age command asks for at a terminal only: openpass SEALED
// PASSPHRASE-FILE OUT.
func openPass(ts *testscript.TestScript, neg bool, args []string) {
	pass, _, _ := strings.Cut(ts.ReadFile(args[1]), "\n")
	id, err := age.NewScryptIdentity(pass)
	ts.Check(err)
	r, err := age.Decrypt(strings.NewReader(ts.ReadFile(args[0])), id)
	ts.Check(err)
	plain, err := io.ReadAll(r)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), plain, 0o600))
}

// verifyPage runs the commands of a bundle's VERIFY.txt: verifypage FOLDER. With !, at least one must fail.
func verifyPage(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(bundletest.PlaceValidator(dir))
	var env []string
	for _, name := range []string{"PATH", "IDENTITY", "ROOT"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	failed, err := bundletest.Follow(dir, env)
	ts.Check(err)
	if (len(failed) > 0) != neg {
		ts.Fatalf("%d blocks fail:\n%v", len(failed), failed)
	}
}

// prepareBundles makes a ledger of anna, boris and vera with one case: a photo that holds a place, a letter, a
// follow-up whose file shows the reporter, between two tokens of an authority and
// below a witness's line (case.tar).
func prepareBundles(t *testing.T, dir string) (env []string, a timestamptest.Authority) {
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, content []byte) {
		if err := os.WriteFile(at(name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vaulttest.KeyFile(t, dir, "anna")
	write("pass", []byte(vaulttest.Passphrase+"\n"))
	write("blurred.jpg", []byte(jpeg+" blurred"))
	write("still-there.jpg", []byte(located))
	write("located.jpg", []byte(located))
	write("letter.pdf", []byte(pdfLetter))
	write("them", []byte("fifteen geese\n"))
	a = timestamptest.New(t, timestamptest.Plan{From: time.Now().Add(-24 * time.Hour), Until: time.Now().Add(24 * time.Hour)})
	write("root.pem", a.RootPEM())

	h := vaulttest.New(t, vaulttest.Options{})
	write("ledger.card", []byte(h.Card().String()+"\n"))
	write("anna.plain", []byte(h.Trustees[0].Age.String()+"\n")) // as age takes it, without the passphrase
	h.Report(nil, "narrative", "Somebody else's.")
	stamp(t, h, a, time.Now().Add(-2*time.Hour))
	one := h.Report([]vaulttest.File{{Name: "IMG_1.jpg", Content: located}, {Name: "letter.pdf", Content: pdfLetter}}, "narrative", "They came at six.",
		"contact", "canary-contact", "language", "be", "consent", "store", "consent", "lawyer", "person_agrees", "self")
	h.Report(nil, "narrative", "Another one's.")
	h.FollowUp(one, incident.ActFollowUp, []vaulttest.File{{Name: "me.txt", Content: "it is me\n"}}, "narrative", "One more thing.", "files_identify", "yes")
	note, c := h.Store.LatestCheckpoint()
	stamp(t, h, a, time.Now().Add(-time.Hour))
	w, err := witness.GenerateSigningKey("witness.example/w1", rand.Reader)
	h.Must(err)
	text, err := ledger.NoteText(note)
	h.Must(err)
	lines, err := w.Cosign(text, time.Now().Add(-30*time.Minute))
	h.Must(err)
	take(h, ledger.Anchor{Size: c.Size, Checkpoint: ledger.Sum(note), Witness: lines[1].Witness.String(), Cosignature: lines[1].Raw})
	write("witness.keys", []byte(lines[0].Witness.String()+"\n"+lines[1].Witness.String()+"\n"))
	h.CarryFile(at("case.tar"), 0)
	return []string{"CASE=" + one.Case, "CARD=" + h.Card().String()}, a
}

// stamp has the latest checkpoint stamped, and the token taken into the ledger.
func stamp(t *testing.T, h *vaulttest.House, a timestamptest.Authority, when time.Time) {
	note, c := h.Store.LatestCheckpoint()
	q, err := timestamp.NewRequest(rand.Reader, note, nil)
	h.Must(err)
	take(h, ledger.Anchor{Size: c.Size, Checkpoint: ledger.Sum(note), Response: a.ReplyAt(t, q.DER, when), Certificates: [][]byte{a.Root.Raw}})
}

func take(h *vaulttest.House, a ledger.Anchor) {
	body := a.Marshal()
	_, err := h.Store.Submit(context.Background(), store.Submission{Body: ledger.BodyOf(ledger.KindAnchor, 0, body), Small: [][]byte{body}})
	h.Must(err)
}
