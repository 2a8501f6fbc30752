package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"zapis/internal/cli"
)

//go:embed debian
var debianFiles embed.FS

// debianPackage is one of the two packages. Its maintainer scripts are the files of debian/NAME.
type debianPackage struct {
	Name, Depends, Recommends, Suggests, Short, Long string
	Programs                                         []string
	Units                                            bool // ship the units that zapisd setup writes
}

var debianPackages = []debianPackage{{
	Name: "zapis-server", Depends: "systemd | systemd-standalone-sysusers", Suggests: "tor, nginx | caddy",
	Short: "intake of reports of transnational repression, with a ledger", Programs: []string{"zapisd"}, Units: true,
	Long: "The server takes reports through a form that needs no JavaScript, seals each\n one to the public keys of a group of trustees, and appends it to a\n hash-chained ledger.",
}, {
	Name: "zapis-trustee", Recommends: "chromium | firefox-esr", Suggests: "unzip, openssh-client",
	Short: "offline tools of the trustees of a Zapis ledger", Programs: []string{"zapis", "zapis-desk", "zapis-duty", "zapis-verify"},
	Long: "Trustees verify, open, review and answer the reports of a ledger, and make\n bundles of evidence that others check without them.",
}}

// Version is the package's version: a pre-release sorts before its release in Debian with a tilde.
func (p debianPackage) Version() string { return strings.Replace(cli.Release, "-", "~", 1) }

// debian builds the packages of one Debian architecture with dpkg-deb.
func (r *release) debian(ctx context.Context, arch string) error {
	for _, p := range debianPackages {
		root := filepath.Join(r.work, "deb", p.Name+"-"+arch)
		files, err := r.debianTree(ctx, p, arch)
		if err != nil {
			return err
		}
		size := 0
		for _, f := range files {
			size += len(f.content)
		}
		control, err := fillTemplate("debian/control", struct {
			debianPackage
			Arch   string
			SizeKB int
		}{p, arch, (size + 1023) / 1024})
		if err != nil {
			return err
		}
		files["DEBIAN/md5sums"] = packed{md5sums(files), 0o644}
		files["DEBIAN/control"] = packed{control, 0o644}
		if err := writeTree(root, files); err != nil {
			return err
		}
		out := filepath.Join(r.out, fmt.Sprintf("%s_%s_%s.deb", p.Name, p.Version(), arch))
		// dpkg-deb sets every time that is later than SOURCE_DATE_EPOCH to it.
		if _, err := commandIn(ctx, []string{fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.time.Unix())},
			"dpkg-deb", "--root-owner-group", "-Zgzip", fmt.Sprint("-z", r.level), "--build", root, out); err != nil {
			return err
		}
	}
	return nil
}

// md5sums lists the installed files as debsums reads them. It finds accidents; SHA256SUMS of the release is what is signed.
func md5sums(files map[string]packed) []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(name, "DEBIAN/") {
			fmt.Fprintf(&b, "%x  %s\n", md5.Sum(files[name].content), name)
		}
	}
	return b.Bytes()
}

type packed struct {
	content []byte
	mode    fs.FileMode
}

