package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The list of a release's hashes goes into a ledger as the file of a report, as docs/guides/rebuild.md says, and its bundle
// proves the release to anybody who has the ledger's card.
func TestReleaseIsProvedByALedger(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := os.Mkdir(h.path("release"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, h.path("release/zapis-trustee.tar.gz"), "what was built")
	writeFile(t, h.path("release/verify.html"), "<p>the checker</p>")
	sums := must(t, h.path("release"), "sha256sum", "verify.html", "zapis-trustee.tar.gz")
	writeFile(t, h.path("release/SHA256SUMS"), sums)

	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0")
	u := beginUpload(t, srv.at+"/send")
	for _, f := range [][2]string{{"narrative", "Release 1.0.0"}, {"consent", "store"}, {"consent", "lawyer"}, {"person_agrees", "self"}} {
		u.field(t, f[0], f[1])
	}
	if _, err := fmt.Fprint(u.file(t, "SHA256SUMS"), sums); err != nil {
		t.Fatal(err)
	}
	u.end(t)
	must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", "carry.tar")
	srv.stop(t)
	as := func(words ...string) string { return must(t, h.dir, append(words, h.as("anna")...)...) }
	as("zapis", "import", "--vault", "vault", "--ledger", h.card, "carry.tar")
	as("zapis", "bundle", "--vault", "vault", list(t, h, "anna")[0].Case, "--out", "release/SHA256SUMS.zip")

	answer := must(t, h.dir, "zapis-verify", "release", "--trust", h.card)
	for _, want := range []string{"consistent, and of a ledger that you trust\n", "- The list of hashes, SHA256SUMS, is the attachment A01",
		"- zapis-trustee.tar.gz is as the list has it, byte for byte.\n", "- verify.html is as the list has it, byte for byte.\n"} {
		if !strings.Contains(answer, want) {
			t.Errorf("the answer has no %q:\n%s", want, answer)
		}
	}
	// Who downloaded one archive checks that one; what is beside it and not listed is named.
	if err := os.Remove(h.path("release/verify.html")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, h.path("release/other.exe"), "not of the release")
	answer = must(t, h.dir, "zapis-verify", "release", "--trust", h.card)
	for _, want := range []string{"- verify.html: it is in the list, and not in this folder.\n", "- \"other.exe\": the list does not name it.\n"} {
		if !strings.Contains(answer, want) {
			t.Errorf("the answer has no %q:\n%s", want, answer)
		}
	}
	writeFile(t, h.path("release/zapis-trustee.tar.gz"), "what was buIlt")
	if o := command(t, h.dir, "zapis-verify", "release", "--trust", h.card); o.status != 3 || !strings.Contains(o.out, "- zapis-trustee.tar.gz has not the hash that the list has for it\n") {
		t.Errorf("a changed archive: status %d\n%s%s", o.status, o.out, o.err)
	}
}
