package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/web"
)

// Paths of the files in the system that is set up.
const (
	serverConf = "/etc/zapis/zapis.conf"
	siteConf   = "/etc/zapis/site.conf"
	unitFolder = "/etc/systemd/system"
	torrcFile  = "/etc/tor/zapis.torrc"
	usersFile  = "/etc/sysusers.d/zapis.conf"

	packagedUnits   = "/usr/lib/systemd/system" // of the Debian package, which are left as they are
	packagedProgram = "/usr/bin/zapisd"
)

// systemFile is one file of the system that is set up.
type systemFile struct {
	path    string // absolute, below the root
	content []byte
}

// install asks for the values of the files, writes the files that differ, and prints what is left to do. Keys that it
// does not ask about stay. A second run with the same answers changes nothing.
func (v *setupVerb) install(ctx context.Context, s *cli.Streams) error {
	facts, site, err := v.ask(ctx, s)
	if err != nil {
		return err
	}
	files, err := v.systemFiles(facts, site)
	if err != nil {
		return err
	}
	changed := 0
	for _, f := range files {
		done, err := v.put(f)
		if err != nil {
			return err
		}
		if done != "unchanged" {
			changed++
		}
		escape.Fprintf(s.Out, "%-10s %s\n", done, f.path)
	}
	if changed == 0 {
		escape.Fprintln(s.Out, "Everything was in place already.")
	}
	v.sayNext(s.Out, facts)
	return nil
}

// systemFiles lists the files for the answers, starting from the system's own files.
func (v *setupVerb) systemFiles(facts setupFacts, site []assignment) ([]systemFile, error) {
	config := []assignment{{"dir", []string{facts.Dir}}, {"circuit-limit", nil}}
	if facts.Onion {
		config[1].values = []string{fmt.Sprint(circuitsEach)}
	}
	full, err := facts.config()
	if err != nil {
		return nil, err
	}
	empty, err := fill("site.conf", facts)
	if err != nil {
		return nil, err
	}
	users, err := fill("sysusers.conf", facts)
	if err != nil {
		return nil, err
	}
	files := []systemFile{
		{serverConf, setKeys(v.current(serverConf, full), config)},
		{siteConf, setKeys(v.current(siteConf, empty), site)},
		{usersFile, users},
	}
	if facts.authority != "" {
		files = append(files, systemFile{anchorConf, []byte("AUTHORITIES=" + facts.authority + "\n")})
	}
	if facts.Onion {
		torrc, err := fill("torrc", facts)
		if err != nil {
			return nil, err
		}
		files = append(files, systemFile{torrcFile, torrc})
	}
	units, err := v.units(facts)
	return append(files, units...), err
}

