package bundle

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"zapis/internal/evidence/bundle/bundletest"
	"zapis/internal/shorttest"
)

// unpacked unzips a bundle with the stock tool, and returns the folder in it.
func unpacked(t *testing.T, zip []byte) string {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "bundle.zip")
	if err := os.WriteFile(name, zip, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("unzip", "-q", name, "-d", dir).CombinedOutput(); err != nil {
		t.Fatalf("unzip: %v\n%s", err, out)
	}
	bag := filepath.Join(dir, "zapis-bundle")
	if err := bundletest.PlaceValidator(bag); err != nil {
		t.Fatal(err)
	}
	return bag
}

// failing follows the page of an unpacked bundle, and returns the blocks that
// fail.
func failing(t *testing.T, dir string, with ...string) []string {
	t.Helper()
	failed, err := bundletest.Follow(dir, nil, with...)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, f := range failed {
		t.Log(f)
		blocks = append(blocks, f.Block)
	}
	return blocks
}

// followPage runs the lines of the page of a bundle: none fails.
func followPage(t *testing.T, zip []byte) {
	t.Run("VERIFY.txt", func(t *testing.T) {
		shorttest.Skip(t, "the lines of VERIFY.txt are not run")
		if failed := failing(t, unpacked(t, zip)); len(failed) > 0 {
			t.Errorf("%d lines of VERIFY.txt fail", len(failed))
		}
	})
}

func TestVerifyPageHolds(t *testing.T) {
	shorttest.Skip(t, "the lines of VERIFY.txt are not run")
	t.Parallel()
	h, in := testCase(t)
	for name, change := range map[string]func(*Input){
		"waiting":       func(in *Input) { *in = waiting(h, *in) },
		"as it is":      func(*Input) {},
		"with identity": func(in *Input) { in.IncludeIdentity = true },
		"withheld":      func(in *Input) { in.Withhold = []Choice{{"narrative", ReasonSafety}, {"A02", ""}} },
	} {
		t.Run(name, func(t *testing.T) {
			in := in
			change(&in)
			if failed := failing(t, unpacked(t, write(t, in))); len(failed) > 0 {
				t.Errorf("%d lines of VERIFY.txt fail", len(failed))
			}
		})
	}
}

// Each stock tool has its tampered counterpart: what it is there to find, it finds.
func TestVerifyPageFinds(t *testing.T) {
	shorttest.Skip(t, "the lines of VERIFY.txt are not run over damaged bundles")
	t.Parallel()
	zip := sample(t)
	for _, tt := range []struct {
		name, file string
		change     func([]byte) []byte
		finds      []string // each must be part of a line that fails
	}{
		{"an original", "data/attachments/A01.jpg", flip(7),
			[]string{"sha256sum -c --strict --quiet manifest-sha256.txt", "bagit_validate.py", "data/attachments/A01.jpg | cut"}},
		{"an answer", "data/disclosure/narrative.json", replace("come back", "come home"),
			[]string{"sha256sum -c --strict --quiet manifest-sha256.txt", "(cd data/disclosure &&"}},
		{"the list of commitments", "data/disclosure/commitments.txt", flip(3),
			[]string{`test "$(sha256sum < data/disclosure/commitments.txt`}},
		{"the payload's list", "manifest-sha256.txt", flip(3),
			[]string{"sha256sum -c --strict --quiet tagmanifest-sha256.txt", "bagit_validate.py"}},
		{"the papers' list", "tagmanifest-sha256.txt", flip(3), []string{"ssh-keygen -Y verify"}},
		{"the signature", "signatures/tagmanifest-sha256.txt.sig", flip(120), []string{"ssh-keygen -Y verify"}},
		{"the signer", "trust/allowed_signers", replace("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAJ"),
			[]string{"ssh-keygen -Y verify", "grep -F"}},
		{"an entry", "data/ledger/entries/2.txt", replace("trustees 0", "trustees 1"), []string{"entries/2.txt; }", "follows entry 2"}},
		{"a proof", "data/ledger/receipt", nextLine("index 2\n"), []string{"entries/2.txt; }"}},
		{"the checkpoint", "data/ledger/checkpoint", replace("\n5\n", "\n6\n"), []string{"openssl pkeyutl"}},
		{"the genesis", "data/ledger/bodies/0.txt", replace("approvals 2", "approvals 1"), []string{"bodies/0.txt | cut"}},
		{"an event", "data/custody/events.txt", replace("act opened", "act viewed"), []string{"lead to the root of the custody log"}},
		{"another's event", "data/custody/events.txt", nextWord("hashes 1 1 "), []string{"lead to the root of the custody log"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := unpacked(t, zip)
			path := filepath.Join(dir, filepath.FromSlash(tt.file))
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			after := tt.change(bytes.Clone(before))
			if bytes.Equal(before, after) {
				t.Fatal("nothing was changed")
			}
			if err := os.WriteFile(path, after, 0o600); err != nil {
				t.Fatal(err)
			}
			failed := strings.Join(failing(t, dir, tt.finds...), "\n")
			for _, want := range tt.finds {
				if !strings.Contains(failed, want) {
					t.Errorf("the line with %q did not fail", want)
				}
			}
		})
	}
}

