package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"zapis/internal/cli/scripttest"
)

// make packages-test gives these. Without a folder only the structure of the packages is tested.
var (
	packagesIn = flag.String("dist.packages", "", "a `folder` with a short name: install the Debian packages in a chroot made there by debootstrap, as root")
	mirror     = flag.String("dist.mirror", "", "the Debian mirror that debootstrap asks; its own default without it")
	suite      = flag.String("dist.suite", "bookworm", "the Debian release in the chroot")
	previous   = flag.String("dist.previous", "", "the `revision` whose packages are upgraded from")
)

// machine is a Debian system in a folder: a chroot, with the uid and gid of its user zapis once that exists.
type machine struct {
	dir  string
	user *syscall.Credential
}

// TestPackagesOnDebian takes a server's life in a chroot: install the previous release, serve, submit; upgrade, with
// data of the previous release and of each release in internal/e2e/testdata; refuse a damaged ledger; remove; purge.
func TestPackagesOnDebian(t *testing.T) {
	if *packagesIn == "" {
		return // on request: it needs root, a Debian mirror and ten minutes
	}
	old := makeRelease(t, sourcesOf(t, *previous), "anna")
	now := makeRelease(t, filepath.Join("..", ".."), "boris")
	lintian(t, now)
	m := newMachine(t)
	server, trustee := "zapis-server_"+debianPackages[0].Version()+"_amd64.deb", "zapis-trustee_"+debianPackages[1].Version()+"_amd64.deb"
	carry := func(from, name, to string) {
		content, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		m.write(t, to, string(content), 0o644)
	}
	carry(old, server, "old-server.deb")
	carry(old, trustee, "old-trustee.deb")
	carry(now, server, "server.deb")
	carry(now, trustee, "trustee.deb")

	m.must(t, nil, "dpkg", "-i", "/old-server.deb", "/old-trustee.deb")
	m.findUser(t)
	m.ledger(t)
	m.serve(t, func(socket string) { submit(t, socket, "the first report") })
	m.cases(t, 1)

	output := m.must(t, nil, "dpkg", "-i", "/server.deb", "/trustee.deb")
	if !strings.Contains(output, " entries verify") {
		t.Errorf("the upgrade does not say that it verified the ledger:\n%s", output)
	}
	m.serve(t, func(socket string) { submit(t, socket, "the second report") })
	m.cases(t, 2)
	m.refusesADamagedLedger(t)
	m.readsOldLedgers(t)
	m.removeAndPurge(t)
}

// lintian reads the packages: whatever it says is in their overrides, with its reason.
func lintian(t *testing.T, release string) {
	t.Helper()
	debs, err := filepath.Glob(filepath.Join(release, "*.deb"))
	if err != nil || len(debs) != len(debianPackages) {
		t.Fatalf("%v, %v", debs, err)
	}
	output, err := exec.Command("lintian", append([]string{"--allow-root", "--display-info", "--tag-display-limit", "0", "--fail-on", "error,warning,info"}, debs...)...).CombinedOutput()
	if err != nil {
		t.Errorf("lintian: %v\n%s", err, output)
	}
}

// sourcesOf unpacks the sources of a revision.
func sourcesOf(t *testing.T, revision string) string {
	t.Helper()
	if revision == "" {
		t.Fatal("-dist.previous REVISION is missing: there is nothing to upgrade from")
	}
	dir := t.TempDir()
	unpack := exec.Command("sh", "-c", `git archive --format=tar "$1" | tar -C "$2" -xf -`, "sh", revision, dir)
	unpack.Dir = filepath.Join("..", "..")
	if output, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return dir
}

// newMachine makes the chroot, out of a base that debootstrap makes once.
func newMachine(t *testing.T) *machine {
	t.Helper()
	base, dir := filepath.Join(*packagesIn, "base-"+*suite), filepath.Join(*packagesIn, "m")
	if _, err := os.Stat(filepath.Join(base, "complete")); err != nil {
		args := []string{"--variant=minbase", "--include=systemd-standalone-sysusers", *suite, base}
		if *mirror != "" {
			args = append(args, *mirror)
		}
		if output, err := exec.Command("debootstrap", args...).CombinedOutput(); err != nil {
			t.Fatalf("debootstrap: %v\n%s", err, output)
		}
		if err := os.WriteFile(filepath.Join(base, "complete"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := &machine{dir: dir}
	for _, c := range [][]string{{"rm", "-rf", "--one-file-system", dir}, {"cp", "-a", base, dir}, {"mount", "-t", "proc", "proc", dir + "/proc"}} {
		if output, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", c, err, output)
		}
	}
	t.Cleanup(func() {
		if output, err := exec.Command("umount", dir+"/proc").CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
	})
	return m
}

// command is one that runs inside, as root, or as the user.
func (m *machine) command(as *syscall.Credential, args ...string) *exec.Cmd {
	c := exec.Command("/usr/bin/env", args...)
	c.Dir = "/"
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"}
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: m.dir, Credential: as}
	return c
}

func (m *machine) must(t *testing.T, as *syscall.Credential, args ...string) string {
	t.Helper()
	output, err := m.command(as, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, output)
	}
	return string(output)
}

