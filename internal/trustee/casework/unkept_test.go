package casework_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault/vaulttest"
)

// TestCachesThatCannotBeWritten: on a disk where no cache can be written, a list, a search, a verb on a case and an import give the same
// as elsewhere, and say once for each opening of the vault that it will take as long again. The vault is used as before after.
func TestCachesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	first := h.Report(nil, "country_event", "PL", "narrative", "Zmicier came.")
	h.Report(nil, "danger_now", "yes")
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	var aside []string // a folder is where each cache is written before it has its name
	for _, cache := range []string{"cases", "cases.more", "index", "index.more", "reviews", "words", "events"} {
		aside = append(aside, filepath.Join(o.dir, "."+cache+".new"))
		if err := os.MkdirAll(filepath.Join(aside[len(aside)-1], "x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	open := func(what string, use func(*casework.Trustee)) {
		t.Helper()
		o.warns = nil
		v := o.openAs(h.Trustees[0])
		use(v)
		v.Close()
		const warning = "a cache of the vault could not be written, so the next command takes as long as this one: open "
		if len(o.warns) != 1 || !strings.HasPrefix(o.warns[0], warning) {
			t.Errorf("%s: warned of %q", what, o.warns)
		}
	}
	var want []string
	open("a list", func(v *casework.Trustee) {
		got, _ := listing(t, v)
		if want = got.rows; len(want) != 2 || !strings.Contains(want[1], first.Case) {
			t.Errorf("%q are listed", want)
		}
	})
	open("another list, a search and a case", func(v *casework.Trustee) {
		if got, _ := listing(t, v); !slices.Equal(got.rows, want) {
			t.Errorf("got  %q\nwant %q", got.rows, want)
		}
		if got, _ := finder(t, v).Find(casework.Sought{Words: "zmicier"}); !slices.Equal(got, []string{first.Case}) {
			t.Errorf("found %q", got)
		}
		show(t, v, first.Case)
		if cases, err := v.SortFor(t.Context(), first.Case, func(int, int) {}); err != nil || len(cases.List) != 2 {
			t.Errorf("%v, %v", cases, err)
		}
	})
	third := h.Report(nil)
	done := o.mustTake(h.Carry(0), as(h.Trustees[0]))
	open("an import", func(v *casework.Trustee) {
		cases, err := v.SortNew(t.Context(), done, func(int, int) {})
		if err != nil || !slices.ContainsFunc(cases.List, func(c *casework.Case) bool { return c.ID == third.Case }) {
			t.Errorf("%v, %v", cases, err)
		}
	})

	for _, name := range aside {
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
	}
	o.warns = nil
	v := o.openAs(h.Trustees[0])
	defer v.Close()
	for _, sorted := range []bool{true, false} {
		if got, short := listing(t, v); len(got.rows) != 3 || (len(short.List) > 0) != sorted || len(o.warns) > 0 {
			t.Errorf("with room: %q, %d cases, warned of %q", got.rows, len(short.List), o.warns)
		}
	}
}
