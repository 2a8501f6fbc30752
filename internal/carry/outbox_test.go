package carry_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/carry"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// outbox makes one with a reply, an approval of something already known, and an
// exhibit, by two trustees.
func outbox(t testing.TB) (*ledgertest.Builder, []byte) {
	t.Helper()
	b := ledgertest.New()
	reply := ledger.Reply{Tag: ledger.Sum([]byte("tag")), Message: []byte("sealed")}.Marshal()
	exhibit := b.Body(ledger.KindExhibit, "exhibit", 1)
	signed := []card.Signed{
		b.Sign(b.People[0], card.KindReply, ledger.Sum(reply)),
		b.Sign(b.People[0], card.KindApproval, ledger.Sum([]byte("a proposal"))),
		b.Sign(b.People[1], card.KindExhibit, ledger.Sum(exhibit.Marshal())),
		b.Sign(b.People[1], card.KindApproval, ledger.Sum([]byte("a proposal"))),
	}
	slices.SortFunc(signed, func(x, y card.Signed) int {
		if c := strings.Compare(card.ShortFingerprint(x.Signer), card.ShortFingerprint(y.Signer)); c != 0 {
			return c
		}
		return int(x.Number) - int(y.Number)
	})
	var out bytes.Buffer
	w, err := carry.NewOutboxWriter(&out, carry.OutboxHeader{Ledger: b.Genesis, Statements: 4, Bodies: 2, Parts: uint64(len(exhibit.Parts))})
	must(t, err)
	for _, s := range signed {
		must(t, w.Statement(s))
	}
	for _, s := range signed {
		switch s.Kind {
		case card.KindReply:
			must(t, w.Body(reply))
		case card.KindExhibit:
			must(t, w.Body(exhibit.Marshal()))
		}
	}
	for _, p := range exhibit.Parts {
		must(t, w.Part(p.Hash, bytes.NewReader(b.Files[p.Hash])))
	}
	must(t, w.Close())
	return b, out.Bytes()
}

func readOutbox(file []byte) ([]carry.OutItem, error) {
	r, err := carry.NewOutboxReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	var all []carry.OutItem
	for {
		it, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		if it.Kind == carry.OutPart {
			if it.Text, err = io.ReadAll(it.Content); err != nil {
				return all, err
			}
		}
		all = append(all, it)
	}
}

