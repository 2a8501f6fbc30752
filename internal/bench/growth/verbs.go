package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/internal/bench/measure"
	"zapis/internal/bench/sample"
	"zapis/internal/cli"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault"
)

// verb is a command whose growth is measured. CASE, OUT, CARRY and MORE in its arguments stand for one case in the
// middle, a new file, and the two carry files; SENT for an outbox; MIRROR, LEDGER, BACKUP, KEY and NEWEST for a partner's
// mirror, an operator's folder, its backup, the log's key, and the newest checkpoint of the first carry file.
type verb struct {
	name   string
	server bool // zapisd, and not zapis
	args   []string
	once   bool // it changes what it would find the second time

	needed bool // the others need it

	last string // a file or folder in measuring.dir that no verb after this one needs: it is removed, so that a large ledger lies on the disk twice at most
}

// verbs run in this order.
var verbs = []verb{
	{name: "import", args: []string{"import", "CARRY"}, once: true, needed: true},
	{name: "list first", args: []string{"list"}, once: true, needed: true},
	{name: "list", args: []string{"list"}},
	{name: "show", args: []string{"show", "CASE"}},
	{name: "bundle", args: []string{"bundle", "CASE", "--out", "OUT.zip"}},
	{name: "letter", args: []string{"letter", "CASE", "--to", "police", "--override-consent", "measured", "--out", "OUT.txt"}},
	{name: "custody CASE", args: []string{"custody", "CASE"}},
	{name: "due", args: []string{"due"}},
	{name: "find first", args: []string{"find", "brother"}, once: true},
	{name: "find", args: []string{"find", "brother"}},
	{name: "numbers draft", args: []string{"numbers", "draft"}},
	{name: "convert --all", args: []string{"convert", "--format", "csv", "--all", "--out", "OUT.csv"}},
	{name: "custody", args: []string{"custody"}},
	{name: "check", args: []string{"check"}},
	{name: "outbox", args: []string{"outbox", "--out", "OUT.tar"}},
	{name: "import 100 more", args: []string{"import", "MORE"}, once: true, last: "vault"},
	{name: "zapisd mirror", server: true, args: []string{"mirror", "--to", "MIRROR", "--carry", "CARRY"}, once: true, last: "carry"},
	{name: "zapisd restore", server: true, args: []string{"restore", "--dir", "LEDGER", "--from", "MIRROR", "--log-key", "KEY", "--newest", "NEWEST"}, once: true, last: "mirror"},
	{name: "zapisd check", server: true, args: []string{"check", "--dir", "LEDGER"}},
	{name: "zapisd export", server: true, args: []string{"export", "--dir", "LEDGER", "--out", "OUT.carry"}},
	{name: "zapisd status", server: true, args: []string{"status", "--dir", "LEDGER"}},
	{name: "zapisd backup", server: true, args: []string{"backup", "--dir", "LEDGER", "--out", "BACKUP"}, once: true},
	{name: "zapisd backup again", server: true, args: []string{"backup", "--dir", "LEDGER", "--out", "BACKUP"}},
	{name: "zapisd accept", server: true, args: []string{"accept", "--dir", "LEDGER", "SENT"}, once: true},
	{name: "zapisd anchor request", server: true, args: []string{"anchor", "request", "--dir", "LEDGER", "--out", "OUT.tsq"}},
}

// between run after the first list, and are not measured: they write the outbox that zapisd accept takes, and then the caches
// of cases and of the custody log, which the first verb on a case writes again after any change.
var between = []verb{
	{args: []string{"outbox", "--out", "SENT"}},
	{args: []string{"show", "CASE"}},
	{args: []string{"bundle", "CASE", "--out", "OUT.zip"}},
}

const (
	passphrase = "invented, and only to measure with"
	workFactor = 10  // 2^10: milliseconds
	hundred    = 100 // of the second carry file

	long = 5 * time.Second // of processor time: a verb that takes longer runs once
)

// measuring is a folder with the programs and the trustees of all ledgers.
type measuring struct {
	dir    string
	id     string // of the case in the middle
	talk   *cli.Streams
	cards  []card.Card
	owner  *cli.Identity
	rounds int
	only   []string // verbs; all where it is empty
}

func newMeasuring(ctx context.Context, dir string, s *cli.Streams) (*measuring, error) {
	m := &measuring{dir: dir, talk: s, rounds: 3}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", dir, "./cmd/zapis", "./cmd/zapisd").CombinedOutput(); err != nil {
		return nil, exit.New(exit.Failed, "", "go build: %w\n%s", err, out)
	}
	if err := os.WriteFile(m.path("pass"), []byte(passphrase+"\n"), 0o600); err != nil {
		return nil, err
	}
	for _, name := range []string{"anna", "boris", "vera"} {
		id, err := cli.NewIdentity(name)
		if err != nil {
			return nil, err
		}
		if err := id.WriteFiles(m.path(name+".key"), passphrase, workFactor); err != nil {
			return nil, err
		}
		m.cards, m.owner = append(m.cards, id.Card), id
	}
	return m, nil
}