// units returns drop-ins for the units of the Debian package, or whole units where it is not installed.
func (v *setupVerb) units(facts setupFacts) ([]systemFile, error) {
	serve := partner{setupFacts: facts, Unit: "zapis", Command: "serve --config " + serverConf, Needs: filepath.Join(facts.Dir, "ledger.db")}
	var files []systemFile
	add := func(path, template string, facts any) error {
		text, err := fill(template, facts)
		files = append(files, systemFile{path, text})
		return err
	}
	if v.packaged() {
		for _, p := range append([]partner{serve}, facts.partners()...) {
			if err := add(filepath.Join(unitFolder, p.Unit+".service.d", "setup.conf"), "dropin.service", p); err != nil {
				return nil, err
			}
		}
		return files, nil
	}
	if err := add(filepath.Join(unitFolder, "zapis.service"), "zapis.service", facts); err != nil {
		return nil, err
	}
	for _, p := range facts.partners() {
		for _, kind := range []string{".service", ".timer"} {
			if err := add(filepath.Join(unitFolder, p.Unit+kind), "partners"+kind, p); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

// packaged reports whether the Debian package is installed in the system.
func (v *setupVerb) packaged() bool {
	_, err := os.Stat(v.at(filepath.Join(packagedUnits, "zapis.service")))
	return err == nil
}

// at returns a path of the system below Root.
func (v *setupVerb) at(path string) string { return filepath.Join(v.Root, path) }

// current returns the content of a file of the system, or begin where it is missing.
func (v *setupVerb) current(path string, begin []byte) []byte {
	text, err := os.ReadFile(v.at(path))
	if err != nil {
		return begin
	}
	return text
}

// put writes a file where it differs. It keeps the old content beside it as NAME.old.
func (v *setupVerb) put(f systemFile) (done string, err error) {
	name := v.at(f.path)
	old, err := os.ReadFile(name)
	done = "changed"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		done = "written"
		err = os.MkdirAll(filepath.Dir(name), 0o755)
	case err == nil && bytes.Equal(old, f.content):
		return "unchanged", nil
	case err == nil:
		err = atomicfile.WriteFile(name+".old", old, 0o644)
	}
	if err == nil {
		err = atomicfile.WriteFile(name, f.content, 0o644)
	}
	if errors.Is(err, fs.ErrPermission) {
		return "", exit.New(exit.Failed, "run zapisd setup as root; or with --dir D, which only writes the files into a folder", "%w", err)
	}
	return done, err
}

// ask asks for the values of the files. It offers the values that the files have already.
func (v *setupVerb) ask(ctx context.Context, s *cli.Streams) (facts setupFacts, site []assignment, err error) {
	for _, name := range []string{serverConf, siteConf} {
		if _, err := os.ReadFile(v.at(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return facts, nil, err
		}
	}
	config, was := v.current(serverConf, nil), v.current(siteConf, nil)
	q := cli.NewQuestions(ctx, s)
	ask := func(question, current string, check func(string) error) (answer string) {
		if err == nil {
			answer, err = q.Ask(ctx, question, current, check)
		}
		return answer
	}
	facts.Dir = ask("The folder of the ledger", first(valuesOf(config, "dir"), "/var/lib/zapis"), func(a string) error { return checkServicePath("the folder", a) })
	onion := "no"
	if len(valuesOf(config, "circuit-limit")) > 0 {
		onion = "yes"
	}
	facts.Onion = ask("Do people reach the form as an onion service (yes or no)", onion, yesOrNo) == "yes"
	for _, a := range siteQuestions {
		current := valuesOf(was, a.key)
		values := []string{ask(a.ask, first(current, ""), siteValue(a.key))}
		if a.key == "check-at" {
			values = append(values, ask("A second such place", first(current[min(1, len(current)):], ""), siteValue(a.key)))
		}
		site = append(site, assignment{a.key, values})
	}
	facts.authority = v.askAuthority(ask)
	if err != nil {
		return facts, nil, err
	}
	facts.Program = v.Program
	if v.packaged() {
		facts.Program = packagedProgram
	}
	return facts, site, checkServicePath("--program", facts.Program)
}

// siteQuestions are the keys of the site file that have no default.
var siteQuestions = []struct{ key, ask string }{
	{"organisation", "Who runs this form"},
	{"contact", "How to reach you otherwise"},
	{"check-at", "A place where people can compare the form's address"},
	{"readers", "How many trained people open reports"},
	{"reading-days", "On which days they read (mon tue …)"},
	{"years", "For how many years a report is kept, at most"},
	{"support", "Whom a reporter can turn to when it weighs on them"},
}

// siteValue validates a value as the server does at its start.
func siteValue(key string) func(string) error {
	return func(answer string) error {
		if answer == "" {
			return errors.New("the server does not start without it")
		}
		return setSite(new(web.Site), new(web.Duty), key, answer)
	}
}

func yesOrNo(answer string) error {
	if answer != "yes" && answer != "no" {
		return errors.New("answer yes or no")
	}
	return nil
}

// askAuthority asks for one time-stamping authority, and returns the flags of zapisd anchor; with none the timer has
// nothing to do.
func (v *setupVerb) askAuthority(ask func(question, current string, check func(string) error) string) string {
	url, root := "none", ""
	line, _ := strings.CutPrefix(strings.TrimSpace(string(v.current(anchorConf, nil))), "AUTHORITIES=")
	words := strings.Fields(line)
	if len(words) == 4 && words[0] == "--url" && words[2] == "--root" {
		url, root = words[1], words[3]
	} else if line != "" {
		return line // written by hand, with more than is asked here
	}
	url = ask("The address of a time-stamping authority, or none", url, func(a string) error {
		if a != "none" && !strings.HasPrefix(a, "https://") && !strings.HasPrefix(a, "http://") || strings.ContainsAny(a, " \t\"'\\$") {
			return errors.New("an address begins with https:// or http://")
		}
		return nil
	})
	if url == "none" || url == "" {
		return ""
	}
	root = ask("The file with its root certificate", root, func(a string) error {
		if !plainPath().MatchString(a) {
			return errors.New("it must be an absolute path of letters, digits, and . _ -")
		}
		return nil
	})
	return "--url " + url + " --root " + root
}

// sayNext prints what is left to do. Each line can be pasted repeatedly.
func (v *setupVerb) sayNext(w io.Writer, facts setupFacts) {
	tell := func(format string, args ...any) { escape.Fprintf(w, format+"\n", args...) }
	tell("What is left, as root; each line can be run again:")
	tell("  systemd-sysusers")
	tell("  install -d -m 0700 -o zapis -g zapis %s", facts.Dir)
	if _, err := os.Stat(v.at(filepath.Join(facts.Dir, "ledger.db"))); err != nil {
		tell("  runuser -u zapis -- %s init --dir %s --origin NAME --trustee CARD…", facts.Program, facts.Dir)
	}
	tell("  systemctl daemon-reload && systemctl enable --now zapis.service zapis-witness.timer zapis-anchor.timer")
	if facts.Onion {
		include := "%include " + torrcFile
		tell("  grep -qx '%s' /etc/tor/torrc || echo '%s' >> /etc/tor/torrc", include, include)
		tell("  systemctl restart tor && cat /var/lib/tor/zapis/hostname")
		tell("The last line prints the address: it goes into %s, as onion = http://…", siteConf)
	} else {
		tell("Then a proxy that speaks TLS, over /run/zapis/form.sock: docs/proxy has two.")
	}
	if facts.authority == "" {
		tell("No time-stamping authority is asked before %s names one: docs/guides/partner.md says how.", anchorConf)
	}
	tell("No witness is asked before %s is there: docs/guides/partner.md says how to write it.", filepath.Join(facts.Dir, policyFile))
}
