package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// releaseOf makes a release's folder, whose bundle is the vector's.
func releaseOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func vectorText(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(vector(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// That a genuine release verifies is tested end to end, with a ledger (internal/e2e). Here is what must not.
func TestReleaseRefused(t *testing.T) {
	card, good := ledgerCard(t), vectorText(t, "bundle.zip")
	list := hashOf([]byte("a program")) + "  zapis.tar.gz\n"
	for _, tt := range []struct {
		name   string
		files  map[string]string
		args   []string
		status int
		says   string
	}{
		{"a list that is not in the bundle", map[string]string{"SHA256SUMS": list, "SHA256SUMS.zip": good, "zapis.tar.gz": "a program"}, nil, 3,
			"- no attachment of SHA256SUMS.zip is this SHA256SUMS, byte for byte: the bundle is of something else\n"},
		{"a file that was changed", map[string]string{"SHA256SUMS": list, "SHA256SUMS.zip": good, "zapis.tar.gz": "another"}, nil, 3,
			"- zapis.tar.gz has not the hash that the list has for it\n"},
		{"no bundle", map[string]string{"SHA256SUMS": list, "zapis.tar.gz": "a program"}, nil, 4, "has no SHA256SUMS.zip, by which its list of hashes would be known\n"},
		{"a bundle that lies", map[string]string{"SHA256SUMS": list, "SHA256SUMS.zip": vectorText(t, "must-fail/account.zip"), "zapis.tar.gz": "a program"}, nil, 3,
			"- data/report/report.json: does not say what"},
		{"a path in the list", map[string]string{"SHA256SUMS": strings.Replace(list, "zapis", "../zapis", 1), "SHA256SUMS.zip": good}, nil, 3,
			"- SHA256SUMS line 1: not a hash, two spaces and a file's name\n"},
		{"a list that was cut", map[string]string{"SHA256SUMS": strings.TrimSpace(list), "SHA256SUMS.zip": good, "zapis.tar.gz": "a program"}, nil, 3,
			"- SHA256SUMS line 1: not a hash"},
		{"tiles", map[string]string{"SHA256SUMS": list, "SHA256SUMS.zip": good}, []string{"--tiles", vector("tiles")}, 2, "check the release without tiles\n"},
	} {
		status, out, talk := verify(t, append([]string{releaseOf(t, tt.files), "--trust", card}, tt.args...)...)
		if int(status) != tt.status || !strings.Contains(out+talk, tt.says) {
			t.Errorf("%s: status %d, want %d\n%s%s", tt.name, status, tt.status, out, talk)
		}
	}
}

func TestExhibitOf(t *testing.T) {
	bundle := []byte(vectorText(t, "bundle.zip"))
	z, err := zip.NewReader(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range z.File {
		name, ok := strings.CutPrefix(f.Name, "zapis-bundle/data/attachments/")
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			name = ""
		} else {
			found++
		}
		if got, err := exhibitOf(bytes.NewReader(bundle), int64(len(bundle)), content); err != nil || got != name {
			t.Errorf("the content of %s is the attachment %q, %v", f.Name, got, err)
		}
	}
	if found == 0 {
		t.Error("the vector has no attachment")
	}
}
