package casework

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault"
)

// Erasable counts the parts that tombstones erase and that are still on the disk: of a case, or of all where c is
// nil.
func (v *Trustee) Erasable(c *Case) (int, error) {
	due, err := v.dueParts(c)
	return len(due), err
}

// MayLeave refuses to release anything of a case while parts of it that tombstones erase are still on the disk, since
// the release could contain them.
func (v *Trustee) MayLeave(c *Case) error {
	left, err := v.Erasable(c)
	if err != nil || left == 0 {
		return err
	}
	what := "1 part was"
	if left > 1 {
		what = fmt.Sprintf("%d parts were", left)
	}
	return exit.Advise(exit.Failed, exit.PurgeCase.With(c.ID),
		"%s erased of %s by tombstones, and still on this disk", what, c.ID)
}

// duePart is a part to be removed, and where it is.
type duePart struct {
	hash   ledger.Hash
	by     uint64 // the tombstone's caseIndexEntry
	copies []ledgercopy.Held
	own    string // its file among the owner's exhibits; empty where there is none
}

func (p duePart) erase() error {
	for _, held := range p.copies {
		if err := held.Erase(); err != nil {
			return err
		}
	}
	if p.own == "" {
		return nil
	}
	return atomicfile.Erase(p.own)
}

func (v *Trustee) dueParts(c *Case) ([]duePart, error) {
	erased := v.Copy().Erased()
	if c != nil {
		erased = v.erasedOf(c)
	}
	held, err := v.Copy().Holding(slices.Collect(maps.Keys(erased)))
	if err != nil {
		return nil, err
	}
	var list []duePart
	for part, by := range erased {
		p := duePart{hash: part, by: by, copies: held[part]}
		if name := filepath.Join(v.Dir(), collectedDir, part.String()); exists(name) {
			p.own = name
		}
		if len(p.copies) > 0 || p.own != "" {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b duePart) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	return list, nil
}

// erasedOf returns the parts of a case that tombstones name, and the tombstone of each.
func (v *Trustee) erasedOf(c *Case) map[ledger.Hash]uint64 {
	list := make(map[ledger.Hash]uint64)
	note := func(part ledger.Hash) {
		if by, gone := v.Copy().ErasedBy(part); gone {
			list[part] = by
		}
	}
	for _, s := range c.subs {
		for _, p := range s.Body.Parts {
			note(p.Hash)
		}
	}
	for _, s := range c.reviews {
		note(ledger.Sum(s.SignedBody.Marshal()))
	}
	return list
}

// Purge removes the files of erased parts from the disk: of one case, or of all where c is nil. It returns how many
// parts there were. It also removes what the owner stores about erased content: lines of caches, signed contents,
// private notes. It records each removal first.
func (v *Trustee) Purge(c *Case) (int, error) {
	if err := v.NeedKey(); err != nil {
		return 0, err
	}
	due, err := v.dueParts(c)
	if err != nil {
		return 0, err
	}
	for n, p := range due {
		record := custody.Record{By: v.By(), Act: custody.Destroyed, In: p.hash.String(), Subject: fmt.Sprintf("a part, by the tombstone of entry %d", p.by)}
		if c != nil {
			record.Case = c.ID
		}
		if _, err := v.Custody.Record(record); err != nil {
			return n, err
		}
		if err := p.erase(); err != nil {
			return n, err
		}
	}
	return len(due), v.forget()
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// forget drops what the vault stores about erased statements, and the private notes on cases of which no statement is
// left.
func (v *Trustee) forget() error {
	if err := v.forgetHanded(); err != nil {
		return err
	}
	known, _, err := v.readIndex()
	if err != nil {
		return err
	}
	left := make(map[ledger.Hash]bool) // cases, by their first report
	erased := make(map[ledger.Hash]bool)
	for _, s := range v.Copy().Submissions() {
		g, have := known[s.Hash]
		if !have {
			continue
		}
		p, _ := ledgercopy.PartOf(s.Body, ledger.PartStatement)
		if _, gone := v.Copy().ErasedBy(p.Hash); gone {
			delete(known, s.Hash)
			erased[g.First] = true
		} else {
			left[g.First] = true
		}
	}
	if err := v.forgetContents(); err != nil || len(erased) == 0 {
		return err
	}
	err = v.eachNote(func(name string, r review.Review) error {
		if !erased[r.Case] || left[r.Case] {
			return nil
		}
		record := custody.Record{By: v.By(), Act: custody.Destroyed, Case: r.CaseID(), Subject: "a private note on a case that was erased"}
		if _, err := v.Custody.Record(record); err != nil {
			return err
		}
		return atomicfile.Erase(filepath.Join(v.Dir(), name))
	})
	if err != nil {
		return err
	}
	gone := make(map[string]bool)
	for first := range erased {
		gone[casefile.CaseID(first)] = !left[first]
	}
	for _, cache := range []vault.Cache{casesCache, casesCache.More(), caseIndex.More(), wordsCache, picturesCache} {
		if err := v.forgetCache(cache); err != nil {
			return err
		}
	}
	if err := v.forgetEvents(func(id string) bool { return gone[id] }); err != nil {
		return err
	}
	return v.writeIndex(known)
}

// forgetContents drops the content of the owner's statements that a tombstone erased from the ledger. The statement stays:
// its number must not be used twice.
func (v *Trustee) forgetContents() error {
	own, err := v.SignedStatements()
	if err != nil {
		return err
	}
	for _, signed := range own {
		if _, erased := v.Copy().ErasedBy(ledger.Sum(signed.Marshal())); !erased || signed.Content == nil {
			continue
		}
		if err := v.WriteSealed(filepath.Join(vault.SignedDir, vault.NumberName(signed.Statement.Number)), signed.Statement.Marshal()); err != nil {
			return err
		}
	}
	return nil
}
