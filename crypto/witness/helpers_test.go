package witness_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/witness"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused asserts a refusal's exact text, and that it is of the right class.
func refused(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want || !errors.Is(err, canonical.ErrMismatch) {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// signingKey returns the n-th witness; the same n gives the same keys.
func signingKey(t testing.TB, name string, n byte) *witness.SigningKey {
	t.Helper()
	k, err := witness.GenerateSigningKey(name, bytes.NewReader(bytes.Repeat([]byte{'w', n}, 32)))
	must(t, err)
	return k
}

// grown is a ledger of this many fillers and one checkpoint after each of these sizes.
func grown(sizes ...uint64) *ledgertest.Builder {
	b := ledgertest.New()
	for _, size := range sizes {
		for b.Size() < size {
			b.Filler()
		}
		b.Checkpoint()
	}
	return b
}

func text(t testing.TB, note []byte) string {
	t.Helper()
	s, err := ledger.NoteText(note)
	must(t, err)
	return s
}

func cosigned(t testing.TB, note []byte, by ...*witness.SigningKey) []byte {
	t.Helper()
	var all []witness.Cosignature
	for _, k := range by {
		c, err := k.Cosign(text(t, note), noon)
		must(t, err)
		all = append(all, c...)
	}
	out, err := witness.Merge(note, all)
	must(t, err)
	return out
}

func lines(s ...string) []byte { return []byte(strings.Join(s, "\n") + "\n") }
