// Dist builds a release: archives of the programs for each platform, Debian packages, a bill of materials and the list
// of hashes. The same sources, version and Go give the same bytes, whatever the folder and the user (docs/guides/rebuild.md).
//
//	go run ./internal/dist --out dist [--platform linux/amd64]… [--sign KEY]
//
// make dist calls it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"zapis/internal/cli"
	"zapis/internal/exit"
)

type grammar struct {
	Out      string   `default:"dist" placeholder:"FOLDER" help:"Where the release is written (${default}); it must not be there yet."`
	Platform []string `placeholder:"OS/ARCH" help:"Build for this platform only. May be repeated."`
	NoDebian bool     `help:"Leave the Debian packages out."`
	Level    int      `default:"6" placeholder:"N" help:"The gzip level of the .tar.gz archives and the Debian packages, 1 to 9 (${default}); another one gives other bytes."`
	Sign     string   `placeholder:"KEY" help:"An SSH private key, with which ssh-keygen signs the list of hashes."`
	Commit   string   `placeholder:"HASH" help:"The revision that the programs name; HEAD of this checkout without it."`
	Time     int64    `placeholder:"SECONDS" help:"The time in all archives, in seconds since 1970 (UTC); that of the revision without it."`
}

const about = "Builds a release: archives, Debian packages, a bill of materials and a signed list of hashes."

func main() {
	os.Exit(int(cli.Program{Name: "dist", About: about, Grammar: new(grammar)}.Main()))
}

// program is one of ours, and the platforms that it is built for.
type program struct {
	name   string
	server bool // shipped in the server's archive, and built where there is one
}

var programs = []program{
	{"zapisd", true}, {"zapis", false}, {"zapis-verify", false}, {"zapis-desk", false}, {"zapis-duty", false},
}

// hasServer reports whether the server is built for a platform: it is for Linux only.
func hasServer(platform string) bool { return strings.HasPrefix(platform, "linux/") }

// builtFor reports whether a release has the program for a platform.
func (p program) builtFor(platform string) bool { return !p.server || hasServer(platform) }

// executable returns the file name of a program on a platform.
func (p program) executable(platform string) string {
	if strings.HasPrefix(platform, "windows/") {
		return p.name + ".exe"
	}
	return p.name
}

// platforms are those that a release has.
var platforms = []string{
	"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64",
}

// release is what the steps of one run share.
type release struct {
	out    string    // the folder of the release
	work   string    // a temporary folder
	commit string    // 40 hexadecimal digits
	time   time.Time // of every file in every archive
	level  int       // of gzip, in archives and packages
}

func (g *grammar) Run(ctx context.Context, s *cli.Streams) error {
	chosen := platforms
	if len(g.Platform) > 0 {
		for _, p := range g.Platform {
			if !slices.Contains(platforms, p) {
				return exit.New(exit.Usage, "one of "+strings.Join(platforms, ", "), "there is no release for %s", p)
			}
		}
		chosen = g.Platform
	}
	if err := makeFolder(g.Out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "zapis-dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	r := &release{out: g.Out, work: work, commit: g.Commit, time: time.Unix(g.Time, 0).UTC(), level: g.Level}
	if err := r.revision(ctx, g); err != nil {
		return err
	}
	for _, platform := range chosen {
		fmt.Fprintf(s.Err, "building for %s\n", platform)
		of := slices.DeleteFunc(slices.Clone(programs), func(p program) bool { return !p.builtFor(platform) })
		if err := r.build(ctx, platform, of); err != nil {
			return err
		}
	}
	if err := r.documents(ctx); err != nil {
		return err
	}
	for _, platform := range chosen {
		if err := r.archives(platform); err != nil {
			return err
		}
		if !g.NoDebian && hasServer(platform) {
			fmt.Fprintf(s.Err, "packing for Debian, %s\n", platform)
			if err := r.debian(ctx, strings.TrimPrefix(platform, "linux/")); err != nil {
				return err
			}
		}
	}
	if err := r.page(ctx); err != nil {
		return err
	}
	if err := r.billOfMaterials(chosen); err != nil {
		return err
	}
	return r.sums(ctx, g.Sign)
}

// makeFolder makes the folder of a release, which git ignores from the start: a build that runs or has failed leaves a
// clean checkout, too.
func makeFolder(out string) error {
	if err := os.Mkdir(out, 0o755); err != nil {
		return exit.New(exit.Failed, "remove it, or name another with --out", "the folder of the release: %w", err)
	}
	return os.WriteFile(filepath.Join(out, ".gitignore"), []byte("*\n"), 0o644)
}

// revision fills in what the flags leave out, from git.
func (r *release) revision(ctx context.Context, g *grammar) error {
	if g.Commit != "" && g.Time != 0 {
		return nil
	}
	out, err := command(ctx, "git", "log", "-1", "--format=%H %ct")
	if err != nil {
		return exit.New(exit.Failed, "outside a git checkout, give --commit and --time", "the revision is not known: %w", err)
	}
	hash, seconds, _ := strings.Cut(strings.TrimSpace(out), " ")
	if r.commit == "" {
		r.commit = hash
	}
	if g.Time == 0 {
		n, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil {
			return err
		}
		r.time = time.Unix(n, 0).UTC()
	}
	return nil
}

// build compiles these programs for one platform into work/OS-ARCH. A program that is there already is not linked a second time.
func (r *release) build(ctx context.Context, platform string, list []program) error {
	system, machine, _ := strings.Cut(platform, "/")
	dir := r.binaries(platform)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-tags=" + buildTags,
		"-ldflags=-s -w -X zapis/internal/cli.commit=" + r.commit, "-o", dir + string(filepath.Separator)}
	for _, p := range list {
		args = append(args, "./cmd/"+p.name)
	}
	_, err := commandIn(ctx, []string{"CGO_ENABLED=0", "GOOS=" + system, "GOARCH=" + machine, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS="}, "go", args...)
	return err
}

// buildTags keeps the HEIC decoder from loading a library of the system.
const buildTags = "nodynamic"

func (r *release) binaries(platform string) string {
	return filepath.Join(r.work, "bin", strings.ReplaceAll(platform, "/", "-"))
}

// page builds verify.html, the checker as one page for a browser.
func (r *release) page(ctx context.Context) error {
	_, err := command(ctx, "go", "run", "./cmd/zapis-verify/page", filepath.Join(r.out, "verify.html"))
	return err
}

// host is the platform of this machine.
const host = runtime.GOOS + "/" + runtime.GOARCH

// documents generates manual pages and completion scripts with the programs for this machine, whichever platforms are chosen.
func (r *release) documents(ctx context.Context) error {
	if err := r.build(ctx, host, programs); err != nil {
		return err
	}
	for _, p := range programs {
		for name, flag := range map[string]string{
			p.name + ".1": "--print-manual", p.name + ".bash": "--print-completion=bash",
			"_" + p.name: "--print-completion=zsh", p.name + ".fish": "--print-completion=fish",
		} {
			text, err := command(ctx, filepath.Join(r.binaries(host), p.executable(host)), flag)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(r.work, name), []byte(text), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func command(ctx context.Context, name string, args ...string) (string, error) {
	return commandIn(ctx, nil, name, args...)
}

// commandIn runs a command with more environment and returns its standard output; an error has what it wrote to
// standard error.
func commandIn(ctx context.Context, env []string, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), env...)
	var talk strings.Builder
	c.Stderr = &talk
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, talk.String())
	}
	return string(out), nil
}
