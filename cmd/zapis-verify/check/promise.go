package check

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// checkPromise verifies a promise and, with the ledger's public tiles, finds the entry that keeps it. It makes no
// request, so the operator does not learn which entry it is.
func checkPromise(text []byte, known *Known, tiles fs.FS) (Verdict, error) {
	origin := ""
	if lines := strings.SplitN(string(text), "\n", 3); len(lines) == 3 {
		origin = lines[1]
	}
	if err := card.CheckOrigin(origin); err != nil {
		return promised(notGenuine, refused(canonical.Refuse("promise: line 2: %w", err))), nil
	}
	k, c, err := known.keysOf(origin)
	if err != nil {
		return Verdict{}, err
	}
	p, err := k.OpenPromise(text)
	if err != nil {
		return refusedPromise(err), nil
	}
	slot := p.Slot.Format(time.RFC3339)
	proved := []string{
		ownerOf(origin, c),
		fmt.Sprintf("The log promised, with both of its signatures, that the body %s will be in its ledger at %s.", p.Body, slot),
	}
	notProved := []string{"What was reported: the body holds hashes of sealed parts, and no words."}
	if tiles == nil {
		if p := known.options.Policy; p != nil && !p.Satisfied(nil) {
			return refused(canonical.Refuse("the witness policy is not met: no checkpoint comes with a promise that a witness could have cosigned. Give a copy of the ledger's tiles, with its checkpoint (--tiles)")), nil
		}
		return promised(genuine, accepted(c, proved, append(notProved,
			"That the promise was kept: the ledger's public tiles show whether it was. Ask its operator for a copy, or fetch one with zapisd mirror, and give the folder (--tiles)."))), nil
	}
	if err := known.verifySeen(origin, k); err != nil {
		return refused(err), nil
	}
	found := finding{}
	var previous ledger.Hash
	s, err := readTiles(tiles, k, c, known.sizes(origin), func(index uint64, leaf ledger.Hash) {
		if !found.ok && ledger.PromiseFits(p.Origin, index, previous, p.Text, leaf) {
			found.index, found.ok = index, true
		}
		previous = leaf
	})
	if errors.Is(err, ledger.ErrMismatch) {
		return refused(err), nil
	}
	if err != nil {
		return Verdict{}, err
	}
	found.checkpoint = s.checkpoint
	// The tiles' checkpoint may be by newer keys: these end the period of those that signed the promise.
	if _, err := k.OpenPromise(text); err != nil {
		return refusedPromise(err), nil
	}
	agreed, err := known.agree(s)
	if err != nil {
		return refused(err), nil
	}
	met, err := known.required(s.note, k)
	if err != nil {
		return refused(err), nil
	}
	proved = append(append(proved, agreed...), met...)
	outcome := kept
	switch cp := found.checkpoint; {
	case found.ok:
		proved = append(proved, fmt.Sprintf("The promise was kept: entry %d of the %d in the tiles is this body, at its place. Both of the log's signatures are on the checkpoint, for %s by the log's clock.",
			found.index, cp.Size, cp.Time.Format(time.RFC3339)))
	case cp.Time.Before(p.Slot):
		outcome = notDue
		notProved = append(notProved, fmt.Sprintf("That the promise was kept: it is not yet due. The slot is %s, and the checkpoint in the tiles is of %s.",
			slot, cp.Time.Format(time.RFC3339)))
	default:
		return promised(broken, refused(canonical.Refuse("the log cheated: it promised the body %s for %s, and none of the %d entries of its checkpoint of %s is that body. Keep the promise and these tiles: together they prove it",
			p.Body, slot, cp.Size, cp.Time.Format(time.RFC3339)))), nil
	}
	return promised(outcome, accepted(c, proved, notProved)), nil
}

// What a promise is found to be, for programs: Report.Promise.
const (
	genuine    = "genuine"     // the log signed it; whether it was kept was not asked
	kept       = "kept"        // its body is an entry
	notDue     = "not-due"     // its slot is later than the tiles
	broken     = "broken"      // its slot has passed, and its body is no entry: proof against the log
	retiredKey = "retired-key" // signed by keys that were replaced before its slot
	notGenuine = "not-genuine" // the log did not sign it
)

func promised(outcome string, v Verdict) Verdict {
	v.Report.Promise = outcome
	return v
}

func refusedPromise(err error) Verdict {
	if errors.Is(err, ledger.ErrRetiredKey) {
		return promised(retiredKey, refused(err))
	}
	return promised(notGenuine, refused(err))
}

// A finding is where a body stands in a ledger of this checkpoint.
type finding struct {
	checkpoint ledger.Checkpoint
	index      uint64
	ok         bool
}