// debianTree lists the files of a package by their path.
func (r *release) debianTree(ctx context.Context, p debianPackage, arch string) (map[string]packed, error) {
	files := map[string]packed{}
	add := func(name, from string, mode fs.FileMode) error {
		content, err := os.ReadFile(from)
		files[name] = packed{content, mode}
		return err
	}
	doc := filepath.Join("usr/share/doc", p.Name)
	for _, name := range p.Programs {
		if err := add("usr/bin/"+name, filepath.Join(r.binaries("linux/"+arch), name), 0o755); err != nil {
			return nil, err
		}
		page, err := os.ReadFile(filepath.Join(r.work, name+".1"))
		if err != nil {
			return nil, err
		}
		files["usr/share/man/man1/"+name+".1.gz"] = packed{zipped(page), 0o644}
		for to, from := range map[string]string{
			"usr/share/bash-completion/completions/" + name:         name + ".bash",
			"usr/share/zsh/vendor-completions/_" + name:             "_" + name,
			"usr/share/fish/vendor_completions.d/" + name + ".fish": name + ".fish",
		} {
			if err := add(to, filepath.Join(r.work, from), 0o644); err != nil {
				return nil, err
			}
		}
	}
	guides, err := filepath.Glob(filepath.Join("docs", "guides", "*.md"))
	if err != nil {
		return nil, err
	}
	for _, g := range guides {
		if err := add(filepath.Join(doc, "guides", filepath.Base(g)), g, 0o644); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"README.md", "SECURITY.md"} {
		if err := add(filepath.Join(doc, name), name, 0o644); err != nil {
			return nil, err
		}
	}
	for name, from := range map[string]string{filepath.Join(doc, "copyright"): "debian/copyright", "usr/share/doc-base/" + p.Name + ".guides": "debian/doc-base",
		"usr/share/lintian/overrides/" + p.Name: "debian/overrides"} {
		text, err := fillTemplate(from, p)
		if err != nil {
			return nil, err
		}
		files[name] = packed{text, 0o644}
	}
	news, err := fillTemplate("debian/changelog", struct {
		debianPackage
		Date string
	}{p, r.time.Format("Mon, 02 Jan 2006 15:04:05 -0700")})
	if err != nil {
		return nil, err
	}
	files[filepath.Join(doc, "changelog.gz")] = packed{zipped(news), 0o644}
	if err := addScripts(files, p); err != nil {
		return nil, err
	}
	if p.Units {
		return files, r.addUnits(ctx, files)
	}
	return files, nil
}

// addScripts adds the maintainer scripts of a package.
func addScripts(files map[string]packed, p debianPackage) error {
	scripts, err := fs.Glob(debianFiles, "debian/"+p.Name+"/*")
	if err != nil {
		return err
	}
	for _, s := range scripts {
		text, err := debianFiles.ReadFile(s)
		if err != nil {
			return err
		}
		files["DEBIAN/"+filepath.Base(s)] = packed{text, 0o755}
	}
	return nil
}

// addUnits adds what zapisd setup writes for a ledger in /var/lib/zapis: the units, the system user, and the two
// configuration files as examples.
func (r *release) addUnits(ctx context.Context, files map[string]packed) error {
	out := filepath.Join(r.work, "setup")
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if _, err := command(ctx, filepath.Join(r.binaries(host), "zapisd"), "setup", "--dir", "/var/lib/zapis", "--program", "/usr/bin/zapisd", "--onion", "--out", out); err != nil {
		return err
	}
	written, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	for _, f := range written {
		text, err := os.ReadFile(filepath.Join(out, f.Name()))
		if err != nil {
			return err
		}
		to := "usr/share/doc/zapis-server/examples/" + f.Name()
		switch {
		case f.Name() == "sysusers.conf":
			to = "usr/lib/sysusers.d/zapis.conf"
			// tor's own user exists only where tor is installed.
			text = bytes.ReplaceAll(text, []byte("m debian-tor zapis\n"), nil)
		case strings.HasSuffix(f.Name(), ".service"), strings.HasSuffix(f.Name(), ".timer"):
			to = "usr/lib/systemd/system/" + f.Name()
		}
		files[to] = packed{text, 0o644}
	}
	return nil
}

func fillTemplate(name string, data any) ([]byte, error) {
	t, err := template.ParseFS(debianFiles, name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return b.Bytes(), err
}

// zipped compresses without a name and a time in the header (gzip -9n).
func zipped(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails for an unknown level only
	w.Write(content)
	w.Close()
	return b.Bytes()
}

// writeTree writes files below root. Files and folders get their modes whatever the umask is.
func writeTree(root string, files map[string]packed) error {
	for name, f := range files {
		to := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, f.content, f.mode); err != nil {
			return err
		}
		if err := os.Chmod(to, f.mode); err != nil {
			return err
		}
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o755)
		}
		return err
	})
}
