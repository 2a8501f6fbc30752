package casework

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zapis/crypto/ledger"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// SortNew is Sort for what an import has brought: List has at least the cases that it concerns. Where the cache of cases holds for
// the vault before the import, and the import brought reports and follow-ups alone, all of which open and fit, the other cases
// stay unread, and the cache gets a supplement. Otherwise all submissions are sorted.
func (v *Trustee) SortNew(ctx context.Context, done *Imported, progress func(done, of int)) (*Cases, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	cases, err := v.addNew(ctx, done, progress)
	if err != nil || cases != nil {
		return cases, err
	}
	return v.sortAndKeep(ctx, progress)
}

// adding is what an import changes in the cache of cases.
type adding struct {
	v        *Trustee
	pages    *vault.Pages
	about    aboutCases
	reviewed *reviewed
	onDuty   map[ledger.Hash][]casefile.OnDuty
	moved    map[ledger.Hash]uint64 // submissions that waited, by body hash: the entry that each has now
	cases    map[string]*Case       // that change, by id
	pageOf   map[string]bool        // pages of the form, of the new cases
	lines    []vault.Line
}

// addNew is SortNew where the cache is enough; nil where it is not.
func (v *Trustee) addNew(ctx context.Context, done *Imported, progress func(done, of int)) (*Cases, error) {
	state, err := v.stateOf(done.before)
	if err != nil {
		return nil, err
	}
	pages, about := v.openCases(state)
	if pages == nil {
		return nil, nil
	}
	defer pages.Close()
	a := &adding{v: v, pages: pages, about: about, cases: make(map[string]*Case), pageOf: make(map[string]bool)}
	brought, plain := a.brought(done)
	if !plain || pages.Full() {
		return nil, nil
	}
	if ok, err := a.readOthers(); !ok {
		return nil, err
	}
	fresh, ok, err := a.mine(brought)
	if !ok {
		return nil, err
	}
	opened, ok, err := v.openNew(ctx, fresh, progress)
	if !ok {
		return nil, err
	}
	if !a.place(fresh, opened) {
		return nil, nil
	}
	return a.keep()
}

// harmless are the kinds of entries on which no case depends, as Sort sorts them.
var harmless = []ledger.Kind{ledger.KindFiller, ledger.KindAnchor, ledger.KindCustody, ledger.KindReply}

