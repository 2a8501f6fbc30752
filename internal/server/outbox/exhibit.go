package outbox

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/exit"
	"zapis/store"
)

// headerMost is the upper bound of a part's header in bytes: a quorum of the largest set.
const headerMost = 1 << 20

// exhibit accepts an exhibit. Its parts must be sealed as the intake seals those of a report: every trustee's import
// refuses others, so one wrong part would stop all imports.
func (d *Desk) exhibit(ctx context.Context, s card.Signed, content []byte) (string, error) {
	if content == nil {
		return "", exit.New(exit.Failed, "hand in the whole outbox", "what it is about did not come along")
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
	}
	for _, p := range b.Parts {
		if p.Kind != ledger.PartAttachment {
			small, err := d.with.read(p.Hash)
			if err != nil {
				return "", err
			}
			sub.Small = append(sub.Small, small)
			continue
		}
		w, err := d.st.NewPart()
		if err != nil {
			return "", err
		}
		defer w.Discard() // unless the body that names it was accepted
		sum := sha256.New()
		if _, err := io.Copy(io.MultiWriter(w, sum), d.with.open(p.Hash)); err != nil {
			return "", err
		}
		if got := ledger.Hash(sum.Sum(nil)); got != p.Hash {
			return "", refuse("its %s %s: the outbox changed while it was read", p.Kind, p.Hash)
		}
		// A part that is in the ledger was accepted with this exhibit before, or the ledger refuses the body for it.
		if _, err := w.Keep(p.Hash); err != nil && !errors.Is(err, store.ErrPartTaken) {
			return "", err
		}
	}
	return d.hand(ctx, sub)
}

// sealedToAll compares the stanzas of a part with the keys of the set.
func (d *Desk) sealedToAll(set ledger.TrusteeSet, p ledger.Part) error {
	if d.with.open(p.Hash) == nil {
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
		if err = seal.CheckPart(io.LimitReader(d.with.open(p.Hash), headerMost), seal.Kind(p.Kind), to, p.Size); err == nil {
			return nil
		}
	}
	return err
}
