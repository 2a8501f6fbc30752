package release_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/internal/evidence/bundle"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/export"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

// addressee finds an addressee by its code.
func addressee(t *testing.T, code string) casefile.Addressee {
	t.Helper()
	a, ok := casefile.AddresseeByCode(code)
	if !ok {
		t.Fatalf("there is no addressee %q", code)
	}
	return a
}

// annas opens a vault of the first trustee with all of a ledger.
func annas(t *testing.T, h *vaulttest.House) *casework.Trustee {
	t.Helper()
	v, err := casework.Open(filepath.Join(t.TempDir(), "vault"), vault.Options{Create: true, Now: h.Now, Tool: "zapis test", Warn: t.Logf})
	h.Must(err)
	t.Cleanup(func() { v.Close() })
	take(t, h, v)
	return v
}

// take imports all of the ledger.
func take(t *testing.T, h *vaulttest.House, v *casework.Trustee) {
	t.Helper()
	key := vaulttest.Key(h.Trustees[0])
	_, err := v.Import(t.Context(), bytes.NewReader(h.Carry(0)), vault.ImportOptions{Key: &key})
	h.Must(err)
}

func find(t *testing.T, v *casework.Trustee, id string) *casework.Case {
	t.Helper()
	cases, err := v.Sort(t.Context(), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	c, err := cases.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// acts lists the custody events from number on that say that something left.
func acts(t *testing.T, v *casework.Trustee, from uint64) (list []custody.Event) {
	t.Helper()
	for n := from + 1; n <= v.Custody.Len(); n++ {
		e, err := v.Custody.Read(n, v.Key().Age)
		if err != nil {
			t.Fatal(err)
		}
		if e.Act.Releases() {
			list = append(list, e)
		}
	}
	return list
}

// ways are all ways by which something of a case is released. Each returns whether anything was written.
func ways(t *testing.T) map[string]func(*casework.Trustee, *casework.Case, casefile.Leave) (bool, error) {
	return map[string]func(*casework.Trustee, *casework.Case, casefile.Leave) (bool, error){
		"bundle": func(v *casework.Trustee, c *casework.Case, l casefile.Leave) (wrote bool, err error) {
			err = release.Bundle(v, c, release.BundleOptions{For: addressee(t, "court"), Leave: l}, func(bundle.Input) error { wrote = true; return nil })
			return wrote, err
		},
		"letter": func(v *casework.Trustee, c *casework.Case, l casefile.Leave) (wrote bool, err error) {
			o := release.LetterOptions{To: addressee(t, "police"), Language: "en", Leave: l}
			err = release.Letter(v, c, o, func([]byte) error { wrote = true; return nil })
			return wrote, err
		},
		"conversion": func(v *casework.Trustee, c *casework.Case, l casefile.Leave) (wrote bool, err error) {
			o := release.ExportOptions{Format: export.ESF, To: addressee(t, "other"), Leave: l}
			_, err = release.Export(t.Context(), v, []*casework.Case{c}, o, func([]byte) error { wrote = true; return nil })
			return wrote, err
		},
		"hand-over": func(v *casework.Trustee, c *casework.Case, l casefile.Leave) (bool, error) {
			f, err := os.Create(filepath.Join(t.TempDir(), "letter.txt"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			before := v.Custody.Len()
			_, err = release.HandOver(v, c, f, "M.", "", l)
			return v.Custody.Len() > before, err
		},
		"reseal": func(v *casework.Trustee, c *casework.Case, _ casefile.Leave) (bool, error) {
			done, err := release.Reseal(v, c, release.Resealing{To: "boris", Why: "He takes it over."})
			return done.File != nil, err
		},
	}
}

func refused(t *testing.T, name string, wrote bool, err error, status exit.Status, sentence string) {
	t.Helper()
	if wrote || exit.StatusOf(err) != status || !strings.Contains(fmt.Sprint(err), sentence) {
		t.Errorf("%s: wrote %v, status %d: %v\nwant status %d: …%s…", name, wrote, exit.StatusOf(err), err, status, sentence)
	}
}

func TestNothingLeavesWithoutTheReportersConsent(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report(nil, "consent", "store", "person_agrees", "self", "target", "me")
	v := annas(t, h)
	c := find(t, v, filed.Case)
	for name, leave := range ways(t) {
		if name == "reseal" { // to another trustee of the same ledger: the consent is theirs to keep too
			continue
		}
		from := v.Custody.Len()
		wrote, err := leave(v, c, casefile.Leave{})
		refused(t, name, wrote, err, exit.Failed, filed.Case)
		if list := acts(t, v, from); len(list) > 0 {
			t.Errorf("%s: it was refused, and the custody log says %s", name, list[0].Act)
		}
		if wrote, err := leave(v, c, casefile.Leave{Override: "the court ordered it"}); err != nil || !wrote {
			t.Errorf("%s: with an override: %v", name, err)
		}
		if list := acts(t, v, from); len(list) == 0 || !strings.Contains(list[len(list)-1].Why, "the court ordered it") {
			t.Errorf("%s: the override does not stand in the custody log", name)
		}
	}
}

func TestNothingLeavesOfACaseThatDoesNotFitItsEntries(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	good := []byte(`"what was sent"`)
	hash := vaulttest.Forged{Answers: map[string]string{"narrative": string(good), "consent": `["store","lawyer","police","court","other"]`},
		Lie: vaulttest.SwapAnswer("narrative", `"what was never sent"`)}.Submit(t, h)
	v := annas(t, h)
	c := find(t, v, casefile.CaseID(hash))
	for name, leave := range ways(t) {
		if name == "hand-over" { // of a file that was made before: nothing is opened
			continue
		}
		from := v.Custody.Len()
		wrote, err := leave(v, c, casefile.Leave{Override: "x"})
		refused(t, name, wrote, err, exit.Mismatch, "the case does not fit its entries")
		u, ok := errors.AsType[*release.UnfitError](err)
		if !ok || len(u.Faults) == 0 {
			t.Errorf("%s: what does not fit is not said: %v", name, err)
		}
		if list := acts(t, v, from); len(list) > 0 {
			t.Errorf("%s: it was refused, and the custody log says %s", name, list[0].Act)
		}
	}
}

func TestNothingLeavesWhileErasedPartsAreOnTheDisk(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna", "boris"}})
	filed := h.Report([]vaulttest.File{{Name: "a.txt", Content: "a page\n"}}, "consent", "store", "consent", "lawyer", "consent", "police", "consent", "court", "consent", "other",
		"person_agrees", "self", "target", "me")
	v := annas(t, h)
	h.Erase(filed, ledger.PartAttachment)
	take(t, h, v)
	c := find(t, v, filed.Case)
	for name, leave := range ways(t) {
		from := v.Custody.Len()
		wrote, err := leave(v, c, casefile.Leave{})
		refused(t, name, wrote, err, exit.Failed, "1 part was erased of "+filed.Case+" by tombstones, and still on this disk")
		if list := acts(t, v, from); len(list) > 0 {
			t.Errorf("%s: it was refused, and the custody log says %s", name, list[0].Act)
		}
	}
	if n, err := v.Purge(c); n != 1 || err != nil {
		t.Fatalf("purged %d, %v", n, err)
	}
	if wrote, err := ways(t)["bundle"](v, c, casefile.Leave{}); !wrote || err != nil {
		t.Errorf("a bundle after the purge: %v", err)
	}
}

func TestAnErasedPartIsRecordedBeforeItGoes(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna", "boris"}})
	filed := h.Report([]vaulttest.File{{Name: "a.txt", Content: "a page\n"}})
	v := annas(t, h)
	h.Erase(filed, ledger.PartAttachment)
	take(t, h, v)
	c := find(t, v, filed.Case)
	v.Custody.Close() // a disk that accepts no more events
	n, err := v.Purge(c)
	refused(t, "purge", n > 0, err, exit.Failed, "the custody log could not be written")
	if left, err := v.Erasable(c); left != 1 || err != nil {
		t.Errorf("%d parts are left, %v: it went without a record", left, err)
	}
}

func TestAFileThatIsNotTheOneItsLineCommitsToIsNotExtracted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, committed string }{{"other bytes of the same length", "A page\n"}, {"another length", "a page"}} {
		h := vaulttest.New(t, vaulttest.Options{})
		hash := vaulttest.Forged{File: "a page\n", Committed: tt.committed}.Submit(t, h)
		v := annas(t, h)
		o, err := v.Show(find(t, v, casefile.CaseID(hash)))
		h.Must(err)
		dir := filepath.Join(t.TempDir(), "out")
		names, err := release.Extract(t.Context(), v, o, dir, func(int64) {})
		refused(t, tt.name, len(names) > 0, err, exit.Mismatch, "the file in it has 7 bytes")
		left, _ := os.ReadDir(dir)
		if len(left) != 0 {
			t.Errorf("%s: %s was written", tt.name, left[0].Name())
		}
		err = release.Bundle(v, find(t, v, o.ID), release.BundleOptions{For: addressee(t, "lawyer"), Leave: casefile.Leave{Override: "x"}},
			func(in bundle.Input) error { var b bytes.Buffer; return bundle.Write(&b, in) })
		refused(t, tt.name+": bundle", false, err, exit.Mismatch, "")
	}
}

func TestAnExportOfManyCasesIsOneEvent(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	var filed []vaulttest.Filed
	for range 4 {
		filed = append(filed, h.Report(nil, "consent", "store", "consent", "lawyer", "consent", "other", "person_agrees", "self", "target", "me"))
	}
	v := annas(t, h)
	var list []*casework.Case
	for _, f := range filed[:3] {
		list = append(list, find(t, v, f.Case))
	}
	from := v.Custody.Len()
	o := release.ExportOptions{Format: export.ESF, To: addressee(t, "other"), Progress: func(int, int) {}}
	var text []byte
	out, err := release.Export(t.Context(), v, list, o, func(b []byte) error { text = b; return nil })
	if err != nil || out.Rows != 3 || len(text) == 0 {
		t.Fatalf("%d rows, %d bytes, %v", out.Rows, len(text), err)
	}
	events := acts(t, v, from)
	if len(events) != 1 || events[0].Subject != "esf for another body, of 3 cases" || events[0].Out != ledger.Sum(text).String() {
		t.Fatalf("%+v", events)
	}
	if v.Custody.Len() != from+2 { // that the statements were opened, and the export
		t.Errorf("%d events, want 2", v.Custody.Len()-from)
	}
	for i, f := range filed {
		shown, err := v.Events(find(t, v, f.Case))
		h.Must(err)
		if has := slices.ContainsFunc(shown, func(e custody.Event) bool { return e.Number == events[0].Number }); has != (i < 3) {
			t.Errorf("case %d: the export is among its events: %v", i, has)
		}
	}
	// A bundle of one of them shows the export, and no other case.
	err = release.Bundle(v, list[1], release.BundleOptions{For: addressee(t, "lawyer")}, func(in bundle.Input) error {
		told := false
		for _, e := range in.Custody.Shown {
			told = told || strings.Contains(e.Subject, "esf for another body, of 3 cases, this one among them")
		}
		if !told {
			t.Error("the bundle does not tell of the export")
		}
		return nil
	})
	h.Must(err)
	// A hand-over of the file is one of the cases that it was made of.
	name := filepath.Join(t.TempDir(), "export.json")
	h.Must(os.WriteFile(name, text, 0o600))
	for i, want := range map[int]bool{0: true, 3: false} {
		f, err := os.Open(name)
		h.Must(err)
		_, err = release.HandOver(v, find(t, v, filed[i].Case), f, "M.", "", casefile.Leave{})
		if (err == nil) != want {
			t.Errorf("hand-over as of case %d: %v", i, err)
		}
		f.Close()
	}
}

func TestAnExportThatIsInterruptedLeavesNoEventOfAnExport(t *testing.T) {
	shorttest.Skip(t, "not tested: an export that is interrupted")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	var list []*casework.Case
	var ids []string
	for range 3 {
		ids = append(ids, h.Report(nil, "consent", "store", "consent", "other", "person_agrees", "self", "target", "me").Case)
	}
	v := annas(t, h)
	for _, id := range ids {
		list = append(list, find(t, v, id))
	}
	from := v.Custody.Len()
	ctx, stop := context.WithCancel(t.Context())
	read := 0
	o := release.ExportOptions{Format: export.ESF, To: addressee(t, "other"), Progress: func(done, _ int) {
		if read = done; done == 1 {
			stop()
		}
	}}
	wrote := false
	_, err := release.Export(ctx, v, list, o, func([]byte) error { wrote = true; return nil })
	if !errors.Is(err, context.Canceled) || wrote || read != 1 {
		t.Errorf("%v, wrote %v, read %d", err, wrote, read)
	}
	if events := acts(t, v, from); len(events) != 0 {
		t.Errorf("%+v", events)
	}
}
