package casework

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// Case is a report with its later submissions, as the index has them: codes, no words.
type Case struct {
	ID       string
	subs     []placedSubmission      // in order; the first report, if present, is first
	reviews  []vault.PlacedStatement // what trustees wrote about it, in order
	holds    []casefile.Hold
	duty     []casefile.OnDuty // what those on duty have answered, by submission
	samePage *Case             // another one, whose report was sent from the same page of the form; nil where there is none
}

// placedSubmission is a submission in its case.
type placedSubmission struct {
	ledgercopy.Submission
	entry *caseIndexEntry // it is the index's, and never changed
	by    *card.Card      // the signer of an exhibit
}

// Cases holds all cases of a vault, in the order of their first reports, and what could not be assigned.
type Cases struct {
	List     []*Case
	Problems []error // statements that do not open or do not fit, and should
	Apart    []error // exhibits without a verified signature, because the review that signs for them is sealed to other trustees
	Closed   int     // statements sealed to sets without this trustee
	Sealed   []Sealed
	Erased   int
}

// Sealed is a submission whose statement is closed until enough trustees have granted their shares. Its case is named
// in the statement, so until then it has an id like a case of its own.
type Sealed struct {
	ledgercopy.Submission
	Closed string // why, as a sentence without its full stop
}

// ID returns its id as Find accepts it.
func (s Sealed) ID() string { return casefile.CaseID(s.Hash) }

// Sort opens the statements that were not opened before and sorts all submissions into cases. It records what it will
// open first. It calls progress with the numbers of opened and of all statements.
func (v *Trustee) Sort(ctx context.Context, progress func(done, of int)) (*Cases, error) {
	cases, opened, err := v.sort(ctx, progress)
	if err != nil || opened == 0 {
		return cases, err
	}
	return cases, v.keepCases(ctx, cases)
}

// sortAndKeep is Sort, and writes the caches even where no statement was opened.
func (v *Trustee) sortAndKeep(ctx context.Context, progress func(done, of int)) (*Cases, error) {
	cases, _, err := v.sort(ctx, progress)
	if err != nil {
		return nil, err
	}
	return cases, v.keepCases(ctx, cases)
}

// keepCases writes what the next verb need not find out again.
func (v *Trustee) keepCases(ctx context.Context, cases *Cases) error {
	v.kept(v.KeepVerified())
	return v.writeCases(ctx, cases)
}

// sort is Sort, and writes the index alone. opened is the number of statements that it has opened.
func (v *Trustee) sort(ctx context.Context, progress func(done, of int)) (cases *Cases, opened int, err error) {
	if err := v.NeedKey(); err != nil {
		return nil, 0, err
	}
	defer vault.InBulk()()
	known, added, err := v.readIndex()
	if err != nil {
		return nil, 0, err
	}
	reviewed, err := v.reviews()
	if err != nil {
		return nil, 0, err
	}
	all := v.Copy().Submissions()
	onDuty, problems, err := v.dutyAnswers()
	if err != nil {
		return nil, 0, err
	}
	cases = &Cases{Problems: append(reviewed.problems, problems...)}
	var fresh []ledgercopy.Submission
	for _, s := range all {
		if g, have := known[s.Hash]; have && g.Fits {
			continue
		}
		switch may, closed, err := v.mayOpen(s); {
		case err != nil:
			return nil, 0, err
		case may:
			fresh = append(fresh, s)
		case closed != "":
			cases.Sealed = append(cases.Sealed, Sealed{s, closed})
		default:
			cases.Closed++
		}
	}
	if len(fresh) == 0 && added > 0 {
		v.kept(v.writeIndex(known))
	}
	if len(fresh) > 0 {
		if err := v.openFresh(ctx, fresh, known, cases, progress); err != nil {
			return nil, 0, err
		}
	}
	cases.List = v.group(all, known, reviewed, cases)
	for _, c := range cases.List {
		for _, f := range c.subs {
			c.duty = append(c.duty, onDuty[f.Hash]...)
		}
	}
	return cases, len(fresh), nil
}

