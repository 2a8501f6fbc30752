package casework_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/internal/incident"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault/vaulttest"
)

// imports are two vaults of one trustee. After each import one adds to its caches, and the other sorts all submissions.
type imports struct {
	t             *testing.T
	h             *vaulttest.House
	adds, sorts   *opener
	from          uint64
	added, sorted int // how often the first has added, and has sorted all
}

// take imports what is new into both vaults, and compares all that they say of their cases. It reports whether the first has added
// to its caches.
func (i *imports) take(what string) (added bool) {
	i.t.Helper()
	file := i.h.Carry(i.from)
	v, done := i.imported(i.adds, file)
	defer v.Close()
	w, doneToo := i.imported(i.sorts, file)
	defer w.Close()
	i.from = v.Size()
	cases, err := v.AddNew(i.t.Context(), done)
	i.h.Must(err)
	if added = cases != nil; added {
		i.added++
	} else {
		i.sorted++
		cases, err = v.SortNew(i.t.Context(), done, func(int, int) {})
		i.h.Must(err)
	}
	all := sort(i.t, w)
	if got, want := asJSON(i.t, cases.News(done)), asJSON(i.t, all.News(doneToo)); got != want {
		i.t.Errorf("%s: news\ngot  %s\nwant %s", what, got, want)
	}
	list, short := listing(i.t, v)
	if short.Closed != all.Closed || short.Erased != all.Erased || len(short.List) > 0 && len(all.Problems) == 0 {
		i.t.Errorf("%s: %+v, want %+v; %d cases were sorted", what, short, all, len(short.List))
	}
	var want taken
	for danger := range 3 {
		inOrder := slices.Clone(all.List)
		slices.SortStableFunc(inOrder, func(a, b *casework.Case) int { return a.Summary().Received.Compare(b.Summary().Received) })
		for _, c := range inOrder {
			if s := c.Summary(); s.Urgency() == danger {
				want.Case(0, &s)
			}
		}
	}
	if !slices.Equal(list.rows, want.rows) {
		i.t.Errorf("%s: list\ngot  %q\nwant %q", what, list.rows, want.rows)
	}
	if !added {
		return false
	}
	for _, want := range all.List {
		found := lookedUp(i.t, v, want.ID)
		if found == nil {
			i.t.Fatalf("%s: %s is not found", what, want.ID)
		}
		if got, want := asJSON(i.t, []any{found.List[0].Summary(), found.List[0].Deadlines()}), asJSON(i.t, []any{want.Summary(), want.Deadlines()}); got != want {
			i.t.Errorf("%s: looked up\ngot  %s\nwant %s", what, got, want)
		}
		if s := want.Summary(); s.Index != nil && lookedUp(i.t, v, fmt.Sprint(*s.Index)) == nil {
			i.t.Errorf("%s: entry %d is not found", what, *s.Index)
		}
	}
	return true
}

