package casework

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/ledgercopy"
)

// ApprovalDays is for how many days after its own an approval counts, unless its signer says otherwise.
const ApprovalDays = 30

// Change is an entry that governs the ledger, in plain words.
type Change struct {
	Index uint64
	Title string   // "other trustees", "a notice: erasing", …
	Words []string // what it changes, a line each
	By    []string // names of those who approved it
}

// Changes tells what the entries from one on have changed: trustees, thresholds, keys, erasures, holds, and what was
// announced or stopped.
func (v *Trustee) Changes(from uint64) ([]Change, error) {
	var list []Change
	for _, e := range v.Copy().Bare(ledger.Kind.Governs) {
		if e.Index < from || e.Index == 0 {
			continue
		}
		body, err := v.Copy().ReadEntryPart(e.Index, e.Body.Parts[0].Hash)
		if err != nil {
			return nil, err
		}
		a, err := ledger.ParseApproved(body)
		if err != nil {
			return nil, ledgercopy.Damaged("entry %d: %w", e.Index, err)
		}
		set, err := v.Copy().Chain().SetAt(e.Body.Trustees)
		if err != nil {
			return nil, err
		}
		c := Change{Index: e.Index}
		if c.Title, c.Words, err = v.changeWords(set, a.Text); err != nil {
			return nil, ledgercopy.Damaged("entry %d: %w", e.Index, err)
		}
		for _, one := range a.Approvals {
			c.By = append(c.By, nameIn(set, one.Signer))
		}
		list = append(list, c)
	}
	return list, nil
}

func nameIn(set ledger.TrusteeSet, fingerprint string) string {
	if at := set.Position(fingerprint); at > 0 {
		return set.Trustees[at-1].Name
	}
	return fingerprint
}

// changeWords tells what a change does that was approved under a set.
func (v *Trustee) changeWords(set ledger.TrusteeSet, text []byte) (title string, words []string, err error) {
	header, _, _ := strings.Cut(string(text), "\n")
	switch header {
	case "zapis/notice/v1":
		proposal, err := ledger.NoticedProposal(text)
		if err != nil {
			return "", nil, err
		}
		title, words, err = v.changeWords(set, proposal)
		return "announced: " + title, words, err
	case "zapis/objection/v1":
		o, err := ledger.ParseObjection(text)
		return "an objection", []string{fmt.Sprintf("stops the change that entry %d announced", o.Notice)}, err
	case "zapis/trustees/v1":
		c, err := ledger.ParseTrusteesChange(text)
		return "other trustees, or other rules for them", setWords(set, c.Set), err
	case "zapis/key/v1":
		c, err := ledger.ParseKeyChange(text)
		return "other keys that sign the ledger", keyWords(c), err
	case "zapis/hold/v1":
		h, err := ledger.ParseHold(text)
		return "a hold", []string{fmt.Sprintf("nothing can be erased of %s (%s)", Many(len(h.Entries), "entry", "entries"), h.Reason)}, err
	case "zapis/release/v1":
		r, err := ledger.ParseRelease(text)
		return "the end of a hold", []string{fmt.Sprintf("the hold of entry %d ends", r.Hold)}, err
	}
	t, err := ledger.ParseTombstone(text)
	var entries []uint64
	for _, p := range t.Parts {
		entries = append(entries, p.Index)
	}
	entries = slices.Compact(entries)
	return "an erasure", []string{fmt.Sprintf("%s of %s: %s", Many(len(t.Parts), "part", "parts"), entryList(entries), t.Reason)}, err
}

