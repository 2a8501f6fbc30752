package seal

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/crypto/canonical"
)

var write = flag.Bool("write", false, "write the seeds and the vectors again, with new keys")

// TestWriteCorpora makes the fuzz targets' seeds: go test -run Write -write.
func TestWriteCorpora(t *testing.T) {
	if !*write {
		return
	}
	seed := func(target string, n int, values ...any) {
		t.Helper()
		b := []byte("go test fuzz v1\n")
		for _, v := range values {
			b = fmt.Appendf(b, "%s(%#v)\n", typeName(v), literal{v})
		}
		dir := filepath.Join("testdata", "fuzz", target)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("seed-%d", n)), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	few := []string{"narrative", "contact", "contact_when", "name", "attachment-1"}
	lines, err := commit(strings.NewReader(strings.Repeat("0123456789abcdef", 20)), few, map[string][]byte{
		"narrative":    canonical.AppendString(nil, "Яны \"прыйшлі\"\n\t🙂\u2028"),
		"attachment-1": attachmentValue(1, "фота.jpg", "image/jpeg", 9),
	})
	if err != nil {
		t.Fatal(err)
	}
	method, err := Commit([]string{"method"}, map[string][]byte{"method": []byte(`["D1","T3"]`)})
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range append(lines, method...) {
		seed("FuzzParseLine", i+1, l.Marshal())
	}
	short := []Line{lines[0], lines[1], lines[4]}
	seed("FuzzParseListing", 1, ListingOf(short).Marshal())
	seed("FuzzParseListing", 2, []byte(strings.Repeat("0", 64)+"  narrative.json\n"))
	items, _ := Split(short, nil)
	s := &StatementPart{Head: Head{Act: "report", Received: time.Unix(0, 0)}, Mailbox: people()[0].Recipient().String(), Tags: [32]byte{1}, Items: items}
	seed("FuzzParseStatement", 1, s.marshal())
	items, _ = Split(short, func(string) bool { return true })
	s.Act, s.Case, s.Mailbox, s.Tags, s.Items = "exhibit", [32]byte{1}, "-", [32]byte{}, items
	seed("FuzzParseStatement", 2, s.marshal())
	_, identity := Split(lines, func(string) bool { return true })
	seed("FuzzParseIdentity", 1, identity.marshal())
	identity.Lines = identity.Lines[:3]
	seed("FuzzParseIdentity", 2, identity.marshal())
	seed("FuzzParseSignal", 1, SignalPart{"report", "yes", "2026-12-01", "be"}.marshal())
	seed("FuzzParseSignal", 2, SignalPart{Act: "stop"}.marshal())
	seed("FuzzParseAttachment", 1, lines[4].Value)
	seed("FuzzParseAttachment", 2, attachmentValue(100, `"`, "a/b", 0))
	q := &quorumStanza{k: 2, hashes: make([][32]byte, 2), files: [][]byte{{1}, {2, 3}}}
	seed("FuzzParseQuorum", 1, "2", "2", q.marshal().Body)
	seed("FuzzParseQuorum", 2, "2", "3", []byte{0})
	for i, r := range []*Recipients{set(1, 2), set(2, 2)} {
		var b bytes.Buffer
		if _, err := Seal(&b, Signal, r, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		seed("FuzzPart", i+1, b.Bytes())
	}
	seed("FuzzUnpad", 1, []byte("hello\x00\x00"), -1, uint64(7), []byte{0, 1, 7, 8, 9, 255})
	seed("FuzzUnpad", 2, []byte("hello"), 700, uint64(5), []byte{3})
	seed("FuzzUnpad", 3, []byte(""), -1, uint64(1016), []byte{})
	seed("FuzzString", 1, "a\"\\\b\f\n\r\t\x00\x1f\x7f<>&\u2028")
	seed("FuzzString", 2, "🙂Ё")
}

// literal prints a value as Go's corpus files hold it.
type literal struct{ v any }

func (l literal) GoString() string {
	switch v := l.v.(type) {
	case []byte:
		return fmt.Sprintf("%q", v)
	case string:
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprintf("%v", l.v)
}

func typeName(v any) string {
	if _, ok := v.([]byte); ok {
		return "[]byte"
	}
	return fmt.Sprintf("%T", v)
}
