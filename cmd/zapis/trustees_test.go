package main

import (
	"os"
	"path/filepath"
	"testing"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/cli/scripttest"
	"zapis/internal/incident"
	"zapis/internal/server/outbox"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/vault/vaulttest"
)

// TestTrusteeScripts runs the scripts of what trustees do together, under testdata/trustees.
func TestTrusteeScripts(t *testing.T) {
	shorttest.Skip(t, "no script of what trustees do together is run")
	t.Parallel()
	made := t.TempDir()
	scripts(t, "trustees", made, prepareTrustees(t, made), map[string]scripttest.Word{"flip": flip}, nil)
}

// prepareTrustees makes a ledger of anna, boris and vera, where two open an identity (two.tar), one where all three
// must and two open the words (three.tar), and identities for them, for dora and for a stranger.
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
	env = later(t, dir)
	return append(env, "CASE1="+first.Case, "CASE2="+second.Case, "CLOSED="+closed.Case)
}

// later makes a ledger that goes on after vera has left and dora has come: its first part is old.tar, all of it
// new.tar.
func later(t *testing.T, dir string) (env []string) {
	t.Helper()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report([]vaulttest.File{{Name: "letter.pdf", Content: pdfLetter}}, "narrative", "From before.", "contact", "by the old oak")
	marked := h.Report([]vaulttest.File{{Name: "me.jpg", Content: jpeg}}, "narrative", "A face.", "contact", "by the gate", "files_identify", "yes")
	h.CarryFile(filepath.Join(dir, "old.tar"), 0)
	after, err := h.Store.After()
	h.Must(err)
	set := h.Set
	set.Trustees = append(set.Trustees[:2:2], vaulttest.Identity(t, "dora").Card)
	text := ledger.TrusteesChange{Origin: vaulttest.Origin, After: after, Set: set}.Marshal()
	desk := outbox.New(h.Store, h.Now)
	for _, name := range []string{"anna", "boris"} {
		signed, err := vaulttest.Identity(t, name).Signer.SignStatement(card.Statement{Ledger: h.Card().Genesis, Number: 1,
			Kind: card.KindApproval, Subject: ledger.Subject(text)})
		h.Must(err)
		o, err := desk.Take(t.Context(), signed, text)
		h.Must(err)
		h.Must(o.Err)
	}
	h.Report(nil, "narrative", "From after.")
	h.CarryFile(filepath.Join(dir, "new.tar"), 0)
	return []string{"BEFORE=" + filed.Case, "MARKED=" + marked.Case}
}
