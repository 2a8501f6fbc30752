package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"zapis/cmd/zapis-verify/check"
	"zapis/internal/exit"
)

// Wrong input of a user who has never seen a bundle: each error names what it is and what to do.
func TestWrongInputIsNamed(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	lines := func(name string) []string {
		text, err := os.ReadFile(vector(name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.SplitAfter(string(text), "\n")
	}
	receipt, promise := lines("receipt"), lines("promise-kept")
	genesis := vector("genesis.txt")
	const (
		what   = "a bundle (one .zip), a receipt, a promise or a checkpoint"
		whole  = "hint: what can be checked is the whole bundle: give the .zip file that this came in, as you received it\n"
		trust  = "hint: it is not what is checked, but what it is checked against: give it to --trust, and name the bundle, the receipt or the promise\n"
		sealed = "hint: open it first, with the program age"
		keep   = "hint: keep the file as it is, and tell the person who gave it to you"
		tiles  = "hint: it takes a whole copy of what the ledger publishes: a folder with the file checkpoint and the folder tile in it, as zapisd mirror keeps one\n"
		pasted = "; if it was pasted into a mail or a document on the way, have the file itself sent: pasting changes a text\n"
	)
	put("unpacked/bagit.txt", "BagIt-Version: 1.0\n")
	put("above/zapis-bundle/bagit.txt", "BagIt-Version: 1.0\n")
	for _, tt := range []struct {
		name   string
		args   []string
		status exit.Status
		out    string // in the output
		talk   string // in the output on stderr
		hint   string // the same
	}{
		{"nothing", nil, 2, "", "no file was named that is to be checked\n",
			"hint: type its name behind the command, for example: zapis-verify bundle.zip; zapis-verify --help says the rest\n"},
		{"a name with a space", []string{"my", "bundle.zip"}, 2, "", `2 files were named, and one is checked at a time: "my" and "bundle.zip"`,
			`hint: if the name has spaces in it, put it into quotation marks: zapis-verify "my bundle.zip"`},
		{"a file that is not there", []string{"no-such-file"}, 1, "", "zapis-verify: no-such-file is not there\n",
			"hint: look at how it is written, and in which folder you are; a name with spaces in it takes quotation marks\n"},
		{"a file of no length", []string{put("empty.zip", "")}, 3, "", "empty.zip is empty: there is not one byte in it\n", "hint: have it sent or copied again: it was cut off on the way\n"},
		{"a file of some other kind", []string{put("notes.txt", "remember the milk\n")}, 3, "", "notes.txt is not " + what + "; or it was one, and its beginning is damaged\n",
			"hint: give the file as you received it, unopened and not converted; if this is that file, it was damaged: have it sent again\n"},
		{"an unpacked bundle", []string{filepath.Join(dir, "unpacked")}, 2, "", "unpacked is the folder that a bundle was unpacked into\n",
			"hint: give the .zip file itself, as you received it; VERIFY.txt in the folder says how to check what is unpacked with other programs\n"},
		{"the folder above one", []string{filepath.Join(dir, "above")}, 2, "", "above is the folder that a bundle was unpacked into\n", "hint: give the .zip file itself"},
		{"tiles", []string{vector("tiles")}, 2, "", "tiles is a folder with a ledger's public tiles\n", "hint: name the promise, the receipt or the checkpoint, and give this folder to --tiles\n"},
		{"some folder", []string{dir}, 2, "", " is a folder, and not a file\n", "hint: name the one file in it that is to be checked\n"},
		{"no file at all", []string{os.DevNull}, 2, "", os.DevNull + " is not a file\n", "hint: copy it into a file first\n"},
		{"under a passphrase", []string{put("a.age", "age-encryption.org/v1\n-> scrypt X 18\n")}, 4, "", "a.age is sealed with age under a passphrase; what is checked is " + what, sealed + ": age -d -o bundle.zip FILE asks for the passphrase; then check bundle.zip\n"},
		{"sealed to a key", []string{put("b.age", "age-encryption.org/v1\n-> X\n")}, 4, "", "b.age is sealed with age; what is checked is " + what, sealed + " and the key that it was sealed to: age -d -i KEY -o bundle.zip FILE; then check bundle.zip\n"},
		{"sealed, as text", []string{put("c.age", "-----BEGIN AGE ENCRYPTED FILE-----\n")}, 4, "", "c.age is sealed with age; what is checked is " + what, sealed},
		{"a ledger card", []string{vector("ledger-card.txt")}, 2, "", "ledger-card.txt is a ledger card; what is checked is " + what, trust},
		{"a trustee's card", []string{vector("anna.card")}, 2, "", "anna.card is a trustee's card; what", trust},
		{"a genesis", []string{genesis}, 2, "", "genesis.txt is a ledger's genesis; what", trust},
		{"a certificate", []string{vector("anchored/root.pem")}, 2, "", "root.pem is a certificate; what", trust},
		{"one document out of a bundle", []string{put("report.pdf", "%PDF-1.7\n")}, 3, "", "report.pdf is a PDF; what", whole},
		{"one paper out of a bundle", []string{filepath.Join(dir, "unpacked", "bagit.txt")}, 2, "", "bagit.txt is one file out of an unpacked bundle; what", whole},
		{"a carry file", []string{put("carry.tar", "carry.txt\x00\x00")}, 2, "", "carry.tar is a carry file; what", "hint: it is not for third parties: zapis import takes it in\n"},
		{"a request between trustees", []string{put("request", "zapis/signed/v1\nledger 00\nkind ask\nsubject 00\n")}, 2, "", "request is a request for shares; what", "hint: it is not for third parties: zapis grant answers it\n"},
		{"a bundle whose beginning is damaged", []string{put("bad.zip", "QK\x03\x04"+strings.Repeat("\x00", 26)+"zapis-bundle/bagit.txt")}, 3, "", "bad.zip is not " + what + "; or it was one, and its beginning is damaged\n", "hint: give the file as you received it, unopened"},
		{"a bundle packed again", []string{put("again.zip", packedAgain(t))}, 3, "- zip: zapis-bundle/VERIFY.txt is compressed (method 8)", "again.zip does not verify\n",
			keep + "; if it was unpacked and packed again on the way, ask for the one that was not: a bundle is one file, and stays as it was made\n"},
		{"a receipt without its second signature", []string{put("r1", strings.Join(receipt[:len(receipt)-2], "")), "--trust", genesis}, 3,
			"- checkpoint: the log's ML-DSA-44 signature is missing, and both are needed\n", "r1 does not verify\n", keep + pasted},
		{"a receipt without its first signature", []string{put("r2", strings.Join(receipt[:len(receipt)-3], "")+receipt[len(receipt)-2]), "--trust", genesis}, 3,
			"- checkpoint: the log's Ed25519 signature is missing, and both are needed\n", "r2 does not verify\n", keep + pasted},
		{"a receipt that a mail wrapped", []string{put("r3", strings.Join(receipt, "\r\n")), "--trust", genesis}, 3, "- receipt: tlog proof missing required index", "r3 does not verify\n", keep + pasted},
		{"a promise without its second signature", []string{put("p1", strings.Join(promise[:6], "")+strings.Join(promise[7:], "")), "--trust", genesis}, 3,
			"- promise: the log's ML-DSA-44 signature is missing, and both are needed\n", "p1 does not verify\n", keep + pasted},
		{"tiles that are a file", []string{vector("promise-kept"), "--trust", genesis, "--tiles", genesis}, 2, "", "--tiles: " + genesis + " is not a folder\n",
			"hint: name the folder that holds the file checkpoint and the folder tile\n"},
		{"tiles that are not there", []string{vector("promise-kept"), "--trust", genesis, "--tiles", "nowhere"}, 1, "", "--tiles: nowhere is not there\n", "hint: look at how it is written"},
		{"a folder without tiles", []string{vector("promise-kept"), "--trust", genesis, "--tiles", t.TempDir()}, 1, "", "--tiles: the folder has no file checkpoint\n", tiles},
		{"tiles that are not all there", []string{vector("promise-kept"), "--trust", genesis, "--tiles", folder(t, "tiles/checkpoint")}, 1, "", "--tiles: the folder has no file tile/0/000\n", tiles},
		{"tiles for a bundle", []string{vector("bundle.zip"), "--tiles", vector("tiles")}, 2, "", "--tiles is for promises, receipts and checkpoints, and ",
			"hint: check the bundle without tiles; then take the receipt out of it, data/ledger/receipt, and check that with them\n"},
		{"trust in an empty file", []string{vector("bundle.zip"), "--trust", filepath.Join(dir, "empty.zip")}, 3, "", "empty.zip holds nothing that can be trusted\n", "hint: it takes a ledger card"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out, talk := verify(t, tt.args...)
			if status != tt.status || !strings.Contains(out, tt.out) || tt.out == "" && out != "" {
				t.Errorf("status %d, want %d\n%s\nwant %q", status, tt.status, out, tt.out)
			}
			if !strings.Contains(talk, tt.talk) || !strings.Contains(talk, tt.hint) {
				t.Errorf("said:\n%s\nwant %q\nand  %q", talk, tt.talk, tt.hint)
			}
		})
	}
}

// packedAgain is what a file manager makes of an unpacked bundle.
func packedAgain(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "zapis-bundle/VERIFY.txt", Method: zip.Deflate})
	if err == nil {
		_, err = w.Write([]byte("x\n"))
	}
	if err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Errors of the system are reported in our words, for a file, a folder of trust and a folder of tiles. (As root every
// file can be read.)
func TestUnreadable(t *testing.T) {
	for _, tt := range []struct {
		what, name string
		err        error
		want, hint string
	}{
		{"", "bundle.zip", syscall.EACCES, "bundle.zip may not be read by you: the system refuses it", "ask the person who owns it, or looks after this computer, to let you read it"},
		{"--tiles: ", "mirror", syscall.EACCES, "--tiles: mirror may not be read by you: the system refuses it", "ask the person who owns it, or looks after this computer, to let you read it"},
		{"--trust: ", "keys", syscall.ENOENT, "--trust: keys is not there", "look at how it is written, and in which folder you are; a name with spaces in it takes quotation marks"},
		{"", "bundle.zip", syscall.EIO, fmt.Sprintf("bundle.zip can't be read: open bundle.zip: %v", syscall.EIO), "copy it to another disk or stick first: this one may be failing"},
	} {
		err := check.Unreadable(tt.what, tt.name, &fs.PathError{Op: "open", Path: tt.name, Err: tt.err})
		if err.Error() != tt.want || exit.HintOf(err) != tt.hint || exit.StatusOf(err) != exit.Failed {
			t.Errorf("%v\nhint: %s", err, exit.HintOf(err))
		}
	}
}
