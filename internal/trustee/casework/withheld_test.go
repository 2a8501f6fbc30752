package casework_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"zapis/internal/evidence/bundle"
	"zapis/internal/evidence/custody"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/vault/vaulttest"
)

// The custody log contains every file's hash. A bundle that withholds a file shows no event with its hash, and still
// shows that the file was withheld; the chain verifies all the same.
func TestCustodyNamesNoWithheldFile(t *testing.T) {
	shorttest.Skip(t, "not tested: the custody events in a bundle that withholds files")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna"}})
	first := vaulttest.File{Name: "summons.txt", Content: "You are summoned."}
	second := vaulttest.File{Name: "reply.txt", Content: "I shall not come."}
	plain := h.Report([]vaulttest.File{first, second})
	marked := h.Report([]vaulttest.File{first, second}, "files_identify", "yes")
	v := mine(t, h)
	sum := func(f vaulttest.File) []byte {
		s := sha256.Sum256([]byte(f.Content))
		return []byte(hex.EncodeToString(s[:]))
	}
	for _, tt := range []struct {
		name       string
		filed      vaulttest.Filed
		o          release.BundleOptions
		one, other bool // whether the files' hashes are in the bundle
	}{
		{"all of it", plain, release.BundleOptions{}, true, true},
		{"without an exhibit", plain, release.BundleOptions{Withhold: []bundle.Choice{{Item: "A01"}}}, false, true},
		{"without a field", plain, release.BundleOptions{Withhold: []bundle.Choice{{Item: "attachment-2"}}}, true, false},
		{"without the identity", marked, release.BundleOptions{}, false, false},
		{"with the identity", marked, release.BundleOptions{IncludeIdentity: true}, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, err := v.Show(find(t, v, tt.filed.Case))
			h.Must(err)
			out := filepath.Join(t.TempDir(), "out")
			_, err = release.Extract(t.Context(), v, o, out, func(int64) {})
			h.Must(err)
			for _, name := range []string{"A01.txt", "A02.txt"} {
				f, err := os.Open(filepath.Join(out, name))
				h.Must(err)
				_, err = release.HandOver(v, find(t, v, tt.filed.Case), f, "somebody", "", casefile.Leave{})
				h.Must(errors.Join(err, f.Close()))
			}
			tt.o.For = lawyer
			in, err := bundleOf(t, v, o, tt.o)
			h.Must(err)
			var zip bytes.Buffer
			h.Must(bundle.Write(&zip, in))
			if bytes.Contains(zip.Bytes(), sum(first)) != tt.one || bytes.Contains(zip.Bytes(), sum(second)) != tt.other {
				t.Errorf("the hashes are in it: %v, %v", !tt.one, !tt.other)
			}
			withheld := 0
			for _, e := range in.Custody.Shown {
				if e.Act == custody.Withheld {
					withheld++
				}
			}
			if !tt.o.IncludeIdentity && withheld == 0 {
				t.Error("nothing says that anything was withheld")
			}
			report, err := bundle.Check(bytes.NewReader(zip.Bytes()), int64(zip.Len()), bundle.Options{})
			h.Must(err)
			if len(report.Faults) > 0 {
				t.Errorf("%q", report.Faults)
			}
		})
	}
}
