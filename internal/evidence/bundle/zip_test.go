package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"zapis/internal/shorttest"
)

// stockZip makes a zip as other programs would.
func stockZip(t *testing.T, headers ...zip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, h := range headers {
		w, err := z.CreateHeader(&h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, "x\n")
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestZipRefusals(t *testing.T) {
	t.Parallel()
	good := sample(t)
	link := zip.FileHeader{Name: "zapis-bundle/VERIFY.txt"}
	link.SetMode(0o777 | os.ModeSymlink)
	directory := func(change func(directory []byte)) []byte {
		b := bytes.Clone(good)
		change(b[binary.LittleEndian.Uint32(b[len(b)-6:]):])
		return b
	}
	two := func(a, b string) []byte {
		var out bytes.Buffer
		z := &zipWriter{w: &out, date: firstDate}
		for _, name := range []string{a, b} {
			z.members = nil
			if err := z.add(name, 2, 0x69a8a3a5, strings.NewReader("x\n")); err != nil && !strings.Contains(err.Error(), "changed") {
				t.Fatal(err)
			}
		}
		first := member{Name: a, Size: 2, CRC: 0x69a8a3a5, Date: firstDate}
		second := member{Name: b, Size: 2, CRC: 0x69a8a3a5, Offset: first.end(), Date: firstDate}
		raw := append(append(localHeader(first), "x\n"...), append(localHeader(second), "x\n"...)...)
		central := append(centralHeader(first), centralHeader(second)...)
		return append(append(raw, central...), directoryEnd(2, int64(len(raw)), int64(len(central)))...)
	}
	stock, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	files := len(stock.File)
	for _, tt := range []struct {
		name string
		zip  []byte
		want string
	}{
		{"nothing", nil, "zip: too short to be one"},
		{"compressed", stockZip(t, zip.FileHeader{Name: "zapis-bundle/VERIFY.txt", Method: zip.Deflate}), "zip: zapis-bundle/VERIFY.txt is compressed (method 8); a bundle's files are stored"},
		{"a link", stockZip(t, link), "zip: zapis-bundle/VERIFY.txt is a link"},
		{"another top folder", stockZip(t, zip.FileHeader{Name: "other/VERIFY.txt"}), "zip: other/VERIFY.txt is not in the folder zapis-bundle/"},
		{"an absolute name", stockZip(t, zip.FileHeader{Name: "/etc/passwd"}), "zip: /etc/passwd is not in the folder zapis-bundle/"},
		{"a name that leads out", stockZip(t, zip.FileHeader{Name: "../x"}), "zip: ../x is not in the folder zapis-bundle/"},
		{"a name with a cursor in it", stockZip(t, zip.FileHeader{Name: "\x1b[2J\u202e"}), `zip: \x1b[2J\xe2\x80\xae is not in the folder`},
		{"flags of a stock zip", stockZip(t, zip.FileHeader{Name: "zapis-bundle/VERIFY.txt"}), "zip: the directory's line for VERIFY.txt is not written the one way it may be"},
		{"bytes before", append([]byte("#!/bin/sh\n"), good...), "zip: there are bytes before the first file or around the central directory"},
		{"bytes after", append(bytes.Clone(good), "x"...), "zip: does not end with the end of a central directory (cut off, or followed by other bytes)"},
		{"a comment", append(append(bytes.Clone(good[:len(good)-2]), 1, 0), 'x'), "zip: does not end with the end of a central directory (cut off, or followed by other bytes)"},
		{"two of one name", two("VERIFY.txt", "VERIFY.txt"), "zip: VERIFY.txt is there twice"},
		{"another order", two("bagit.txt", "VERIFY.txt"), "zip: VERIFY.txt is out of order"},
		{"the local header's name", append(bytes.Replace(good[:60:60], []byte("VERIFY"), []byte("verify"), 1), good[60:]...), "zip: local and central header of VERIFY.txt disagree"},
		{"an offset into another file", directory(func(d []byte) { d[42] = 1 }), "zip: VERIFY.txt does not start where the file before it ends"},
		{"a size past the end", directory(func(d []byte) { d[23], d[27] = 0x7f, 0x7f }), "zip: VERIFY.txt reaches into the central directory"},
		{"ZIP64 without need", directory(func(d []byte) { copy(d[20:28], "\xff\xff\xff\xff\xff\xff\xff\xff") }), "zip: zapis-bundle/VERIFY.txt: ZIP64 numbers are missing or absurd"},
		{"a name that is longer than the directory", directory(func(d []byte) { d[29] = 0xff }), "zip: central directory is cut off or damaged"},
		{"a ZIP64 end that is not there", func() []byte { b := bytes.Clone(good); copy(b[len(b)-6:], "\xff\xff\xff\xff"); return b }(), "zip: ZIP64 record holds numbers larger than the file"},
		{"a count", func() []byte { b := bytes.Clone(good); b[len(b)-14]++; b[len(b)-12]++; return b }(), fmt.Sprintf("zip: the directory counts %d files and lists %d", files+1, files)},
		{"a second disk", func() []byte { b := bytes.Clone(good); b[len(b)-18] = 1; return b }(), "zip: the end of the central directory is not written the one way it may be"},
		{"a hole", func() []byte {
			at := binary.LittleEndian.Uint32(good[len(good)-6:])
			b := append(bytes.Clone(good[:at]), 0)
			b = append(b, good[at:]...)
			binary.LittleEndian.PutUint32(b[len(b)-6:], at+1)
			return b
		}(), "zip: there are bytes between the last file and the central directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if r := check(t, tt.zip, Options{}); r.OK || !strings.HasPrefix(r.Faults[0], tt.want) {
				t.Errorf("%q, want %q", r.Faults, tt.want)
			}
		})
	}
}

