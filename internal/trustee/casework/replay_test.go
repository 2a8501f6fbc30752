package casework_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/carry"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault/vaulttest"
	"zapis/store"
)

// replayed is a carry file in which the log has put what entry 1 has in once more, with the signal of that entry.
func replayed(t *testing.T, h *vaulttest.House, signal uint64) []byte {
	t.Helper()
	var out bytes.Buffer
	h.Must(h.Store.Snapshot(func(n *store.Snapshot) error {
		chain := ledger.NewChain(nil)
		var texts [][]byte
		var bodies []ledger.Body
		h.Must(n.Entries(0, func(_ uint64, text []byte) error {
			e, err := chain.Add(text)
			texts, bodies = append(texts, bytes.Clone(text)), append(bodies, e.Body)
			return err
		}))
		e := ledger.Entry{Origin: chain.Origin(), Index: chain.Size(), Previous: chain.Last(), Body: bodies[1]}
		e.Body.Parts = append(bodies[signal].Parts[:1:1], e.Body.Parts[1:]...)
		texts = append(texts, e.Marshal())
		_, err := chain.Add(e.Marshal())
		h.Must(err)
		note, err := h.Log.SignCheckpoint(ledger.Checkpoint{Origin: chain.Origin(), Size: chain.Size(), Root: chain.Root(), Time: h.Now().Truncate(time.Second)})
		h.Must(err)
		w, err := carry.NewWriter(&out, carry.Header{Origin: chain.Origin(), Genesis: n.Card().Genesis, Size: chain.Size()})
		h.Must(err)
		h.Must(w.Checkpoint(note))
		for _, text := range texts {
			h.Must(w.Entry(text))
		}
		for _, b := range bodies {
			for _, p := range b.Parts {
				r, _, err := n.Part(p.Hash)
				h.Must(err)
				h.Must(w.Part(p.Hash, r))
				h.Must(r.Close())
			}
		}
		return w.Close()
	}))
	return out.Bytes()
}

// What the log puts in twice is named, and the case is as it was: in a vault that had it before, and in a new one.
func TestReplayedReport(t *testing.T) {
	shorttest.Skip(t, "not tested: a report that the log adds twice")
	t.Parallel()
	for _, tt := range []struct {
		name     string
		signal   uint64
		cases    int
		problems string
	}{
		{"a whole report", 1, 2, "entry 3 is entry 1 once more, to the byte"},
		{"its parts, under another body", 2, 3, ""},
	} {
		h := vaulttest.New(t, vaulttest.Options{})
		filed := h.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}})
		h.Report(nil)
		had, fresh := newVault(t), newVault(t)
		had.mustTake(h.Carry(0), as(h.Trustees[0]))
		file := replayed(t, h, tt.signal)
		for _, o := range []*opener{had, fresh} {
			o.mustTake(file, as(h.Trustees[0]))
			v := o.openAs(h.Trustees[0])
			cases := sort(t, v)
			var lines []string
			for _, err := range cases.Problems {
				lines = append(lines, err.Error())
				if exit.StatusOf(err) != exit.Mismatch || exit.HintOf(err) != "the people who run the log may have done it: the reporter sent it once" {
					t.Errorf("%s: status %d, hint %q", tt.name, exit.StatusOf(err), exit.HintOf(err))
				}
			}
			if got := strings.Join(lines, "\n"); len(cases.List) != tt.cases || got != tt.problems {
				t.Errorf("%s: %d cases, problems %q", tt.name, len(cases.List), got)
			}
			again := ""
			if tt.cases == 3 {
				again = cases.List[2].ID
			}
			if got := cases.List[0].Summary().SamePage; got != again {
				t.Errorf("%s: the same page as %q, want %q", tt.name, got, again)
			}
			if c := show(t, v, filed.Case); !c.Fits || len(c.Submissions) != 1 || len(c.Exhibits) != 1 || len(c.Faults) > 0 {
				t.Errorf("%s: %+v", tt.name, c)
			}
			if c, err := v.Check(t.Context(), func(int64) {}); err != nil || len(c.Wrong) > 0 {
				t.Errorf("%s: check: %v, %+v", tt.name, err, c)
			}
			if err := v.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// A report that was sent twice, by going back or by a browser's retry, is two cases, and each reports it: it may as
// well be two reports.
func TestSentTwice(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	page, other := strings.Repeat("0f", 16), strings.Repeat("a1", 16)
	h.Report(nil, "form", page)
	h.Report(nil, "form", other)
	first := h.Report(nil)
	h.FollowUp(first, incident.ActFollowUp, nil, "narrative", "More.", "form", page)
	h.Report(nil, "form", page)
	h.Report(nil)
	h.Report(nil, "form", page)
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v := o.openAs(h.Trustees[0])
	defer v.Close()
	for range 2 { // opened, and from the index
		list := sort(t, v).List
		var got []int
		for _, c := range list {
			same := c.Summary().SamePage
			got = append(got, slices.IndexFunc(list, func(c *casework.Case) bool { return c.ID == same }))
		}
		if want := []int{3, -1, -1, 0, -1, 0}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}
