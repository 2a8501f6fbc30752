package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/internal/cli"
)

// built is what a build leaves for each platform of a release.
var built = map[string][]string{
	"linux/amd64":   {"zapis", "zapis-desk", "zapis-duty", "zapis-verify", "zapisd"},
	"linux/arm64":   {"zapis", "zapis-desk", "zapis-duty", "zapis-verify", "zapisd"},
	"darwin/amd64":  {"zapis", "zapis-desk", "zapis-duty", "zapis-verify"},
	"darwin/arm64":  {"zapis", "zapis-desk", "zapis-duty", "zapis-verify"},
	"windows/amd64": {"zapis-desk.exe", "zapis-duty.exe", "zapis-verify.exe", "zapis.exe"},
	"windows/arm64": {"zapis-desk.exe", "zapis-duty.exe", "zapis-verify.exe", "zapis.exe"},
}

// asBuilt returns a release after the build of every platform. put makes each program's file.
func asBuilt(t *testing.T, put func(name string) error) *release {
	t.Helper()
	if want := slices.Sorted(maps.Keys(built)); !slices.Equal(slices.Sorted(slices.Values(platforms)), want) {
		t.Fatalf("a release has the platforms %v, want %v", platforms, want)
	}
	r := &release{out: t.TempDir(), work: t.TempDir(), commit: strings.Repeat("c0", 20), time: time.Unix(1795000000, 0).UTC()}
	for platform, names := range built {
		var want []string
		for _, p := range programs {
			if p.builtFor(platform) {
				want = append(want, p.executable(platform))
			}
		}
		if slices.Sort(want); !slices.Equal(want, names) {
			t.Errorf("for %s, %v are built, want %v", platform, want, names)
		}
		if err := os.MkdirAll(r.binaries(platform), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := put(filepath.Join(r.binaries(platform), name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return r
}

// The bill of materials reads every program of every platform, and no other file. The test's own program stands for all.
func TestBillOfMaterialsOfEveryPlatform(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := asBuilt(t, func(name string) error { return os.Symlink(self, name) })
	if err := r.billOfMaterials(platforms); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(r.out, "zapis-"+cli.Release+".spdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc spdxDocument
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	kong := ""
	for _, p := range doc.Packages {
		if p.Name == "github.com/alecthomas/kong" {
			kong = p.ID
		}
	}
	for _, p := range programs {
		for _, part := range []string{"SPDXRef-go", kong} {
			if want := (spdxRelationship{"SPDXRef-program-" + p.name, "CONTAINS", part}); part == "" || !slices.Contains(doc.Relationships, want) {
				t.Errorf("the bill of materials lacks %v", want)
			}
		}
	}
}

// The archives of every platform have its programs, with their manual pages and completion scripts.
func TestArchivesOfEveryPlatform(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	put := func(name string) error { return os.WriteFile(name, []byte(filepath.Base(name)), 0o700) }
	r := asBuilt(t, put)
	for _, p := range programs {
		for _, name := range []string{p.name + ".1", p.name + ".bash", "_" + p.name, p.name + ".fish"} {
			if err := put(filepath.Join(r.work, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for platform, names := range built {
		if err := r.archives(platform); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"server", "trustee"} {
			want := slices.Clone(names)
			switch {
			case kind == "server" && !slices.Contains(names, "zapisd"):
				want = nil
			case kind == "server":
				want = []string{"zapis-verify", "zapisd"} // the server's operator checks bundles, too
			default:
				want = slices.DeleteFunc(want, func(name string) bool { return name == "zapisd" })
			}
			held := programsIn(t, filepath.Join(r.out, strings.Join([]string{"zapis", kind, cli.Release, strings.ReplaceAll(platform, "/", "-")}, "-")))
			if !slices.Equal(held, want) {
				t.Errorf("the %s's archive for %s has %v, want %v", kind, platform, held, want)
			}
		}
	}
}

// programsIn lists the files at the top of an archive that may be executed; none where there is no archive.
func programsIn(t *testing.T, base string) (names []string) {
	t.Helper()
	top := filepath.Base(base)
	if z, err := zip.OpenReader(base + ".zip"); err == nil {
		defer z.Close()
		for _, f := range z.File {
			if name := strings.TrimPrefix(f.Name, top+"/"); f.Mode()&0o100 != 0 && !strings.Contains(name, "/") {
				names = append(names, name)
			}
		}
		return names
	}
	f, err := os.Open(base + ".tar.gz")
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	content, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(content); ; {
		h, err := r.Next()
		if err == io.EOF {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		if name := strings.TrimPrefix(h.Name, top+"/"); h.Mode&0o100 != 0 && !strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
}

// internal/rules refuses a folder at the top level that git does not ignore, and the list of hashes has no such file.
func TestTheReleaseIsIgnoredFromTheStart(t *testing.T) {
	out := filepath.Join(t.TempDir(), "dist")
	if err := makeFolder(out); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(out, ".gitignore")); err != nil || string(text) != "*\n" {
		t.Errorf("%q, %v", text, err)
	}
	if err := makeFolder(out); err == nil || !strings.HasPrefix(err.Error(), "the folder of the release: ") {
		t.Errorf("a folder that is there: %v", err)
	}
	if err := os.WriteFile(filepath.Join(out, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&release{out: out}).sums(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	const want = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n"
	if text, err := os.ReadFile(filepath.Join(out, "SHA256SUMS")); err != nil || string(text) != want {
		t.Errorf("%q, %v", text, err)
	}
}
