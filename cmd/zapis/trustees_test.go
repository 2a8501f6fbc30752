package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"zapis/crypto/ledger"
	"zapis/internal/incident"
	"zapis/internal/vault/vaulttest"
)

// TestTrusteeScripts runs the scripts of what trustees do together, under testdata/trustees.
func TestTrusteeScripts(t *testing.T) {
	scripts, err := os.ReadDir("testdata/trustees")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("there are no scripts to run: %v", err)
	}
	made := t.TempDir()
	env := prepareTrustees(t, made)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/trustees",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, env...)
			return os.CopyFS(e.WorkDir, os.DirFS(made))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"flip": flip, "json": jsonCmd, "status": status},
	})
}

// prepareTrustees makes a ledger of anna, boris and vera, of whom two open an identity (two.tar), one where all
// three must and two open the words (three.tar), and identities for them, for dora and for a stranger.
func prepareTrustees(t *testing.T, dir string) (env []string) {
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"anna", "boris", "vera", "dora", "stranger"} {
		vaulttest.KeyFile(t, dir, name)
	}
	if err := os.WriteFile(at("pass"), []byte(vaulttest.Passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	two := vaulttest.New(t, vaulttest.Options{})
	first := two.Report([]vaulttest.File{{Name: "me.jpg", Content: jpeg}}, "narrative", "They came at six.", "contact", "by the \u202efountain",
		"name", "Y.", "files_identify", "yes", "consent", "store", "consent", "lawyer", "person_agrees", "self")
	second := two.Report(nil, "narrative", "Адзін званок.", "contact", "by the bridge")
	two.FollowUp(first, incident.ActFollowUp, nil, "narrative", "One more thing.", "contact", "by the mill")
	two.CarryFile(at("two.tar"), 0)

	three := vaulttest.New(t, vaulttest.Options{Quorum: ledger.Quorum{Statement: 2, Attachment: 1, Identity: 3}})
	closed := three.Report(nil, "narrative", "Behind two locks.", "contact", "by the well")
	three.CarryFile(at("three.tar"), 0)
	return append(env, "CASE1="+first.Case, "CASE2="+second.Case, "CLOSED="+closed.Case)
}