// refused runs what must fail, and gives what it said.
func (m *machine) refused(t *testing.T, as *syscall.Credential, args ...string) string {
	t.Helper()
	output, err := m.command(as, args...).CombinedOutput()
	if err == nil {
		t.Fatalf("%v was not refused:\n%s", args, output)
	}
	return string(output)
}

func (m *machine) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) exists(name string) bool {
	_, err := os.Lstat(filepath.Join(m.dir, name))
	return err == nil
}

// findUser reads the user that the package made, and looks at the ledger's folder.
func (m *machine) findUser(t *testing.T) {
	t.Helper()
	f := strings.Split(strings.TrimSpace(m.must(t, nil, "getent", "passwd", "zapis")), ":")
	uid, err := strconv.ParseUint(f[2], 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(f[3], 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	m.user = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if got := strings.TrimSpace(m.must(t, nil, "stat", "-c", "%a %U %G", "/var/lib/zapis")); got != "700 zapis zapis" {
		t.Errorf("the ledger's folder is %s, want 700 zapis zapis", got)
	}
}

// ledger makes a ledger with two trustees, and the configuration.
func (m *machine) ledger(t *testing.T) {
	t.Helper()
	m.write(t, "root/pass", "a passphrase of the test\n", 0o600)
	initialise := []string{"zapisd", "init", "--dir", "/var/lib/zapis", "--origin", "test.example/ledger"}
	for _, name := range []string{"anna", "boris"} {
		m.must(t, nil, "zapis", "keygen", "--name", name, "--out", "/root/"+name+".key", "--passphrase-file", "/root/pass")
		m.must(t, nil, "cp", "/root/"+name+".key.card", "/"+name+".card")
		initialise = append(initialise, "--trustee", "/"+name+".card")
	}
	m.must(t, m.user, initialise...)
	m.setup(t)
	m.must(t, nil, "install", "-d", "-o", "zapis", "-g", "zapis", "-m", "0750", "/run/zapis") // systemd's RuntimeDirectory
}

// setup answers the questions of the release that is built now, twice: the second time nothing is left to change.
func (m *machine) setup(t *testing.T) {
	t.Helper()
	m.must(t, nil, "dpkg-deb", "-x", "/server.deb", "/root/now")
	m.write(t, "root/answers", "/var/lib/zapis\nno\nExample Group\nhelp@example.org\nthe leaflet\nhttps://www.example.org/form\n2\nmon wed fri\n10\nExample Line\nnone\n", 0o600)
	for _, want := range []string{"written    /etc/systemd/system/zapis.service.d/setup.conf", "Everything was in place already."} {
		if output := m.must(t, nil, "sh", "-c", "/root/now/usr/bin/zapisd setup < /root/answers"); !strings.Contains(output, want) {
			t.Errorf("zapisd setup does not say %q:\n%s", want, output)
		}
	}
	m.must(t, nil, "rm", "-r", "/root/now", "/root/answers")
}

// serve runs the server as its unit does, while act runs, and stops it.
func (m *machine) serve(t *testing.T, act func(socket string)) {
	t.Helper()
	c := m.command(m.user, "zapisd", "serve", "--config", "/etc/zapis/zapis.conf", "--slot", "0")
	talk, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	output := ""
	for lines := bufio.NewScanner(talk); lines.Scan(); {
		output += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "listening on ") {
			act(filepath.Join(m.dir, "run/zapis/form.sock"))
			if err := c.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
		}
	}
	if err := c.Wait(); err != nil || !strings.Contains(output, "listening on ") {
		t.Fatalf("zapisd serve: %v\n%s", err, output)
	}
}

// submit files a report through the form.
func submit(t *testing.T, socket, words string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range [][2]string{{"narrative", words}, {"consent", "store"}} {
		if err := form.WriteField(f[0], f[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, "http://form/send", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Accept", "application/json")
	resp, err := scripttest.Socket(socket).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusCreated {
		t.Errorf("a report was answered with %s, %v\n%s", resp.Status, err, answer)
	}
}

// cases takes the ledger to the trustee, who must see so many cases.
func (m *machine) cases(t *testing.T, want int) {
	t.Helper()
	m.must(t, m.user, "zapisd", "check", "--dir", "/var/lib/zapis")
	m.must(t, nil, "rm", "-f", "/tmp/carry.tar")
	m.must(t, m.user, "zapisd", "export", "--dir", "/var/lib/zapis", "--out", "/tmp/carry.tar")
	key := []string{"--vault", "/root/vault", "--identity", "/root/anna.key", "--passphrase-file", "/root/pass"}
	card := strings.TrimSpace(m.must(t, nil, "cat", "/var/lib/zapis/ledger.card"))
	m.must(t, nil, append([]string{"zapis", "import", "--ledger", card, "/tmp/carry.tar"}, key...)...)
	var list []json.RawMessage
	output := m.must(t, nil, append([]string{"zapis", "list", "--json"}, key...)...)
	if err := json.Unmarshal([]byte(output), &list); err != nil || len(list) != want {
		t.Fatalf("%d cases, %v, want %d\n%s", len(list), err, want, output)
	}
}

// refusesADamagedLedger upgrades over a ledger with one byte changed: the package must not be configured.
func (m *machine) refusesADamagedLedger(t *testing.T) {
	t.Helper()
	name := filepath.Join(m.dir, "var/lib/zapis/ledger.db")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.ReplaceAll(whole, []byte("kind report"), []byte("kind reporT"))
	if bytes.Equal(damaged, whole) {
		t.Fatal("the database holds no entry of a report as text: nothing was damaged")
	}
	if err := os.WriteFile(name, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if output := m.refused(t, nil, "dpkg", "-i", "/server.deb"); !strings.Contains(output, "the ledger in /var/lib/zapis does not verify; the server is not started") {
		t.Errorf("the upgrade over a damaged ledger says:\n%s", output)
	}
	if err := os.WriteFile(name, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	m.must(t, nil, "dpkg", "--configure", "zapis-server")
}

// readsOldLedgers upgrades over each released ledger's folder.
func (m *machine) readsOldLedgers(t *testing.T) {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join("..", "e2e", "testdata", "ledgers", "*", "ledger.tar.gz"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("%d ledgers of released versions, %v", len(archives), err)
	}
	m.must(t, nil, "mv", "/var/lib/zapis", "/var/lib/kept")
	for _, a := range archives {
		m.must(t, nil, "install", "-d", "-o", "zapis", "-g", "zapis", "-m", "0700", "/var/lib/zapis")
		if output, err := exec.Command("tar", "--strip-components=1", "-C", filepath.Join(m.dir, "var/lib/zapis"), "-xzf", a).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", a, err, output)
		}
		m.must(t, nil, "chown", "-R", "zapis:zapis", "/var/lib/zapis")
		m.must(t, nil, "dpkg", "-i", "/server.deb")
		m.serve(t, func(socket string) { submit(t, socket, "a report into an older ledger") })
		m.must(t, m.user, "zapisd", "check", "--dir", "/var/lib/zapis")
		m.must(t, nil, "rm", "-rf", "/var/lib/zapis")
	}
	m.must(t, nil, "mv", "/var/lib/kept", "/var/lib/zapis")
}

// removeAndPurge looks at what each leaves.
func (m *machine) removeAndPurge(t *testing.T) {
	t.Helper()
	left := func(after string, want map[string]bool) {
		t.Helper()
		for name, there := range want {
			if m.exists(name) != there {
				t.Errorf("after %s, %s exists: %v, want %v", after, name, !there, there)
			}
		}
	}
	const db, conf, program = "var/lib/zapis/ledger.db", "etc/zapis/site.conf", "usr/bin/zapisd"
	m.must(t, nil, "dpkg", "--remove", "zapis-server")
	left("remove", map[string]bool{db: true, conf: true, program: false, "var/lib/zapis/log.key": true})
	if output := m.must(t, nil, "dpkg", "--purge", "zapis-server"); !strings.Contains(output, "the ledger stays in /var/lib/zapis") {
		t.Errorf("purge says:\n%s", output)
	}
	left("purge", map[string]bool{db: true, conf: true, program: false, "var/lib/zapis/log.key": true})
	m.must(t, nil, "dpkg", "-i", "/server.deb")
	m.cases(t, 2)
	m.must(t, nil, "env", "ZAPIS_PURGE_LEDGER=another ledger", "dpkg", "--purge", "zapis-server")
	left("purge by another name", map[string]bool{db: true, conf: true})
	m.must(t, nil, "dpkg", "-i", "/server.deb")
	m.must(t, nil, "sh", "-c", `ZAPIS_PURGE_LEDGER="$(cat /var/lib/zapis/ledger.card)" dpkg --purge zapis-server`)
	left("purge by its name", map[string]bool{"var/lib/zapis": false, "etc/zapis": false})
	m.must(t, nil, "dpkg", "--purge", "zapis-trustee")
	left("purge of the trustee's tools", map[string]bool{"usr/bin/zapis": false, "root/vault": true, "root/anna.key": true})
	if output := m.must(t, nil, "sh", "-c", "find /usr /etc/zapis /etc/sysusers.d /etc/systemd -name '*zapis*' 2>/dev/null || true"); strings.TrimSpace(output) != "" {
		t.Errorf("left in the system: %s", fmt.Sprint(strings.Fields(output)))
	}
}
