package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"zapis/crypto/timestamp/timestamptest"
	"zapis/internal/trustee/vault/vaulttest"
	"zapis/store/postgres/pgtest"
)

// office is a ledger of one trustee and one witness, and a transcript of the verbs that were run on it.
type office struct {
	house
	database string
	anna     []string // the flags of her own vault
	said     strings.Builder
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{house: house{dir: t.TempDir()}}
	o.ledger = o.path("ledger")
	vaulttest.KeyFile(t, o.dir, "anna")
	writeFile(t, o.path("pass"), vaulttest.Passphrase+"\n")
	o.anna = []string{"--vault", "vault", "--identity", "anna.key", "--passphrase-file", "pass"}
	must(t, o.dir, "zapisd", "init", "--dir", "ledger", "--origin", "test.example/ledger", "--trustee", "anna.key.card", "--delay", "0", "--slot-size", "32")
	writeFile(t, o.path("log.keys"), must(t, o.dir, "zapisd", "witness", "keys", "--dir", "ledger"))
	must(t, o.dir, "zapisd", "witness", "init", "--dir", "W", "--name", "partner.example/witness")
	must(t, o.dir, "zapisd", "witness", "add", "--dir", "W", "log.keys")
	witness := startIn(t, o.dir, nil, "witness", "serve", "--dir", "W", "--listen", "127.0.0.1:0")
	writeFile(t, filepath.Join(o.ledger, "witnesses"), must(t, o.dir, "zapisd", "witness", "keys", "--dir", "W", "--url", witness.at))
	return o
}

func (o *office) serve(t *testing.T, slot string) *service {
	t.Helper()
	return startIn(t, o.dir, nil, "serve", "--dir", "ledger", "--listen", "127.0.0.1:0", "--slot", slot)
}

// varies is what differs from one run of a verb to the next: hashes, keys, times, sizes, ports, and the order of hashes.
var varies = regexp.MustCompile(`[0-9a-f]{8,}\S*|\d+-\d\d-\d\d[T ][0-9:]+(Z| UTC)|[0-9.]+[KMGT]\b|\d+ bytes|\d+% free|127\.0\.0\.1:\d+|erases for ever: [a-z, ]+ of`)

// run runs a verb, which has to succeed, and writes it and what it said into the transcript.
func (o *office) run(t *testing.T, words ...string) string {
	t.Helper()
	got := command(t, o.dir, words...)
	if got.status != 0 {
		t.Fatalf("%s: status %d\n%s%s", strings.Join(words, " "), got.status, got.out, got.err)
	}
	fmt.Fprintf(&o.said, "$ %s\n%s%s", strings.Join(words[:2], " "), varies.ReplaceAllString(got.out, "*"), varies.ReplaceAllString(got.err, "*"))
	return got.out
}

func (o *office) trustee(t *testing.T, words ...string) string {
	t.Helper()
	return o.run(t, append(append([]string{"zapis"}, words...), o.anna...)...)
}

// file files a report whose words are in every field and file.
func (o *office) file(t *testing.T, srv *service, words string) {
	t.Helper()
	u := beginUpload(t, srv.at+"/send")
	for _, name := range []string{"narrative", "contact", "name"} {
		u.field(t, name, words)
	}
	u.field(t, "consent", "store")
	pour(t, u.file(t, "a file.txt"), canary{word: words}, 70_000)
	u.end(t)
}

