package check

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// checkReceipt verifies that an entry is in the ledger.
func checkReceipt(text []byte, known *Known, tiles fs.FS) (Verdict, error) {
	entry, _, _, _, err := ledger.SplitReceipt(text)
	if err != nil {
		return refused(err), nil
	}
	e, err := ledger.ParseEntry(entry)
	if err != nil {
		return refused(err), nil
	}
	k, c, err := known.keysOf(e.Origin)
	if err != nil {
		return Verdict{}, err
	}
	r, err := k.OpenReceipt(text)
	if err != nil {
		return refused(err), nil
	}
	proved := []string{
		ownerOf(e.Origin, c),
		fmt.Sprintf("Entry %d, of the kind %s, is in that ledger: its hash leads to the root of a checkpoint of %d entries.",
			e.Index, e.Body.Kind, r.Checkpoint.Size),
		fmt.Sprintf("That checkpoint has both of the log's signatures, Ed25519 and ML-DSA-44, for %s by the log's clock.",
			r.Checkpoint.Time.Format(time.RFC3339)),
	}
	if e.Body.Kind.HasParts() {
		proved = append(proved, fmt.Sprintf("The entry commits to its parts and answers: body %s, commitments %s.", e.Body.Hash(), e.Body.Commitments))
	}
	met, err := known.required(r.Note, k)
	if err != nil {
		return refused(err), nil
	}
	proved = append(proved, met...)
	agreed, open, err := known.compared(r.Checkpoint, k, c, tiles)
	if errors.Is(err, ledger.ErrMismatch) {
		return refused(err), nil
	}
	if err != nil {
		return Verdict{}, err
	}
	return accepted(c, append(proved, agreed...), append([]string{
		"What the entry says: it holds hashes of sealed parts, and no words.",
		"That the ledger showed everybody the same entries: for that, compare checkpoints or ask witnesses.",
	}, open...)), nil
}

func ownerOf(origin string, c *card.LedgerCard) string {
	if c == nil {
		return fmt.Sprintf("The log of %s signed it, with the keys that you trust.", origin)
	}
	return fmt.Sprintf("This is the ledger that you trust: %s", c)
}