func (m *measuring) path(name string) string { return filepath.Join(m.dir, name) }

// size measures all verbs over a ledger of n cases, and removes it.
func (m *measuring) size(ctx context.Context, n int) ([]figure, error) {
	defer func() {
		for _, name := range []string{"spool", "carry", "more", "vault", "sent", "mirror", "ledger", "backup", "log", "newest"} {
			os.RemoveAll(m.path(name))
		}
	}()
	if err := m.ledger(ctx, n); err != nil {
		return nil, err
	}
	var list []figure
	for _, v := range verbs {
		if len(m.only) > 0 && !v.needed && !slices.Contains(m.only, v.name) {
			m.remove(v.last)
			continue
		}
		rounds := m.rounds
		if v.once {
			rounds = 1
		}
		f := figure{verb: v.name, cases: n}
		var cpu, wall []float64
		for range rounds {
			took, err := m.run(ctx, v)
			if err != nil {
				return nil, err
			}
			cpu, wall = append(cpu, took.CPU.Seconds()*1000), append(wall, took.Wall.Seconds()*1000)
			if took.CPU > long {
				break
			}
		}
		f.cpu, f.wall = measure.Median(cpu), measure.Median(wall)
		fmt.Fprintf(m.talk.Err, "%s\t%d\t%.1f\t%.1f\n", f.verb, f.cases, f.cpu, f.wall)
		list = append(list, f)
		if v.name == "list first" {
			if err := m.live(ctx); err != nil {
				return nil, err
			}
			for _, v := range between {
				if _, err := m.run(ctx, v); err != nil {
					return nil, err
				}
			}
		}
		m.remove(v.last)
	}
	return list, nil
}

func (m *measuring) remove(name string) {
	if name != "" {
		os.RemoveAll(m.path(name))
	}
}

// ledger makes the carry files of a ledger of n reports, and of a hundred more.
func (m *measuring) ledger(ctx context.Context, n int) error {
	spool, err := os.Create(m.path("spool"))
	if err != nil {
		return err
	}
	defer spool.Close()
	l, err := sample.New(spool, m.cards)
	if err != nil {
		return err
	}
	since := uint64(0)
	for _, step := range []struct {
		name    string
		reports int
	}{{"carry", n}, {"more", hundred}} {
		if err := l.Grow(ctx, step.reports, func(int) {}); err != nil {
			return err
		}
		f, err := os.Create(m.path(step.name))
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(f, 1<<20)
		if err := l.Carry(w, since); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		if since == 0 {
			if err := os.WriteFile(m.path("newest"), l.Checkpoint(), 0o600); err != nil {
				return err
			}
		}
		since = l.Size()
	}
	if err := os.WriteFile(m.path("log"), l.Key().Marshal(), 0o600); err != nil {
		return err
	}
	return os.Remove(spool.Name())
}

// live records that each case was looked at, and chooses one in the middle.
func (m *measuring) live(ctx context.Context) error {
	t, err := casework.Open(m.path("vault"), vault.Options{Now: time.Now, Tool: "growth", Context: ctx, Warn: func(string, ...any) {}})
	if err != nil {
		return err
	}
	defer t.Close()
	if err := t.Use(vault.Key{Card: m.owner.Card, Age: m.owner.Opener(), Signer: m.owner.Signer}); err != nil {
		return err
	}
	cases, err := t.Sort(ctx, func(int, int) {})
	if err != nil {
		return err
	}
	for _, c := range cases.List {
		if _, err := t.Custody.Record(custody.Record{By: t.By(), Act: custody.Viewed, Case: c.ID, Subject: "the case"}); err != nil {
			return err
		}
	}
	m.id = cases.List[len(cases.List)/2].ID
	return nil
}

// run starts a program once, and returns what its process took.
func (m *measuring) run(ctx context.Context, v verb) (measure.Taken, error) {
	out := m.path("out")
	words := strings.NewReplacer("CASE", m.id, "OUT", out, "CARRY", m.path("carry"), "MORE", m.path("more"), "SENT", m.path("sent"),
		"MIRROR", m.path("mirror"), "LEDGER", m.path("ledger"), "BACKUP", m.path("backup"), "KEY", m.path("log"), "NEWEST", m.path("newest"))
	program, args := "zapisd", []string(nil)
	if !v.server {
		program, args = "zapis", []string{"--identity", m.path("vera.key"), "--passphrase-file", m.path("pass")}
	}
	for _, a := range v.args {
		args = append(args, words.Replace(a))
	}
	if !v.server {
		args = append(args, "--vault", m.path("vault"))
	}
	cmd := exec.CommandContext(ctx, m.path(program), args...)
	var talk bytes.Buffer
	cmd.Stderr = &talk
	start := time.Now()
	err := cmd.Run()
	took := measure.Taken{Wall: time.Since(start)}
	if err != nil {
		return took, exit.New(exit.Failed, "", "%s %s: %w\n%s", program, strings.Join(v.args, " "), err, talk.Bytes())
	}
	took.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	made, err := filepath.Glob(out + ".*")
	for _, name := range made {
		os.Remove(name)
	}
	return took, err
}
