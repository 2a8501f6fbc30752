package bundle

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"zapis/crypto/ledger"
)

// ledger verifies the governing entries and the checkpoint, each with its
// proof.
func (x *examination) ledger() {
	var entries []governing
	for _, path := range x.bag.paths() {
		digits, ok := strings.CutPrefix(path, "data/ledger/bodies/")
		if !ok {
			continue
		}
		index, err := strconv.ParseUint(strings.TrimSuffix(digits, ".txt"), 10, 64)
		if err != nil || bodyPath(index) != path {
			x.fault("%s: is not named by the number of an entry", path)
			return
		}
		body, _ := x.text(path)
		entry, ok := x.text(entryPath(index))
		if !ok {
			return
		}
		g := governing{index, entry, body}
		e, err := ledger.ParseEntry(entry)
		switch {
		case err == nil && e.Body.Kind == ledger.KindCustody:
			x.heads = append(x.heads, g)
		case err == nil && e.Body.Kind == ledger.KindAnchor:
			x.anchors = append(x.anchors, g)
		default:
			entries = append(entries, g)
		}
	}
	slices.SortFunc(entries, func(a, b governing) int { return compare(a.Index, b.Index) })
	checkpoint, ok := x.text(checkpointPath)
	if !ok {
		return
	}
	c, err := readGovernance(entries)
	if err != nil {
		x.fault("data/ledger: %v", err)
		return
	}
	x.governance = c
	if x.log, x.checkpoint, err = c.openCheckpoint(checkpoint); err != nil {
		x.fault("%s: %v", checkpointPath, err)
		return
	}
	slices.SortFunc(x.heads, func(a, b governing) int { return compare(a.Index, b.Index) })
	slices.SortFunc(x.anchors, func(a, b governing) int { return compare(a.Index, b.Index) })
	for _, g := range slices.Concat(entries, x.heads, x.anchors) {
		x.receipt(publicReceiptPath(g.Index), g.Entry)
	}
	x.links()
	x.prove("The ledger %s begins with the entry that its card names; its keys and trustees are those of %s.",
		c.Card, governingList(entries))
	x.notProve("That no later entry changed the log's keys or the trustees: this bundle shows %s.", governingList(entries))
	x.governs = entries
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func governingList(entries []governing) string {
	var names []string
	for _, g := range entries {
		names = append(names, strconv.FormatUint(g.Index, 10))
	}
	if len(names) == 1 {
		return "entry " + names[0]
	}
	return "entries " + strings.Join(names, ", ")
}

// receipt verifies one proof against the entry and the checkpoint of the bundle.
func (x *examination) receipt(path string, entry []byte) {
	t, ok := x.text(path)
	if !ok || x.log == nil {
		return
	}
	var r ledger.Receipt
	var err error
	if checkpoint := x.bag.texts[checkpointPath]; bytes.HasSuffix(t, checkpoint) {
		r, err = x.log.OpenReceiptUnder(t, checkpoint, x.checkpoint)
	} else {
		r, err = x.log.OpenReceipt(t) // returns what is wrong with that other checkpoint
	}
	switch {
	case err != nil:
		x.fault("%s: %v", path, err)
	case !bytes.Equal(r.Text, entry):
		x.fault("%s: is about another entry than the one in the bundle", path)
	case !bytes.Equal(r.Note, x.bag.texts[checkpointPath]):
		x.fault("%s: ends in another checkpoint than the one in the bundle", path)
	}
}

// links compares neighbours: an entry contains the leaf hash of the one
// before.
func (x *examination) links() {
	leaf := make(map[uint64]ledger.Hash)
	var entries []ledger.Entry
	for _, path := range x.bag.paths() {
		if !strings.HasPrefix(path, "data/ledger/entries/") {
			continue
		}
		e, err := ledger.ParseEntry(x.bag.texts[path])
		if err != nil {
			x.fault("%s: %v", path, err)
			continue
		}
		if path != entryPath(e.Index) {
			x.fault("%s: says that it is entry %d", path, e.Index)
			continue
		}
		leaf[e.Index] = e.LeafHash()
		entries = append(entries, e)
	}
	for _, e := range entries {
		if h, there := leaf[e.Index-1]; e.Index > 0 && there && h != e.Previous {
			x.fault("%s: does not name entry %d as the one before it", entryPath(e.Index), e.Index-1)
		}
	}
}
