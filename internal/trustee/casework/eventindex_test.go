package casework_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"filippo.io/age"

	"zapis/internal/evidence/custody"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

// counted counts what an identity opens.
type counted struct {
	age.Identity
	opened *atomic.Int64
}

func (c counted) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	c.opened.Add(1)
	return c.Identity.Unwrap(stanzas)
}

// What is asked about one case opens as many events however many there are of others, once they were opened a first
// time; what was recorded since is opened too. The index is rebuilt where it is another log's.
func TestEventsOfOneCase(t *testing.T) {
	shorttest.Skip(t, "not tested: the custody events of one case")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report(nil)
	o := newVault(t)
	key := vaulttest.Key(vaulttest.Identity(t, "anna"))
	o.mustTake(h.Carry(0), vault.ImportOptions{Key: &key})
	var opened atomic.Int64
	key.Age = counted{key.Age, &opened}
	// use opens the vault and counts what doing something opens.
	use := func(do func(v *casework.Trustee)) int64 {
		v := o.open()
		defer v.Close()
		h.Must(v.Use(key))
		before := opened.Load()
		do(v)
		return opened.Load() - before
	}
	others := func(n int) {
		use(func(v *casework.Trustee) {
			for i := range n {
				_, err := v.Custody.Record(custody.Record{By: v.By(), Act: custody.Viewed, Case: fmt.Sprintf("c%010x", i), Subject: "the case"})
				h.Must(err)
			}
		})
	}
	ask := func(v *casework.Trustee) {
		list, err := v.CaseEvents(filed.Case)
		h.Must(err)
		x, err := v.CaseExcerpt(filed.Case, func(custody.Event) bool { return true })
		h.Must(err)
		if len(list) != 2 || len(x.Shown) != 2 || uint64(len(x.Hashes)) != v.Custody.Len() || x.Head != head(v) {
			t.Errorf("%d events of the case, %d shown, %d hashes of %d", len(list), len(x.Shown), len(x.Hashes), v.Custody.Len())
		}
	}
	use(func(v *casework.Trustee) { _, err := v.Show(find(t, v, filed.Case)); h.Must(err) })
	others(120)
	use(ask)
	few := use(ask)
	others(120)
	use(ask)
	if many := use(ask); many > few || few > 10 {
		t.Errorf("%d events opened beside 120 others, %d beside 240", few, many)
	}
	if got := use(func(v *casework.Trustee) {
		_, err := v.Custody.Record(custody.Record{By: v.By(), Act: custody.Noted, Case: filed.Case, Subject: "since"})
		h.Must(err)
		list, err := v.Events(find(t, v, filed.Case))
		h.Must(err)
		if len(list) < 3 || list[len(list)-1].Subject != "since" {
			t.Errorf("%v", list)
		}
	}); got > 20 {
		t.Errorf("%d opened after one more event", got)
	}
	// The same cache beside another log of the same owner tells nothing about it.
	other := newVault(t)
	other.mustTake(h.Carry(0), vault.ImportOptions{Key: &key})
	cache, err := os.ReadFile(filepath.Join(o.dir, "events"))
	h.Must(err)
	h.Must(os.WriteFile(filepath.Join(other.dir, "events"), cache, 0o600))
	v := other.open()
	defer v.Close()
	h.Must(v.Use(key))
	if list, err := v.CaseEvents(filed.Case); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	_, err = v.Show(find(t, v, filed.Case))
	h.Must(err)
	if list, err := v.CaseEvents(filed.Case); err != nil || len(list) == 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func head(v *casework.Trustee) [32]byte { _, link := v.Custody.Head(); return link }
