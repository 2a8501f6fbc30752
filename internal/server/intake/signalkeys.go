package intake

import (
	"context"
	"sync"

	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/store"
)

// SignalKeys gives the recipient of the parts of signals, by the index of the set. Parsing it costs, so that it is kept. It may
// be used by any number of goroutines.
type SignalKeys struct {
	store *store.Store

	mu sync.Mutex // guards of
	of map[uint64]*seal.Recipients
}

// NewSignalKeys gives those of a ledger.
func NewSignalKeys(s *store.Store) *SignalKeys {
	return &SignalKeys{store: s, of: make(map[uint64]*seal.Recipients)}
}

// Of gives the recipient for the set that the entry at index names, which must have duty cards. The first call for a set makes
// its key.
func (k *SignalKeys) Of(ctx context.Context, index uint64) (*seal.Recipients, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r := k.of[index]; r != nil {
		return r, nil
	}
	set, err := k.store.SetAt(index)
	if err != nil {
		return nil, err
	}
	key, err := k.store.KeepSignalKey(ctx, index, func() (store.SignalKey, error) { return newSignalKey(set) })
	if err != nil {
		return nil, err
	}
	r, err := seal.NewRecipients(1, key.Recipient)
	if err == nil {
		k.of[index] = r
	}
	return r, err
}

// For gives the recipients of a batch's parts: the set's key, or its duty cards for what an earlier program sealed to them.
func (k *SignalKeys) For(ctx context.Context, of store.BatchOf) (*seal.Recipients, error) {
	if !of.Cards {
		return k.Of(ctx, of.Set)
	}
	set, err := k.store.SetAt(of.Set)
	if err != nil {
		return nil, err
	}
	return signalCards(set)
}

func signalCards(set ledger.TrusteeSet) (*seal.Recipients, error) {
	var keys []string
	for _, c := range set.SignalCards() {
		keys = append(keys, c.Age)
	}
	return seal.NewRecipients(1, keys...)
}

func newSignalKey(set ledger.TrusteeSet) (k store.SignalKey, err error) {
	cards, err := signalCards(set)
	if err == nil {
		k.Recipient, k.Sealed, err = duty.NewKey(cards)
	}
	return k, err
}
