package carry_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/carry"
	"zapis/internal/exit"
	"zapis/internal/pythontest"
	"zapis/internal/shorttest"
)

// member is one of an archive's, as archive/tar sees it.
type member struct {
	tar.Header
	content []byte
}

// unpack reads an archive with Go's own tar.
func unpack(t testing.TB, file []byte) []member {
	t.Helper()
	var all []member
	r := tar.NewReader(bytes.NewReader(file))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, member{tar.Header{Name: h.Name, Mode: 0o444, Size: h.Size, Format: tar.FormatUSTAR}, content})
	}
}

// pack puts it together again, whatever it is.
func pack(t testing.TB, all []member) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, m := range all {
		m.Size = int64(len(m.content))
		if err := w.WriteHeader(&m.Header); err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		if _, err := w.Write(m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func index(all []member, name string) int {
	return slices.IndexFunc(all, func(m member) bool { return strings.HasPrefix(m.Name, name) })
}

// Go's tar writes the same bytes: two writers agree on the format.
func TestSameBytesAsArchiveTar(t *testing.T) {
	_, file := sample(t)
	if !bytes.Equal(pack(t, unpack(t, file)), file) {
		t.Error("archive/tar writes other bytes for the same members")
	}
}

func TestHostileCarryFiles(t *testing.T) {
	b, file := sample(t)
	filler := mustEntry(t, b, 2).Body.Parts[0].Hash
	hex := func(s string) string { return strings.Repeat(s, 64) }
	tests := []struct {
		name   string
		change func([]member) []member
		want   string
	}{
		{"no members", func([]member) []member { return nil }, "carry file: its beginning: there is nothing in it"},
		{"carry.txt not first", func(m []member) []member { m[0], m[1] = m[1], m[0]; return m },
			"carry file: checkpoints/3: the first member must be carry.txt"},
		{"carry.txt twice", func(m []member) []member { return slices.Insert(m, 1, m[0]) }, "carry file: carry.txt: it is there twice"},
		{"damaged carry.txt", edit("carry.txt", "since 0", "since 00"), "carry file: carry.txt: line 4: not a decimal number without leading zeros"},
		{"size before since", edit("carry.txt", "since 0", "since 13"), "carry file: carry.txt: line 5: the size is at least 1, and not less than since"},
		{"bad origin", edit("carry.txt", "example.org", "example org"), `carry file: carry.txt: line 2: one value must follow "origin"`},
		{"another genesis", edit("carry.txt", "genesis ", "genesis "+hex("1")+"\n"), "carry file: carry.txt: line 4: it must begin with \"since \""},
		{"checkpoint missing", remove("checkpoints/12"), "carry file: entries/0: the checkpoint of 12 entries is missing before it"},
		{"checkpoints swapped", swap("checkpoints/3", "checkpoints/8"), "carry file: checkpoints/3: checkpoints stand in the order of their sizes, each once"},
		{"checkpoint misnamed", rename("checkpoints/3", "checkpoints/2"), "carry file: checkpoints/2: the checkpoint in it is of 3 entries"},
		{"checkpoint too late", move("checkpoints/12", "entries/1"), "carry file: entries/0: the checkpoint of 12 entries is missing before it"},
		{"entry missing", remove("entries/4"), "carry file: entries/5: entry 5 stands where entry 4 must"},
		{"last entry missing", remove("entries/11"), "entry 11 is missing before it"},
		{"entries swapped", swap("entries/4", "entries/5"), "carry file: entries/5: entry 5 stands where entry 4 must"},
		{"entry twice", double("entries/4"), "carry file: entries/4: entry 4 stands where entry 5 must"},
		{"entry misnamed", rename("entries/4", "entries/04"), "carry file: entries/04: the entry in it is entry 4"},
		{"entry edited", edit("entries/2", "filler", "fillet"), "carry file: entries/2: entry: line 5: there is no such kind"},
		{"entry huge", enlarge("entries/2", 5000), "carry file: entries/2: it has 5000 bytes, and at most 4096 are allowed"},
		{"genesis of another ledger", edit("carry.txt", b.Genesis.String(), hex("1")), "carry file: entries/0: it is not the genesis that carry.txt names"},
		{"part missing", remove("parts/" + filler.String()), "the part " + filler.String() + " of entry 2 (body) is missing, and no tombstone says that it was erased"},
		{"part twice", double("parts/"), "it stands after the place where the entries name it, or twice"},
		{"part unknown", rename("parts/", "parts/"+hex("a")), "carry file: parts/" + hex("a") + ": no entry in the file names it"},
		{"part misnamed", rename("parts/", "parts/A"), `carry file: "parts/A": not a name that we give`},
		{"part longer", enlarge("parts/", 600000), "it has 600000 bytes, and"},
		{"waiting body misnamed", rename("waiting/", "waiting/"+hex("a")+"/body"), "carry file: waiting/" + hex("a") + "/body: the body in it has the hash"},
		{"waiting twice", double("waiting/"), "/body: the promise of the waiting body"},
		{"promise missing", func(m []member) []member { return slices.Delete(m, index(m, "waiting/")+1, index(m, "waiting/")+2) }, "it is not the part that comes next of a waiting body"},
		{"waiting part missing", func(m []member) []member { return slices.Delete(m, len(m)-1, len(m)) }, "carry file: its end: the part"},
		{"waiting not counted", edit("carry.txt", "waiting 2", "waiting 1"), "more is waiting than carry.txt says"},
		{"waiting counted wrongly", edit("carry.txt", "waiting 2", "waiting 3"), "carry file: its end: 2 bodies wait in it, and carry.txt says 3"},
		{"waiting leads out", rename("waiting/", "waiting/../../x"), `carry file: "waiting/../../x": not a name that we give`},
		{"unknown folder", rename("parts/", "part/x"), "carry file: part/x: no such member belongs in a carry file"},
		{"absolute", rename("parts/", "/etc/passwd"), `carry file: "/etc/passwd": not a name that we give`},
		{"right to left", header("parts/", func(h *tar.Header) { h.Name, h.Format = "parts/\u202egpj", tar.FormatPAX }),
			`carry file: "parts/\u202egpj": a pax header that is not for a size`},
		{"symbolic link", header("parts/", func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeSymlink, "/etc/passwd" }), "it is a symbolic link, and only plain files are allowed"},
		{"hard link", header("parts/", func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeLink, "carry.txt" }), "it is a hard link, and only plain files are allowed"},
		{"device", header("parts/", func(h *tar.Header) { h.Typeflag = tar.TypeChar }), "it is a device, and only plain files are allowed"},
		{"pipe", header("parts/", func(h *tar.Header) { h.Typeflag = tar.TypeFifo }), "it is a pipe, and only plain files are allowed"},
		{"folder", header("parts/", func(h *tar.Header) { h.Typeflag = tar.TypeDir }), "it is a folder, and only plain files are allowed"},
		{"mode", header("parts/", func(h *tar.Header) { h.Mode = 0o644 }), "its mode is not 0444"},
		{"owner", header("parts/", func(h *tar.Header) { h.Uid = 1000 }), "it names an owner"},
		{"group", header("parts/", func(h *tar.Header) { h.Gname = "staff" }), "it names an owner"},
		{"time", header("parts/", func(h *tar.Header) { h.ModTime = time.Unix(1, 0) }), "it has a time"},
		{"device number", header("parts/", func(h *tar.Header) { h.Devmajor = 1 }), "its header is not in the one way to write it"},
		{"pax record", header("parts/", func(h *tar.Header) {
			h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"ZAPIS.x": "y"}
		}), "a pax header that is not for a size"},
		{"gnu", header("parts/", func(h *tar.Header) { h.Format = tar.FormatGNU }), "its header is not in the one way to write it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			members := test.change(unpack(t, file))
			for i := range members {
				if members[i].Typeflag != 0 && members[i].Typeflag != tar.TypeReg {
					members[i].content = nil
				}
			}
			refused(t, pack(t, members), test.want)
		})
	}
	t.Run("bytes after the end", func(t *testing.T) {
		last := "carry file: after " + lastName(t, file) + ": "
		refused(t, append(bytes.Clone(file), 0), last+"bytes follow the end of the archive")
		refused(t, append(bytes.Clone(file), make([]byte, 512)...), last+"bytes follow the end of the archive")
		refused(t, file[:len(file)-512], last+"one block of zeros, where two end the file")
		refused(t, file[:len(file)-1024], last+"the file was cut off here")
	})
	t.Run("a tombstone of others", func(t *testing.T) {
		h := ledger.Sum(b.Files[mustEntry(t, b, 10).Body.Parts[0].Hash])
		refused(t, pack(t, remove("parts/"+h.String())(unpack(t, file))),
			"the part "+h.String()+" of entry 10 (body) is missing, and no tombstone says that it was erased")
	})
}

