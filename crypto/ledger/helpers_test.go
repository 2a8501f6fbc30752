package ledger_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

const origin = ledgertest.Origin

var slot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused asserts a refusal's exact text, and that it is of the right class.
func refused(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want || !errors.Is(err, ledger.ErrMismatch) {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// report returns a body with three parts and so many attachments.
func report(seed string, attachments int) ledger.Body {
	b := ledger.Body{Kind: ledger.KindReport, Commitments: ledger.Sum([]byte(seed))}
	for _, kind := range []string{ledger.PartSignal, ledger.PartStatement, ledger.PartIdentity} {
		b.Parts = append(b.Parts, ledger.Part{Kind: kind, Hash: ledger.Sum([]byte(seed + kind)), Size: 4096})
	}
	for i := range attachments {
		b.Parts = append(b.Parts, ledger.Part{Kind: ledger.PartAttachment, Hash: ledger.Sum([]byte{byte(i), seed[0]}), Size: 70000})
	}
	return b
}

func replace(text []byte, from, to string) []byte {
	return []byte(strings.Replace(string(text), from, to, 1))
}

func entry(t testing.TB, b *ledgertest.Builder, i uint64) ledger.Entry {
	t.Helper()
	e, err := ledger.ParseEntry(b.Entries[i])
	must(t, err)
	return e
}
