package casework

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/vault"
)

// casesCache is the paged cache of cases as Sort gave them: a line for each case, by its id, one for each entry of a case, by
// its number, and one for each case of a list, in the list's order: zapis/cases/v2. It holds for one state of the vault, which
// its line about names, and is then enough for what concerns one case, and for a list. After any other change of the vault Sort
// is asked again.
var casesCache = vault.Cache{File: "cases", Header: "zapis/cases/v2 "}

// caseLine is a case in the cache.
type caseLine struct {
	Subs     []subLine         `json:"subs"`
	Reviews  []reviewLine      `json:"reviews,omitempty"`
	Holds    []casefile.Hold   `json:"holds,omitempty"`
	Duty     []casefile.OnDuty `json:"duty,omitempty"`
	SamePage string            `json:"same_page,omitempty"` // a case's id
}

// subLine is a submission of a case. Its body is in the vault's copy of the ledger.
type subLine struct {
	Index *uint64        `json:"index,omitempty"` // of its entry; nil while it waits
	Entry caseIndexEntry `json:"entry"`
	By    string         `json:"by,omitempty"` // the card of the signer of an exhibit
}

// reviewLine says where a statement about a case is.
type reviewLine struct {
	Index uint64 `json:"index,omitempty"` // of its entry; 0 where it has none
	Own   uint64 `json:"own,omitempty"`   // its number among the owner's
}

// aboutCases is what the line about of the cache says.
type aboutCases struct {
	State  ledger.Hash `json:"state"` // of the vault
	Cases  int         `json:"cases"`
	Closed int         `json:"closed,omitempty"`
	Erased int         `json:"erased,omitempty"`
}

// state returns a hash over all that the result of Sort depends on, apart from the caches: the copy of the ledger, the owner's
// statements, and what other trustees have granted and handed on.
func (v *Trustee) state() (ledger.Hash, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%x\n", caseIndex.Header, v.Key().Card.Fingerprint(), sha256.Sum256(v.Copy().Newest()))
	for _, w := range v.Copy().Waiting() {
		fmt.Fprintf(sum, "waiting %s\n", w.Hash)
	}
	for _, dir := range []string{vault.SignedDir, grantsDir, resealedDir} {
		names, err := v.Names(dir)
		if err != nil {
			return ledger.Hash{}, err
		}
		fmt.Fprintf(sum, "%s %q\n", dir, names)
	}
	return ledger.Hash(sum.Sum(nil)), nil
}

// SortFor is Sort for what concerns one case, by the beginning of its id or the number of one of its entries. Where the vault is
// as it was when its cases were sorted last, List holds that case alone, and the others stay unread.
func (v *Trustee) SortFor(ctx context.Context, id string, progress func(done, of int)) (*Cases, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	state, err := v.state()
	if err != nil {
		return nil, err
	}
	if id != "" {
		if cases := v.lookUp(state, id); cases != nil {
			return cases, nil
		}
	}
	return v.sortAndKeep(ctx, progress)
}