func mustEntry(t testing.TB, b *ledgertest.Builder, i uint64) ledger.Entry {
	t.Helper()
	e, err := ledger.ParseEntry(b.Entries[i])
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func lastName(t testing.TB, file []byte) string {
	all := unpack(t, file)
	return all[len(all)-1].Name
}

func refused(t *testing.T, file []byte, want string) {
	t.Helper()
	_, _, err := follow(bytes.NewReader(file))
	if err == nil {
		t.Fatal("accepted")
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("refused with:\n%s\nwant:\n%s", err, want)
	}
	if exit.StatusOf(err) != exit.Mismatch && !isMismatch(err) {
		t.Errorf("exit status %d", exit.StatusOf(err))
	}
}

func edit(name, from, to string) func([]member) []member {
	return func(m []member) []member {
		i := index(m, name)
		m[i].content = bytes.Replace(m[i].content, []byte(from), []byte(to), 1)
		return m
	}
}

func remove(name string) func([]member) []member {
	return func(m []member) []member { i := index(m, name); return slices.Delete(m, i, i+1) }
}

func double(name string) func([]member) []member {
	return func(m []member) []member { i := index(m, name); return slices.Insert(m, i, m[i]) }
}

func swap(a, b string) func([]member) []member {
	return func(m []member) []member { i, j := index(m, a), index(m, b); m[i], m[j] = m[j], m[i]; return m }
}

func move(name, before string) func([]member) []member {
	return func(m []member) []member {
		i := index(m, name)
		it := m[i]
		m = slices.Delete(m, i, i+1)
		return slices.Insert(m, index(m, before), it)
	}
}

func rename(name, to string) func([]member) []member {
	return func(m []member) []member { m[index(m, name)].Name = to; return m }
}

func enlarge(name string, n int) func([]member) []member {
	return func(m []member) []member { m[index(m, name)].content = make([]byte, n); return m }
}

func header(name string, change func(*tar.Header)) func([]member) []member {
	return func(m []member) []member { change(&m[index(m, name)].Header); return m }
}

// Every byte of a carry file counts: cut anywhere, or with a bit flipped
// anywhere, it is refused, and nothing panics. The strides have no factor in
// common with a tar's blocks.
func TestCutAndFlipped(t *testing.T) {
	shorttest.Skip(t, "no carry file is cut or changed at each place")
	b := ledgertest.New()
	b.Filler()
	b.Checkpoint()
	file := write(t, b, 0)
	for i := 0; i < len(file); i += 211 {
		if _, _, err := follow(bytes.NewReader(file[:i])); err == nil || !isMismatch(err) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
	for i := 0; i < len(file); i += 17 {
		flipped := bytes.Clone(file)
		flipped[i] ^= 1 << (i % 8)
		if _, _, err := follow(bytes.NewReader(flipped)); err == nil || !isMismatch(err) {
			t.Fatalf("bit %d of byte %d flipped: %v", i%8, i, err)
		}
	}
}

// A member that claims to be huge costs nothing.
func TestBomb(t *testing.T) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	h := carry.Header{Origin: ledgertest.Origin, Size: 1}
	must(t, w.WriteHeader(&tar.Header{Name: "carry.txt", Mode: 0o444, Size: int64(len(h.Marshal())), Format: tar.FormatUSTAR}))
	_, err := w.Write(h.Marshal())
	must(t, err)
	must(t, w.WriteHeader(&tar.Header{Name: "checkpoints/1", Mode: 0o444, Size: 7 << 30, Format: tar.FormatUSTAR}))
	_, _, err = follow(io.MultiReader(&out, zeroReader{}))
	if err == nil || err.Error() != "carry file: checkpoints/1: it has "+strconv.Itoa(7<<30)+" bytes, and at most 262144 are allowed" {
		t.Errorf("got %v", err)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The specification's verifier, in another language, agrees.
func TestPythonVerifier(t *testing.T) {
	shorttest.Skip(t, "the specification's verifier, a Python script, is not compared")
	pythontest.Direct()
	b, file := sample(t)
	script := filepath.Join("..", "..", "docs", "spec", "verify-carry.py")
	path := filepath.Join(t.TempDir(), "carry.tar")
	root, err := ledger.RootAt(b.Size(), b)
	must(t, err)
	run := func(file []byte, args ...string) (string, error) {
		writeFile(t, path, file)
		out, err := exec.Command("python3", append([]string{script, path}, args...)...).CombinedOutput()
		return string(out), err
	}
	out, err := run(file)
	if err != nil || !strings.Contains(out, "12 entries, root "+root.String()) {
		t.Errorf("%v: %s", err, out)
	}
	card := "zapis-ledger+" + ledgertest.Origin + "+" + b.Genesis.String()
	if out, err := run(file, card); err != nil || !strings.Contains(out, "the ledger of the card") {
		t.Errorf("%v: %s", err, out)
	}
	for want, bad := range map[string][]byte{
		"entry 4: previous is":                                 pack(t, rechain(t, unpack(t, file))),
		"the root of 12 entries is":                            pack(t, edit("checkpoints/12", "\n12\n", "\n12\nA")(unpack(t, file))),
		"entries/3 is missing":                                 pack(t, remove("entries/3")(unpack(t, file))),
		"it has another hash than its name":                    pack(t, flipPart(unpack(t, file))),
		"checkpoints/12: the Ed25519 signature is missing":     pack(t, edit("checkpoints/12", "— "+ledgertest.Origin+" ", "— "+ledgertest.Origin+"x ")(unpack(t, file))),
		"checkpoints/2: the ML-DSA-44 signature is missing":    vector(t, "signature-stripped.tar"),
		"'parts/../../x': not a name that a carry file has":    vector(t, "leads-out.tar"),
		"is missing, and no tombstone names it":                vector(t, "part-missing.tar"),
		"checkpoints/12: the ML-DSA-44 signature does not fit": pack(t, flipLast("checkpoints/12")(unpack(t, file))),
	} {
		out, err := run(bad)
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v: %s", want, err, out)
		}
	}
	other := "zapis-ledger+" + ledgertest.Origin + "+" + strings.Repeat("0", 64)
	if out, err := run(file, other); err == nil || !strings.Contains(out, "the card names another ledger") {
		t.Errorf("%v: %s", err, out)
	}
}

// rechain edits entry 4 in place, so that it does not follow entry 3.
func rechain(t testing.TB, m []member) []member {
	i := index(m, "entries/4")
	e, err := ledger.ParseEntry(m[i].content)
	must(t, err)
	e.Previous[0] ^= 1
	m[i].content = e.Marshal()
	return m
}

// flipLast changes a character of the last signature under a checkpoint, into another of base64.
func flipLast(name string) func([]member) []member {
	return func(m []member) []member {
		i := index(m, name)
		at := len(m[i].content) - 100
		if m[i].content[at]++; m[i].content[at] > 'z' || m[i].content[at] < 'a' {
			m[i].content[at] = 'a'
		}
		return m
	}
}

func vector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectorsDir, name))
	must(t, err)
	return b
}

func flipPart(m []member) []member {
	i := index(m, "parts/")
	m[i].content[10] ^= 1
	return m
}
