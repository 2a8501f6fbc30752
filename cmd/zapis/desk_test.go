package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zapis/crypto/ledger"
	"zapis/internal/cli/scripttest"
	"zapis/internal/incident"
	"zapis/internal/trustee/vault/vaulttest"
)

// A script that changes a ledger has one of its own: `desk` makes it, of anna, boris and vera, with two cases
// ($CASE1, $CASE2), and dates to know ($NEAR, $FAR). `carry FILE` exports it, `accept OUTBOX` takes an outbox in,
// `mailbox N` prints what case N's reporter finds, and `more N ACT` sends what follows. With `desk old` twelve reports came
// a year ago that may be counted. With `desk announces` the ledger has the second rules, and `slots N` lets so many slots pass.
type desk struct {
	*vaulttest.House
	cases []vaulttest.Filed
}

type deskKey struct{}

func deskCommands(t *testing.T) map[string]scripttest.Word {
	of := func(ts *testscript.TestScript) *desk {
		d, ok := ts.Value(deskKey{}).(*desk)
		if !ok || d.House == nil {
			ts.Fatalf("there is no desk yet")
		}
		return d
	}
	return map[string]scripttest.Word{
		"desk": func(ts *testscript.TestScript, _ bool, args []string) {
			d := ts.Value(deskKey{}).(*desk)
			var o vaulttest.Options
			old := len(args) == 1 && args[0] == "old"
			switch {
			case len(args) == 1 && args[0] == "announces": // changes three slots before, under the second rules
				o = vaulttest.Options{Rules: ledger.Rules2, Delay: 3, Slot: 24 * time.Hour}
			case old:
				o = vaulttest.Options{Begin: time.Now().AddDate(-1, 0, 0).UTC()}
			}
			d.House = vaulttest.New(t, o)
			for range 12 {
				if old {
					d.Report(nil, "narrative", "x", "country_event", "PL", "method", "D1", "consent", "store", "consent", "statistics")
				}
			}
			d.Pass(time.Since(d.Now())) // zapis reads the real clock
			for name, days := range map[string]int{"TODAY": 0, "NEAR": 4, "FAR": 741, "AFTER": 2} {
				ts.Setenv(name, d.Now().AddDate(0, 0, days).Format(day))
			}
			ts.Setenv("TENTH", d.Now().AddDate(10, 0, 0).Format(day))
			page := strings.Repeat("0f", 16) // both, by somebody who went back
			d.cases = []vaulttest.Filed{
				d.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}}, "narrative", "Яны прыйшлі а шостай.", "language", "be", "danger_now", "yes",
					"deadline", ts.Getenv("FAR"), "deadline_what", "hearing", "method", "H1", "country_event", "PL", "basis", "present",
					"consent", "store", "consent", "lawyer", "person_agrees", "self", "form", page),
				d.Report(nil, "form", page, "narrative", "One call.", "language", "en", "danger_now", "no", "deadline", ts.Getenv("NEAR"), "method", "T1", "method", "D3",
					"country_event", "LT", "basis", "seen", "consent", "store"),
			}
			for i, c := range d.cases {
				ts.Setenv(fmt.Sprintf("CASE%d", i+1), c.Case)
			}
			ts.Setenv("CARD", d.Card().String())
			d.CarryFile(ts.MkAbs("carry.tar"), 0)
		},
		"carry": func(ts *testscript.TestScript, _ bool, args []string) { of(ts).CarryFile(ts.MkAbs(args[0]), 0) },
		"accept": func(ts *testscript.TestScript, neg bool, args []string) {
			box, err := os.ReadFile(ts.MkAbs(args[0]))
			ts.Check(err)
			list, err := of(ts).Accept(box)
			ts.Check(err)
			refused := false
			for _, o := range list {
				refused = refused || o.Err != nil
				fmt.Fprintf(ts.Stdout(), "%s %d of %s: %s %v\n", o.Statement.Kind, o.Statement.Number, o.From, o.Text, o.Err)
			}
			if refused != neg {
				ts.Fatalf("refused: %v", refused)
			}
		},
		"slots": func(ts *testscript.TestScript, _ bool, args []string) {
			n, err := strconv.Atoi(args[0])
			ts.Check(err)
			for range n {
				of(ts).Pass(24 * time.Hour)
				of(ts).Slot()
			}
		},
		"mailbox": func(ts *testscript.TestScript, _ bool, args []string) {
			d := of(ts)
			box, err := d.Intake.Mailbox(t.Context(), d.cases[int(args[0][0]-'1')].Code)
			ts.Check(err)
			for _, r := range box.Replies {
				fmt.Fprintln(ts.Stdout(), r.Text)
			}
		},
		"more": func(ts *testscript.TestScript, _ bool, args []string) {
			d := of(ts)
			d.FollowUp(d.cases[int(args[0][0]-'1')], incident.Act(args[1]), nil, args[2:]...)
		},
		"capture": func(ts *testscript.TestScript, _ bool, args []string) {
			// capture NAME PATTERN sets a variable to the group of the pattern in what the last command wrote.
			m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
			if m == nil {
				ts.Fatalf("no match for %q", args[1])
			}
			ts.Setenv(args[0], m[1])
		},
		"leftin": func(ts *testscript.TestScript, _ bool, args []string) {
			// leftin FOLDER WORD… fails where a word stands in a file of the folder.
			ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(name string, e os.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				content, err := os.ReadFile(name)
				for _, word := range args[1:] {
					if strings.Contains(string(content), word) {
						return fmt.Errorf("%s holds %q", name, word)
					}
				}
				return err
			}))
		},
	}
}