func (v *Trustee) openFresh(ctx context.Context, fresh []ledgercopy.Submission, known map[ledger.Hash]*caseIndexEntry, cases *Cases, progress func(done, of int)) error {
	if err := v.recordBatch(fresh); err != nil {
		return err
	}
	opened, err := v.openStatements(ctx, fresh, func(n int) { progress(n, len(fresh)) })
	if err != nil {
		return err
	}
	for i, o := range opened {
		switch {
		case errors.Is(o.err, errErased):
			cases.Erased++
		case o.err != nil:
			cases.Problems = append(cases.Problems, o.err)
		default:
			if o.fits != nil {
				cases.Problems = append(cases.Problems, o.fits)
			}
			known[fresh[i].Hash] = &opened[i].entry
		}
	}
	v.kept(v.writeIndex(known))
	return nil
}

// readIndex returns the entries of the index by their body hash. added is how many of them are in its supplement.
func (v *Trustee) readIndex() (known map[ledger.Hash]*caseIndexEntry, added int, err error) {
	list, err := vault.ReadCache[caseIndexEntry](v.Vault, caseIndex)
	if err != nil {
		return nil, 0, err
	}
	more, err := vault.ReadCache[caseIndexEntry](v.Vault, caseIndex.More())
	known = make(map[ledger.Hash]*caseIndexEntry, len(list)+len(more))
	for _, of := range [][]caseIndexEntry{list, more} {
		for i := range of {
			known[of[i].Body] = &of[i]
		}
	}
	return known, len(more), err
}

// addToIndex adds entries to the supplement of the index, so that the index need not be written again.
func (v *Trustee) addToIndex(entries []caseIndexEntry) error {
	more, err := vault.ReadCache[caseIndexEntry](v.Vault, caseIndex.More())
	if err != nil {
		return err
	}
	return vault.WriteCache(v.Vault, caseIndex.More(), append(more, entries...))
}

// writeIndex replaces the index, and removes its supplement.
func (v *Trustee) writeIndex(known map[ledger.Hash]*caseIndexEntry) error {
	list := make([]caseIndexEntry, 0, len(known))
	for _, g := range known {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b caseIndexEntry) int { return bytes.Compare(a.Body[:], b.Body[:]) })
	if err := vault.WriteCache(v.Vault, caseIndex, list); err != nil {
		return err
	}
	return v.forgetCache(caseIndex.More())
}

// group groups the submissions that name the same first report and mailbox. One that names a report and another
// mailbox was not made with that report's code: it becomes a case of its own, and a problem. So does an exhibit that
// no trustee has signed for. A submission that the log contains twice is a problem, and counts once.
func (v *Trustee) group(all []ledgercopy.Submission, known map[ledger.Hash]*caseIndexEntry, reviewed *reviewed, cases *Cases) []*Case {
	byFirst := make(map[ledger.Hash]*Case, len(known))
	list := make([]*Case, 0, len(known))
	add := func(first ledger.Hash, f placedSubmission) {
		c := byFirst[first]
		if c == nil {
			c = &Case{ID: casefile.CaseID(first)}
			byFirst[first] = c
			list = append(list, c)
		}
		c.subs = append(c.subs, f)
	}
	placed := make(map[ledger.Hash]*ledgercopy.Submission, len(known))
	for i, s := range all {
		g, have := known[s.Hash]
		if !have {
			continue
		}
		if before, again := placed[s.Hash]; again {
			cases.Problems = append(cases.Problems, exit.New(exit.Mismatch, "the people who run the log may have done it: the reporter sent it once",
				"%s is %s once more, to the byte", s.Where(), before.Where()))
			continue
		}
		placed[s.Hash] = &all[i]
		first, there := known[g.First]
		if there && g.Body != g.First && g.Act != actExhibit && (first.Mailbox != g.Mailbox || first.First != first.Body) {
			cases.Problems = append(cases.Problems, exit.New(exit.Mismatch, "the people who run the intake may have made it: judge it apart",
				"%s says that it belongs to the case %s, and was not made with that case's code: it is listed as %s", s.Where(), casefile.CaseID(g.First), casefile.CaseID(s.Hash)))
			add(s.Hash, placedSubmission{s, g, nil})
			continue
		}
		by, signed := reviewed.exhibits[s.Hash]
		switch {
		case g.Act != actExhibit:
			add(g.First, placedSubmission{s, g, nil})
		case signed:
			add(g.First, placedSubmission{s, g, &by})
		case !v.among(s.Body.Trustees):
			cases.Apart = append(cases.Apart, exit.New(exit.KeyMissing, "ask the person who handed it on to you",
				"%s says that a trustee collected it for the case %s, and who signed for it was sealed to others than you: it is listed as %s", s.Where(), casefile.CaseID(g.First), casefile.CaseID(s.Hash)))
			add(s.Hash, placedSubmission{s, g, nil})
		default:
			cases.Problems = append(cases.Problems, exit.New(exit.Mismatch, "anybody can seal to you: rely on it only where one of you says that it is theirs",
				"%s says that a trustee collected it for the case %s, and none has signed for it: it is listed as %s", s.Where(), casefile.CaseID(g.First), casefile.CaseID(s.Hash)))
			add(s.Hash, placedSubmission{s, g, nil})
		}
	}
	for first, c := range byFirst {
		c.reviews = reviewed.of[first]
	}
	pages := make(map[string]*Case, len(list))
	for _, c := range list {
		v.order(c)
		c.holds = v.holdsOf(c)
		if first := c.subs[0].entry; first.Act == string(incident.ActReport) {
			pair(pages, first.Page, c)
		}
	}
	return list
}

