package carry_test

import (
	"errors"
	"os"
	"strconv"
	"testing"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

func isMismatch(err error) bool {
	return exit.StatusOf(err) == exit.Mismatch || errors.Is(err, ledger.ErrMismatch)
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	must(t, os.WriteFile(path, b, 0o600))
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
