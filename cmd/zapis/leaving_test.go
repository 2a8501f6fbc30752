package main

import (
	"os"
	"path/filepath"
	"testing"

	"zapis/internal/incident"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/vault/vaulttest"
)

// TestOutScripts runs the scripts of what goes out in other forms than a bundle, under testdata/out.
func TestOutScripts(t *testing.T) {
	shorttest.Skip(t, "no script of what goes out in other forms is run")
	t.Parallel()
	made := t.TempDir()
	scripts(t, "out", made, prepareOut(t, made), nil, nil)
}

// prepareOut makes a ledger of anna, boris and vera (out.tar) with one case of each kind of leave, and one of anna
// alone (alone.tar), who opens identities by herself.
func prepareOut(t *testing.T, dir string) (env []string) {
	at := func(name string) string { return filepath.Join(dir, name) }
	vaulttest.KeyFile(t, dir, "anna")
	if err := os.WriteFile(at("pass"), []byte(vaulttest.Passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := vaulttest.New(t, vaulttest.Options{})
	report := func(name string, files []vaulttest.File, person string, consents []string, pairs ...string) vaulttest.Filed {
		pairs = append(pairs, "person_agrees", person, "consent", "store", "language", "be", "country_now", "LT", "method", "H1", "when", "2026-05")
		for _, c := range consents {
			pairs = append(pairs, "consent", c)
		}
		f := h.Report(files, pairs...)
		env = append(env, name+"="+f.Case)
		return f
	}
	files := []vaulttest.File{{Name: "notice.jpg", Content: jpeg}, {Name: "letter.pdf", Content: pdfLetter}}
	everybody := []string{"statistics", "lawyer", "police", "court", "un", "ccf", "other", "state", "publish"}
	open := report("OPEN", files, "self", everybody, "narrative", "=They came at six.", "contact", "by the fountain")
	report("ASK", nil, "self", append([]string{"ask"}, everybody...), "narrative", "Ask me.")
	report("NOSTATE", files, "self", []string{"un", "ccf", "police"}, "narrative", "Not to the state.")
	report("UNASKED", nil, "unasked", everybody, "narrative", "She does not know.")
	report("KEPT", nil, "yes", nil, "narrative", "Keep it.")
	gone := report("GONE", nil, "self", everybody, "narrative", "No more.")
	h.FollowUp(gone, incident.ActStop, nil)
	changed := report("CHANGED", nil, "self", nil, "narrative", "Perhaps.")
	h.FollowUp(changed, incident.ActConsent, nil, "person_agrees", "self", "consent", "store", "consent", "lawyer", "consent", "ask")
	h.FollowUp(open, incident.ActFollowUp, []vaulttest.File{{Name: "me.txt", Content: "it is me\n"}}, "narrative", "One more thing.", "files_identify", "yes")
	h.CarryFile(at("out.tar"), 0)

	alone := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna"}})
	mine := alone.Report([]vaulttest.File{{Name: "me.jpg", Content: jpeg}}, "narrative", "Mine.", "contact", "by the bridge", "name", "Y.", "files_identify", "yes",
		"consent", "store", "consent", "police", "consent", "lawyer", "consent", "statistics", "person_agrees", "self")
	alone.CarryFile(at("alone.tar"), 0)
	return append(env, "MINE="+mine.Case)
}
