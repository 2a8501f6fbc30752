package casework_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"zapis/internal/evidence/bundle"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/vault/vaulttest"
)

// What a trustee collected is sealed and committed like a report, joins its case, and is theirs by signature.
func TestCollect(t *testing.T) {
	shorttest.Skip(t, "not tested: what a trustee collects")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{})
	filed := d.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}})
	d.carry()
	photo := t.TempDir() + "/screen shot.jpg"
	write(t, photo, jpeg+" of a post")
	o := casework.Collected{Files: []string{photo}, Source: "a public channel", How: "screenshot", When: "2026-11-20", Tool: "a browser"}
	d.in("boris", func(v *casework.Trustee) {
		c := find(t, v, filed.Case)
		names, err := v.Collect(c, o)
		if err != nil || len(names) != 1 || names[0] != "A2001" {
			t.Fatalf("%v, %v", names, err)
		}
		if names, err = v.Collect(c, o); err != nil || names[0] != "A2002" {
			t.Fatalf("the second: %v, %v", names, err)
		}
	})
	d.MustAccept(d.outbox("boris"))
	d.Pass(time.Minute)
	d.FollowUp(filed, incident.ActFollowUp, []vaulttest.File{{Name: "b.jpg", Content: jpeg}})
	d.carry()
	d.in("boris", func(v *casework.Trustee) {
		for withheld, shown := range map[string]bool{"danger_now": true, "narrative": false} {
			in, err := bundleOf(t, v, show(t, v, filed.Case), release.BundleOptions{For: lawyer, Withhold: []bundle.Choice{{Item: withheld}}})
			d.Must(err)
			var zip bytes.Buffer
			d.Must(bundle.Write(&zip, in))
			if bytes.Contains(zip.Bytes(), []byte("a public channel")) != shown {
				t.Errorf("without %s: it says where the exhibit is from: %v", withheld, !shown)
			}
		}
	})
	d.in("anna", func(v *casework.Trustee) {
		c := show(t, v, filed.Case)
		if !c.Fits || c.Summary.Collected != 2 || c.Summary.FollowUps != 1 || len(c.Submissions) != 4 {
			t.Fatalf("%v: %+v", c.Faults, c.Summary)
		}
		var names []string
		for _, e := range c.Exhibits {
			names = append(names, e.Name)
		}
		if got := strings.Join(names, " "); got != "A01 A2001 A2002 A02" && got != "A01 A2002 A2001 A02" {
			t.Errorf("exhibits %s", got)
		}
		for _, s := range c.Submissions {
			if s.Act != "exhibit" {
				continue
			}
			if s.Collector == nil || s.Collector.Name != "boris" {
				t.Errorf("%s: collected by %v", s.Place, s.Collector)
			}
			l, _ := s.Lines.Line("narrative")
			if string(l.Value) != `"Source: a public channel\nHow: screenshot\nWhen: 2026-11-20\nTool: a browser"` {
				t.Errorf("it says %s", l.Value)
			}
		}
		out := t.TempDir()
		if _, err := release.Extract(t.Context(), v, c, out, func(int64) {}); err != nil {
			t.Fatal(err)
		}
		if got := tree(t, out)["A2001.jpg"]; got != jpeg+" of a post" {
			t.Errorf("A2001 is %q", got)
		}
	})
	// A bundle shows it as an exhibit, and the signer's custody log up to a head in the ledger.
	d.in("boris", func(v *casework.Trustee) {
		in, err := bundleOf(t, v, show(t, v, filed.Case), release.BundleOptions{For: lawyer})
		d.Must(err)
		if len(in.CustodyHeads) != 1 {
			t.Errorf("%d custody heads in the bundle", len(in.CustodyHeads))
		}
		var file bytes.Buffer
		d.Must(bundle.Write(&file, in))
		r, err := bundle.Check(bytes.NewReader(file.Bytes()), int64(file.Len()), bundle.Options{})
		d.Must(err)
		if len(r.Faults) > 0 {
			t.Errorf("the bundle: %v", r.Faults)
		}
		if all := strings.Join(r.Proved, "\n"); !strings.Contains(all, "custody") {
			t.Errorf("proved:\n%s", all)
		}
	})
	d.in("boris", func(v *casework.Trustee) {
		d.House.Outbox(v)
		if left := tree(t, d.vaults["boris"].dir+"/collected"); len(left) != 0 {
			t.Errorf("%d sealed parts are kept that the operator has", len(left))
		}
	})
}

func TestCollectRefusals(t *testing.T) {
	shorttest.Skip(t, "not tested: collections that are refused")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{Trustees: []string{"anna"}})
	filed := d.Report(nil)
	d.carry()
	file, empty := t.TempDir()+"/a.txt", t.TempDir()+"/empty"
	write(t, file, "x")
	write(t, empty, "")
	good := casework.Collected{Files: []string{file}, Source: "a source", How: "by hand"}
	with := func(change func(*casework.Collected)) casework.Collected {
		o := good
		change(&o)
		return o
	}
	d.in("anna", func(v *casework.Trustee) {
		c := find(t, v, filed.Case)
		for _, tt := range []struct {
			o      casework.Collected
			status exit.Status
			want   string
		}{
			{with(func(o *casework.Collected) { o.Source = " " }), exit.Usage, "an exhibit needs its source, and how it was obtained"},
			{with(func(o *casework.Collected) { o.How = "one\ntwo" }), exit.Usage, "how: it is one line"},
			{with(func(o *casework.Collected) { o.When = "yesterday" }), exit.Usage, "when: a day that has been, as YYYY-MM-DD, YYYY-MM or YYYY"},
			{with(func(o *casework.Collected) { o.Source = "\x1b" }), exit.Usage, "what source, how and tool say: control"},
			{with(func(o *casework.Collected) { o.Files = nil }), exit.Usage, "an exhibit has 1 to 16 files"},
			{with(func(o *casework.Collected) { o.Files = make([]string, 17) }), exit.Usage, "an exhibit has 1 to 16 files"},
			{with(func(o *casework.Collected) { o.Files = []string{empty} }), exit.Usage, "empty: there is nothing in it"},
			{with(func(o *casework.Collected) { o.Files = []string{file + ".not"} }), exit.Failed, "no such file"},
		} {
			_, err := v.Collect(c, tt.o)
			refused(t, tt.want, err, tt.status, tt.want)
		}
		list, err := v.SignedStatements()
		if err != nil || len(list) != 0 {
			t.Errorf("something was signed: %d, %v", len(list), err)
		}
	})
}
