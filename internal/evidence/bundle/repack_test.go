package bundle

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/internal/shorttest"
)

// repackedBy zips files as a program of the stock does, in a folder.
func repackedBy(t *testing.T, files map[string][]byte, top string, method uint16, more ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	slices.Reverse(names)
	put := func(name string, content []byte) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: time.Date(2025, 11, 28, 2, 17, 40, 0, time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		w.Write(content)
	}
	for _, name := range names {
		put(top+name, files[name])
	}
	for _, name := range more {
		put(name, []byte("x"))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A repacked bundle still verifies: its contents are signed, the zip around
// them is not, and the report states that.
func TestRepacked(t *testing.T) {
	shorttest.Skip(t, "not tested: bundles that other programs have packed again")
	t.Parallel()
	good := files(t, sample(t))
	for name, zip := range map[string][]byte{
		"deflated":        repackedBy(t, good, "zapis-bundle/", zip.Deflate),
		"stored":          repackedBy(t, good, "zapis-bundle/", zip.Store),
		"another folder":  repackedBy(t, good, "Case 7/copy of bundle/", zip.Deflate),
		"without folder":  repackedBy(t, good, "", zip.Deflate),
		"by a macOS user": repackedBy(t, good, "zapis-bundle/", zip.Deflate, "__MACOSX/zapis-bundle/._VERIFY.txt", "zapis-bundle/data/.DS_Store"),
	} {
		r := check(t, zip, Options{})
		if !r.OK || r.Container != Repacked || !says(r.NotProved, "That this zip file is the one that was made: the bundle in it was unpacked and packed again") {
			t.Errorf("%s: %+v", name, r)
		}
		if mac := says(r.NotProved, "__MACOSX/zapis-bundle/._VERIFY.txt"); mac != (name == "by a macOS user") && mac {
			t.Errorf("%s: %q", name, r.NotProved)
		}
		first := check(t, zip, Options{First: true})
		if !first.OK {
			t.Errorf("%s: %q", name, first.Faults)
		}
	}
}

// Info-ZIP unpacks a bundle and packs it again.
func TestRepackedByInfoZip(t *testing.T) {
	shorttest.Skip(t, "not tested: a bundle that zip has packed again")
	t.Parallel()
	dir := filepath.Dir(unpacked(t, sample(t)))
	if out, err := exec.Command("sh", "-c", "cd "+dir+" && zip -q -r again.zip zapis-bundle").CombinedOutput(); err != nil {
		t.Fatalf("zip: %v\n%s", err, out)
	}
	again, err := os.ReadFile(filepath.Join(dir, "again.zip"))
	if err != nil {
		t.Fatal(err)
	}
	if r := check(t, again, Options{}); !r.OK || r.Container != Repacked {
		t.Errorf("%+v", r)
	}
}

func TestRepackedRefusals(t *testing.T) {
	shorttest.Skip(t, "not tested: repacked bundles that are refused")
	t.Parallel()
	good := files(t, sample(t))
	changed := func(change func(map[string][]byte)) map[string][]byte {
		f := make(map[string][]byte)
		for path, text := range good {
			f[path] = bytes.Clone(text)
		}
		change(f)
		return f
	}
	for _, tt := range []struct {
		name string
		zip  []byte
		want string
	}{
		{"an original changed", repackedBy(t, changed(func(f map[string][]byte) { f["data/attachments/A01.jpg"][9] ^= 1 }), "zapis-bundle/", zip.Deflate),
			"data/attachments/A01.jpg: does not have the SHA-256 that manifest-sha256.txt lists"},
		{"a file left out", repackedBy(t, changed(func(f map[string][]byte) { delete(f, "data/report/report.pdf") }), "zapis-bundle/", zip.Deflate),
			"manifest-sha256.txt: lists data/report/report.pdf, which is not there"},
		{"a file added", repackedBy(t, good, "zapis-bundle/", zip.Deflate, "zapis-bundle/data/more.txt"), "data/more.txt: no bundle has a file of this name"},
		{"a file twice", repackedBy(t, good, "zapis-bundle/", zip.Deflate, "zapis-bundle/VERIFY.txt"), "zip: "},
		{"a file beside the folder", repackedBy(t, good, "zapis-bundle/", zip.Deflate, "READ-ME-FIRST.txt"), "zip: "},
	} {
		r := check(t, tt.zip, Options{})
		if r.OK || !says(r.Faults, tt.want) {
			t.Errorf("%s: %q", tt.name, r.Faults)
		}
		if strings.HasPrefix(tt.want, "data/attachments") && !says(r.Faults, "zip: the file was unpacked and packed again by another program") {
			t.Errorf("%s: %q", tt.name, r.Faults)
		}
	}
}

// After unzip the files are of 1980, which programs can pack again.
func TestUnpackedDates(t *testing.T) {
	t.Parallel()
	info, err := os.Stat(filepath.Join(unpacked(t, sample(t)), "VERIFY.txt"))
	if err != nil || info.ModTime().UTC().Year() < 1979 || info.ModTime().Year() > 1980 {
		t.Errorf("%v %v", info, err)
	}
	z, err := zip.NewReader(bytes.NewReader(sample(t)), int64(len(sample(t))))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if f.ModifiedDate != 0x0021 || f.ModifiedTime != 0 {
			t.Fatalf("%s is dated %#x %#x", f.Name, f.ModifiedDate, f.ModifiedTime)
		}
	}
}
