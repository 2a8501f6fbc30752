package bundle

import (
	"io"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

// Ledger holds the keys of a ledger, from a bundle or from a genesis alone:
// enough to verify its receipts, promises and checkpoints. Its Card identifies
// the ledger.
type Ledger struct {
	Card       card.LedgerCard
	governance *governance
}

// LedgerOf parses a genesis body (data/ledger/bodies/0.txt of any bundle).
func LedgerOf(genesis []byte) (*Ledger, error) {
	g, err := ledger.ParseGenesis(genesis)
	if err != nil {
		return nil, err
	}
	c, err := readGovernance([]governing{{0, g.Entry().Marshal(), genesis}})
	if err != nil {
		return nil, err
	}
	return &Ledger{c.Card, c}, nil
}

// ReadLedger reads a ledger's keys from a bundle, which must verify.
func ReadLedger(r io.ReaderAt, size int64) (*Ledger, error) {
	_, c, report, err := inspect(r, size, Options{First: true})
	if err != nil {
		return nil, err
	}
	if !report.OK {
		return nil, exit.New(exit.Mismatch, "", "the bundle does not verify: %s", report.Faults[0])
	}
	return &Ledger{c.Card, c}, nil
}

// OpenReceipt verifies a receipt with the keys that sign ledgers of its size.
func (l *Ledger) OpenReceipt(receipt []byte) (ledger.Receipt, error) {
	_, note, _, _, err := ledger.SplitReceipt(receipt)
	if err != nil {
		return ledger.Receipt{}, err
	}
	v, _, err := l.governance.openCheckpoint(note)
	if err != nil {
		return ledger.Receipt{}, err
	}
	return v.OpenReceipt(receipt)
}

// OpenCheckpoint verifies a checkpoint with the keys that sign ledgers of its size.
func (l *Ledger) OpenCheckpoint(note []byte) (ledger.Checkpoint, error) {
	_, c, err := l.governance.openCheckpoint(note)
	return c, err
}

// LogOf returns the verifier of the log's keys that sign ledgers of a checkpoint's size.
func (l *Ledger) LogOf(note []byte) (*ledger.Verifier, error) {
	v, _, err := l.governance.openCheckpoint(note)
	return v, err
}

// OpenPromise verifies a promise file with all keys of the log, each for its
// own period, as far as the checkpoints that were opened before determine it.
func (l *Ledger) OpenPromise(file []byte) (ledger.Promise, error) {
	return l.governance.openPromise(file)
}
