package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"text/template"

	"github.com/alecthomas/kong"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
)

//go:embed setup
var setupFiles embed.FS

type setupVerb struct {
	Dir     string `placeholder:"D" help:"The ledger's folder, where it is or will be. With it, the files are only written to --out; without it you are asked, and they are put in place."`
	Onion   bool   `help:"With --dir, for an onion service: also what tor needs."`
	Out     string `default:"zapis-setup" placeholder:"FOLDER" help:"With --dir: where the files are written, to be looked at and put in place (${default})."`
	Program string `default:"/usr/local/bin/zapisd" placeholder:"PATH" help:"Where zapisd will stand (${default}), unless the Debian package has put it in its place."`
	Root    string `default:"/" placeholder:"FOLDER" help:"Without --dir: the root of the system that is set up (${default})."`
}

// circuitsEach is how many connections a circuit may have: a browser opens six at a time.
const circuitsEach = 16

// Run asks questions and installs the files, or only writes them.
func (v *setupVerb) Run(ctx context.Context, s *cli.Streams) error {
	if v.Dir == "" {
		return v.install(ctx, s)
	}
	return v.write(s)
}

// write writes the files that the system needs to run the intake, and prints how to install them. It changes nothing
// else.
func (v *setupVerb) write(s *cli.Streams) error {
	dir, err := filepath.Abs(v.Dir)
	if err != nil {
		return err
	}
	if err := checkServicePath("--dir", dir); err != nil {
		return err
	}
	if err := checkServicePath("--program", v.Program); err != nil {
		return err
	}
	facts := setupFacts{Dir: dir, Program: v.Program, Onion: v.Onion}
	names := []string{"zapis.service", "sysusers.conf", "site.conf"}
	if v.Onion {
		names = append(names, "torrc")
	}
	files := make(map[string][]byte)
	for _, name := range names {
		if files[name], err = fill(name, facts); err != nil {
			return err
		}
	}
	for _, p := range facts.partners() {
		for _, kind := range []string{".service", ".timer"} {
			if files[p.Unit+kind], err = fill("partners"+kind, p); err != nil {
				return err
			}
			names = append(names, p.Unit+kind)
		}
	}
	if files["zapis.conf"], err = facts.config(); err != nil {
		return err
	}
	names = append(names, "zapis.conf")

	if err := os.MkdirAll(v.Out, 0o755); err != nil {
		return err
	}
	var paths []string
	for _, name := range names {
		paths = append(paths, filepath.Join(v.Out, name))
	}
	if err := cli.CheckFree(paths...); err != nil {
		return err
	}
	for i, name := range names {
		if err := cli.CreateFile(paths[i], files[name], 0o644); err != nil {
			return err
		}
	}
	escape.Fprintf(s.Out, "written to %s: %s\n", v.Out, strings.Join(names, " "))
	facts.sayWhatNext(s.Out)
	return nil
}

// setupFacts holds the values that vary in the files.
type setupFacts struct {
	Dir, Program string
	Onion        bool
	authority    string // the flags of zapisd anchor, or empty
}

// partner holds what differs between the two units that connect to other hosts. The unit that serves has no network.
type partner struct {
	setupFacts
	Unit, What, Whom string
	Command          string // arguments of zapisd
	Needs            string // the file without which nothing is asked
	Settings, Sample string // the file of its flags, and an example
	Again            bool   // whether a failure is tried again
}

// anchorConf holds the authorities' addresses, which the operator chooses.
const anchorConf = "/etc/zapis/anchor.conf"

func (f setupFacts) partners() []partner {
	policy := filepath.Join(f.Dir, policyFile)
	return []partner{{
		setupFacts: f, Unit: "zapis-witness", What: "asking the witnesses", Whom: "the ledger's witnesses to cosign its latest checkpoint",
		Command: "witness ask --dir " + f.Dir, Needs: policy, Again: true,
	}, {
		setupFacts: f, Unit: "zapis-anchor", What: "asking time-stamping authorities", Whom: "time-stamping authorities about the ledger's latest checkpoint",
		Command: "anchor --dir " + f.Dir + " $AUTHORITIES", Needs: anchorConf, Settings: anchorConf,
		Sample: "One line: AUTHORITIES=--url https://tsa.example/ --root /etc/zapis/tsa-root.pem",
	}}
}

