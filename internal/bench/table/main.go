// Command table measures what the design asks for and prints it as one table:
//
//	go run ./internal/bench/table             all of it, some five minutes on two cores; make bench does this
//	go run ./internal/bench/table --only open the rows whose work has this word
//
// It runs the packages' own benchmarks, each of which does the same work by the peer's way in the same run and in
// turn, and takes the medians of several runs. The exit status is 1 where a row misses what it must reach.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/exit"
)

const about = `Measure what the design asks for, against its peers, and print one table.`

type grammar struct {
	Only    string `placeholder:"WORD" help:"Only the rows whose work has this word in it."`
	Reports int    `default:"10000" help:"How many reports the ledger has that is imported and opened."`
	Desk    int    `default:"10000" help:"How many reports the desk is started over. 100000 needs some 30 GB of disk."`
}

func main() {
	os.Exit(int(cli.Program{Name: "table", About: about, Grammar: new(grammar)}.Main()))
}

// Run measures row by row and prints the table.
func (g *grammar) Run(ctx context.Context, s *cli.Streams) error {
	limits, err := machine()
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s, %s/%s, %d cores\n\n%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), limitTable(limits))
	var lines []line
	missed := 0
	for _, r := range runs(g.Reports, g.Desk) {
		rows := r.chosen(g.Only)
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(s.Err, "running %s of %s\n", r.what, r.pkg)
		out, err := goTest(ctx, r)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // the other rows are measured all the same
			fmt.Fprintf(s.Err, "%s\n", err)
		}
		found := parse(out)
		for _, w := range rows {
			l := w.judge(found)
			if l.verdict == misses || l.verdict == absent {
				missed++
			}
			lines = append(lines, l)
		}
	}
	fmt.Fprint(s.Out, markdown(lines))
	if missed > 0 {
		return exit.New(exit.Failed, "measure again on a machine that does nothing else", "%d of %d rows miss what they must reach", missed, len(lines))
	}
	return nil
}

// goTest runs one package's benchmarks, and returns what they print.
func goTest(ctx context.Context, r run) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-timeout", "20m"}, r.args()...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return nil, exit.New(exit.Failed, "", "go %s: %w\n%s", strings.Join(cmd.Args[1:], " "), err, out.Bytes())
	}
	return out.Bytes(), nil
}