// pair links cases whose reports were sent from one page of the form: the first of them to the second, and all others
// to the first.
func pair(pages map[string]*Case, page string, c *Case) {
	first, again := pages[page]
	if !again {
		pages[page] = c
		return
	}
	c.samePage = first
	if first.samePage == nil {
		first.samePage = c
	}
}

// SamePage is another case whose report was sent from the same page of the form; nil where there is none.
func (c *Case) SamePage() *Case { return c.samePage }

const actExhibit = "exhibit"

// among reports whether an entry is sealed to the owner.
func (v *Trustee) among(trustees uint64) bool {
	set, err := v.Copy().Chain().SetAt(trustees)
	return err == nil && v.Owner() != nil && ledgercopy.IsTrustee(set, *v.Owner())
}

// order sorts a case: the first report, then by slot, since the log's order is fixed; within a slot, where the log
// shuffles, by the server's clock; a withdrawal after what it undoes.
func (v *Trustee) order(c *Case) {
	slot := func(f placedSubmission) int {
		if f.Waiting {
			return math.MaxInt
		}
		return v.Copy().SlotOf(f.Index)
	}
	rank := func(f placedSubmission) int {
		switch f.entry.Act {
		case string(incident.ActReport):
			return 0
		case string(incident.ActStop):
			return 2
		case string(incident.ActDelete):
			return 3
		}
		return 1
	}
	slices.SortStableFunc(c.subs, func(a, b placedSubmission) int {
		if first := cmp.Compare(min(rank(a), 1), min(rank(b), 1)); first != 0 {
			return first
		}
		return cmp.Or(cmp.Compare(slot(a), slot(b)), a.entry.Received.Compare(b.entry.Received),
			cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Index, b.Index), bytes.Compare(a.Hash[:], b.Hash[:]))
	})
}

// Find gives the one case whose id begins so, or that has the entry with this number. Ids begin with a letter.
func (c *Cases) Find(id string) (*Case, error) {
	var found []*Case
	if _, err := strconv.ParseUint(id, 10, 64); err == nil {
		for _, one := range c.List {
			if _, has := one.SubmissionAt(id); has {
				return one, nil
			}
		}
	}
	for _, one := range c.List {
		if one.ID == id {
			return one, nil
		}
		if id != "" && strings.HasPrefix(one.ID, strings.ToLower(id)) {
			found = append(found, one)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		for _, s := range c.Sealed {
			if id != "" && strings.HasPrefix(s.ID(), strings.ToLower(id)) {
				return nil, exit.Advise(exit.KeyMissing, exit.AskForCase.With(s.ID()),
					"the statement of %s (%s) is closed: %s", s.ID(), s.Where(), s.Closed)
			}
		}
		return nil, exit.Advise(exit.Failed, exit.ListCases.With(), "there is no case %q in this vault", id)
	}
	var ids []string
	for _, one := range found {
		ids = append(ids, one.ID)
	}
	return nil, ambiguous(id, ids)
}

// ambiguous returns an error that names some of the matching cases: one letter may match ten thousand.
func ambiguous(id string, ids []string) error {
	const most = 10
	text := strings.Join(ids[:min(most, len(ids))], ", ")
	if more := len(ids) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return exit.New(exit.Failed, "type more of it", "%q could be any of %s", id, text)
}

// RecordListing records that the codes of cases will be shown.
func (v *Trustee) RecordListing(n int) error {
	_, err := v.Custody.Record(custody.Record{By: v.By(), Act: custody.Viewed, Subject: fmt.Sprintf("list of %d cases", n)})
	return err
}
