package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// oldReleases returns the folders of testdata/ledgers. Each holds a ledger, a vault, carry files, bundles and the
// answers of `list --json` and `show --json`, all written by the programs of the month that names the folder.
func oldReleases(t *testing.T) []string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join("testdata", "ledgers", "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("%d folders of old data, %v: this test would pass whatever the programs read", len(folders), err)
	}
	return folders
}

// unpackOld copies one release's data into a new folder and unpacks its archives.
func unpackOld(t *testing.T, from string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"anna.key", "boris.key", "vera.key"} {
		if err := os.Chmod(filepath.Join(dir, key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, archive := range []string{"ledger.tar.gz", "vault.tar.gz", "backup.tar.gz"} {
		must(t, dir, "tar", "--no-same-owner", "-xpzf", archive)
	}
	return dir
}

// quickenOld has the programs open a trustee's identity file quickly from here on.
func quickenOld(t *testing.T, dir, name string) {
	t.Helper()
	quicken(t, filepath.Join(dir, name+".key"), strings.TrimSpace(string(readFile(t, filepath.Join(dir, name+".pass")))))
}

func TestOlderLedgersVaultsAndBundlesStayReadable(t *testing.T) {
	t.Parallel()
	for _, from := range oldReleases(t) {
		t.Run(filepath.Base(from), func(t *testing.T) {
			t.Parallel()
			dir := unpackOld(t, from)
			card := strings.TrimSpace(string(readFile(t, filepath.Join(dir, "card.txt"))))
			as := func(name string, words ...string) []string {
				return append(words, "--identity", name+".key", "--passphrase-file", name+".pass")
			}

			must(t, dir, "zapisd", "check", "--dir", "ledger")
			must(t, dir, "zapisd", "export", "--dir", "ledger", "--out", "again.tar")
			must(t, dir, "zapisd", "restore", "--dir", "restored", "--from", "bk")
			for _, bundle := range []string{"b1.zip", "b2.zip", "b3.zip"} {
				must(t, dir, "zapis-verify", bundle, "--trust", "card.txt")
			}

			must(t, dir, as("anna", "zapis", "check", "--vault", "v")...) // opens the identity file as it is
			quickenOld(t, dir, "anna")
			holdsAll(t, "list", readFile(t, filepath.Join(dir, "list.json")), must(t, dir, as("anna", "zapis", "list", "--vault", "v", "--json")...))
			const oldCase = "c63f05e7df0"
			holdsAll(t, "show", readFile(t, filepath.Join(dir, "show.json")), must(t, dir, as("anna", "zapis", "show", "--vault", "v", oldCase, "--json")...))
			must(t, dir, as("anna", "zapis", "import", "--vault", "v", "again.tar")...)
			must(t, dir, as("anna", "zapis", "bundle", "--vault", "v", oldCase, "--out", "new.zip")...)
			must(t, dir, "zapis-verify", "new.zip", "--trust", "card.txt")

			for _, carry := range []string{"carry1.tar", "carry2.tar"} {
				must(t, dir, as("boris", "zapis", "import", "--vault", "fresh", "--ledger", card, carry)...)
			}
			must(t, dir, as("boris", "zapis", "show", "--vault", "fresh", oldCase)...)
			must(t, dir, as("vera", "zapis", "import", "--vault", "vera", "--ledger", card, "again.tar")...)
		})
	}
}

// A newer program reads an older ledger and vault as they are, and adds to them. The way back is a backup of the ledger and
// a copy of the vault, taken before (docs/compatibility.md): both check, and the ledger refuses to sign beside the newer one.
func TestAnUpgradeHasAWayBack(t *testing.T) {
	t.Parallel()
	for _, from := range oldReleases(t) {
		t.Run(filepath.Base(from), func(t *testing.T) {
			t.Parallel()
			dir := unpackOld(t, from)
			quickenOld(t, dir, "anna")
			vault := func(verb, at string, words ...string) string {
				return must(t, dir, append([]string{"zapis", verb, "--vault", at, "--identity", "anna.key", "--passphrase-file", "anna.pass"}, words...)...)
			}
			// Before: a backup and a copy.
			must(t, dir, "zapisd", "backup", "--dir", "ledger", "--out", "before")
			must(t, dir, "cp", "-a", "v", "v-before")
			before, cases := must(t, dir, "zapisd", "check", "--dir", "ledger"), vault("list", "v", "--json")

			// The upgrade: a report into the ledger, an act into the vault; both check.
			srv := startIn(t, dir, nil, "serve", "--dir", "ledger", "--listen", "127.0.0.1:0", "--slot", "0")
			u := beginUpload(t, srv.at+"/send")
			u.field(t, "narrative", "words")
			u.field(t, "consent", "store")
			u.end(t)
			must(t, dir, "zapisd", "export", "--dir", "ledger", "--out", "after.tar")
			srv.stop(t)
			after := must(t, dir, "zapisd", "check", "--dir", "ledger")
			vault("import", "v", "after.tar")
			vault("check", "v")
			if after == before || vault("list", "v", "--json") == cases {
				t.Fatal("nothing was added: this test shows no upgrade")
			}

			// The way back: what was before is whole, and the restored ledger signs nothing, since a newer history is out.
			must(t, dir, "zapisd", "restore", "--from", "before", "--dir", "back", "--log-key", "ledger/log.key")
			if got := must(t, dir, "zapisd", "check", "--dir", "back"); got != before {
				t.Errorf("the restored ledger checks as\n%s, and was\n%s", got, before)
			}
			o := command(t, dir, "zapisd", "restore", "--dir", "back", "--newest", "after.tar")
			if o.status != 3 {
				t.Errorf("a ledger behind the newest checkpoint may sign: status %d\n%s%s", o.status, o.out, o.err)
			}
			vault("check", "v-before")
			if got := vault("list", "v-before", "--json"); got != cases {
				t.Errorf("the copy of the vault lists other cases:\n%s", got)
			}
		})
	}
}

// holdsAll fails where an answer in JSON lacks a member that the older program wrote, or gives it another value. New
// members are allowed: `--json` only grows.
func holdsAll(t *testing.T, what string, old []byte, now string) {
	t.Helper()
	var before, after any
	if err := json.Unmarshal(old, &before); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(now), &after); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	compare(t, what, before, after)
}

func compare(t *testing.T, at string, old, now any) {
	t.Helper()
	switch old := old.(type) {
	case map[string]any:
		fields, ok := now.(map[string]any)
		if !ok {
			t.Errorf("%s: %v is no object any more", at, now)
			return
		}
		for name, value := range old {
			if found, ok := fields[name]; ok {
				compare(t, at+"."+name, value, found)
			} else {
				t.Errorf("%s.%s is gone", at, name)
			}
		}
	case []any:
		list, ok := now.([]any)
		if !ok || len(list) != len(old) {
			t.Errorf("%s: %d values before, now %v", at, len(old), now)
			return
		}
		for i := range old {
			compare(t, at, old[i], list[i])
		}
	default:
		if !reflect.DeepEqual(old, now) {
			t.Errorf("%s: %v, and was %v", at, now, old)
		}
	}
}
