package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zapis/internal/cli"
	"zapis/internal/shorttest"
)

// makeRelease builds a release for one platform from the sources in dir, as another user would: with another name, home
// and umask. The build cache is the machine's: what make build has compiled is only linked. more are further arguments.
func makeRelease(t *testing.T, dir, user string, more ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "release")
	cache, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	w := strings.Fields(string(cache))
	args := []string{"-c", `umask "$1"; shift; exec go run ./internal/dist "$@"`, "sh", map[string]string{"anna": "022", "boris": "077"}[user],
		"--out", out, "--platform", "linux/amd64", "--commit", strings.Repeat("c0", 20), "--time", "1795000000"}
	run := group(t, "sh", append(args, more...)...)
	run.Dir = dir
	run.Env = append(os.Environ(), "GOCACHE="+w[0], "GOMODCACHE="+w[1], "USER="+user, "LOGNAME="+user, "HOME="+t.TempDir(), "TZ=Asia/Tokyo")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// group is a command that runs in a process group of its own. The whole group is killed ten seconds before the test's
// time is up, and when the test ends: what a test binary that is out of time had started would go on without it.
func group(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx := t.Context()
	if end, limited := t.Deadline(); limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-10*time.Second))
		t.Cleanup(cancel)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// copySources copies what git tracks, as it is in the working tree, into a folder of another name and depth.
func copySources(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "some", "other folder")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	copied := exec.Command("sh", "-c", `git ls-files -z | tar --null -T - -cf - | tar -C "$1" -xf -`, "sh", dir)
	copied.Dir = filepath.Join("..", "..")
	if out, err := copied.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func TestTheSameBytesFromTwoFoldersAndTwoUsers(t *testing.T) {
	shorttest.Skip(t, "no release is built twice")
	t.Parallel()
	const quick = "--level=1" // gzip's own level takes seven seconds of a processor more for each release
	one, two := makeRelease(t, filepath.Join("..", ".."), "anna", quick), makeRelease(t, copySources(t), "boris", quick)
	read := func(dir string) []byte {
		list, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if a, b := read(one), read(two); !bytes.Equal(a, b) {
		t.Errorf("the two releases differ:\n%s\n%s", a, b)
	}
	for _, want := range []string{"verify.html", "zapis-server-" + cli.Release + "-linux-amd64.tar.gz", "zapis-trustee_", ".spdx.json", "zapis-server_"} {
		if !bytes.Contains(read(one), []byte(want)) {
			t.Errorf("the release has no %s:\n%s", want, read(one))
		}
	}
	check := exec.Command("sha256sum", "--strict", "-c", "SHA256SUMS")
	check.Dir = one
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	theProgramsNameTheRelease(t, one)
	thePackagesHoldWhatTheyPromise(t, one)
}

// theProgramsNameTheRelease unpacks the trustee's archive and runs what is in it.
func theProgramsNameTheRelease(t *testing.T, release string) {
	t.Helper()
	dir := t.TempDir()
	name := "zapis-trustee-" + cli.Release + "-linux-amd64"
	if out, err := exec.Command("tar", "-C", dir, "-xzf", filepath.Join(release, name+".tar.gz")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(filepath.Join(dir, name, "zapis"), "--version").Output()
	if err != nil || !strings.HasPrefix(string(out), "zapis "+cli.Release+"\ncommit "+strings.Repeat("c0", 20)+"\n") {
		t.Errorf("%q, %v", out, err)
	}
}

// thePackagesHoldWhatTheyPromise reads the two packages with dpkg-deb.
func thePackagesHoldWhatTheyPromise(t *testing.T, release string) {
	t.Helper()
	for _, p := range debianPackages {
		deb := filepath.Join(release, p.Name+"_"+p.Version()+"_amd64.deb")
		list, err := exec.Command("dpkg-deb", "-c", deb).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, list)
		}
		want := []string{"./usr/share/doc/" + p.Name + "/copyright", "./usr/share/doc/" + p.Name + "/changelog.gz", "./usr/share/doc-base/" + p.Name + ".guides",
			"./usr/share/lintian/overrides/" + p.Name}
		for _, name := range p.Programs {
			want = append(want, "./usr/bin/"+name, "./usr/share/man/man1/"+name+".1.gz", "./usr/share/bash-completion/completions/"+name,
				"./usr/share/zsh/vendor-completions/_"+name, "./usr/share/fish/vendor_completions.d/"+name+".fish")
		}
		if p.Units {
			want = append(want, "./usr/lib/systemd/system/zapis.service", "./usr/lib/systemd/system/zapis-witness.timer", "./usr/lib/systemd/system/zapis-anchor.timer",
				"./usr/lib/sysusers.d/zapis.conf", "./usr/share/doc/zapis-server/examples/torrc")
		}
		for _, path := range want {
			if !strings.Contains(string(list), " "+path+"\n") {
				t.Errorf("%s has no %s:\n%s", p.Name, path, list)
			}
		}
		for line := range strings.Lines(string(list)) {
			if !strings.Contains(line, " root/root ") || strings.HasPrefix(line, "-") && !strings.HasPrefix(line, "-rw-r--r-- ") && !strings.HasPrefix(line, "-rwxr-xr-x ") {
				t.Errorf("%s: the owner or the mode of %s", p.Name, line)
			}
		}
	}
}
