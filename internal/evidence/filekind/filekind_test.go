package filekind

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"io"

	"github.com/gabriel-vasile/mimetype"
)

// oleFile is a minimal compound file: a header, padding, and one directory entry for each name, the first of which is
// past what the library inspects.
func oleFile(names ...string) []byte {
	b := make([]byte, 512+8192)
	copy(b, oleMagic)
	for i, name := range append([]string{"Root Entry"}, names...) {
		e := make([]byte, oleEntry)
		units := utf16.Encode([]rune(name))
		for j, u := range units {
			binary.LittleEndian.PutUint16(e[2*j:], u)
		}
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(units)+2))
		e[66] = 2
		if i == 0 {
			e[66] = 5
		}
		b = append(b, e...)
	}
	return b
}

func zipOf(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range names {
		w, err := z.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte("x"))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDetect(t *testing.T) {
	const word, excel, outlook, power = "application/msword", "application/vnd.ms-excel", "application/vnd.ms-outlook", "application/vnd.ms-powerpoint"
	const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	for _, tt := range []struct {
		what, name string
		data       []byte
		want       string
		ending     string
	}{
		{"lines with commas", "x.txt", []byte("a,=1+1\nb,=2+2\n"), "text/plain", "txt"},
		{"lines with commas, and the sender says so", "x.CSV", []byte("a,=1+1\nb,=2+2\n"), "text/csv", "csv"},
		{"lines with tabs", "x", []byte("a\t=1+1\nb\t=2+2\n"), "text/plain", "txt"},
		{"a chat export", "WhatsApp Chat.txt", []byte("12.05.26, 10:01 - Анна: прывітанне\n12.05.26, 10:02 - Барыс: так\n"), "text/plain", "txt"},
		{"a letter by its streams", "letter.doc", oleFile("WordDocument", "1Table"), word, "doc"},
		{"a letter whose sender says nothing", "unnamed", oleFile("WordDocument", "1Table"), word, "doc"},
		{"a letter that holds a table", "letter.doc", oleFile("Workbook", "WordDocument"), word, "doc"},
		{"the same, called a table", "letter.xls", oleFile("Workbook", "WordDocument"), excel, "xls"},
		{"a mail that holds a letter", "x", oleFile("WordDocument", "__properties_version1.0"), outlook, "msg"},
		{"slides", "x.bin", oleFile("Pictures", "PowerPoint Document"), power, "ppt"},
		{"a compound file with nothing known, called a letter", "x.doc", oleFile("CONTENTS"), word, "doc"},
		{"a compound file with nothing known", "x", oleFile("CONTENTS"), "application/x-ole-storage", "bin"},
		{"a compound file called a program", "x.exe", oleFile("CONTENTS"), "application/x-ole-storage", "bin"},
		{"an installer", "x.msi", oleFile("CONTENTS"), "application/x-ms-installer", "bin"},
		{"a document with a passphrase", "x.docx", oleFile("EncryptedPackage"), docx, "docx"},
		{"a document whose first member says nothing", "x.docx", zipOf(t, "a.bin", "word/document.xml"), docx, "docx"},
		{"a zip", "x.zip", zipOf(t, "a.txt"), "application/zip", "zip"},
		{"a zip called a program", "x.scr", zipOf(t, "a.txt"), "application/zip", "zip"},
		{"a zip called a picture", "x.jpg", zipOf(t, "a.txt"), "application/zip", "zip"},
		{"a program called a picture", "x.jpg", append([]byte("MZ"), make([]byte, 200)...), "application/vnd.microsoft.portable-executable", "bin"},
		{"a program turned around", "x\u202egpj.exe", append([]byte("MZ"), make([]byte, 200)...), "application/vnd.microsoft.portable-executable", "bin"},
		{"a mail as Thunderbird keeps it", "x.eml", []byte("X-Mozilla-Status: 0001\r\nX-Mozilla-Status2: 00000000\r\n\r\nhello"), "message/rfc822", "eml"},
		{"a mail of one line", "x.eml", []byte("X-Mozilla-Status: 0001\n"), "message/rfc822", "eml"},
		{"a mail with a signature first", "x", []byte("DKIM-Signature: v=1; a=rsa-sha256;\r\n\tb=abc\r\nFrom: a@b.example\r\n\r\nhello"), "message/rfc822", "eml"},
		{"a mail out of an mbox", "x", []byte("From a@b.example Thu Jan  1 00:00:00 2026\nReceived: x\nFrom: a@b.example\n\nhello"), "message/rfc822", "eml"},
		{"a mail whose header is cut", "x", []byte("Received: x\nFrom: a@b.example\nX-Long"), "message/rfc822", "eml"},
		{"a note with a colon", "x.txt", []byte("Note: call Anna\nTomorrow.\n"), "text/plain", "txt"},
		{"a note that is called a mail", "x.eml", []byte("call Anna\n"), "text/plain", "txt"},
		{"a page", "x.html", []byte("<!DOCTYPE html><script>"), "text/html", "txt"},
		{"a drawing", "x.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), "image/svg+xml", "txt"},
		{"a script", "x.txt", []byte("#!/bin/sh\nrm -rf /\n"), "text/x-shellscript", "bin"},
		{"a RAR", "x.rar", []byte("Rar!\x1a\x07\x01\x00"), "application/vnd.rar", "rar"},
		{"Matroska", "x.mkv", []byte("\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska\x42\x87\x81\x04"), "video/matroska", "mkv"},
		{"a recording", "x.m4a", []byte("\x00\x00\x00\x1cftypM4A \x00\x00\x00\x00M4A mp42isom\x00\x00\x00\x00"), "audio/x-m4a", "m4a"},
		{"nothing", "x.jpg", nil, "text/plain", "txt"},
	} {
		for _, r := range []io.Reader{bytes.NewReader(tt.data), iotest.OneByteReader(bytes.NewReader(tt.data))} {
			var s Sniffer
			if _, err := io.Copy(&s, r); err != nil {
				t.Fatal(err)
			}
			got := s.MediaType(tt.name)
			if got != tt.want || Extension(got, tt.name) != tt.ending {
				t.Errorf("%s: %s, .%s; want %s, .%s", tt.what, got, Extension(got, tt.name), tt.want, tt.ending)
			}
		}
	}
}

func TestWipe(t *testing.T) {
	var s Sniffer
	_, _ = s.Write([]byte("secret words"))
	kept := s.head
	s.Wipe()
	if strings.Contains(string(kept), "secret") || s.MediaType("x") != "text/plain" {
		t.Errorf("%q is left", kept)
	}
}

// What earlier versions committed for a file is read as what it is.
func TestExtensionOfOldTypes(t *testing.T) {
	for _, tt := range []struct{ mediaType, name, want string }{
		{"text/csv", "x.txt", "txt"}, {"text/csv", "x.csv", "csv"}, {"text/csv", "unnamed", "txt"},
		{"application/x-ole-storage", "Ліст.DOC", "doc"}, {"application/x-ole-storage", "x", "bin"},
		{"video/x-matroska", "x", "mkv"}, {"application/x-rar-compressed", "x.exe", "rar"}, {"audio/x-wav", "x", "wav"},
		{"IMAGE/PNG", "x", "png"}, {"text/plain; charset=utf-8", "x.html", "txt"}, {"", "x.exe", "bin"}, {"../x", "x", "bin"},
		{"application/x-sh", "x.sh", "bin"}, {"application/rtf", "x", "rtf"},
	} {
		if got := Extension(tt.mediaType, tt.name); got != tt.want {
			t.Errorf("%q %q: .%s, want .%s", tt.mediaType, tt.name, got, tt.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	for mediaType, want := range map[string]Group{
		"application/vnd.microsoft.portable-executable": Program, "application/vnd.rar": Archive, "application/x-rar-compressed": Archive,
		"application/vnd.android.package-archive": Program, "application/vnd.tcpdump.pcap": File, "application/vnd.sqlite3": Data,
		"application/vnd.ms-excel": Office, "application/msword": Office, "application/vnd.ms-outlook": Mail, "message/rfc822": Mail,
		"image/x-unheard-of": Picture, "audio/x-unheard-of": Sound, "video/x-unheard-of": Film, "text/x-unheard-of": Text,
		"application/x-7z-compressed": Archive, "application/x-elf": Program, "text/javascript": Program, "": File,
	} {
		if got := Describe(mediaType); got != want {
			t.Errorf("%s: %s, want %s", mediaType, got, want)
		}
	}
}

// run are endings that a double click runs, or that call a network when they are opened.
var run = []string{"exe", "com", "bat", "cmd", "js", "vbs", "ps1", "sh", "jar", "msi", "scr", "lnk", "html", "htm", "svg", "xhtml", "hta", "mht",
	"desktop", "docm", "xlsm", "py", "apk", "dmg", "iso", "url", "chm", "reg", "kml", "m3u", "ps", "deb", "rpm", "swf", "wasm", "xml", "php"}

func TestTable(t *testing.T) {
	spec, err := os.ReadFile("../../../docs/spec/incident.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, k := range kinds {
		if m := mimetype.Lookup(k.mediaType); m == nil || bare(m.String()) != k.mediaType {
			t.Errorf("%s is no name that the library gives", k.mediaType)
		}
		if seen[k.mediaType] {
			t.Errorf("%s stands there twice", k.mediaType)
		}
		seen[k.mediaType] = true
		if row := regexp.MustCompile("(?m)^\\| `" + k.ending + "` \\|.* `" + regexp.QuoteMeta(k.mediaType) + "` .*\\|$"); k.ending != Unknown && !row.Match(spec) {
			t.Errorf("docs/spec/incident.md does not give %s the ending %s", k.mediaType, k.ending)
		}
		if slices.Contains(run, k.ending) || strings.Trim(k.ending, "abcdefghijklmnopqrstuvwxyz0123456789") != "" || len(k.ending) > 6 {
			t.Errorf("%s is given out as .%s", k.mediaType, k.ending)
		}
		if k.group == Program && k.ending != Unknown {
			t.Errorf("%s is a program and is given out as .%s", k.mediaType, k.ending)
		}
	}
	for container, kinds := range among {
		for ending, mediaType := range kinds {
			if !seen[mediaType] {
				t.Errorf("%s called .%s is %s, which the table does not have", container, ending, mediaType)
			}
		}
	}
}

// For any content and name, the extension is one of the table's.
func FuzzDetect(f *testing.F) {
	f.Add([]byte("a,b\nc,d\n"), "x.csv")
	f.Add(oleFile("WordDocument"), "x.doc")
	f.Add([]byte("From: a\nTo: b\n\n"), "x.eml.exe")
	endings := []string{Unknown}
	for _, k := range kinds {
		endings = append(endings, k.ending)
	}
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		mediaType := Detect(data, name)
		if e := Extension(mediaType, name); !slices.Contains(endings, e) {
			t.Errorf("%s called %q is given out as .%s", mediaType, name, e)
		}
		if strings.ContainsAny(mediaType, "; ") || mediaType == "" {
			t.Errorf("%q", mediaType)
		}
	})
}