// brought lists the submissions that are new, and finds those that waited and have an entry now. plain is false where there is
// something that could concern other cases, or a submission is there twice.
func (a *adding) brought(done *Imported) (list []ledgercopy.Submission, plain bool) {
	after := a.v.Copy()
	waited := make(map[ledger.Hash]bool)
	for _, w := range done.before.Waiting() {
		waited[w.Hash] = true
	}
	a.moved = make(map[ledger.Hash]uint64)
	seen := make(map[ledger.Hash]bool)
	for i := done.before.Size(); i < after.Size(); i++ {
		body := after.Entry(i).Body
		if slices.Contains(harmless, body.Kind) {
			continue
		}
		hash := body.Hash()
		if body.Kind != ledger.KindReport || seen[hash] || !waited[hash] && !done.fresh[hash] {
			return nil, false
		}
		if seen[hash] = true; waited[hash] {
			a.moved[hash] = i
			continue
		}
		list = append(list, ledgercopy.Submission{Index: i, Hash: hash, Body: body})
	}
	for _, w := range after.Waiting() {
		if waited[w.Hash] || slices.Contains(harmless, w.Body.Kind) {
			continue
		}
		s, known := after.SubmissionAt(w.Hash, nil)
		if !known || w.Body.Kind != ledger.KindReport {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// readOthers reads what trustees wrote and those on duty answered; false where something is wrong with it.
func (a *adding) readOthers() (ok bool, err error) {
	if a.reviewed, err = a.v.reviews(); err != nil {
		return false, err
	}
	var problems []error
	a.onDuty, problems, err = a.v.dutyAnswers()
	return err == nil && len(problems)+len(a.reviewed.problems) == 0, err
}

// mine returns the submissions that the key opens, and counts those that are sealed to others; ok is false where a quorum closes
// one.
func (a *adding) mine(list []ledgercopy.Submission) (fresh []ledgercopy.Submission, ok bool, err error) {
	for _, s := range list {
		switch may, closed, err := a.v.mayOpen(s); {
		case err != nil || closed != "":
			return nil, false, err
		case may:
			fresh = append(fresh, s)
		default:
			a.about.Closed++
		}
	}
	return fresh, true, nil
}

// openNew opens statements, and stores what the index has of those that open; ok is false where one does not open or not fit.
func (v *Trustee) openNew(ctx context.Context, fresh []ledgercopy.Submission, progress func(done, of int)) (entries []caseIndexEntry, ok bool, err error) {
	if len(fresh) == 0 {
		return nil, true, nil
	}
	if err := v.recordBatch(fresh); err != nil {
		return nil, false, err
	}
	opened, err := v.openStatements(ctx, fresh, func(n int) { progress(n, len(fresh)) })
	if err != nil {
		return nil, false, err
	}
	ok = true
	for _, o := range opened {
		if o.err == nil {
			entries = append(entries, o.entry)
		}
		ok = ok && o.err == nil && o.fits == nil
	}
	v.kept(v.addToIndex(entries))
	return entries, ok, nil
}

// place puts the new submissions into their cases; false where that is for Sort to decide.
func (a *adding) place(list []ledgercopy.Submission, entries []caseIndexEntry) bool {
	for hash, index := range a.moved {
		if !a.move(hash, index) {
			return false
		}
	}
	for i, s := range list { // within a slot a follow-up may stand before its report
		if g := &entries[i]; g.First == s.Hash && !a.begin(s, g) {
			return false
		}
	}
	for i, s := range list {
		if g := &entries[i]; g.First != s.Hash && !a.follow(s, g) {
			return false
		}
	}
	return true
}

// move takes the line of a submission away that waited and is an entry now.
func (a *adding) move(hash ledger.Hash, index uint64) bool {
	key := waitingKey(hash)
	lines, ok := a.pages.Find(key, 1)
	if !ok {
		return false
	}
	if len(lines) == 0 { // sealed to others, or there is something that the cache does not know
		s, known := a.v.Copy().SubmissionAt(hash, &index)
		may, closed, err := a.v.mayOpen(s)
		return known && err == nil && !may && closed == ""
	}
	a.lines = append(a.lines, vault.Line{Key: key})
	return a.known(string(lines[0].Text)) != nil
}

// begin makes a new case of a first report.
func (a *adding) begin(s ledgercopy.Submission, g *caseIndexEntry) bool {
	id, page := casefile.CaseID(s.Hash), pageKey(g.Page)
	for _, key := range []string{id, page} { // another case, or an older one from the same page
		if lines, ok := a.pages.Find(key, 1); !ok || len(lines) > 0 {
			return false
		}
	}
	if g.Act != string(incident.ActReport) || a.cases[id] != nil || a.pageOf[page] {
		return false
	}
	a.pageOf[page] = true
	a.cases[id] = &Case{ID: id, reviews: a.reviewed.of[s.Hash], duty: a.onDuty[s.Hash], subs: []placedSubmission{{s, g, nil}}}
	a.about.Cases++
	return true
}

// follow puts a later submission into its case.
func (a *adding) follow(s ledgercopy.Submission, g *caseIndexEntry) bool {
	c := a.known(casefile.CaseID(g.First))
	if c == nil || g.Act == actExhibit {
		return false
	}
	if first := c.subs[0].entry; first.Body != g.First || first.First != first.Body || first.Mailbox != g.Mailbox || first.Act != string(incident.ActReport) {
		return false
	}
	c.subs = append(c.subs, placedSubmission{s, g, nil})
	c.duty = append(c.duty, a.onDuty[s.Hash]...)
	return true
}

// known returns a case that changes, as the cache or this import has it; nil where neither has it, or it does not fit the vault.
func (a *adding) known(id string) *Case {
	if c := a.cases[id]; c != nil {
		return c
	}
	lines, ok := a.pages.Find(id, 1)
	if !ok || len(lines) == 0 || lines[0].Key != id {
		return nil
	}
	var one caseLine
	if json.Unmarshal(lines[0].Text, &one) != nil {
		return nil
	}
	before := one.place()
	for i, s := range one.Subs {
		if index, now := a.moved[s.Entry.Body]; now && s.Index == nil {
			one.Subs[i].Index = &index
		}
	}
	c := a.v.caseFrom(id, one)
	if c == nil {
		return nil
	}
	s := c.Summary()
	a.lines = append(a.lines, vault.Line{Key: listKey(before, &s)}) // it may stand elsewhere in a list now
	a.cases[id] = c
	return c
}

// keep writes the supplement, and returns the cases that changed.
func (a *adding) keep() (*Cases, error) {
	out := &Cases{Closed: a.about.Closed, Erased: a.about.Erased}
	for _, c := range a.cases {
		a.v.order(c)
		c.holds = a.v.holdsOf(c)
		lines, ok, err := linesOf(c)
		if err != nil || !ok {
			return nil, err
		}
		a.lines = append(a.lines, lines...)
		out.List = append(out.List, c)
	}
	slices.SortFunc(out.List, func(x, y *Case) int { return cmp.Or(cmp.Compare(x.place(), y.place()), strings.Compare(x.ID, y.ID)) })
	a.v.kept(a.v.KeepVerified())
	var err error
	if a.about.State, err = a.v.state(); err != nil {
		return nil, err
	}
	about, err := json.Marshal(a.about)
	if err != nil {
		return nil, err
	}
	a.v.kept(a.pages.AddLines(a.v.Vault, casesCache, string(about), a.lines))
	return out, nil
}