// work runs the verbs of a ledger's operator, while it is served and while it is not.
func (o *office) work(t *testing.T, authority, root string, secret canary) {
	t.Helper()
	srv := o.serve(t, "0")
	o.file(t, srv, secret.word)
	o.run(t, "zapisd", "witness", "ask", "--dir", "ledger")
	o.run(t, "zapisd", "anchor", "--dir", "ledger", "--url", authority, "--root", root)
	o.run(t, "zapisd", "status", "--dir", "ledger")
	o.run(t, "zapisd", "export", "--dir", "ledger", "--out", "carry.tar")
	o.run(t, "zapisd", "backup", "--dir", "ledger", "--out", "B")
	o.run(t, "zapisd", "mirror", "--to", "M", "--carry", "carry.tar")

	id := regexp.MustCompile(`(?m)^case +(c[0-9a-f]{10}) `).FindStringSubmatch(o.trustee(t, "import", "carry.tar"))[1]
	o.trustee(t, "propose", "tombstone", id, "--reason", "asked", "--out", "stone")
	o.trustee(t, "approve", "stone", "--yes", "--out", "approved")
	o.run(t, "zapisd", "accept", "--dir", "ledger", "approved")
	o.run(t, "zapisd", "compact", "--dir", "ledger")
	o.run(t, "zapisd", "check", "--dir", "ledger")
	o.run(t, "zapisd", "backup", "--dir", "ledger", "--out", "B")
	srv.stop(t)
	o.run(t, "zapisd", "init", "--dir", "second", "--database", o.database, "--no-standby", "--log-key", "ledger/log.key")
	o.run(t, "zapisd", "check", "--dir", "second")
}

// transcript is what the verbs say in a folder too, but for two lines: there "cosigned" is of 3 entries, since a witness is
// asked when its verb runs and not before each release, and nothing is left "in ledger.db".
const transcript = `$ zapisd witness
partner.example/witness  3 entries  *  Ed25519, ML-DSA-44
$ zapisd anchor
*  5 entries  CN=Test Authority  policy 1.2.3.4.1
$ zapisd status
ledger      zapis-ledger+test.example/ledger+*
served      yes
entries     6
last slot   *
waiting     at most 32
parts       12, *
cosigned    the slot of * (6 entries)
anchored    the slot of * (5 entries)
database    *
disk        ledger: *, * of *
$ zapisd export
$ zapisd backup
zapis-ledger+test.example/ledger+*
6 entries verify; new: 6 entries, 12 parts, *
$ zapisd mirror
zapis-ledger+test.example/ledger+*
6 entries verify; new: 6 entries, 12 parts, *
No --ledger was given: compare the ledger's line with its card, as you got it from somebody you know.
$ zapis import
ledger   zapis-ledger+test.example/ledger+*
new      6 entries, 2 submissions among them
now      6 entries, 0 submissions waiting
case     *  entry 1    new
case     *  entry 2    new
No --ledger was given: compare the ledger's line with its card, as you got it from somebody you know.
$ zapis propose
stone
A proposal: erasing.
  the reason that is given: the reporter asked for it
  * entry 1, a report of the case * whose reporter has NOT asked to erase it
  the hashes stay, so that everybody sees that something was erased, and who approved it
It counts once 1 trustee has approved it: zapis approve, you too.
$ zapis approve
approved
A proposal: erasing.
  the reason that is given: the reporter asked for it
  * entry 1, a report of the case * whose reporter has NOT asked to erase it
  the hashes stay, so that everybody sees that something was erased, and who approved it
$ zapisd accept
approval 1 of anna: taken: entry 6
$ zapisd compact
compacted: of what was erased, nothing is left in the database's tables; its log and the standby have it until the next checkpoint of each server
$ zapisd check
zapis-ledger+test.example/ledger+*
all 7 entries verify
$ zapisd backup
zapis-ledger+test.example/ledger+*
7 entries verify; new: 1 entry, 1 parts, *; taken away: 4 parts
$ zapisd init
zapis-ledger+test.example/ledger+*
$ zapisd check
zapis-ledger+test.example/ledger+*
all 7 entries verify
`

