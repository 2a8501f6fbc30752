package main

import (
	"os"
	"strings"
	"testing"

	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/witness"
	"zapis/internal/exit"
)

// A reader's witness policy is met or the bundle does not verify.
func TestPolicy(t *testing.T) {
	text, err := os.ReadFile(vector("anchored/witness-keys.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var lines, names []string
	for i, key := range strings.Fields(string(text)) {
		names = append(names, "known"+string(rune('1'+i)))
		lines = append(lines, "witness "+names[i]+" "+key)
	}
	other, err := witness.GenerateSigningKey("other.example/w", strings.NewReader(strings.Repeat("o", 64)))
	if err != nil {
		t.Fatal(err)
	}
	lines = append(lines, "witness other "+other.Verifiers()[0].String())
	log := "log " + ledgertest.Key(7).Keys()[0]
	policy := func(more ...string) string { return write(t, strings.Join(append(lines, more...), "\n")+"\n") }
	bundle := vector("anchored/bundle.zip")
	for _, c := range []struct {
		name   string
		args   []string
		status exit.Status
		has    string
		talk   string
	}{
		{"one that has", []string{bundle, "--policy", policy("quorum " + names[0])}, 0, "- Your witness policy is met: " + names[0], ""},
		{"one that has not", []string{bundle, "--policy", policy("quorum other")}, 3, "the witness policy is not met: ", "does not verify"},
		{"all", []string{bundle, "--policy", policy("group all all "+names[0]+" other", "quorum all")}, 3, "known1 cosigned, and known2, other did not", "does not verify"},
		{"any", []string{bundle, "--policy", policy("group any any "+names[0]+" other", "quorum any")}, 0, "- Your witness policy is met: ", ""},
		{"a bundle that no witness has seen", []string{vector("bundle.zip"), "--policy", policy("quorum " + names[0])}, 3, "the witness policy is not met: none cosigned, and ", "does not verify"},
		{"nobody must have", []string{vector("bundle.zip"), "--policy", policy("quorum none")}, 0, "- Your witness policy asks for no cosignature.", ""},
		{"a checkpoint", []string{vector("tiles/checkpoint"), "--trust", vector("genesis.txt"), "--policy", policy("quorum other")}, 3, "checkpoint: the witness policy is not met: none cosigned, and ", "does not verify"},
		{"a receipt", []string{vector("receipt"), "--trust", vector("genesis.txt"), "--policy", policy("quorum other")}, 3, "checkpoint: the witness policy is not met: ", "does not verify"},
		{"a promise with tiles", []string{vector("promise-kept"), "--trust", vector("genesis.txt"), "--tiles", vector("tiles"), "--policy", policy("quorum other")}, 3, "checkpoint: the witness policy is not met: ", "does not verify"},
		{"a promise alone", []string{vector("promise-kept"), "--trust", vector("genesis.txt"), "--policy", policy("quorum other")}, 3, "the witness policy is not met: no checkpoint comes with a promise", "does not verify"},
		{"a promise alone, and nobody must have", []string{vector("promise-kept"), "--trust", vector("genesis.txt"), "--policy", policy("quorum none")}, 0, "- The log promised, ", ""},
		{"a checkpoint that nobody must have cosigned", []string{vector("tiles/checkpoint"), "--trust", vector("genesis.txt"), "--policy", policy("quorum none")}, 0, "- Your witness policy asks for no cosignature.", ""},
		{"a checkpoint of another log", []string{vector("tiles/checkpoint"), "--trust", vector("genesis.txt"), "--policy", policy("quorum none", log)}, 3, "policy: both keys of ", "does not verify"},
		{"a receipt of another log", []string{vector("receipt"), "--trust", vector("genesis.txt"), "--policy", policy("quorum none", log)}, 3, "policy: both keys of ", "does not verify"},
		{"a promise of another log", []string{vector("promise-kept"), "--trust", vector("genesis.txt"), "--tiles", vector("tiles"), "--policy", policy("quorum none", log)}, 3, "policy: both keys of ", "does not verify"},
		{"a bundle of another log", []string{bundle, "--policy", policy("quorum none", log)}, 3, "policy: both keys of ", "does not verify"},
		{"no policy", []string{bundle, "--policy", write(t, "quorum\n")}, 3, "", "policy: line 1: it must be: quorum NAME"},
		{"no file", []string{bundle, "--policy", "nowhere"}, 1, "", "--policy: nowhere is not there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, out, talk := verify(t, c.args...)
			if status != c.status || !strings.Contains(out, c.has) || !strings.Contains(talk, c.talk) {
				t.Errorf("status %d\n%s\n%s", status, out, talk)
			}
		})
	}
}
