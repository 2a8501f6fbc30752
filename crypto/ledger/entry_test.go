package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zapis/crypto/ledger"
)

var sample = strings.Join([]string{
	"zapis/entry/v1",
	"origin example.org/ledger",
	"index 42",
	"previous " + strings.Repeat("01", 32),
	"kind report",
	"trustees 0",
	"signal " + strings.Repeat("aa", 32) + " 5703",
	"statement " + strings.Repeat("bb", 32) + " 70215",
	"identity " + strings.Repeat("cc", 32) + " 21063",
	"attachment " + strings.Repeat("dd", 32) + " 70215",
	"commitments " + strings.Repeat("ee", 32),
	"",
}, "\n")

func TestEntry(t *testing.T) {
	e, err := ledger.ParseEntry([]byte(sample))
	must(t, err)
	if e.Origin != origin || e.Index != 42 || e.Body.Kind != ledger.KindReport || len(e.Body.Parts) != 4 ||
		e.Body.Parts[3] != (ledger.Part{Kind: "attachment", Hash: e.Body.Parts[3].Hash, Size: 70215}) {
		t.Errorf("read %+v", e)
	}
	if string(e.Marshal()) != sample {
		t.Errorf("written %s", e.Marshal())
	}
	if e.LeafHash() != sha256.Sum256([]byte("\x00"+sample)) {
		t.Error("the leaf hash is not SHA-256(0x00 || entry)")
	}
	body := sample[strings.Index(sample, "kind "):]
	if e.Body.Hash() != sha256.Sum256([]byte("\x02"+body)) {
		t.Error("the body hash is not SHA-256(0x02 || body)")
	}
	if got, err := ledger.ParseBody([]byte(body)); err != nil || !reflect.DeepEqual(got, e.Body) {
		t.Errorf("read %+v, %v", got, err)
	}
	// A text that no entry can be has a hash all the same.
	long := bytes.Repeat([]byte("x"), ledger.MaxEntry+1)
	if ledger.LeafHash(long) != sha256.Sum256(append([]byte{0}, long...)) {
		t.Error("the leaf hash of a long text is another")
	}
}

func TestEntryRefused(t *testing.T) {
	aa, zeros := strings.Repeat("aa", 32), strings.Repeat("0", 64)
	many := strings.Repeat("x", 17)
	attachments := func(n int) string {
		var s string
		for i := range n {
			s += fmt.Sprintf("attachment %064x 70215\n", i+1)
		}
		return s
	}
	for _, test := range []struct{ from, to, want string }{
		{sample, "", "entry: it is empty"},
		{"entry/v1", "entry/v2", `entry: line 1: it must be "zapis/entry/v1"`},
		{"origin example.org/ledger", "origin Example.org", "entry: line 2: an origin is like example.org/ledger: a host's name in lower case, then folders of a-z, 0-9, '.', '_', '~', '-', at most 200 bytes"},
		{"index 42", "index 042", "entry: line 3: not a decimal number without leading zeros"},
		{"index 42", "index -1", "entry: line 3: not a decimal number without leading zeros"},
		{"index 42", "index 1099511627777", "entry: line 3: 1099511627777 is more than 1099511627776"},
		{"index 42", "index 0", "entry: line 4: previous is zeros for entry 0, and only for it"},
		{strings.Repeat("01", 32), zeros, "entry: line 4: previous is zeros for entry 0, and only for it"},
		{strings.Repeat("01", 32), strings.Repeat("0A", 32), "entry: line 4: not 64 lower-case hexadecimal digits"},
		{"kind report", "kind rumour", "entry: line 5: there is no such kind"},
		{"kind report", "kind filler", `entry: line 7: it must begin with "body "`},
		{"kind report\n", "", `entry: line 5: it must begin with "kind "`},
		{"trustees 0", "trustees 42", "entry: line 6: trustees must name an earlier entry"},
		{"signal aa", "signal  aa", `entry: line 7: a space too many, or no value after "signal"`},
		{aa + " 5703", aa + " 0", "entry: line 7: a part is never empty"},
		{aa + " 5703", aa + " 1048577", "entry: line 7: 1048577 is more than 1048576"},
		{aa + " 5703", aa, `entry: line 7: 2 values must follow "signal"`},
		{"signal " + aa + " 5703\n", "", `entry: line 7: it must begin with "signal "`},
		{"identity " + strings.Repeat("cc", 32), "identity " + aa, "entry: line 10: one part named twice"},
		{"70215\ncommitments", "68720525313\ncommitments", "entry: line 10: 68720525313 is more than 68720525312"},
		{"attachment", "attachments", `entry: line 10: it must begin with "commitments "`},
		{"commitments", attachments(16) + "commitments", "entry: line 26: more than 16 attachments"},
		{"commitments " + strings.Repeat("ee", 32) + "\n", "", "entry: line 11: the text ends here, and more lines must follow"},
		{"70215\ncommitments", "70215\n\ncommitments", "entry: line 11: a blank line"},
		{"kind report", "kind report\r", "entry: line 5: a control character (U+000D)"},
		{"ee\n", "ee", "entry: line 11: no line feed at its end"},
		{"ee\n", "ee\n" + many + "\n", "entry: line 12: nothing may follow here"},
		{"ee\n", "ee\n" + strings.Repeat("x", 4096), "entry: it has 4640 bytes, and at most 4096 are allowed"},
	} {
		_, err := ledger.ParseEntry(replace([]byte(sample), test.from, test.to))
		refused(t, err, test.want)
	}
	filler := "kind filler\ntrustees 0\nbody " + aa + " 64\n"
	_, err := ledger.ParseBody([]byte(filler))
	must(t, err)
	_, err = ledger.ParseBody(replace([]byte(filler), " 64", " 63"))
	refused(t, err, "body: line 3: a filler has 64 bytes")
	genesis := "zapis/entry/v1\norigin example.org\nindex 0\nprevious " + zeros + "\nkind genesis\ntrustees 0\nbody " + aa + " 9\n"
	_, err = ledger.ParseEntry([]byte(genesis))
	must(t, err)
	_, err = ledger.ParseEntry(replace([]byte(genesis), "kind genesis", "kind anchor"))
	refused(t, err, "entry: line 5: entry 0 is the genesis, and no other is")
	_, err = ledger.ParseEntry(replace(replace([]byte(genesis), "index 0", "index 7"), zeros, aa))
	refused(t, err, "entry: line 5: entry 0 is the genesis, and no other is")
	if err := (ledger.Body{Kind: "x"}).Check(); err == nil || err.Error() != "body: line 1: there is no such kind" {
		t.Error(err)
	}
}