// A ledger is moved into PostgreSQL and back. In between: what its operator's verbs do, and what the database's
// administrator sees.
func TestLedgerOnPostgreSQL(t *testing.T) {
	t.Parallel()
	settings := []string{"shared_preload_libraries = 'pg_stat_statements'"}
	for key, value := range readComposed(t).settings() {
		settings = append(settings, key+" = "+value)
	}
	cluster, err := pgtest.Start("", 0, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	node := cluster.Nodes[0]
	var a timestamptest.Authority
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/timestamp-reply")
		w.Write(a.Reply(t, request))
	}))
	t.Cleanup(authority.Close)
	a = timestamptest.New(t, timestamptest.Plan{From: time.Now().Add(-100 * time.Hour), Until: time.Now().Add(100 * time.Hour)})
	root := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(root, a.RootPEM(), 0o600); err != nil {
		t.Fatal(err)
	}

	secret := newCanary()
	name, err := cluster.NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	database := node.DSN(name)
	dba := newAdministrator(t, node, database)
	o := newOffice(t)
	o.database = database
	srv := o.serve(t, "24h")
	o.file(t, srv, secret.word)
	srv.stop(t)
	o.move(t, "1 entry", "--to", database, "--no-standby")
	o.leftBehind(t)
	o.work(t, authority.URL, root, secret)
	if got := o.said.String(); got != transcript {
		t.Errorf("the verbs said\n%s\nand not\n%s", got, transcript)
	}

	o.warnsOfTheSuperuser(t)
	srv = o.serve(t, "24h")
	from := time.Now()
	o.file(t, srv, secret.word)
	dba.seesNothing(t, secret, from, time.Now())
	srv.stop(t)
	dba.seesWhatIsThere(t)
	o.move(t, "7 entries", "--to", "folder")
	must(t, o.dir, "zapisd", "check", "--dir", "ledger")
}

// warnsOfTheSuperuser serves the ledger from a further host, as the superuser of the database's server.
func (o *office) warnsOfTheSuperuser(t *testing.T) {
	t.Helper()
	must(t, o.dir, "zapisd", "init", "--dir", "third", "--database", pgtest.AsAdministrator(o.database), "--no-standby", "--log-key", "ledger/log.key")
	writeFile(t, o.path("third/witnesses"), string(readFile(t, o.path("ledger/witnesses"))))
	srv := startIn(t, o.dir, nil, "serve", "--dir", "third", "--listen", "127.0.0.1:0", "--slot", "24h")
	const warning = "the database: the role postgres is a superuser; to mend it: ALTER ROLE postgres NOSUPERUSER; docs/guides/cluster.md lists what it needs\n"
	if talk := srv.talk.String(); !strings.Contains(talk, "WARNING: "+warning) {
		t.Errorf("served by the superuser: %s", talk)
	}
	if got := must(t, o.dir, "zapisd", "status", "--dir", "third"); !strings.Contains(got, "attention   "+warning) {
		t.Errorf("the status of a ledger that is served by the superuser: %s", got)
	}
	srv.stop(t)
}

// move moves the ledger, with a report that waits. The carry file is the same before and after.
func (o *office) move(t *testing.T, size string, to ...string) {
	t.Helper()
	must(t, o.dir, "zapisd", "export", "--dir", "ledger", "--out", "before.tar")
	out := must(t, o.dir, append([]string{"zapisd", "move", "--dir", "ledger"}, to...)...)
	if out != "moved: "+size+", all verified\n" {
		t.Errorf("move %s: %s", to, out)
	}
	must(t, o.dir, "zapisd", "export", "--dir", "ledger", "--out", "after.tar")
	if !bytes.Equal(readFile(t, o.path("after.tar")), readFile(t, o.path("before.tar"))) {
		t.Errorf("after move %s the carry file differs", to)
	}
}

// leftBehind fails if what the move into the database has left in the folder signs anything.
func (o *office) leftBehind(t *testing.T) {
	t.Helper()
	left := o.path("left")
	if err := os.Mkdir(left, 0o700); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"ledger.db.moved": "ledger.db", "parts.moved": "parts"} {
		if err := os.Rename(filepath.Join(o.ledger, from), filepath.Join(left, to)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"log.key", "guard"} {
		writeFile(t, filepath.Join(left, name), string(readFile(t, filepath.Join(o.ledger, name))))
	}
	got := command(t, o.dir, "zapisd", "serve", "--dir", "left", "--listen", "127.0.0.1:0")
	if got.status != 1 || !strings.HasPrefix(got.err, "zapisd: this ledger was moved to postgres://zapis@127.0.0.1:") ||
		!strings.HasSuffix(got.err, "\nhint: go on there; what is here can be read, checked and exported\n") {
		t.Errorf("what was left behind: status %d\n%s", got.status, got.err)
	}
}
