package duty

import (
	"context"
	"errors"
	"slices"

	"zapis/crypto/ledger"
)

// batch is a verified batch.
type batch struct {
	ledger.SignalBatch
	key   []byte // sealed
	parts [][]byte
}

var errForged = errors.New("not this ledger's")

// trust fetches the genesis, which has the log's first keys, and compares it with the ledger card.
func (w *Watch) trust(ctx context.Context, t *Tick) error {
	if w.log != nil {
		return nil
	}
	text := w.state.Genesis
	if text == nil {
		var err error
		if text, err = w.client.get(ctx, "/genesis"); err != nil {
			return err
		}
	}
	g, err := ledger.ParseGenesis(text)
	if err != nil || g.Card() != w.o.Ledger {
		t.trouble(Forged, "the server's ledger is not the one of the card: compare the address and the card with the trustees")
		return errForged
	}
	w.genesis, w.state.Genesis = g, text
	if len(w.state.LogKeys) == 0 {
		w.state.LogKeys = []ledger.LogKeys{g.Log}
	}
	return w.verifiers()
}

func (w *Watch) verifiers() error {
	w.log = nil
	for _, k := range w.state.LogKeys {
		v, err := ledger.NewVerifier(k[:]...)
		if err != nil {
			return err
		}
		w.log = append(w.log, v)
	}
	return nil
}

// open verifies a batch with the keys that the log has had since those with the number oldest, and gives the number of those
// that signed it. The error is the newest keys'.
func (w *Watch) open(file []byte, oldest int) (b batch, by int, err error) {
	var first error
	for i := len(w.log) - 1; i >= oldest; i-- {
		if b.SignalBatch, b.key, b.parts, err = w.log[i].OpenSignals(file); err == nil {
			return b, i, nil
		}
		if first == nil {
			first = err
		}
	}
	return b, 0, first
}

// openOlder verifies a batch that was made before the newest, which may be signed by keys that were replaced.
func (w *Watch) openOlder(file []byte) (batch, error) {
	b, _, err := w.open(file, 0)
	return b, err
}

// openNewest verifies the newest batch. After one by new keys, none by older ones counts as the newest: they may be stolen.
func (w *Watch) openNewest(ctx context.Context, file []byte, t *Tick) (batch, error) {
	b, by, err := w.open(file, w.state.Signed)
	if err != nil {
		var grown bool
		if grown, err = w.follow(ctx, err, t); grown {
			b, by, err = w.open(file, w.state.Signed)
		}
		if err != nil && len(t.Trouble) == 0 {
			t.trouble(Forged, "what the server gave is no batch that the log signed: %v", err)
		}
	}
	if err == nil {
		w.state.Signed = by
	}
	return b, err
}

// follow asks the server how the log's keys were changed, and reports whether newer ones are known now. was is the error that it
// gives back where there are none.
func (w *Watch) follow(ctx context.Context, was error, t *Tick) (grown bool, err error) {
	history, err := w.client.get(ctx, "/signals/keys")
	if errors.Is(err, errNotThere) {
		return false, was
	}
	if err != nil {
		return false, err
	}
	keys, err := ledger.FollowKeys(w.genesis.Origin, w.state.LogKeys, history, w.o.KeyChange)
	switch known := len(w.state.LogKeys); {
	case errors.Is(err, ledger.ErrLostKey):
		t.trouble(LogKeys, "%v. Nothing is read until a trustee has given you the file of that change, as the trustees approved it: start again with --key-change FILE", err)
		return false, err
	case err != nil:
		t.trouble(Forged, "the server gives changes of the log's keys that the log did not sign: %v", err)
		return false, err
	case len(keys) <= known || !slices.Equal(keys[:known], w.state.LogKeys):
		return false, was
	}
	w.state.LogKeys = keys
	return true, w.verifiers()
}