func (i *imports) imported(o *opener, file []byte) (*casework.Trustee, *casework.Imported) {
	i.t.Helper()
	v := o.open()
	done, err := v.Import(i.t.Context(), bytes.NewReader(file), as(i.h.Trustees[0]))
	i.h.Must(err)
	return v, done
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// However reports and follow-ups arrive, waiting or with entries, adding them to the caches gives what sorting all submissions
// gives. What concerns other cases is not added, but sorted.
func TestAdded(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Slot: 24 * time.Hour})
	i := &imports{t: t, h: h, adds: newVault(t), sorts: newVault(t)}
	draw := rand.New(rand.NewPCG(17, 3))
	var filed []vaulttest.Filed
	report := func() {
		danger := []string{"yes", "unsure", "no"}[draw.IntN(3)]
		filed = append(filed, h.Report(nil, "country_event", "PL", "danger_now", danger, "deadline", fmt.Sprintf("2026-12-%02d", 1+draw.IntN(28))))
	}
	follow := func() {
		if act := draw.IntN(3); act == 0 {
			h.FollowUp(filed[draw.IntN(len(filed))], incident.ActStop, nil)
		} else {
			h.FollowUp(filed[draw.IntN(len(filed))], incident.ActFollowUp, nil, "danger_now", []string{"yes", "no"}[act-1], "narrative", "More.")
		}
	}
	for range 12 { // enough that a supplement is small beside the caches
		report()
	}
	h.Slot()
	if i.take("the first import") {
		t.Error("the first import was added to nothing")
	}
	for round := range shorttest.Count(8, 3) {
		for range 1 + draw.IntN(2) {
			if h.Pass(time.Minute); draw.IntN(2) == 0 {
				report()
			} else {
				follow()
			}
		}
		if round%3 == 1 {
			h.Slot()
		}
		i.take(fmt.Sprint("round ", round))
	}
	if i.added < shorttest.Count(4, 2) {
		t.Errorf("%d imports were added, %d sorted", i.added, i.sorted)
	}
	for what, do := range map[string]func(){
		"two reports from one page": func() {
			h.Report(nil, "form", strings.Repeat("0a", 16))
			h.Report(nil, "form", strings.Repeat("0a", 16))
		},
		"a report from a page that there is": func() {
			h.Report(nil, "form", strings.Repeat("0b", 16))
			i.take("a report from a page")
			h.Report(nil, "form", strings.Repeat("0b", 16))
		},
		"a note of another trustee": func() {
			b := newVault(t)
			b.mustTake(h.Carry(0), as(h.Trustees[1]))
			v := b.openAs(h.Trustees[1])
			defer v.Close()
			h.Must(v.Write(find(t, v, filed[0].Case), review.Review{Kind: review.Note, Text: "a note"}, false))
			h.MustAccept(h.Outbox(v))
			h.Slot()
		},
	} {
		if do(); i.take(what) {
			t.Errorf("%s: it was added", what)
		}
	}
}

// A supplement that is damaged, or goes with another cache, is as none: all is sorted, and nothing is opened again.
func TestForeignSupplements(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	for range 8 {
		h.Report(nil, "country_event", "PL")
	}
	i := &imports{t: t, h: h, adds: newVault(t), sorts: newVault(t)}
	i.take("the first import")
	base, name := filepath.Join(i.adds.dir, "cases"), filepath.Join(i.adds.dir, "cases.more")
	cache, err := os.ReadFile(base)
	h.Must(err)
	h.Report(nil, "country_event", "LT")
	if !i.take("one more") {
		t.Fatal("it was not added")
	}
	one, err := os.ReadFile(name)
	h.Must(err)
	h.Report(nil, "country_event", "LV")
	if !i.take("another") {
		t.Fatal("it was not added")
	}
	two, err := os.ReadFile(name)
	h.Must(err)
	v := i.adds.openAs(h.Trustees[0])
	defer v.Close()
	for what, bad := range map[string][]byte{"cut": two[:len(two)/2], "flipped": flip(two, len(two)-5), "the older one": one} {
		h.Must(os.WriteFile(base, cache, 0o600))
		h.Must(os.WriteFile(name, bad, 0o600))
		events := v.Custody.Len()
		if l, cases := listing(t, v); l.cases != 10 || len(cases.List) != 10 || v.Custody.Len() != events {
			t.Errorf("%s: %d cases, %d sorted, %d events", what, l.cases, len(cases.List), v.Custody.Len()-events)
		}
		if _, err := os.Stat(name); !os.IsNotExist(err) {
			t.Errorf("%s: it is still there: %v", what, err)
		}
		h.Must(os.WriteFile(name, two, 0o600)) // beside a cache that was written again
		if l, cases := listing(t, v); l.cases != 10 || len(cases.List) != 0 {
			t.Errorf("%s: beside another cache: %d cases, %d sorted", what, l.cases, len(cases.List))
		}
	}
}