func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte { b[at] ^= 1; return b }
}

func replace(from, to string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.Replace(b, []byte(from), []byte(to), 1) }
}

// nextWord changes the first character after a text to another of its kind.
func nextWord(after string) func([]byte) []byte {
	return func(b []byte) []byte {
		i := bytes.Index(b, []byte(after)) + len(after)
		if b[i] == 'a' {
			b[i] = 'b'
		} else {
			b[i] = 'a'
		}
		return b
	}
}

func nextLine(after string) func([]byte) []byte { return nextWord(after) }

// What only the signature detects: a BagIt validator accepts a bag whose list
// of papers was removed, and one with an additional paper.
func TestValidatorAlone(t *testing.T) {
	shorttest.Skip(t, "not tested: the Python validator without the programs")
	t.Parallel()
	dir := unpacked(t, sample(t))
	for _, name := range []string{"tagmanifest-sha256.txt", "VERIFY.txt"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "READ-THIS-FIRST.txt"), []byte("it was not us\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := bundletest.Shell(dir, nil, "python3 ../bagit_validate.py .")
	if err != nil || !strings.HasPrefix(out, "valid BagIt 1.0 bag: 86 payload files, ") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestValidatorRefuses(t *testing.T) {
	shorttest.Skip(t, "not tested: what the Python validator refuses")
	t.Parallel()
	zip := sample(t)
	for _, tt := range []struct{ name, script, want string }{
		{"a file added to the payload", "echo hi > data/more.txt", "manifest-sha256.txt: data/more.txt is in the payload and not listed\n"},
		{"a file taken away", "rm data/report/report.txt", "manifest-sha256.txt: data/report/report.txt is listed and not there\n"},
		{"a file changed", "echo >> data/report/report.txt", "data/report/report.txt: does not have the sha256 that manifest-sha256.txt lists\n"},
		{"a paper changed", "echo >> VERIFY.txt", "VERIFY.txt: does not have the sha256 that tagmanifest-sha256.txt lists\n"},
		{"something to fetch", "echo x > fetch.txt", "fetch.txt: a bag of evidence has to be whole; nothing may be left to fetch\n"},
		{"another version", "sed -i s/1.0/0.97/ bagit.txt", "bagit.txt: first line is 'BagIt-Version: 0.97', not 'BagIt-Version: 1.0'\n"},
		{"no declaration", "rm bagit.txt", "bagit.txt: missing\n"},
		{"no manifest", "rm manifest-sha256.txt", "no payload manifest\n"},
		{"a name that moves the cursor", "printf x > data/$(printf 'a\\033[2Jb')", "data/a\\x1b[2Jb is in the payload and not listed\n"},
		{"a link", "ln -s ../VERIFY.txt data/link", "data/link: neither a file nor a folder (links are refused)\n"},
		{"a path that leads out", "printf '%064d  ../x\\n' 0 >> manifest-sha256.txt", "'../x' leads out of the bag\n"},
		{"a path twice", "tail -n 1 manifest-sha256.txt >> manifest-sha256.txt", " is listed twice\n"},
		{"a wrong count", "sed -i 's/^Payload-Oxum.*/Payload-Oxum: 1.1/' bag-info.txt", "bag-info.txt: Payload-Oxum is 1.1, the payload has "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := unpacked(t, zip)
			if out, err := bundletest.Shell(dir, nil, tt.script); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			out, err := bundletest.Shell(dir, nil, "python3 ../bagit_validate.py .")
			if err == nil || !strings.Contains(out, tt.want) || !strings.HasSuffix(out, "not a valid bag\n") {
				t.Errorf("%v: %s\nwant %s", err, out, tt.want)
			}
		})
	}
}
