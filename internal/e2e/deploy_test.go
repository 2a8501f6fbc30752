package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"

	"zapis/internal/cli/scripttest"
)

var deployFolder = filepath.Join("..", "..", "docs", "deploy")

// imageFile reads the Containerfile: what is copied where, what runs, and the user it runs as.
func imageFile(t *testing.T) (entry, command []string, user string) {
	t.Helper()
	var from, copies []string
	for line := range strings.Lines(string(readFile(t, filepath.Join(deployFolder, "Containerfile")))) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var into *[]string
		switch verb {
		case "", "#":
			continue
		case "FROM":
			from = append(from, rest)
		case "COPY":
			copies = append(copies, rest)
		case "USER":
			user = rest
		case "ENTRYPOINT":
			into = &entry
		case "CMD":
			into = &command
		default:
			t.Errorf("the Containerfile has %q, which this test does not know", verb)
		}
		if into != nil {
			if err := json.Unmarshal([]byte(rest), into); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	if !slices.Equal(from, []string{"scratch"}) || !slices.Equal(copies, []string{"zapisd /zapisd"}) {
		t.Errorf("the image comes from %v, with %v", from, copies)
	}
	return entry, command, user
}

// quadlet reads a unit's sections, the values of each key in their order.
func quadlet(t *testing.T) map[string]map[string][]string {
	t.Helper()
	sections, section := map[string]map[string][]string{}, ""
	for line := range strings.Lines(string(readFile(t, filepath.Join(deployFolder, "zapis.container")))) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
			sections[section] = map[string][]string{}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || section == "" {
			t.Fatalf("zapis.container: %q", line)
		}
		sections[section][key] = append(sections[section][key], value)
	}
	return sections
}

// quadletKeys are those of podman 4.4 (podman-systemd.unit(5)) that a [Container] section may have, of those that we use.
var quadletKeys = []string{"DropCapability", "Exec", "Group", "Image", "LogDriver", "Network", "NoNewPrivileges", "PodmanArgs", "Pull", "ReadOnly", "User", "Volume"}

// The image's only file, with the three folders of the quadlet and nothing else, is enough to take a report: as its user,
// without a network and without capabilities.
func TestDeployInAnEmptyRoot(t *testing.T) {
	t.Parallel()
	entry, command, user := imageFile(t)
	unit := quadlet(t)
	container := unit["Container"]
	for key := range container {
		if !slices.Contains(quadletKeys, key) {
			t.Errorf("[Container] has the key %s", key)
		}
	}
	if user != "65532:65532" || container["User"][0]+":"+container["Group"][0] != user {
		t.Errorf("the image runs as %s, the quadlet as %v", user, container["User"])
	}
	run := strings.Fields(container["Exec"][0])
	if !slices.Equal(run, command) || len(entry) != 1 {
		t.Errorf("the image runs %v %v, the quadlet %v", entry, command, run)
	}
	for key, want := range map[string]string{"Network": "none", "ReadOnly": "true", "NoNewPrivileges": "true", "DropCapability": "all", "LogDriver": "none"} {
		if got := strings.Join(container[key], " "); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if got := unit["Service"]["RestartPreventExitStatus"]; !slices.Equal(got, []string{"2 3"}) {
		t.Errorf("a ledger that does not verify starts again: %v", got)
	}

	h := newHouse(t)
	root, err := os.MkdirTemp("", "zapis-root-") // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	for _, v := range container["Volume"] {
		_, inside, ok := strings.Cut(v, ":")
		inside, _, _ = strings.Cut(inside, ":")
		if !ok || inside == "" {
			t.Fatalf("Volume=%s", v)
		}
		if err := os.MkdirAll(filepath.Join(root, inside), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	must(t, h.dir, "zapisd", "setup", "--dir", "/var/lib/zapis", "--out", "setup")
	must(t, h.dir, "sh", "-e", "-c", `cp -a ledger/. "$1/var/lib/zapis" && cp setup/zapis.conf "$1/etc/zapis/" && cp "$2/zapisd" "$1/zapisd"`, "sh", root, bin)
	writeFile(t, filepath.Join(root, "etc/zapis/site.conf"), "organisation = Example Group\ncontact = help@example.org\ncheck-at = the leaflet\n"+
		"check-at = https://www.example.org/form\nreaders = 3\nreading-days = mon\nyears = 10\nsupport = Example Line\n")
	must(t, h.dir, "chown", "-R", user, root)

	c := exec.Command(entry[0], run...)
	c.Dir, c.Env = "/", []string{}
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Cloneflags: syscall.CLONE_NEWNET, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	srv := launch(t, c)
	resp, err := scripttest.Socket(filepath.Join(root, "run/zapis/form.sock")).Get("http://form/en/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("the form is answered with %s", resp.Status)
	}
	srv.stop(t)
}

// composed is what we look at of a compose file.
type composed struct {
	Services map[string]struct {
		Image    string
		Command  []string
		User     string
		ReadOnly bool     `yaml:"read_only"`
		CapDrop  []string `yaml:"cap_drop"`
		Networks []string
		Secrets  []string
		Volumes  []string
		Ports    []string
	}
	Networks map[string]struct{ Internal bool }
	Volumes  map[string]any
	Secrets  map[string]struct{ File string }
}

func readComposed(t *testing.T) (file composed) {
	t.Helper()
	if err := yaml.Unmarshal(readFile(t, filepath.Join(deployFolder, "compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// settings returns what the command of the database sets.
func (c composed) settings() map[string]string {
	given := map[string]string{}
	command := c.Services["database"].Command
	for i, word := range command {
		if word == "-c" {
			key, value, _ := strings.Cut(command[i+1], "=")
			given[key] = value
		}
	}
	return given
}

// The compose file names what it defines, and gives the database what docs/guides/cluster.md asks. That a ledger can be
// kept in it shows TestLedgerOnPostgreSQL.
func TestDeployWithPostgreSQL(t *testing.T) {
	t.Parallel()
	file := readComposed(t)
	_, command, user := imageFile(t)
	intake := file.Services["intake"]
	if !slices.Equal(intake.Command, command) || intake.User != user || !intake.ReadOnly || !slices.Equal(intake.CapDrop, []string{"ALL"}) {
		t.Errorf("the intake is %+v", intake)
	}
	for name, s := range file.Services {
		if len(s.Ports) > 0 {
			t.Errorf("%s can be reached from outside: %v", name, s.Ports)
		}
		for _, n := range s.Networks {
			if !file.Networks[n].Internal {
				t.Errorf("%s is in the network %s, which is not internal", name, n)
			}
		}
		for _, secret := range s.Secrets {
			if file.Secrets[secret].File == "" {
				t.Errorf("%s has the secret %s, which has no file", name, secret)
			}
		}
	}

	given := file.settings()
	guide := string(readFile(t, filepath.Join("..", "..", "docs", "guides", "cluster.md")))
	_, guide, _ = strings.Cut(guide, "In `postgresql.conf` of every database host:\n\n```\n")
	guide, _, _ = strings.Cut(guide, "```")
	asked := map[string]string{}
	for line := range strings.Lines(guide) {
		line, _, _ = strings.Cut(line, "#")
		if key, value, ok := strings.Cut(line, " = "); ok && key != "ssl" && key != "synchronous_standby_names" {
			asked[key] = strings.TrimSpace(value)
		}
	}
	if len(asked) < 8 || !maps.Equal(asked, given) {
		t.Errorf("the database has\n%v, the guide asks\n%v", given, asked)
	}
}
