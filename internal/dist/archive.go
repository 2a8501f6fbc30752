package main

import (
	"archive/tar"
	"archive/zip"
	"cmp"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zapis/internal/cli"
)

// member is one file of an archive.
type member struct {
	name string // below the archive's top folder, with slashes
	from string // on this disk
	mode int64
}

// archives packs one platform's programs: the trustee's, and the server's where there is one.
func (r *release) archives(platform string) error {
	system, machine, _ := strings.Cut(platform, "/")
	for _, kind := range []string{"server", "trustee"} {
		if kind == "server" && !hasServer(platform) {
			continue
		}
		members, err := r.members(platform, kind == "server")
		if err != nil {
			return err
		}
		top := strings.Join([]string{"zapis", kind, cli.Release, system, machine}, "-")
		write, ending := r.writeTar, ".tar.gz"
		if system == "windows" {
			write, ending = r.writeZip, ".zip"
		}
		if err := create(filepath.Join(r.out, top+ending), func(w io.Writer) error { return write(w, top, members) }); err != nil {
			return err
		}
	}
	return nil
}

// members lists the files of an archive, sorted by name.
func (r *release) members(platform string, server bool) ([]member, error) {
	list := []member{{"LICENSE", "LICENSE", 0o644}, {"README.md", "README.md", 0o644}, {"SECURITY.md", "SECURITY.md", 0o644}}
	for _, p := range programs {
		if p.server != server && !(server && p.name == "zapis-verify") {
			continue
		}
		list = append(list,
			member{p.executable(platform), filepath.Join(r.binaries(platform), p.executable(platform)), 0o755},
			member{"man/" + p.name + ".1", filepath.Join(r.work, p.name+".1"), 0o644},
			member{"completions/" + p.name + ".bash", filepath.Join(r.work, p.name+".bash"), 0o644},
			member{"completions/_" + p.name, filepath.Join(r.work, "_"+p.name), 0o644},
			member{"completions/" + p.name + ".fish", filepath.Join(r.work, p.name+".fish"), 0o644})
	}
	guides, err := filepath.Glob(filepath.Join("docs", "guides", "*.md"))
	if err != nil {
		return nil, err
	}
	for _, g := range guides {
		list = append(list, member{filepath.ToSlash(g), g, 0o644})
	}
	// zapis-desk contains libheif, whose licence's text goes with it.
	more := "licences"
	if server {
		more = "deploy"
	}
	files, err := filepath.Glob(filepath.Join("docs", more, "*"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		list = append(list, member{filepath.ToSlash(f), f, 0o644})
	}
	slices.SortFunc(list, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	return list, nil
}

// writeTar writes a gzipped tar in the USTAR format: no owner, one time.
func (r *release) writeTar(w io.Writer, top string, members []member) error {
	packed, err := gzip.NewWriterLevel(w, r.level)
	if err != nil {
		return err
	}
	t := tar.NewWriter(packed)
	for _, m := range members {
		content, err := os.ReadFile(m.from)
		if err != nil {
			return err
		}
		h := &tar.Header{Name: top + "/" + m.name, Mode: m.mode, Size: int64(len(content)), ModTime: r.time, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(content); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return packed.Close()
}

func (r *release) writeZip(w io.Writer, top string, members []member) error {
	z := zip.NewWriter(w)
	for _, m := range members {
		content, err := os.ReadFile(m.from)
		if err != nil {
			return err
		}
		h := &zip.FileHeader{Name: top + "/" + m.name, Method: zip.Deflate, Modified: r.time}
		h.SetMode(os.FileMode(m.mode))
		f, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(content); err != nil {
			return err
		}
	}
	return z.Close()
}

func create(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	err = write(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
