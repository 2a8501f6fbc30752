package custody

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"zapis/crypto/canonical"
)

var sampleBy = By{"anna", "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}

func sampleEvent() Event {
	return Event{
		Record: Record{By: sampleBy, Act: Opened, Case: "c0123456789", Subject: "statement of entry 42",
			In: strings.Repeat("ab", 32), Why: "asked by the lawyer\n— today"},
		Nonce: [32]byte{1, 2, 3}, Number: 7, At: time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC), Tool: "zapis v1.0.0",
	}
}

const sampleText = `zapis/event/v1
nonce 0102030000000000000000000000000000000000000000000000000000000000
number 7
at 2026-11-21T20:47:45Z
by anna SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU
act opened
case c0123456789
subject statement of entry 42
in abababababababababababababababababababababababababababababababab
out -
tool zapis v1.0.0
why asked by the lawyer\n— today
`

func TestEvent(t *testing.T) {
	e := sampleEvent()
	if got := string(e.Marshal()); got != sampleText {
		t.Errorf("got\n%s\nwant\n%s", got, sampleText)
	}
	back, err := ParseEvent([]byte(sampleText))
	if err != nil {
		t.Fatal(err)
	}
	if back != e {
		t.Errorf("got %+v, want %+v", back, e)
	}
	if strings.Count(sampleText, "\n") != eventLines {
		t.Errorf("an event has %d lines", strings.Count(sampleText, "\n"))
	}
}

func TestParseEventRefuses(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"event/v1", "event/v2", `line 1: it must be "zapis/event/v1"`},
		{"nonce 01", "nonce 0A", "line 2: not 64 lower-case hexadecimal digits"},
		{"number 7", "number 07", "line 3: not a decimal number without leading zeros"},
		{"number 7", "number 0", "line 3: events are numbered from 1"},
		{"45Z", "45+00:00", "line 4: not a time in UTC"},
		{"45Z", "45.5Z", "line 4: not a time in UTC"},
		{"by anna ", "by - ", "line 5: a name is"},
		{"by anna SHA256", "by anna MD5", "line 5: a key's fingerprint is"},
		{"act opened", "act peeked", "line 6: there is no such act"},
		{"case c0123456789", "case 12", "line 7: a case is c and ten hexadecimal digits"},
		{"in ab", "in AB", "line 9: not 64 lower-case hexadecimal digits"},
		{`\n—`, `\x—`, "line 12: no such escape"},
		{`\n—`, `\u{61}—`, "line 12: not in its one encoding"},
		{`\n—`, `\u{0061}—`, "line 12: not in its one encoding"},
		{"today\n", "today\nmore\n", "line 13: nothing may follow here"},
		{"today\n", "today", "line 12: no line feed"},
		{"subject statement", "subject  statement", "line 8: a space too many"},
	} {
		_, err := ParseEvent([]byte(strings.Replace(sampleText, tt.old, tt.new, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), "event: "+tt.want) {
			t.Errorf("%q for %q: %v", tt.new, tt.old, err)
		}
	}
}

func TestFreeText(t *testing.T) {
	for text, want := range map[string]string{
		"":              "-",
		"-":             `\-`,
		"--":            "--",
		"so be it":      "so be it",
		" a ":           `\u{20}a\u{20}`,
		" ":             `\u{20}`,
		"a\\nb":         `a\\nb`,
		"a\nb\tc\rd":    `a\nb\tc\u{d}d`,
		"\u202e\u200b":  `\u{202e}\u{200b}`,
		"просьба суда":  "просьба суда",
		"a\xffb":        "a\ufffdb",
		"\u00a0":        "\u00a0",
		"\U0001fae9":    "\U0001fae9", // newer than some tables
		"\U000e0041end": `\u{e0041}end`,
	} {
		got := encode(text)
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		r := canonical.NewReader([]byte("why "+got+"\n"), 1000)
		if back := decode(r, r.Value("why")); back != strings.ToValidUTF8(text, "\ufffd") || r.End() != nil {
			t.Errorf("%q came back as %q, %v", text, back, r.End())
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(sampleText))
	f.Add(Event{Record: Record{Act: Imported}, Number: 1, Tool: "zapis"}.Marshal())
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := ParseEvent(text)
		if err == nil && string(e.Marshal()) != string(text) {
			t.Fatalf("%q is read, and written otherwise", text)
		}
	})
}