func fill(name string, facts any) ([]byte, error) {
	t, err := template.ParseFS(setupFiles, "setup/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, facts); err != nil {
		return nil, err
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n'), nil
}

// config returns the server's configuration, with every key.
func (f setupFacts) config() ([]byte, error) {
	set := map[string]string{
		"dir": f.Dir, "listen": "unix:/run/zapis/form.sock", "health": "unix:/run/zapis/health.sock", "site": "/etc/zapis/site.conf",
	}
	if f.Onion {
		set["circuit-limit"] = fmt.Sprint(circuitsEach)
	}
	text, err := writeConfig(set)
	return []byte(text), err
}

func (f setupFacts) sayWhatNext(w io.Writer) {
	tell := func(format string, args ...any) { escape.Fprintf(w, format+"\n", args...) }
	self, err := os.Executable()
	if err != nil {
		self = "zapisd"
	}
	tell("Fill in site.conf, look at the others, and then, as root and in that folder:")
	tell("  install -m 0755 %s %s", quote(self), f.Program)
	tell("  install -m 0644 sysusers.conf /etc/sysusers.d/zapis.conf && systemd-sysusers")
	if _, err := os.Stat(filepath.Join(f.Dir, "ledger.db")); err != nil {
		tell("  zapisd init --dir %s --origin NAME --trustee CARD…", f.Dir)
	}
	tell("  install -d -m 0755 /etc/zapis && install -m 0644 zapis.conf site.conf /etc/zapis/")
	tell("  chown -R zapis:zapis %s && chmod 0700 %s", f.Dir, f.Dir)
	tell("  install -m 0644 zapis.service zapis-witness.* zapis-anchor.* /etc/systemd/system/")
	tell("  systemctl daemon-reload && systemctl enable --now zapis.service zapis-witness.timer zapis-anchor.timer")
	if f.Onion {
		tell("  cat torrc >> /etc/tor/torrc && systemctl restart tor")
		tell("  cat /var/lib/tor/zapis/hostname")
	} else {
		tell("Then a proxy that speaks TLS, over /run/zapis/form.sock: docs/proxy has two.")
	}
	tell("The timers ask nobody before %s and %s are there: docs/guides/partner.md says how to write them.", filepath.Join(f.Dir, policyFile), anchorConf)
}

// plainPath matches paths that need no quoting in a unit, in a torrc, and in a shell.
var plainPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$`) })

// closedFolders are those that the unit hides or replaces; the ledger can't be in them.
var closedFolders = []string{"/home", "/root", "/run", "/tmp", "/var/tmp", "/dev", "/proc", "/sys"}

// checkServicePath refuses a path that the service could not reach.
func checkServicePath(flag, path string) error {
	if !plainPath().MatchString(path) || filepath.Clean(path) != path {
		return exit.New(exit.Usage, "", "%s %s: it must be an absolute path of letters, digits, and . _ -", flag, escape.Text(path))
	}
	for _, c := range closedFolders {
		if path == c || strings.HasPrefix(path, c+"/") {
			return exit.New(exit.Usage, "/var/lib/zapis is a good place for a ledger, /usr/local/bin for the program",
				"%s %s: the service has no way into %s", flag, path, c)
		}
	}
	return nil
}

// writeConfig writes a configuration with every key: those of set with their values, the others commented out with
// their defaults.
func writeConfig(set map[string]string) (string, error) {
	model, err := kong.New(&serveVerb{}, kong.Name("zapisd serve"), kong.NoDefaultHelp())
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# How zapisd serve runs here. A line is `key = value`; each key is a flag of zapisd serve without its dashes, and a\n" +
		"# flag on the command line counts before it. A commented line shows what counts without it.\n")
	for _, f := range model.Model.Flags {
		if f.Name == "config" {
			continue
		}
		fmt.Fprintf(&b, "\n# %s\n", f.Help)
		value, ok := set[f.Name]
		switch {
		case ok:
			fmt.Fprintf(&b, "%s = %s\n", f.Name, value)
		case f.HasDefault:
			fmt.Fprintf(&b, "#%s = %s\n", f.Name, f.Default)
		case f.IsBool():
			fmt.Fprintf(&b, "#%s = false\n", f.Name)
		default:
			fmt.Fprintf(&b, "#%s = %s\n", f.Name, f.PlaceHolder)
		}
	}
	return b.String(), nil
}
