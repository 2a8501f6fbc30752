package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"zapis/internal/cli/scripttest"
)

// TestHostileNamesForgeNoLine: neither the name of what was received, nor one inside of it, begins a line of what a reader sees.
func TestHostileNamesForgeNoLine(t *testing.T) {
	bundle, card, err := vectorNames()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	var inside bytes.Buffer
	z := zip.NewWriter(&inside)
	for _, name := range []string{"zapis-bundle/bagit.txt", "zapis-bundle/" + scripttest.Hostile} {
		if _, err := z.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	const folder, file, zipped, none = "folder" + scripttest.Hostile, "file" + scripttest.Hostile, "zip" + scripttest.Hostile, "none" + scripttest.Hostile
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{file: "nothing\n", zipped: inside.String(), filepath.Join(folder, "x"+scripttest.Hostile): "nothing\n",
		filepath.Join(folder, releaseList): "no hash  " + scripttest.Hostile + "\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{none}, {file}, {folder}, {zipped}, {zipped, "--json"}, {bundle, file},
		{bundle, "--trust", none}, {bundle, "--trust", file}, {bundle, "--trust", folder}, {bundle, "--trust", zipped}, {bundle, "--trust", "zapis-ledger+\n" + scripttest.Hostile},
		{bundle, "--trust", card, "--policy", none}, {bundle, "--trust", card, "--policy", file}, {bundle, "--trust", card, "--policy", folder},
		{bundle, "--trust", card, "--tiles", none}, {bundle, "--trust", card, "--tiles", file}, {bundle, "--trust", card, "--tiles", folder},
		{bundle, "--trust", card, "--out", file}, {bundle, "--trust", card, "--out", folder}, {bundle, "--trust", card, "--out", none}, {bundle, "--" + scripttest.Hostile},
	} {
		status, out, talk := verify(t, args...)
		if scripttest.Forges(out + talk) {
			t.Errorf("%q, status %d: %s%s", args, status, out, talk)
		}
	}
}

// vectorNames are a good bundle and its ledger's card, as absolute names.
func vectorNames() (bundle, card string, err error) {
	if bundle, err = filepath.Abs(vector("bundle.zip")); err != nil {
		return "", "", err
	}
	card, err = filepath.Abs(vector("ledger-card.txt"))
	return bundle, card, err
}
