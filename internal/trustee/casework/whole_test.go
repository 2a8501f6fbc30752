package casework_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault/vaulttest"
)

const (
	jpeg = "\xff\xd8\xff\xe0\x00\x10JFIF\x00 a photo"
	pdf  = "%PDF-1.7\na letter\n"
)

// One case through the whole vault: report, files, follow-up, consent, withdrawal.
func TestACaseFromReportToWithdrawal(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	anna := h.Trustees[0]
	report := h.Report([]vaulttest.File{{Name: "../../etc/passwd\u202egpj.exe", Content: jpeg}, {Name: "letter.pdf", Content: pdf}},
		"narrative", "They came at six.\n\tTwice.", "danger_now", "no", "method", "H1", "method", "T1", "country_event", "PL",
		"contact", "tomorrow at the fountain", "person_agrees", "self")
	h.Report(nil, "narrative", "Another one.", "consent", "store")
	h.Pass(time.Minute)
	h.FollowUp(report, incident.ActFollowUp, []vaulttest.File{{Name: "more.txt", Content: "more words\n"}}, "narrative", "And again.", "danger_now", "yes")

	o := newVault(t)
	done := o.mustTake(h.Carry(0), as(anna))
	if done.From != 0 || done.Size != 4 || done.Reports != 3 || done.Waiting != 0 || len(done.Mismatches) != 0 || done.Nothing {
		t.Fatalf("%+v", done)
	}

	v := o.openAs(anna)
	cases := sort(t, v)
	if len(cases.List) != 2 || len(cases.Problems) != 0 || cases.Closed != 0 {
		t.Fatalf("%d cases, %v", len(cases.List), cases.Problems)
	}
	s := cases.List[0].Summary()
	if s.Case != report.Case || *s.Index != 1 || s.Danger != "yes" || !slices.Equal(s.Methods, []string{"H1", "T1"}) || s.Country != "PL" ||
		!slices.Equal(s.Consent, []string{"store", "lawyer"}) || s.Attachments != 3 || s.FollowUps != 1 || !s.Fits ||
		!s.Received.Equal(time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC)) {
		t.Errorf("%+v", s)
	}

	c := show(t, v, report.Case[:6])
	if !c.Fits || len(c.Faults) != 0 || len(c.Submissions) != 2 {
		t.Fatalf("%v, %d submissions", c.Faults, len(c.Submissions))
	}
	if c.Submissions[0].IdentityLines != nil || c.Submissions[0].Closed != "2 of 3 trustees must agree" {
		t.Errorf("the identity: %v, %q", c.Submissions[0].IdentityLines, c.Submissions[0].Closed)
	}
	dir := filepath.Join(t.TempDir(), "out")
	names, err := release.Extract(t.Context(), v, c, dir, func(int64) {})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"A01.jpg", "A02.pdf", "A03.txt"}; !slices.Equal(names, want) {
		t.Errorf("extracted %q, want %q", names, want)
	}
	got := tree(t, dir)
	if len(got) != 3 || got["A01.jpg"] != jpeg || got["A02.pdf"] != pdf || got["A03.txt"] != "more words\n" {
		t.Errorf("extracted %q", got)
	}
	if name := c.Exhibits[0].Original; name != "passwd\u202egpj.exe" {
		t.Errorf("the original's name came out as %q", name)
	}
	_, err = release.Extract(t.Context(), v, c, dir, func(int64) {})
	refused(t, "a second time", err, exit.Failed, "A01.jpg exists already and is never overwritten")
	v.Close()

	// What changes later joins the case; nothing of what was given first is overwritten.
	for _, tt := range []struct {
		act       incident.Act
		consent   []string
		agrees    string
		withdrawn string
		want      []string
	}{
		{incident.ActConsent, []string{"store", "lawyer", "court"}, "", "", []string{"store", "lawyer", "court"}},
		{incident.ActConsent, []string{"store", "lawyer", "statistics"}, "unasked", "", []string{"store", "statistics"}},
		{incident.ActStop, nil, "", "stop", nil},
		{incident.ActConsent, []string{"store"}, "yes", "", []string{"store"}},
		{incident.ActDelete, nil, "", "delete", nil},
	} {
		h.Pass(time.Minute)
		var pairs []string
		for _, c := range tt.consent {
			pairs = append(pairs, "consent", c)
		}
		if tt.agrees != "" {
			pairs = append(pairs, "person_agrees", tt.agrees)
		}
		size := h.Store.Size()
		h.FollowUp(report, tt.act, nil, pairs...)
		o.mustTake(h.Carry(size), as(anna))
		v := o.openAs(anna)
		s := find(t, v, report.Case).Summary()
		if !slices.Equal(s.Consent, tt.want) || s.Withdrawn != tt.withdrawn {
			t.Errorf("after %s %v %s: in force %v, withdrawn %q", tt.act, tt.consent, tt.agrees, s.Consent, s.Withdrawn)
		}
		first := show(t, v, report.Case).Submissions[0]
		if l, _ := first.Lines.Line("consent"); string(l.Value) != `["store","lawyer"]` {
			t.Errorf("after %s: the first report now says %s", tt.act, l.Value)
		}
		v.Close()
	}
}