// The longest entry that can be written fits its limit.
func TestLongestEntry(t *testing.T) {
	b := report("x", ledger.MaxAttachments)
	b.Trustees = ledger.MaxIndex - 1
	for i := range b.Parts {
		b.Parts[i].Size = ledger.MaxSmall
		if b.Parts[i].Kind == ledger.PartAttachment {
			b.Parts[i].Size = ledger.MaxAttachment
		}
	}
	e := ledger.Entry{Origin: strings.Repeat("a", 200), Index: ledger.MaxIndex, Previous: ledger.Sum(nil), Body: b}
	_, err := ledger.ParseEntry(e.Marshal())
	must(t, err)
	if n := len(e.Marshal()); n > ledger.MaxEntry/2+512 {
		t.Errorf("it has %d bytes", n)
	}
}

// anyBody draws a body that can be.
func anyBody(t *rapid.T) ledger.Body {
	hash := func(label string) (h ledger.Hash) {
		copy(h[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
		return h
	}
	b := ledger.Body{
		Kind:     rapid.SampledFrom([]ledger.Kind{ledger.KindReport, ledger.KindExhibit, ledger.KindReply, ledger.KindFiller, ledger.KindKey}).Draw(t, "kind"),
		Trustees: rapid.Uint64Max(ledger.MaxIndex-1).Draw(t, "trustees"),
	}
	if !b.Kind.HasParts() {
		size := rapid.Int64Range(1, ledger.MaxSmall).Draw(t, "size")
		if b.Kind == ledger.KindFiller {
			size = ledger.FillerSize
		}
		b.Parts = []ledger.Part{{Kind: ledger.PartBody, Hash: hash("hash"), Size: size}}
		return b
	}
	b.Commitments = hash("commitments")
	kinds := []string{ledger.PartSignal, ledger.PartStatement, ledger.PartIdentity}
	for range rapid.IntRange(0, ledger.MaxAttachments).Draw(t, "attachments") {
		kinds = append(kinds, ledger.PartAttachment)
	}
	for i, k := range kinds {
		h := hash(k)
		h[0] = byte(i)
		b.Parts = append(b.Parts, ledger.Part{Kind: k, Hash: h, Size: rapid.Int64Range(1, ledger.MaxSmall).Draw(t, "size")})
	}
	return b
}

func TestEntriesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBody(t)
		e := ledger.Entry{Origin: origin, Index: rapid.Uint64Range(b.Trustees+1, ledger.MaxIndex).Draw(t, "index"), Previous: ledger.Sum(nil), Body: b}
		got, err := ledger.ParseEntry(e.Marshal())
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Fatalf("%v\n%+v\n%+v", err, got, e)
		}
		// One bit of it flipped: refused, or another entry with another hash, written as it was read.
		text := e.Marshal()
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		text[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if other, err := ledger.ParseEntry(text); err == nil && !bytes.Equal(other.Marshal(), text) {
			t.Fatalf("%q is written again as %q", text, other.Marshal())
		}
	})
}

func TestHashText(t *testing.T) {
	h := ledger.Sum([]byte("x"))
	text, err := h.MarshalText()
	must(t, err)
	var back ledger.Hash
	must(t, back.UnmarshalText(text))
	if back != h || string(text) != h.String() {
		t.Errorf("read %s, written %s", back, text)
	}
	refused(t, back.UnmarshalText([]byte("xyz")), "hash: not 64 lower-case hexadecimal digits")
	if uint64(ledger.MaxIndex) > math.MaxInt64/4 {
		t.Error("tlog's stored hash indexes would overflow")
	}
}
