package ledgercopy

import (
	"sync"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
)

// audience is the recipients of a part, for each number of them that may be needed to open it, and the position of the import's key
// among them, from 1, or 0.
type audience struct {
	sets     []*seal.Recipients
	position int
}

// audiences caches the parsed keys of sets: there are few sets, and many parts. It is safe for concurrent use.
type audiences struct {
	mu    sync.Mutex
	known map[audienceKey]audience
}

type audienceKey struct {
	set  uint64
	kind string
}

// of returns the audience that a part of this kind has under the set of entry index, with one number, except for
// attachments, which are sealed under the identity's quorum where the reporter said that they show who they are. The key is the same
// in each call, or always nil.
func (a *audiences) of(index uint64, s ledger.TrusteeSet, kind string, key *Opener) (audience, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := audienceKey{index, kind}
	if known, ok := a.known[of]; ok {
		return known, nil
	}
	cards, thresholds := s.Trustees, []int{s.Quorum.Identity}
	switch kind {
	case ledger.PartSignal:
		cards, thresholds = s.SignalCards(), []int{1}
	case ledger.PartStatement:
		thresholds = []int{s.Quorum.Statement}
	case ledger.PartAttachment:
		if s.Quorum.Attachment != s.Quorum.Identity {
			thresholds = []int{s.Quorum.Attachment, s.Quorum.Identity}
		}
	}
	keys := make([]string, len(cards))
	for i, c := range cards {
		keys[i] = c.Age
	}
	var to audience
	if key != nil {
		to.position = Position(ledger.TrusteeSet{Trustees: cards}, key.Card)
	}
	for _, k := range thresholds {
		r, err := seal.NewRecipients(k, keys...)
		if err != nil {
			return audience{}, err
		}
		to.sets = append(to.sets, r)
	}
	if a.known == nil {
		a.known = make(map[audienceKey]audience)
	}
	a.known[of] = to
	return to, nil
}
