package ledgercopy

import (
	"sync"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
)

// audience is the recipients of a part, and how many of them together open it.
type audience struct {
	cards      []card.Card
	recipients *seal.Recipients
}

// audiences caches the parsed keys of sets: there are few sets, and many parts. It is safe for concurrent use.
type audiences struct {
	mu    sync.Mutex
	known map[audienceKey][]audience
}

type audienceKey struct {
	set  uint64
	kind string
}

// of returns the audiences that a part of this kind may have under the set of entry index: one, except for
// attachments, which are sealed under the identity's quorum where the reporter said that they show who they are.
func (a *audiences) of(index uint64, s ledger.TrusteeSet, kind string) ([]audience, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := audienceKey{index, kind}
	if known, ok := a.known[key]; ok {
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
	var list []audience
	for _, k := range thresholds {
		r, err := seal.NewRecipients(k, keys...)
		if err != nil {
			return nil, err
		}
		list = append(list, audience{cards, r})
	}
	if a.known == nil {
		a.known = make(map[audienceKey][]audience)
	}
	a.known[key] = list
	return list, nil
}
