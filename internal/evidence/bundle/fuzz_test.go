package bundle

import (
	"bytes"
	"slices"
	"testing"

	"zapis/internal/evidence/custody"
)

// Of all files there are, only the published bundles are called good.
func FuzzCheck(f *testing.F) {
	good := [][]byte{read(f, "bundle.zip"), read(f, "waiting.zip"), read(f, "anchored/bundle.zip")}
	for _, zip := range good {
		f.Add(zip)
	}
	f.Add(good[0][:1000])
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Check(bytes.NewReader(b), int64(len(b)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.OK && r.Container == "" && !slices.ContainsFunc(good, func(g []byte) bool { return bytes.Equal(b, g) }) {
			t.Fatal("other bytes than a bundle's are called good")
		}
	})
}

// The parsers are tried one by one: what they take, they write again.
func FuzzTexts(f *testing.F) {
	all := files(f, read(f, "bundle.zip"))
	for _, path := range []string{manifestPath, bagInfoPath, recordPath, custodyPath} {
		f.Add(all[path])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := parseManifest(b); err == nil && !bytes.Equal(m.marshal(), b) {
			t.Errorf("a manifest is written otherwise:\n%q\n%q", b, m.marshal())
		}
		if i, err := parseBagInfo(b); err == nil && !bytes.Equal(i.marshal(), b) {
			t.Errorf("bag-info is written otherwise:\n%q\n%q", b, i.marshal())
		}
		if r, err := parseRecord(b); err == nil {
			if again, err := r.marshal(); err != nil || !bytes.Equal(again, b) {
				t.Errorf("a record is written otherwise:\n%q\n%q", b, again)
			}
			if _, err := r.text(); err != nil {
				t.Log(err)
			}
		}
		custody.ParseExcerpt(b)
	})
}