func TestOutbox(t *testing.T) {
	b, file := outbox(t)
	items, err := readOutbox(file)
	must(t, err)
	count := map[carry.OutItemKind]int{}
	for _, it := range items {
		count[it.Kind]++
		switch it.Kind {
		case carry.OutStatement:
			at := ledgertest.Genesis().Set.Position(it.Signed.Signer)
			must(t, it.Signed.Verify(b.People[at-1].Card.SSH))
		case carry.OutBody:
			if ledger.Hash(it.About.Subject) != it.Hash {
				t.Errorf("%s is about %x", it.Name, it.About.Subject)
			}
		case carry.OutPart:
			if !bytes.Equal(it.Text, b.Files[it.Part.Hash]) {
				t.Errorf("%s has other bytes", it.Name)
			}
		}
	}
	if count[carry.OutStatement] != 4 || count[carry.OutBody] != 2 || count[carry.OutPart] != 4 {
		t.Errorf("read %v", count)
	}
	if !bytes.Equal(pack(t, unpack(t, file)), file) {
		t.Error("archive/tar writes other bytes for the same members")
	}
	path := filepath.Join(t.TempDir(), "outbox.tar")
	writeFile(t, path, file)
	out, err := exec.Command("tar", "-tf", path).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "outbox.txt\nstatements/") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestHostileOutboxes(t *testing.T) {
	shorttest.Skip(t, "not tested: each outbox that is refused")
	_, file := outbox(t)
	hex := strings.Repeat("a", 64)
	names := unpack(t, file)
	first, second := names[1].Name, names[2].Name
	tests := []struct {
		name   string
		change func([]member) []member
		want   string
	}{
		{"no members", func([]member) []member { return nil }, "outbox: its beginning: there is nothing in it"},
		{"outbox.txt not first", func(m []member) []member { return m[1:] }, "outbox: " + first + ": the first member must be outbox.txt"},
		{"outbox.txt twice", double("outbox.txt"), "outbox: outbox.txt: it is there twice"},
		{"damaged outbox.txt", edit("outbox.txt", "statements 4", "statements 0"), "outbox: outbox.txt: line 3: an outbox without statements says nothing"},
		{"too many statements", edit("outbox.txt", "statements 4", "statements 10001"), "outbox: outbox.txt: line 3: 10001 is more than 10000"},
		{"for another ledger", func(m []member) []member {
			m[0].content = carry.OutboxHeader{Statements: 4, Bodies: 2, Parts: 4}.Marshal()
			return m
		}, "outbox: " + first + ": it is for another ledger than outbox.txt says"},
		{"statement missing", remove(first), "3 statements are before it, and outbox.txt says 4"},
		{"one more statement than said", edit("outbox.txt", "statements 4", "statements 3"), "a statement that has no place here"},
		{"statements swapped", swap(first, second), "outbox: " + first + ": statements stand in the order of their signers, then of their numbers, each once"},
		{"statement twice", double(first), "outbox: " + first + ": statements stand in the order"},
		{"statement misnamed", rename(first, "statements/0123456789abcdef-1"), "outbox: statements/0123456789abcdef-1: the statement in it is number 1 of SHA256:"},
		{"statement edited", edit(first, "number 1", "number 2"), "line 6: previous is zeros for number 1, and only for it"},
		{"signature cut", edit(first, "-----END SSH SIGNATURE-----\n", ""), "statement: it is not an SSH signature as ssh-keygen writes it"},
		{"bytes after the signature", edit(first, "-----END SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\nx\n"), "statement: bytes follow the signature"},
		{"body missing", remove("bodies/"), "1 bodies are before it, and outbox.txt says 2"},
		{"body twice", double("bodies/"), "it stands after the place where the statements name it, or twice"},
		{"body misnamed", rename("bodies/", "bodies/"+hex), "outbox: bodies/" + hex + ": its bytes have the hash"},
		{"body of nobody", func(m []member) []member {
			i := index(m, "bodies/")
			m[i].content, m[i].Name = []byte("x"), "bodies/"+ledger.Sum([]byte("x")).String()
			return m
		}, "no statement is about it"},
		{"body huge", enlarge("bodies/", 1<<20+1), "it has 1048577 bytes, and at most 1048576 are allowed"},
		{"part missing", remove("parts/"), "it is not the part that comes next of an exhibit"},
		{"last part missing", func(m []member) []member { return m[:len(m)-1] }, "outbox: its end: the part"},
		{"part longer", enlarge("parts/", 9), "it has 9 bytes, and 1300 are named"},
		{"part flipped", flipPart, "its bytes have the hash"},
		{"parts not counted", edit("outbox.txt", "parts 4", "parts 3"), "the exhibits have 4 parts, and outbox.txt says 3"},
		{"unknown folder", rename("parts/", "etc/passwd"), "outbox: etc/passwd: no such member belongs in an outbox"},
		{"leads out", rename("parts/", "parts/../../x"), `outbox: "parts/../../x": not a name that we give`},
		{"symbolic link", header("parts/", func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeSymlink, "x" }), "it is a symbolic link, and only plain files are allowed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			members := test.change(unpack(t, file))
			for i := range members {
				if members[i].Typeflag == tar.TypeSymlink {
					members[i].content = nil
				}
			}
			_, err := readOutbox(pack(t, members))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got:\n%v\nwant:\n%s", err, test.want)
			}
			if exit.StatusOf(err) != exit.Mismatch || exit.HintOf(err) == "" {
				t.Errorf("exit status %d, hint %q", exit.StatusOf(err), exit.HintOf(err))
			}
		})
	}
	for i := 0; i < len(file); i += 41 {
		if _, err := readOutbox(file[:i]); exit.StatusOf(err) != exit.Mismatch {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
}

// A writer refuses to write what a reader would refuse.
func TestWritersRefuse(t *testing.T) {
	b := ledgertest.New()
	cp := b.Checkpoint()
	newWriter := func() *carry.Writer {
		w, err := carry.NewWriter(io.Discard, carry.Header{Origin: ledgertest.Origin, Genesis: b.Genesis, Size: 1})
		must(t, err)
		return w
	}
	is := func(err error, want string) {
		t.Helper()
		if err == nil || err.Error() != want || exit.StatusOf(err) != exit.Failed {
			t.Errorf("got %v (%d), want %s", err, exit.StatusOf(err), want)
		}
	}
	_, err := carry.NewWriter(io.Discard, carry.Header{Origin: "a b", Size: 1})
	is(err, `carry file: line 2: one value must follow "origin"`)
	is(newWriter().Entry(b.Entries[0]), "carry file: the checkpoint of 1 entries is missing before it")
	is(newWriter().Close(), "carry file: the checkpoint of 1 entries is missing before it")
	w := newWriter()
	must(t, w.Checkpoint(cp))
	is(w.Close(), "carry file: entry 0 is missing before it")
	must(t, w.Entry(b.Entries[0]))
	h := mustEntry(t, b, 0).Body.Parts[0].Hash
	is(w.Part(ledger.Sum(nil), strings.NewReader("")), "carry file: parts/"+ledger.Sum(nil).String()+": no entry in the file names it")
	short := mustEntry(t, b, 0).Body.Parts[0].Size
	is(w.Part(h, strings.NewReader("x")), "carry file: parts/"+h.String()+": it ended after 1 of "+itoa(short)+" bytes")
	w = newWriter()
	must(t, w.Checkpoint(cp))
	must(t, w.Entry(b.Entries[0]))
	is(w.Part(h, bytes.NewReader(make([]byte, short))), "carry file: parts/"+h.String()+": its bytes have another hash")

	_, err = carry.NewOutboxWriter(io.Discard, carry.OutboxHeader{})
	is(err, "outbox: line 3: an outbox without statements says nothing")
	ow, err := carry.NewOutboxWriter(io.Discard, carry.OutboxHeader{Ledger: b.Genesis, Statements: 1})
	must(t, err)
	is(ow.Close(), "outbox: 0 statements are before it, and outbox.txt says 1")
	is(ow.Statement(card.Signed{}), "outbox: statement: line 4: a space too many, or no value after \"signer\"")
}