// holes is a sparse file: the bytes of a bundle, and zeros in place of an
// original of any size.
type holes struct {
	before, after []byte
	zeros         int64
}

func (h holes) size() int64 { return int64(len(h.before)+len(h.after)) + h.zeros }

func (h holes) ReadAt(b []byte, offset int64) (int, error) {
	for i := range b {
		at := offset + int64(i)
		switch {
		case at >= h.size():
			return i, io.EOF
		case at < int64(len(h.before)):
			b[i] = h.before[at]
		case at < int64(len(h.before))+h.zeros:
			n := min(int64(len(b)-i), int64(len(h.before))+h.zeros-at)
			clear(b[i : i+int(n)])
			if n == int64(len(b)-i) {
				return len(b), nil
			}
			m, err := h.ReadAt(b[i+int(n):], at+n)
			return i + int(n) + m, err
		default:
			b[i] = h.after[at-int64(len(h.before))-h.zeros]
		}
	}
	return len(b), nil
}

// Beyond 4 GiB the numbers are ZIP64's, in the one place for each.
func TestZip64(t *testing.T) {
	t.Parallel()
	big := member{Name: "data/attachments/A01.bin", Size: 5 << 30, CRC: 1}
	last := member{Name: "data/attachments/A02.bin", Size: 3, CRC: 2, Offset: big.end()}
	central := append(centralHeader(big), centralHeader(last)...)
	h := holes{before: localHeader(big), zeros: big.Size}
	h.after = append(append(localHeader(last), "abc"...), central...)
	h.after = append(h.after, directoryEnd(2, last.end(), int64(len(central)))...)
	got, err := readZip(h, h.size())
	if err != nil || len(got) != 2 || got[0] != big || got[1] != last {
		t.Fatalf("%v %+v", err, got)
	}
	for i := range h.after {
		h.after[i] ^= 0x10
		members, err := readZip(h, h.size())
		if err == nil && members[0] == big && members[1] == last && (i < len(h.after)-len(central)-98-3 || i >= len(h.after)-len(central)-98) {
			t.Errorf("byte %d after the big file was changed, and nothing was said", i)
		}
		h.after[i] ^= 0x10
	}
}

// A stock unzip and Python's zipfile read what we write, also past 4 GiB.
func TestStockReadersOfZip64(t *testing.T) {
	shorttest.Skip(t, "no stock reader reads a zip past 4 GiB")
	t.Parallel()
	name := filepath.Join(t.TempDir(), "big.zip")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	big := member{Name: "data/attachments/A01.bin", Size: 4<<30 + 10, CRC: 0}
	last := member{Name: "data/attachments/A02.bin", Size: 3, CRC: 0x352441c2, Offset: big.end()}
	central := append(centralHeader(big), centralHeader(last)...)
	tail := append(append(localHeader(last), "abc"...), central...)
	tail = append(tail, directoryEnd(2, last.end(), int64(len(central)))...)
	if _, err := f.WriteAt(localHeader(big), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(tail, last.Offset); err != nil { // a sparse file
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("unzip", "-p", name, "zapis-bundle/data/attachments/A02.bin").Output(); err != nil || string(out) != "abc" {
		t.Errorf("unzip: %v %q", err, out)
	}
	script := `import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
print([(i.filename, i.file_size) for i in z.infolist()], z.read("zapis-bundle/data/attachments/A02.bin"))`
	out, err := exec.Command("python3", "-c", script, name).CombinedOutput()
	if want := "[('zapis-bundle/data/attachments/A01.bin', 4294967306), ('zapis-bundle/data/attachments/A02.bin', 3)] b'abc'\n"; err != nil || string(out) != want {
		t.Errorf("Python: %v %s", err, out)
	}
}
