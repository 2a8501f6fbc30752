package casework_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/links"
	"zapis/internal/trustee/vault/vaulttest"
)

// hasher answers with the hashes of a table by a file's content, and notes what it was asked for.
type hasher struct {
	hashes map[string]uint64
	asked  []string
	fail   error // from the request after so many
	after  int
}

func (h *hasher) hash(_ context.Context, name string, data []byte) (uint64, error) {
	if h.fail != nil && len(h.asked) >= h.after {
		return 0, h.fail
	}
	h.asked = append(h.asked, name)
	return h.hashes[string(data)], nil
}

// suggest compares all cases of a vault, and reads the pictures that wait.
func suggest(t *testing.T, v *casework.Trustee, h *hasher) (casework.Suggested, error) {
	t.Helper()
	cases, err := v.Sort(t.Context(), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	found, err := v.Suggest(t.Context(), cases)
	if err != nil {
		t.Fatal(err)
	}
	here := func(use func(*casework.Trustee) error) error { return use(v) }
	if err := found.Pictures.Read(t.Context(), here, h.hash, func(int, int) {}); err != nil {
		return found, err
	}
	again, err := v.Suggest(t.Context(), cases)
	if err != nil {
		t.Fatal(err)
	}
	return again, nil
}

// Pictures are opened and hashed once; their hashes lie sealed in the vault, are found again after it was closed, and go when
// a case is erased. A refused suggestion is not made again.
func TestNearPicturesAreSuggested(t *testing.T) {
	shorttest.Skip(t, "no pictures are compared")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{})
	const jpeg, png = "\xff\xd8\xff\xe0\x00\x10JFIF\x00 ", "\x89PNG\r\n\x1a\n "
	one := d.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg + "one"}, {Name: "a.txt", Content: "words"}}, "narrative", "First.")
	two := d.Report([]vaulttest.File{{Name: "b.png", Content: png + "two"}}, "narrative", "Second.")
	d.Report([]vaulttest.File{{Name: "c.png", Content: png + "other"}, {Name: "d.png", Content: png + "damaged"}}, "narrative", "Third.")
	d.carry()
	const near = uint64(0xF0F0F0F0F0F0F0F0)
	h := &hasher{hashes: map[string]uint64{jpeg + "one": near, png + "two": near ^ 0xff, png + "other": near ^ 0x1ff00}}
	want := []links.Reason{{Kind: links.NearPicture, Detail: "8"}}
	d.in("anna", func(v *casework.Trustee) {
		// A worker that can't be started: nothing is kept, and the next run begins there.
		h.fail, h.after = errors.New("no worker"), 1
		if found, err := suggest(t, v, h); err == nil || err.Error() != "no worker" || len(found.List) != 0 {
			t.Fatalf("%v %v", found.List, err)
		}
		h.fail, h.asked = nil, nil
		before := v.Custody.Len()
		found, err := suggest(t, v, h)
		d.Must(err)
		if !slices.Equal(h.asked, []string{"a.jpg", "b.png", "c.png", "d.png"}) {
			t.Errorf("asked for %q", h.asked)
		}
		if len(found.List) != 1 || found.List[0].Pair != links.NewPair(one.Case, two.Case) || !slices.Equal(found.List[0].Reasons, want) || found.Pictures.Waiting() != 0 {
			t.Errorf("suggested: %+v, %d wait", found.List, found.Pictures.Waiting())
		}
		if got := v.Custody.Len() - before; got != 3 { // two comparisons, and the opening of four pictures
			t.Errorf("%d events", got)
		}
	})
	d.in("anna", func(v *casework.Trustee) {
		h.asked = nil
		found, err := suggest(t, v, h)
		d.Must(err)
		if len(h.asked) != 0 || len(found.List) != 1 {
			t.Errorf("asked again for %q; %+v", h.asked, found.List)
		}
		raw, err := os.ReadFile(filepath.Join(v.Dir(), "pictures"))
		if err != nil || bytes.Contains(raw, []byte("hash")) || !bytes.HasPrefix(raw, []byte("age-encryption.org/")) {
			t.Errorf("the hashes lie open in the vault: %v, %.40q", err, raw)
		}
		_, err = v.Decide(casework.Decision{Case: one.Case, Kind: deskstate.KindRefuse, Payload: map[string]string{"other": two.Case, "reason": string(links.NearPicture)}})
		d.Must(err)
		if found, err = suggest(t, v, h); err != nil || len(found.List) != 0 {
			t.Errorf("after it was refused: %v, %+v", err, found.List)
		}
	})
	d.Erase(one, ledger.PartStatement)
	d.carry()
	d.in("anna", func(v *casework.Trustee) {
		_, err := v.Purge(nil)
		d.Must(err)
		if _, err := os.Stat(filepath.Join(v.Dir(), "pictures")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the hashes of an erased case stay in the vault: %v", err)
		}
	})
}

// No picture is opened where the custody log can't have it first.
func TestOpeningPicturesIsRecordedFirst(t *testing.T) {
	shorttest.Skip(t, "not tested: the record of pictures that are opened")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{})
	d.Report([]vaulttest.File{{Name: "a.png", Content: "\x89PNG\r\n\x1a\n one"}}, "narrative", "First.")
	d.carry()
	d.in("anna", func(v *casework.Trustee) {
		cases, err := v.Sort(t.Context(), func(int, int) {})
		d.Must(err)
		found, err := v.Suggest(t.Context(), cases)
		d.Must(err)
		h := new(hasher)
		err = found.Pictures.Read(t.Context(), func(use func(*casework.Trustee) error) error {
			v.Custody.Close()
			return use(v)
		}, h.hash, func(int, int) {})
		refused(t, "compare", err, exit.Failed, "the custody log could not be written: ")
		if len(h.asked) != 0 {
			t.Errorf("%q was opened", h.asked)
		}
	})
}
