package casework_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/internal/cli"
	"zapis/internal/evidence/custody"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

const childActs = "ZAPIS_TEST_CHILD_ACTS"

// actUntilKilled is a child: it does one act after the other on the vault in dir, saying when it begins each.
func actUntilKilled(dir string) {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	sealed, err := os.ReadFile(filepath.Join(dir, "anna.key"))
	fail(err)
	id, err := cli.OpenIdentity(sealed, vaulttest.Passphrase)
	fail(err)
	v, err := casework.Open(filepath.Join(dir, "vault"), vault.Options{Now: time.Now, Tool: "zapis test", Warn: func(string, ...any) {}})
	fail(err)
	fail(v.Use(vaulttest.Key(id)))
	cases, err := v.Sort(context.Background(), func(int, int) {})
	fail(err)
	c := cases.List[0]
	for n := 0; ; n++ {
		fmt.Println(n)
		switch n % 6 {
		case 0:
			_, err = v.Reply(c, fmt.Sprintf("answer %d", n))
		case 1:
			err = v.Write(c, review.Review{Kind: review.Note, Text: "shared"}, false)
		case 2:
			err = v.Write(c, review.Review{Kind: review.Note, Text: "private"}, true)
		case 3:
			_, err = v.Collect(c, casework.Collected{Files: []string{filepath.Join(dir, "anna.key")}, Source: "a", How: "b"})
		case 4:
			var out *casework.Outgoing
			if out, err = v.Outbox(); err == nil {
				err = out.Write(new(bytes.Buffer))
			}
		case 5:
			_, err = v.Decide(casework.Decision{Case: c.ID, Kind: deskstate.KindNote, Payload: map[string]string{"text": "decided"}})
		}
		fail(err)
	}
}

// kill -9 in the middle of an act leaves none without its record, and a vault that is usable.
func TestKilledActs(t *testing.T) {
	shorttest.Skip(t, "no process is killed in an act")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna"}})
	h.Report(nil)
	dir := t.TempDir()
	vaulttest.KeyFile(t, dir, "anna")
	o := &opener{t: t, dir: filepath.Join(dir, "vault")}
	carry := h.Carry(0)
	acts := 0
	for round := range 20 {
		if round%6 == 0 { // a new vault now and then: each act reads all statements before it
			ok(t, os.RemoveAll(o.dir))
			o.mustTake(carry, as(h.Trustees[0]))
		}
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childActs+"="+dir, noSleep)
		var message bytes.Buffer
		child.Stderr = &message
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		// The blow falls in another act each time, and at another point of it.
		lines := bufio.NewScanner(out)
		for n := 0; n <= round%6 && lines.Scan(); n++ {
			acts++
		}
		for end := time.Now().Add(time.Duration(round) * 700 * time.Microsecond); time.Now().Before(end); {
		}
		child.Process.Kill()
		child.Wait()
		if message.Len() > 0 {
			t.Fatalf("round %d: %s", round, message.String())
		}
		everyActRecorded(t, o, h.Trustees[0], round)
	}
	t.Logf("%d acts were begun", acts)
}

// everyActRecorded finds an event for everything in the vault that its owner made.
func everyActRecorded(t *testing.T, o *opener, id *cli.Identity, round int) {
	t.Helper()
	v := o.openAs(id)
	defer v.Close()
	c, err := v.Check(t.Context(), func(int64) {})
	if err != nil || len(c.Wrong) > 0 {
		t.Fatalf("round %d: %v %q", round, err, c.Wrong)
	}
	events, err := v.Events(nil)
	if err != nil {
		t.Fatal(err)
	}
	decided, private, received := 0, 0, 0
	for _, e := range events {
		switch {
		case e.Act == custody.Noted && e.Subject == "desk: note":
			decided++
		case e.Act == custody.Noted && e.Subject == "private note":
			private++
		case e.Act == custody.Received && strings.HasPrefix(e.Subject, "A"):
			received++
		}
	}
	count := func(folder string) (n int) {
		for name := range tree(t, o.dir) {
			if rest, in := strings.CutPrefix(name, folder+string(filepath.Separator)); in && rest[0] != '.' {
				n++
			}
		}
		return n
	}
	log, err := v.Desk()
	if err != nil {
		t.Fatalf("round %d: %v", round, err)
	}
	if n := log.Len(); n > decided {
		t.Errorf("round %d: %d decisions, and %d events for them", round, n, decided)
	}
	if n := count("notes"); n > private {
		t.Errorf("round %d: %d private notes, and %d events for them", round, n, private)
	}
	if n := count("collected"); n > 4*received {
		t.Errorf("round %d: %d sealed parts of exhibits, and %d events for them", round, n, received)
	}
}
