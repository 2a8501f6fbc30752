package outbox_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/carry"
	"zapis/internal/exit"
	"zapis/internal/server/outbox"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

// outboxOf collects a file into the one case of a house, and returns the outbox of it.
func outboxOf(t *testing.T, h *vaulttest.House, name, id string) []byte {
	t.Helper()
	v, err := casework.Open(filepath.Join(t.TempDir(), "vault"), vault.Options{Create: true, Now: h.Now, Tool: "zapis test", Warn: t.Logf})
	h.Must(err)
	defer v.Close()
	key := vaulttest.Key(vaulttest.Identity(t, name))
	_, err = v.Import(t.Context(), bytes.NewReader(h.Carry(0)), vault.ImportOptions{Key: &key})
	h.Must(err)
	cases, err := v.Sort(t.Context(), func(int, int) {})
	h.Must(err)
	c, err := cases.Find(id)
	h.Must(err)
	file := filepath.Join(t.TempDir(), "page.txt")
	h.Must(os.WriteFile(file, []byte("what the page said\n"), 0o600))
	_, err = v.Collect(c, casework.Collected{Files: []string{file}, Source: "a public page", How: "printed"})
	h.Must(err)
	out, err := v.Outbox()
	h.Must(err)
	var b bytes.Buffer
	h.Must(out.Write(&b))
	return b.Bytes()
}

func TestExhibit(t *testing.T) {
	h, d, _ := house(t, 0)
	filed := h.Report(nil)
	box := outboxOf(t, h, "anna", filed.Case)
	for _, want := range []string{"taken: entry", "known already"} {
		var lines []string
		h.Must(d.File(t.Context(), bytes.NewReader(box), func(o outbox.Outcome) {
			lines = append(lines, fmt.Sprintf("%s: %s %v", o.Statement.Kind, o.Text, o.Err))
		}))
		text := strings.Join(lines, "\n")
		if !strings.Contains(text, "exhibit: "+want) || !strings.Contains(text, "review: "+want) || !strings.Contains(text, "custody: "+want) {
			t.Errorf("want %q:\n%s", want, text)
		}
	}
	faults, err := h.Store.Check(t.Context(), nil)
	if err != nil || len(faults) > 0 {
		t.Errorf("the ledger: %v, %v", faults, err)
	}
}

// An exhibit that is sealed to other keys than the trustees' would stop every import: it is refused.
func TestExhibitForOthers(t *testing.T) {
	other := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna", "dora"}})
	box := outboxOf(t, other, "anna", other.Report(nil).Case)
	in, err := carry.NewOutboxReader(bytes.NewReader(box))
	if err != nil {
		t.Fatal(err)
	}
	h, _, by := house(t, 0)
	anna := by("anna")
	parts := make(map[ledger.Hash][]byte)
	var body []byte
	for {
		it, err := in.Next()
		if err != nil {
			break
		}
		switch it.Kind {
		case carry.OutBody:
			if it.About.Kind == card.KindExhibit {
				body = it.Text
			}
		case carry.OutPart:
			var b bytes.Buffer
			b.ReadFrom(it.Content)
			parts[it.Part.Hash] = b.Bytes()
		}
	}
	b, err := ledger.ParseBody(body)
	h.Must(err)
	var out bytes.Buffer
	w, err := carry.NewOutboxWriter(&out, carry.OutboxHeader{Ledger: h.Card().Genesis, Statements: 1, Bodies: 1, Parts: uint64(len(b.Parts))})
	h.Must(err)
	h.Must(errors.Join(w.Statement(anna.sign(card.KindExhibit, body)), w.Body(body)))
	for _, p := range b.Parts {
		h.Must(w.Part(p.Hash, bytes.NewReader(parts[p.Hash])))
	}
	h.Must(w.Close())
	d := outbox.New(h.Store, h.Now)
	refused := 0
	h.Must(d.File(t.Context(), bytes.NewReader(out.Bytes()), func(o outbox.Outcome) {
		refused++
		if !strings.Contains(fmt.Sprint(o.Err), "the part is sealed to 2 keys, and the set has 3 trustees") {
			t.Errorf("%q, %v", o.Text, o.Err)
		}
	}))
	if refused != 1 || h.Store.Size() != 1 {
		t.Errorf("%d statements, %d entries", refused, h.Store.Size())
	}
	files, err := filepath.Glob(filepath.Join(h.Dir, "parts", "*", "*"))
	if err != nil || len(files) != 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// A hostile trustee's outbox may have ten thousand bodies of a mebibyte. Its desk holds one of them at a time.
func TestMemory(t *testing.T) {
	shorttest.Skip(t, "no outbox of ten thousand bodies is measured in memory")
	h, d, by := house(t, 0)
	anna := by("anna")
	const n = 48
	var statements []card.Signed
	body := func(i int) []byte { return bytes.Repeat([]byte{'a' + byte(i%26), '0' + byte(i/26)}, ledger.MaxSmall/2) }
	for i := range n {
		statements = append(statements, anna.sign(card.KindApproval, body(i)))
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "outbox.tar"))
	h.Must(err)
	defer f.Close()
	w, err := carry.NewOutboxWriter(f, carry.OutboxHeader{Ledger: h.Card().Genesis, Statements: n, Bodies: n})
	h.Must(err)
	for _, s := range statements {
		h.Must(w.Statement(s))
	}
	for i := range n {
		h.Must(w.Body(body(i)))
	}
	h.Must(w.Close())

	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most, told := held(), uint64(0), 0
	h.Must(d.File(t.Context(), f, func(o outbox.Outcome) {
		told++
		refuses(t, o, exit.Mismatch, "the proposal: it is no proposal")
		most = max(most, held())
	}))
	if told != n || most > before+8<<20 {
		t.Errorf("%d statements; %d bytes more were held than before", told, most-before)
	}
}
