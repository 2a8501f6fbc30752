package seal

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"filippo.io/age"
)

// Header returns what age's own reader of headers returns, and refuses what that refuses: whole headers, cut ones, and ones with
// a changed byte.
func TestHeaderIsAges(t *testing.T) {
	var sealed bytes.Buffer
	if _, err := Seal(&sealed, Identity, set(2, 2), strings.NewReader("words")); err != nil {
		t.Fatal(err)
	}
	good := sealed.Bytes()
	whole, err := age.ExtractHeader(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	compare := func(what string, at int, text []byte) {
		t.Helper()
		want, wrong := age.ExtractHeader(bytes.NewReader(text))
		got, err := Header(iotest.HalfReader(bytes.NewReader(text)))
		if (err == nil) != (wrong == nil) || !bytes.Equal(got, want) {
			t.Errorf("%s at %d: %d bytes, %v; age says %d, %v", what, at, len(got), err, len(want), wrong)
		}
	}
	for at := 0; at <= len(whole)+3; at += 1 + at/20 {
		compare("cut", at, good[:at])
	}
	for at := 0; at < len(whole); at += 1 + at/25 {
		for _, with := range []byte{'\n', '-', 'x'} {
			bad := bytes.Clone(good)
			bad[at] = with
			compare("changed", at, bad)
		}
	}
	compare("a longer line", 0, append([]byte("age-encryption.org/v1\n-> x "+strings.Repeat("y", 10_000)), good...))
	if _, err := Header(iotest.ErrReader(iotest.ErrTimeout)); err != iotest.ErrTimeout {
		t.Errorf("a failing disk: %v", err)
	}
}
