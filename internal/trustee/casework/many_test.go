//go:build unix

package casework_test

import (
	"path/filepath"
	"testing"

	"zapis/internal/shorttest"
)

// What the benchmark times is also right: a ledger from the generator is taken in, a hundred more are, and each of
// them is a case, opened once and then listed from the index.
func TestMany(t *testing.T) {
	shorttest.Skip(t, "no ledger of hundreds of reports is taken in")
	t.Parallel()
	m := newMany(t, 40)
	more := m.grow(t, hundred)
	dir := filepath.Join(t.TempDir(), "vault")
	v := benchVault(t, dir)
	m.take(t, v, filepath.Join(m.dir, "carry"))
	m.list(t, v, 40)
	opened := v.Custody.Len()
	m.list(t, v, 40)
	if n := v.Custody.Len(); n != opened {
		t.Errorf("listing again opened something: %d events, and %d before", n, opened)
	}
	m.take(t, v, more)
	m.list(t, v, 40+hundred)
	ok(t, v.Close())
}