// A single trustee opens the identity alone.
func TestIdentityOpensWithoutQuorum(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna"}})
	filed := h.Report([]vaulttest.File{{Name: "me.jpg", Content: jpeg}}, "contact", "tomorrow", "files_identify", "yes")
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v := o.openAs(h.Trustees[0])
	c := show(t, v, filed.Case)
	if !c.Fits || c.Submissions[0].IdentityLines == nil {
		t.Fatalf("%v, identity %v", c.Faults, c.Submissions[0].IdentityLines)
	}
	if l, ok := c.Submissions[0].IdentityLines.Line("contact"); !ok || string(l.Value) != `"tomorrow"` {
		t.Errorf("contact %s", l.Value)
	}
	if e := c.Exhibits; len(e) != 1 || e[0].Original != "me.jpg" || e[0].Closed != "" {
		t.Errorf("exhibits %+v", e)
	}
	if _, err := release.Extract(t.Context(), v, c, filepath.Join(t.TempDir(), "out"), func(int64) {}); err != nil {
		t.Error(err)
	}
}

// Files that show who a person is stay closed under the quorum, with a number and nothing else.
func TestClosedExhibits(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report([]vaulttest.File{{Name: "me.jpg", Content: jpeg}}, "files_identify", "yes")
	h.Pass(time.Second)
	h.FollowUp(filed, incident.ActFollowUp, []vaulttest.File{{Name: "street.jpg", Content: jpeg}})
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[1]))
	v := o.openAs(h.Trustees[1])
	c := show(t, v, filed.Case)
	e := c.Exhibits
	if len(e) != 2 || e[0].Name != "A01" || e[0].Described() || e[0].Closed != "2 of 3 trustees must agree" ||
		e[1].Name != "A02" || !e[1].Described() || e[1].Closed != "" || !c.Fits {
		t.Fatalf("%+v, %v", e, c.Faults)
	}
	dir := filepath.Join(t.TempDir(), "out")
	names, err := release.Extract(t.Context(), v, c, dir, func(int64) {})
	if err != nil || !slices.Equal(names, []string{"A02.jpg"}) {
		t.Errorf("%q, %v", names, err)
	}
}

// Nothing that was opened is in the vault, and the index reveals nothing.
func TestVaultAtRest(t *testing.T) {
	shorttest.Skip(t, "no word of a report is looked for in a vault's files")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna"}})
	filed := h.Report([]vaulttest.File{{Name: "canary-name.txt", Content: "canary-file " + strings.Repeat("x", 1000)}},
		"narrative", "canary-narrative", "contact", "canary-contact", "name", "canary-name", "country_event", "PL", "method", "H1")
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v := o.openAs(h.Trustees[0])
	c := show(t, v, filed.Case)
	if _, err := bundleOf(t, v, c, release.BundleOptions{For: lawyer}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "canary-exhibit")
	write(t, file, "canary-content")
	one := find(t, v, filed.Case)
	if _, err := v.Collect(one, casework.Collected{Files: []string{file}, Source: "canary-source", How: "canary-how"}); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Reply(one, "canary-answer"); err != nil {
		t.Fatal(err)
	}
	for _, private := range []bool{true, false} {
		if err := v.Write(one, review.Review{Kind: review.Note, Text: "canary-note"}, private); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.Outbox(v)) == 0 {
		t.Fatal("no outbox")
	}
	h.MustAccept(h.Outbox(v))
	v.Close()
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v = o.openAs(h.Trustees[0])
	show(t, v, filed.Case)
	v.Close()
	for name, content := range tree(t, o.dir) {
		for _, canary := range []string{"canary", filed.Case, `["H1"]`, `["PL"]`} {
			if strings.Contains(content, canary) {
				t.Errorf("%s holds %q", name, canary)
			}
		}
	}
	for _, name := range []string{"index", "reviews", "notes/00000001", "said/00000001", "outboxes/00000001"} {
		if _, err := os.Stat(filepath.Join(o.dir, name)); err != nil {
			t.Errorf("%v", err)
		}
	}
}

// An index that is damaged, or not signed by the owner, is rebuilt.
func TestForeignIndex(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report(nil, "country_event", "PL")
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	index := filepath.Join(o.dir, "index")
	read := func() string {
		v := o.openAs(h.Trustees[0])
		defer v.Close()
		return find(t, v, filed.Case).Summary().Country
	}
	if got := read(); got != "PL" {
		t.Fatalf("country %q", got)
	}
	good, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"cut":     good[:len(good)/2],
		"flipped": append(append([]byte{}, good[:len(good)-5]...), 'x', 'x', 'x', 'x', 'x'),
		"empty":   {},
	} {
		if err := os.WriteFile(index, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := read(); got != "PL" {
			t.Errorf("%s: country %q", name, got)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	var ids []string
	for range 3 {
		ids = append(ids, h.Report(nil).Case)
	}
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	cases := sort(t, o.openAs(h.Trustees[0]))
	for _, id := range ids {
		if c, err := cases.Find(strings.ToUpper(id)); err != nil || c.ID != id {
			t.Errorf("%s: %v", id, err)
		}
	}
	_, err := cases.Find("c")
	refused(t, "too short", err, exit.Failed, `"c" could be any of c`)
	var many casework.Cases
	for n := range 47 {
		many.List = append(many.List, &casework.Case{ID: fmt.Sprintf("c%02d", n)})
	}
	_, err = many.Find("c")
	refused(t, "many", err, exit.Failed, `"c" could be any of c00, c01, c02, c03, c04, c05, c06, c07, c08, c09 and 37 more`)
	for _, none := range []string{"", "x", "c" + strings.Repeat("0", 10)} {
		_, err := cases.Find(none)
		refused(t, none, err, exit.Failed, "there is no case")
	}
}
