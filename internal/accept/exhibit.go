package accept

import (
	"bytes"
	"context"
	"errors"
	"io"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/fault"
	"zapis/store"
)

// brought is what an outbox has beside its statements: what they are about, and the sealed parts of exhibits.
// Attachments lie in the ledger's folder by then, under their final names, named by no body yet.
type brought struct {
	bodies  map[ledger.Hash][]byte
	small   map[ledger.Hash][]byte
	headers map[ledger.Hash][]byte // the beginning of every part
	files   []*store.PartWriter
}

func newBrought() *brought {
	return &brought{bodies: make(map[ledger.Hash][]byte), small: make(map[ledger.Hash][]byte), headers: make(map[ledger.Hash][]byte)}
}

// discard takes away the attachments that no body names.
func (b *brought) discard() error {
	var err error
	for _, w := range b.files {
		err = errors.Join(err, w.Discard())
	}
	return err
}

// headerMost is more than any part's header has, in bytes: a quorum of the largest set.
const headerMost = 1 << 20

// part keeps a part of an exhibit until its body is submitted.
func (b *brought) part(st *store.Store, p ledger.Part, content io.Reader) error {
	if p.Kind != ledger.PartAttachment {
		file, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		b.small[p.Hash], b.headers[p.Hash] = file, file
		return nil
	}
	w, err := st.NewPart()
	if err != nil {
		return err
	}
	b.files = append(b.files, w)
	begin := &beginning{}
	if _, err := io.Copy(io.MultiWriter(w, begin), content); err != nil {
		return err
	}
	b.headers[p.Hash] = begin.b
	if _, err = w.Keep(); errors.Is(err, store.ErrPartTaken) {
		return nil // the exhibit was taken in before, or its statement will be refused for it
	}
	return err
}

// beginning keeps the first bytes that are written to it.
type beginning struct{ b []byte }

func (w *beginning) Write(p []byte) (int, error) {
	w.b = append(w.b, p[:min(len(p), headerMost-len(w.b))]...)
	return len(p), nil
}

// exhibit takes in what a trustee has collected. Its parts must be sealed as the intake seals a report's: every
// trustee's import refuses others, so one of them could stop all.
func (d *Desk) exhibit(ctx context.Context, s card.Signed, content []byte) (string, error) {
	if content == nil {
		return "", fault.New(fault.Failed, "hand in the whole outbox", "what it is about did not come along")
	}
	b, err := ledger.ParseBody(content)
	if err != nil {
		return "", refuse("%w", err)
	}
	if b.Kind != ledger.KindExhibit || b.Trustees != s.Trustees {
		return "", refuse("its body is that of a %s by the trustees of entry %d", b.Kind, b.Trustees)
	}
	_, set := d.st.SetInForce()
	sub := store.Submission{Body: b}
	for _, p := range b.Parts {
		if err := d.sealedToAll(set, p); err != nil {
			return "", refuse("its %s %s: %w", p.Kind, p.Hash, err)
		}
		if p.Kind != ledger.PartAttachment {
			sub.Small = append(sub.Small, d.with.small[p.Hash])
		}
	}
	return d.hand(ctx, sub)
}

// sealedToAll compares a part's stanzas with the set's.
func (d *Desk) sealedToAll(set ledger.TrusteeSet, p ledger.Part) error {
	header, have := d.with.headers[p.Hash]
	if !have {
		return errors.New("it did not come along")
	}
	cards, thresholds := set.Trustees, []int{set.Quorum.Identity}
	switch p.Kind {
	case ledger.PartSignal:
		cards, thresholds = set.SignalCards(), []int{1}
	case ledger.PartStatement:
		thresholds = []int{set.Quorum.Statement}
	case ledger.PartAttachment:
		thresholds = []int{set.Quorum.Attachment, set.Quorum.Identity}
	}
	var keys []string
	for _, c := range cards {
		keys = append(keys, c.Age)
	}
	var err error
	for _, k := range thresholds {
		var to *seal.Recipients
		if to, err = seal.NewRecipients(k, keys...); err != nil {
			return err
		}
		if err = seal.CheckPart(bytes.NewReader(header), seal.Kind(p.Kind), to, p.Size); err == nil {
			return nil
		}
	}
	return err
}
