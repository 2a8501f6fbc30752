package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zapis/internal/shorttest"
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
	shorttest.Skip(t, "not tested: each release that is refused")
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

// repacked is the vector's bundle, unpacked and packed again below another folder, with another file beside it; attached is
// one of its attachments.
func repacked(t *testing.T, folder, beside, content string) (bundle, attached string) {
	t.Helper()
	good := vectorText(t, "bundle.zip")
	from, err := zip.NewReader(strings.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	to := zip.NewWriter(&b)
	put := func(name, content string) {
		t.Helper()
		w, err := to.Create(name)
		if err == nil {
			_, err = io.WriteString(w, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range from.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		put(strings.Replace(f.Name, "zapis-bundle", folder, 1), string(content))
		if strings.Contains(f.Name, "/data/attachments/") {
			attached = string(content)
		}
	}
	if beside != "" {
		put(beside, content)
	}
	if err := to.Close(); err != nil || attached == "" {
		t.Fatalf("%v, and the attachment is %q", err, attached)
	}
	return b.String(), attached
}

// The list is looked for among the attachments that the ledger knows: below any folder, and never among the files that an
// operating system adds to a zip, which the check of a bundle does not read.
func TestReleaseByAFileBesideTheBundle(t *testing.T) {
	shorttest.Skip(t, "not tested: a release beside its bundle")
	card, list := ledgerCard(t), hashOf([]byte("a program"))+"  zapis.tar.gz\n"
	const other = "the bundle is of something else"
	again, attached := repacked(t, "release/proof", "", "")
	if _, out, talk := verify(t, releaseOf(t, map[string]string{"SHA256SUMS": attached, "SHA256SUMS.zip": again}), "--trust", card); strings.Contains(out+talk, other) {
		t.Errorf("below another folder:\n%s%s", out, talk)
	}
	for _, beside := range []string{"zapis-bundle/data/attachments/.DS_Store", "__MACOSX/zapis-bundle/data/attachments/A01.txt"} {
		again, _ := repacked(t, "zapis-bundle", beside, list)
		if status, out, talk := verify(t, write(t, again), "--trust", card); status != 0 {
			t.Fatalf("the bundle alone, with %s: status %d\n%s%s", beside, status, out, talk)
		}
		dir := releaseOf(t, map[string]string{"SHA256SUMS": list, "SHA256SUMS.zip": again, "zapis.tar.gz": "a program"})
		if status, out, talk := verify(t, dir, "--trust", card); status != 3 || !strings.Contains(out+talk, other) {
			t.Errorf("%s: status %d\n%s%s", beside, status, out, talk)
		}
	}
}