// writeCases writes the cache, unless there is something to say about the cases that it does not hold.
func (v *Trustee) writeCases(cases *Cases) error {
	if len(cases.Problems)+len(cases.Apart)+len(cases.Sealed) > 0 {
		return nil
	}
	state, err := v.state()
	if err != nil {
		return err
	}
	about, err := json.Marshal(aboutCases{state, len(cases.List), cases.Closed, cases.Erased})
	if err != nil {
		return err
	}
	lines := make([]vault.Line, 0, 3*len(cases.List))
	for i, c := range cases.List {
		one, ok := lineOf(c)
		if !ok {
			return nil
		}
		text, err := json.Marshal(one)
		if err != nil {
			return err
		}
		lines = append(lines, vault.Line{Key: c.ID, Text: text})
		row, err := listLine(i, c)
		if err != nil {
			return err
		}
		lines = append(lines, row)
		for _, s := range c.subs {
			if !s.Waiting {
				lines = append(lines, vault.Line{Key: entryKey(s.Index), Text: []byte(c.ID)})
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b vault.Line) int { return cmp.Compare(a.Key, b.Key) })
	return vault.WritePages(v.Vault, casesCache, string(about), lines)
}

// entryKey is the key of an entry's line. Ids begin with c.
func entryKey(index uint64) string { return fmt.Sprintf("e%013d", index) }

// lineOf returns the case's line; false where it holds a statement of another trustee that waits for its slot.
func lineOf(c *Case) (caseLine, bool) {
	one := caseLine{Holds: c.holds, Duty: c.duty}
	if c.samePage != nil {
		one.SamePage = c.samePage.ID
	}
	for _, s := range c.subs {
		sub := subLine{Entry: *s.entry}
		if !s.Waiting {
			sub.Index = &s.Index
		}
		if s.by != nil {
			sub.By = string(s.by.Marshal())
		}
		one.Subs = append(one.Subs, sub)
	}
	for _, s := range c.reviews {
		switch {
		case s.Index != nil:
			one.Reviews = append(one.Reviews, reviewLine{Index: *s.Index})
		case s.Where == vault.NotInLedger:
			one.Reviews = append(one.Reviews, reviewLine{Own: s.Statement.Number})
		default:
			return caseLine{}, false
		}
	}
	return one, true
}

// openCases opens the cache; nil where it does not hold for this state of the vault, or wrong shares are to be told. The caller
// closes it.
func (v *Trustee) openCases(state ledger.Hash) (*vault.Pages, aboutCases) {
	var about aboutCases
	if v.misdealt {
		return nil, about
	}
	pages := vault.OpenPages(v.Vault, casesCache)
	if pages != nil && (json.Unmarshal([]byte(pages.About), &about) != nil || about.State != state) {
		pages.Close()
		return nil, aboutCases{}
	}
	return pages, about
}

// lookUp returns what the cache holds about an id; nil where the cache does not hold, or does not have it.
func (v *Trustee) lookUp(state ledger.Hash, id string) *Cases {
	pages, about := v.openCases(state)
	if pages == nil {
		return nil
	}
	defer pages.Close()
	prefix := strings.ToLower(id)
	if index, err := strconv.ParseUint(id, 10, 64); err == nil {
		lines, ok := pages.Find(entryKey(index), 1)
		if !ok || len(lines) == 0 {
			return nil
		}
		prefix = string(lines[0].Text)
	}
	lines, ok := pages.Find(prefix, 2)
	if !ok || len(lines) == 0 || len(lines) == 2 && lines[0].Key != prefix || !strings.HasPrefix(prefix, "c") {
		return nil // of several, Sort names all
	}
	c := v.caseOf(lines[0])
	if c == nil || c.samePage != nil && !v.twin(pages, c) {
		return nil
	}
	return &Cases{List: []*Case{c}, Closed: about.Closed, Erased: about.Erased}
}

// twin reads the other case that was sent from the same page of the form; false where that fails.
func (v *Trustee) twin(pages *vault.Pages, c *Case) bool {
	lines, ok := pages.Find(c.samePage.ID, 1)
	if !ok || len(lines) == 0 {
		return false
	}
	c.samePage = v.caseOf(lines[0])
	return c.samePage != nil
}

// caseOf reads a line of the cache; nil where it does not fit the vault.
func (v *Trustee) caseOf(line vault.Line) *Case {
	var one caseLine
	if json.Unmarshal(line.Text, &one) != nil || len(one.Subs) == 0 {
		return nil
	}
	c := &Case{ID: line.Key, holds: one.Holds, duty: one.Duty}
	if one.SamePage != "" {
		c.samePage = &Case{ID: one.SamePage}
	}
	for _, s := range one.Subs {
		of, known := v.Copy().SubmissionAt(s.Entry.Body, s.Index)
		if !known {
			return nil
		}
		placed := placedSubmission{Submission: of, entry: &s.Entry}
		if s.By != "" {
			by, err := card.Parse([]byte(s.By))
			if err != nil {
				return nil
			}
			placed.by = &by
		}
		c.subs = append(c.subs, placed)
	}
	for _, r := range one.Reviews {
		s, err := v.statementAt(r)
		if err != nil {
			return nil
		}
		c.reviews = append(c.reviews, s)
	}
	return c
}

func (v *Trustee) statementAt(r reviewLine) (vault.PlacedStatement, error) {
	if r.Own > 0 {
		return v.OwnStatement(r.Own)
	}
	return v.StatementAt(r.Index)
}
