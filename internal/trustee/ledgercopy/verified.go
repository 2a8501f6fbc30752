package ledgercopy

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"zapis/crypto/ledger"
)

// Verified is what Load has found out about imports, and is stored so that it need not be found out again: the state of the
// chain, and the SHA-256 of each import's entries. Each byte of the entries is still read and hashed when a copy is loaded,
// and the newest checkpoint, the bodies that govern, and what waits are still verified. Its holder says who may have written
// it (vault).
type Verified struct {
	Chain   ledger.State           `json:"chain"`
	Imports []VerifiedImport       `json:"imports"`
	Waiting []ledger.Hash          `json:"waiting"` // body hashes of the submissions without an entry, ascending
	Erased  map[ledger.Hash]uint64 `json:"erased"`  // part -> the tombstone that names it
}

// VerifiedImport is an import whose entries were verified.
type VerifiedImport struct {
	From    uint64      `json:"from"`
	Size    uint64      `json:"size"`
	Entries ledger.Hash `json:"entries"` // SHA-256 of the file
}

// Verified returns what there is to store about the copy.
func (c *Copy) Verified() Verified {
	out := Verified{Chain: c.chain.State(), Erased: c.erased}
	for _, p := range c.imports {
		out.Imports = append(out.Imports, VerifiedImport{p.from, p.size, p.entries})
	}
	for _, w := range c.waiting {
		out.Waiting = append(out.Waiting, w.Hash)
	}
	return out
}

// Trusts returns how many imports of the copy were taken for verified by the hash of their entries, and how many it has.
func (c *Copy) Trusts() (trusted, imports int) { return c.trusted, len(c.imports) }

// errStale means that imports are not those that were verified. What differs is for a full Load to say.
var errStale = errors.New("the imports are not those that were verified")

// loadVerified is Load where the first of the folders are known by v.
func loadVerified(dir string, folders []os.DirEntry, v Verified) (*Copy, error) {
	if len(v.Imports) == 0 || len(v.Imports) > len(folders) {
		return nil, errStale
	}
	c := newCopy()
	for i, known := range v.Imports {
		if folders[i].Name() != importName(i+1) {
			return nil, errStale
		}
		if err := c.readVerified(filepath.Join(dir, importName(i+1)), known); err != nil {
			return nil, err
		}
	}
	if uint64(len(c.texts)) != v.Chain.Size {
		return nil, errStale
	}
	chain, err := ledger.ResumeChain(v.Chain)
	if err != nil {
		return nil, err
	}
	c.chain, c.trusted = chain, len(v.Imports)
	for part, by := range v.Erased {
		c.erased[part] = by
	}
	if err := c.verifyKnown(v.Waiting); err != nil {
		return nil, err
	}
	return c, nil
}

// readVerified reads an import whose entries have a known hash.
func (c *Copy) readVerified(dir string, known VerifiedImport) error {
	p, err := readRange(dir)
	if err != nil {
		return err
	}
	if p.from != known.From || p.size != known.Size || p.from != uint64(len(c.texts)) {
		return errStale
	}
	if p.segments, err = findSegments(dir); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, entriesFile))
	if err != nil {
		return err
	}
	if p.entries = sha256.Sum256(text); p.entries != known.Entries {
		return errStale
	}
	c.texts = slices.Grow(c.texts, int(min(p.size-p.from, uint64(len(text)))))
	for entry := range splitEntries(text) {
		kind := kindOf(entry)
		if !kind.Valid() { // a newer program knew it: a full Load says so
			return errStale
		}
		c.addText(entry, kind)
	}
	if uint64(len(c.texts)) != p.size {
		return errStale
	}
	c.imports = append(c.imports, p)
	return c.listCheckpoints(dir, func(uint64) error { return nil })
}

// verifyKnown verifies what the hashes of the entries do not cover: the bodies that govern, and the submissions that wait.
func (c *Copy) verifyKnown(waiting []ledger.Hash) error {
	for _, i := range c.bare {
		if !kindOf(c.texts[i]).Governs() {
			continue
		}
		p := c.Entry(i).Body.Parts[0]
		body, err := c.ReadEntryPart(i, p.Hash)
		if err != nil {
			return err
		}
		if ledger.Sum(body) != p.Hash {
			return errStale
		}
	}
	for _, hash := range waiting {
		if err := c.readKnownWaiting(hash); err != nil {
			return err
		}
	}
	return nil
}

// readKnownWaiting reads a submission that waits, from the first import that brought it.
func (c *Copy) readKnownWaiting(hash ledger.Hash) error {
	for _, p := range c.imports {
		err := c.readWaitingFile(p.dir, hash.String())
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return errStale
}

// kindOf returns the kind that a canonical entry names.
func kindOf(entry []byte) ledger.Kind {
	const line = "\nkind "
	_, rest, _ := bytes.Cut(entry, []byte(line))
	kind, _, _ := bytes.Cut(rest, []byte("\n"))
	return ledger.Kind(kind)
}

// bodyText returns the body of a canonical entry: its lines from the kind on.
func bodyText(entry []byte) []byte { return entry[bytes.Index(entry, []byte("\nkind "))+1:] }
