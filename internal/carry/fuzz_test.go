package carry_test

import (
	"bytes"
	"io"
	"testing"

	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/carry"
)

// What a Reader accepts, a Writer writes again in the same bytes: there is one
// encoding.
func FuzzReader(f *testing.F) {
	ledgertest.Seed(f, vectorsDir)
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := carry.NewReader(bytes.NewReader(file))
		if err != nil {
			return
		}
		var out bytes.Buffer
		w, err := carry.NewWriter(&out, r.Header())
		must(t, err)
		var body []byte
		for {
			it, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return
			}
			var content []byte
			if it.Content != nil {
				if content, err = io.ReadAll(it.Content); err != nil {
					return
				}
			}
			switch it.Kind {
			case carry.Checkpoint:
				err = w.Checkpoint(it.Text)
			case carry.Entry:
				err = w.Entry(it.Text)
			case carry.Part:
				err = w.Part(it.Part.Hash, bytes.NewReader(content))
			case carry.WaitingBody:
				body = it.Text
			case carry.WaitingPromise:
				err = w.Waiting(body, it.Text)
			case carry.WaitingPart:
				err = w.WaitingPart(it.Part.Hash, bytes.NewReader(content))
			}
			must(t, err)
		}
		must(t, w.Close())
		if !bytes.Equal(out.Bytes(), file) {
			t.Error("it is written again in other bytes")
		}
	})
}

func FuzzOutboxReader(f *testing.F) {
	ledgertest.Seed(f, vectorsDir)
	f.Fuzz(func(t *testing.T, file []byte) {
		items, err := readOutbox(file)
		if err != nil {
			return
		}
		r, err := carry.NewOutboxReader(bytes.NewReader(file))
		must(t, err)
		var out bytes.Buffer
		w, err := carry.NewOutboxWriter(&out, r.Header())
		must(t, err)
		for _, it := range items {
			switch it.Kind {
			case carry.OutStatement:
				err = w.Statement(it.Signed)
			case carry.OutBody:
				err = w.Body(it.Text)
			case carry.OutPart:
				err = w.Part(it.Part.Hash, bytes.NewReader(it.Text))
			}
			must(t, err)
		}
		must(t, w.Close())
		if !bytes.Equal(out.Bytes(), file) {
			t.Error("it is written again in other bytes")
		}
	})
}

func FuzzParseHeader(f *testing.F) {
	f.Add(carry.Header{Origin: ledgertest.Origin, Size: 3, Since: 1, Waiting: 2}.Marshal())
	f.Add(carry.OutboxHeader{Statements: 3, Bodies: 1}.Marshal())
	f.Fuzz(func(t *testing.T, text []byte) {
		if h, err := carry.ParseHeader(text); err == nil && !bytes.Equal(h.Marshal(), text) {
			t.Errorf("%q is written again as %q", text, h.Marshal())
		}
		if h, err := carry.ParseOutboxHeader(text); err == nil && !bytes.Equal(h.Marshal(), text) {
			t.Errorf("%q is written again as %q", text, h.Marshal())
		}
	})
}
