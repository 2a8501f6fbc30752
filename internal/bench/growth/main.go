// Command growth measures how the processor time of every verb grows with the number of cases, and plots it:
//
//	go run ./internal/bench/growth                                  100, 1,000 and 10,000 cases; make bench does this
//	go run ./internal/bench/growth --sizes 100000 --merge           100,000 too: some 25 GB of disk at a time
//
// It runs the programs as people do, one process for each verb, over ledgers of invented reports (internal/bench/sample)
// with one event of the custody log for each case. The identity's scrypt work factor is 2^10, so that a passphrase takes
// milliseconds and not a second: what stays is the verb. Beside the plot it writes the figures, one line for each, from
// which the plot can be made again.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/exit"
)

const about = `Measure how the time of every verb grows with the number of cases, and plot it.`

type grammar struct {
	Sizes string `default:"100,1000,10000" help:"How many cases, one ledger for each number."`
	Verbs string `placeholder:"VERB,…" help:"Only these verbs are measured, and what they need before."`
	Dir   string `default:"docs" help:"Where growth.svg and growth.tsv are written."`
	Merge bool   `help:"Keep what growth.tsv has and is not measured now."`
	Plot  bool   `help:"Measure nothing: plot what growth.tsv has."`
	Temp  string `placeholder:"DIR" help:"Where the ledgers are made, and removed again."`
}

func main() {
	os.Exit(int(cli.Program{Name: "growth", About: about, Grammar: new(grammar)}.Main()))
}

// Run measures, and writes plot, figures and table.
func (g *grammar) Run(ctx context.Context, s *cli.Streams) error {
	figures, err := g.figures(ctx, s)
	if err != nil {
		return err
	}
	if err := os.WriteFile(g.file("growth.tsv"), []byte(marshal(figures)), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(g.file("growth.svg"), []byte(plot(figures)), 0o644); err != nil {
		return err
	}
	list := table(figures)
	fmt.Fprint(s.Out, markdown(list))
	for _, r := range list {
		if r.worse() {
			return exit.New(exit.Failed, "measure again on a machine that does nothing else", "%s grows with the power %.2f of the number of cases", r.verb, r.slope)
		}
	}
	return nil
}

func (g *grammar) file(name string) string { return filepath.Join(g.Dir, name) }

func (g *grammar) figures(ctx context.Context, s *cli.Streams) ([]figure, error) {
	var sizes []int
	for word := range strings.SplitSeq(g.Sizes, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, exit.New(exit.Usage, "like 100,1000", "%q is no number of cases", word)
		}
		sizes = append(sizes, n)
	}
	var list []figure
	if g.Merge || g.Plot {
		text, err := os.ReadFile(g.file("growth.tsv"))
		if err != nil {
			return nil, err
		}
		if list, err = parse(string(text)); err != nil || g.Plot {
			return list, err
		}
	}
	dir, err := os.MkdirTemp(g.Temp, "zapis-growth")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	m, err := newMeasuring(ctx, dir, s)
	if err != nil {
		return nil, err
	}
	if g.Verbs != "" {
		m.only = strings.Split(g.Verbs, ",")
	}
	for _, n := range sizes {
		more, err := m.size(ctx, n)
		if err != nil {
			return nil, err
		}
		list = replace(list, more)
	}
	return list, nil
}
