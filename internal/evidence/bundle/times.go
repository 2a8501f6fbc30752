package bundle

import (
	"fmt"

	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/internal/exit"
)

// Anchor is an anchor entry of the ledger: outside evidence of a checkpoint.
type Anchor struct {
	Public
	Checkpoint []byte   // that it is about, as stored
	Receipts   [][]byte // under that checkpoint, of the case's entries that it covers
}

const (
	anchorsFolder = "data/ledger/anchors/"
	stampPath     = "signatures/tagmanifest-sha256.txt.tsr"
)

func anchorTokenPath(index uint64) string { return fmt.Sprintf("%s%d.tsr", anchorsFolder, index) }

func anchorCheckpointPath(index uint64) string {
	return fmt.Sprintf("%s%d.checkpoint", anchorsFolder, index)
}

// anchorReceiptPath returns the path of the proof that an entry is in the
// checkpoint of an anchor.
func anchorReceiptPath(index, entry uint64) string {
	return fmt.Sprintf("%s%d.entry-%d", anchorsFolder, index, entry)
}

func anchorChainPath(index uint64) string { return fmt.Sprintf("trust/anchor-%d.pem", index) }

// An anchored is an anchor entry with its content.
type anchored struct {
	index uint64
	ledger.Anchor
}

// addAnchors adds the outside evidence of time, each with its files.
func (d *drafted) addAnchors(in *Input) error {
	for _, given := range in.Anchors {
		e, err := ledger.ParseEntry(given.Entry)
		if err != nil {
			return exit.New(exit.Mismatch, "", "%w", err)
		}
		a, err := ledger.ParseAnchor(given.Body)
		if err != nil {
			return exit.New(exit.Mismatch, "", "entry %d: %w", e.Index, err)
		}
		d.addPublic(e.Index, given.Public)
		d.bag.add(anchorCheckpointPath(e.Index), given.Checkpoint)
		for _, r := range given.Receipts {
			_, _, entry, _, err := ledger.SplitReceipt(r)
			if err != nil {
				return exit.New(exit.Mismatch, "", "anchor %d: %w", e.Index, err)
			}
			d.bag.add(anchorReceiptPath(e.Index, entry), r)
		}
		if a.Witness != "" {
			continue
		}
		chain, _, err := timestamp.CertificatesPEM(a)
		if err != nil {
			return exit.New(exit.Mismatch, "leave it out", "entry %d: %w", e.Index, err)
		}
		d.bag.add(anchorTokenPath(e.Index), a.Response)
		d.bag.add(anchorChainPath(e.Index), chain)
	}
	return nil
}

// AnchorWarnings returns which anchors of a bundle contradict each other, in
// sentences without full stop. It verifies none of them.
func AnchorWarnings(in Input) []string {
	var held []timestamp.Held
	for _, a := range in.Anchors {
		if e, err := ledger.ParseEntry(a.Entry); err == nil {
			held = append(held, timestamp.Held{Index: e.Index, Body: a.Body, Checkpoint: a.Checkpoint})
		}
	}
	return timestamp.Warnings(held, 0)
}

func (d *drafted) addPublic(index uint64, p Public) {
	d.bag.add(entryPath(index), p.Entry)
	d.bag.add(bodyPath(index), p.Body)
	d.bag.add(publicReceiptPath(index), p.Receipt)
}
