package casework

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// casesCache is the paged cache of cases as Sort gave them: a line for each case, by its id, one for each entry of a case, by
// its number, or for each submission that waits, by its body's hash, one for each page of the form, and one
// for each case of a list, in the list's order: zapis/cases/v3. It holds for one state of the vault, which
// its line about names, and is then enough for what concerns one case, and for a list. After any other change of the vault Sort
// is asked again.
var casesCache = vault.Cache{File: "cases", Header: "zapis/cases/v3 "}

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
func (v *Trustee) state() (ledger.Hash, error) { return v.stateOf(v.Copy()) }

// stateOf is state with another copy of the ledger in the place of the vault's.
func (v *Trustee) stateOf(c *ledgercopy.Copy) (ledger.Hash, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%x\n", caseIndex.Header, v.Key().Card.Fingerprint(), sha256.Sum256(c.Newest()))
	for _, w := range c.Waiting() {
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
func (v *Trustee) writeCases(ctx context.Context, cases *Cases) error {
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
	type made struct {
		lines []vault.Line
		ok    bool
		err   error
	}
	of := make([]made, len(cases.List))
	v.onAllCores(ctx, len(of), func(i int, _ *ledgercopy.PartReader) { of[i].lines, of[i].ok, of[i].err = linesOf(cases.List[i]) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	lines := make([]vault.Line, 0, 4*len(of))
	for _, m := range of {
		if m.err != nil || !m.ok {
			return m.err
		}
		lines = append(lines, m.lines...)
	}
	slices.SortFunc(lines, func(a, b vault.Line) int { return strings.Compare(a.Key, b.Key) })
	v.kept(vault.WritePages(v.Vault, casesCache, string(about), lines))
	return nil
}

// linesOf returns all lines of a case; ok is false where it holds what the cache can't.
func linesOf(c *Case) (list []vault.Line, ok bool, err error) {
	one, ok := lineOf(c)
	if !ok {
		return nil, false, nil
	}
	text, err := json.Marshal(one)
	if err != nil {
		return nil, false, err
	}
	s := c.Summary()
	row, err := appendRow(nil, &s)
	if err != nil {
		return nil, false, err
	}
	list = []vault.Line{{Key: c.ID, Text: text}, {Key: listKey(c.place(), &s), Text: row}}
	for _, s := range c.subs {
		key := entryKey(s.Index)
		if s.Waiting {
			key = waitingKey(s.Hash)
		}
		list = append(list, vault.Line{Key: key, Text: []byte(c.ID)})
	}
	if first := c.subs[0].entry; first.Act == string(incident.ActReport) {
		list = append(list, vault.Line{Key: pageKey(first.Page), Text: []byte(c.ID)})
	}
	return list, true, nil
}

// The keys of the other lines. Ids begin with c, rows of a list with l.
func entryKey(index uint64) string       { return fmt.Sprintf("e%013d", index) }
func waitingKey(body ledger.Hash) string { return "w" + body.String() }
func pageKey(page string) string         { return "p" + page }

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

// keepingCases makes a change of the vault on which no case depends: where the cache of cases held before, it holds after.
func (v *Trustee) keepingCases(change func() error) error {
	state, err := v.state()
	if err != nil {
		return err
	}
	pages, about := v.openCases(state)
	if pages == nil {
		return change()
	}
	defer pages.Close()
	if err := change(); err != nil {
		return err
	}
	if about.State, err = v.state(); err != nil {
		return err
	}
	text, err := json.Marshal(about)
	if err != nil {
		return err
	}
	v.kept(pages.AddLines(v.Vault, casesCache, string(text), nil))
	return nil
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
	if json.Unmarshal(line.Text, &one) != nil {
		return nil
	}
	return v.caseFrom(line.Key, one)
}

// caseFrom returns the case of a line; nil where it does not fit the vault.
func (v *Trustee) caseFrom(id string, one caseLine) *Case {
	if len(one.Subs) == 0 {
		return nil
	}
	c := &Case{ID: id, holds: one.Holds, duty: one.Duty}
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