// marshalChain writes an excerpt in version 1, as programs before version 2 did.
func marshalChain(x Excerpt) []byte {
	b := fmt.Appendf(nil, "%s\nevents %d\nhead %x\n", excerptHeader1, len(x.Hashes), x.Head)
	for i, h := range x.Hashes {
		n := uint64(i + 1)
		if e, shown := x.Shown[n]; shown {
			b = fmt.Appendf(b, "event %d\n%s", n, e.Marshal())
		} else {
			b = fmt.Appendf(b, "hash %d %x\n", n, h)
		}
	}
	return b
}

func TestExcerptOfVersion1(t *testing.T) {
	x := sampleExcerpt(3, 0, func(n uint64) bool { return n == 2 })
	back, err := ParseExcerpt(marshalChain(x))
	if err != nil {
		t.Fatal(err)
	}
	if link, ok := back.LinkAt(3); back.Version != 1 || back.Head != x.Head || back.Events != 3 || len(back.Shown) != 1 || back.Shown[2] != x.Shown[2] || !ok || link != x.Head {
		t.Errorf("it came back as %+v", back)
	}
	if _, ok := back.LinkAt(4); ok {
		t.Error("it has a link 4")
	}
	if _, err := ParseExcerpt(marshalChain(Excerpt{})); err != nil {
		t.Errorf("a log without events: %v", err)
	}
}

func TestParseExcerptRefuses(t *testing.T) {
	x := sampleExcerpt(3, 0, func(n uint64) bool { return n == 2 })
	refused := func(good string, changes [][3]string) {
		t.Helper()
		for _, c := range changes {
			bad := strings.Replace(good, c[0], c[1], 1)
			if bad == good {
				t.Fatalf("%q does not occur", c[0])
			}
			_, err := ParseExcerpt([]byte(bad))
			if err == nil || !strings.HasPrefix(err.Error(), "custody log: ") || !strings.Contains(err.Error(), c[2]) {
				t.Errorf("%q for %q: %v", c[1], c[0], err)
			}
		}
	}
	chain := string(marshalChain(x))
	head := strings.Split(chain, "\n")[2]
	refused(chain, [][3]string{
		{"custody/v1", "custody/v3", "line 1: "},
		{"events 3", "events 4", "the text ends here, and more lines must follow"},
		{"events 3", "events 2", "line 18: nothing may follow here"},
		{head, "head " + strings.Repeat("00", 32), "its 3 events do not lead to the head that it names"},
		{"hash 1", "hash 2", "line 4: the hash of event 1 must stand here"},
		{"event 2\n", "event 3\n", "line 5: event 2 must stand here"},
		{"number 2", "number 3", "event 2 says that it is number 3"},
		{"subject x", "subject y", "its 3 events do not lead to the head that it names"},
		{"act noted", "act peeked", "line 6: there is no such act"},
	})
	x.Fixed = 2
	tree := string(x.Marshal())
	refused(tree, [][3]string{
		{"custody/v2", "custody/v1", `line 3: it must begin with "head "`},
		{"events 3", "events 4", "event 4, or its hash, must stand here"},
		{"events 3", "events 1", "line 4: the head in the ledger has more events than the log"},
		{"fixed 2 ", "fixed 0 ", "line 4: a head of no events has no root"},
		{"fixed 2 ", "fixed 1 ", "do not lead to the root of the head in the ledger"},
		{"hashes 1 1 ", "hashes 01 1 ", "event 1, or its hash, must stand here"},
		{"hashes 1 1 ", "hashes 1 3 ", "line 5: the head of 2 events ends inside these"},
		{"event 2\n", "event 3\n", "event 2 must stand here"},
		{"number 2", "number 3", "event 2 says that it is number 3"},
		{"subject x", "subject y", "do not lead to the root of the head in the ledger"},
	})
}

func TestLinkBySha256sum(t *testing.T) {
	// docs/spec/custody.md shows the same with printf and sha256sum.
	var zero [32]byte
	event := sha256.Sum256([]byte(sampleText))
	want := sha256.Sum256([]byte("zapis/custody/v1\n" + string(zero[:]) + string(event[:])))
	if Link(zero, event) != want {
		t.Error("link 1 is not SHA-256 over the header, link 0 and the event's hash")
	}
	if got := fmt.Sprintf("%x", want); got != Hex(want) {
		t.Errorf("Hex: %s", got)
	}
}