// Many returns a count in words: "1 entry", "3 entries".
func Many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func entryList(entries []uint64) string {
	const most = 10
	var words []string
	for _, index := range entries[:min(most, len(entries))] {
		words = append(words, fmt.Sprint(index))
	}
	text := "entries " + strings.Join(words, ", ")
	if len(entries) == 1 {
		text = "entry " + words[0]
	}
	if more := len(entries) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Announced is a change that was announced and may still come.
type Announced struct {
	Change
	Left    int  // slots until it takes effect; 0: with the next one
	CanStop bool // the owner's objection would stop it
}

// Announced lists the changes that were announced and may still come.
func (v *Trustee) Announced() ([]Announced, error) {
	chain := v.Copy().Chain()
	state := chain.State()
	all, err := v.Changes(0)
	if err != nil {
		return nil, err
	}
	_, set, err := chain.SetInForce()
	if err != nil {
		return nil, err
	}
	var list []Announced
	for _, n := range state.Announced() {
		i := slices.IndexFunc(all, func(c Change) bool { return c.Index == n.Index })
		if i < 0 {
			continue
		}
		a := Announced{Change: all[i], Left: max(0, int(n.Slot)+state.Delay-int(state.Slots))}
		if owner := v.Owner(); owner != nil {
			a.CanStop = ledgercopy.IsTrustee(set, *owner)
		}
		list = append(list, a)
	}
	return list, nil
}

// ThrownOut says whether the owner was a trustee in a set that entries before one on brought, and is none in force
// now. at is the entry that replaced them.
func (v *Trustee) ThrownOut(from uint64) (at uint64, out bool) {
	owner := v.Owner()
	if owner == nil {
		return 0, false
	}
	was := false
	for _, s := range v.Copy().Chain().State().Sets {
		in := s.Set != nil && ledgercopy.IsTrustee(*s.Set, *owner)
		switch {
		case in:
			was, out = true, false
		case was && !out:
			at, out = s.Index, true
		}
	}
	return at, out && at >= from
}

// objectionWords tells what an objection stops.
func (v *Trustee) objectionWords(o ledger.Objection, set ledger.TrusteeSet) ([]string, error) {
	for _, n := range v.Copy().Chain().Notices() {
		if n.Index != o.Notice || n.Leaf != o.Leaf {
			continue
		}
		title, words, err := v.changeWords(set, n.Proposal)
		return append([]string{fmt.Sprintf("stops what entry %d announced: %s", o.Notice, title)}, words...), err
	}
	return nil, exit.New(exit.Failed, "import a newer carry file first", "the proposal objects to what entry %d announced, and there is nothing announced there", o.Notice)
}

// Object signs the owner's objection to a change that was announced: its proposal, and the approval of that, which
// the next outbox takes along. One trustee's objection is enough.
func (v *Trustee) Object(cases *Cases, notice uint64) (*Proposal, error) {
	chain := v.Copy().Chain()
	for _, n := range chain.Notices() {
		if n.Index != notice {
			continue
		}
		switch {
		case n.Done != 0:
			return nil, exit.New(exit.Failed, "", "the change that entry %d announced was made by entry %d", notice, n.Done)
		case n.Stopped != 0:
			return nil, exit.New(exit.Failed, "", "the change that entry %d announced was stopped by entry %d", notice, n.Stopped)
		}
		return v.ReadProposal(cases, ledger.Objection{Origin: chain.Origin(), Notice: notice, Leaf: n.Leaf}.Marshal())
	}
	return nil, exit.Advise(exit.Usage, exit.ListAnnounced.With(), "entry %d of this vault announces nothing", notice)
}

// Withdraw takes the owner's approval of a proposal back, as long as it has not enough of them.
func (v *Trustee) Withdraw(p *Proposal) error {
	if p.Mine == nil {
		return exit.New(exit.Failed, "", "you have not approved it, or your approval does not count any more")
	}
	subject := ledger.Subject(p.Text)
	record := custody.Record{By: v.By(), Act: custody.Noted, In: subject.String(), Subject: "withdrawal of an approval: " + p.Title}
	if _, err := v.Custody.Record(record); err != nil {
		return err
	}
	_, err := v.Sign(card.KindWithdraw, p.Text, time.Time{})
	return err
}

// withdrawn says whether the owner has taken an approval back after giving it.
func withdrawn(list []ledger.SignedBody, approval ledger.SignedBody) bool {
	return slices.ContainsFunc(list, func(s ledger.SignedBody) bool {
		return s.Statement.Kind == card.KindWithdraw && s.Statement.Subject == approval.Statement.Subject && s.Statement.Number > approval.Statement.Number
	})
}

// errNoSet is returned where the vault is empty.
var errNoSet = errors.New("there is no set of trustees in this vault yet")

// SetAt is a set of trustees and the entry that brought it.
type SetAt struct {
	Index uint64
	Set   ledger.TrusteeSet
	Words []string // how it differs from the one before; nil in the first
}

// Sets gives the sets of trustees that were in force, the newest last.
func (v *Trustee) Sets() ([]SetAt, error) {
	var list []SetAt
	for _, s := range v.Copy().Chain().State().Sets {
		if s.Set == nil {
			continue
		}
		one := SetAt{Index: s.Index, Set: *s.Set}
		if n := len(list); n > 0 {
			one.Words = setWords(list[n-1].Set, one.Set)
		}
		list = append(list, one)
	}
	if len(list) == 0 {
		return nil, exit.Advise(exit.Failed, exit.TakeCarryIn.With(), "%w", errNoSet)
	}
	return list, nil
}
