package casework

import (
	"fmt"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// Proposal is a change that somebody proposes, verified as far as it can be before it is approved.
type Proposal struct {
	Text  []byte
	Title string   // "other trustees"
	Words []string // what would change, in plain words, a line each
	Needs int      // how many trustees must approve
	Mine  *ledger.SignedBody
}

// ReadProposal reads a proposal and says what it would change. It refuses one for another ledger, one that does
// not come after the newest change that this vault knows, and one that erases what is not there.
func (v *Trustee) ReadProposal(cases *Cases, text []byte) (*Proposal, error) {
	index, set, err := v.Copy().Chain().SetInForce()
	if err != nil {
		return nil, err
	}
	needs, err := v.Copy().Chain().Needed(text)
	if err != nil {
		return nil, err
	}
	p := &Proposal{Text: text, Needs: needs}
	header, _, _ := strings.Cut(string(text), "\n")
	var origin string
	after := v.Copy().Chain().After()
	switch header {
	case "zapis/trustees/v1":
		c, err := ledger.ParseTrusteesChange(text)
		if err != nil {
			return nil, exit.New(exit.Mismatch, "", "the proposal: %w", err)
		}
		origin, after, p.Title, p.Words = c.Origin, c.After, "other trustees, or other rules for them", setWords(set, c.Set)
	case "zapis/key/v1":
		c, err := ledger.ParseKeyChange(text)
		if err != nil {
			return nil, exit.New(exit.Mismatch, "", "the proposal: %w", err)
		}
		origin, after, p.Title, p.Words = c.Origin, c.After, "other keys that sign the ledger", keyWords(c)
	case "zapis/tombstone/v1", "zapis/tombstone/v2":
		t, err := ledger.ParseTombstone(text)
		if err != nil {
			return nil, exit.New(exit.Mismatch, "", "the proposal: %w", err)
		}
		origin, p.Title = t.Origin, "erasing"
		if t.After != (ledger.Hash{}) {
			after = t.After
		}
		if p.Words, err = v.tombstoneWords(cases, t); err != nil {
			return nil, err
		}
	case "zapis/hold/v1":
		h, err := ledger.ParseHold(text)
		if err != nil {
			return nil, exit.New(exit.Mismatch, "", "the proposal: %w", err)
		}
		origin, p.Title, p.Words = h.Origin, "keeping what could be erased", v.holdWords(cases, h)
	case "zapis/release/v1":
		r, err := ledger.ParseRelease(text)
		if err != nil {
			return nil, exit.New(exit.Mismatch, "", "the proposal: %w", err)
		}
		origin, p.Title = r.Origin, "ending a hold"
		if p.Words, err = v.releaseWords(cases, r); err != nil {
			return nil, err
		}
	case "zapis/objection/v1":
		o, err := ledger.ParseObjection(text)
		if err != nil {
			return nil, exit.New(exit.Mismatch, "", "the proposal: %w", err)
		}
		origin, p.Title = o.Origin, "an objection"
		if p.Words, err = v.objectionWords(o, set); err != nil {
			return nil, err
		}
	default:
		return nil, exit.Advise(exit.Mismatch, exit.ProposeSomething.With(), "this is no proposal")
	}
	if _, delay := v.Copy().Chain().Rules(); delay > 0 && ledger.IsDelayed(text) {
		p.Words = append(p.Words, fmt.Sprintf("it would be announced, and take effect %d slots later, unless a trustee objects", delay))
	}
	switch {
	case origin != v.Copy().Chain().Origin():
		return nil, exit.New(exit.Mismatch, "", "the proposal is for the ledger %s, and this vault holds %s", origin, v.Copy().Chain().Origin())
	case after != v.Copy().Chain().After():
		return nil, exit.New(exit.Failed, "import a newer carry file; if it stays so, have it proposed again",
			"the proposal comes after the change %s…, and the newest that this vault knows is %s…", after.String()[:12], v.Copy().Chain().After().String()[:12])
	}
	p.Mine, err = v.approvedBefore(index, text)
	return p, err
}

// approvedBefore finds the owner's own approval of a proposal under the set in force.
func (v *Trustee) approvedBefore(set uint64, text []byte) (*ledger.SignedBody, error) {
	list, err := v.SignedStatements()
	if err != nil {
		return nil, err
	}
	for _, signed := range list {
		if signed.Statement.Kind == card.KindApproval && !withdrawn(list, signed) && signed.Statement.Trustees == set && ledger.Subject(text) == signed.Statement.Subject &&
			!signed.Statement.ExpiredAt(v.Clock()) {
			return &signed, nil
		}
	}
	return nil, nil
}

// Approve signs the owner's approval: the file of a statement with the proposal. The outbox takes it along. One
// that was given before is given again.
// It counts until the end of a day (UTC): ApprovalDays after today, where expires is zero.
func (v *Trustee) Approve(p *Proposal, expires time.Time) ([]byte, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	if _, set, err := v.Copy().Chain().SetInForce(); err != nil {
		return nil, err
	} else if !ledgercopy.IsTrustee(set, v.Key().Card) {
		return nil, exit.New(exit.KeyMissing, "", "%s (%s) is no trustee any more: an approval would not count", v.Key().Card.Name, v.Key().Card.Fingerprint())
	}
	if p.Mine != nil {
		return p.Mine.Marshal(), nil
	}
	record := custody.Record{By: v.By(), Act: custody.Noted, In: ledger.Subject(p.Text).String(), Subject: "approval: " + p.Title,
		Why: strings.Join(p.Words, "\n")}
	if len(record.Why) > custody.MaxWhy {
		record.Why = fmt.Sprintf("%d changes", len(p.Words))
	}
	if _, err := v.Custody.Record(record); err != nil {
		return nil, err
	}
	if expires.IsZero() {
		expires = v.Now().AddDate(0, 0, ApprovalDays)
	}
	signed, err := v.Sign(card.KindApproval, p.Text, expires)
	if err != nil {
		return nil, err
	}
	return signed.Marshal(), nil
}

// setWords returns how two sets differ, and the recipients of new reports.
func setWords(was, next ledger.TrusteeSet) (words []string) {
	say := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	differ := func(what string, was, next []card.Card) {
		for _, c := range next {
			switch at := named(was, c.Name); {
			case at < 0:
				say("adds the %s %s", what, vault.CardText(c))
				say("  to compare by voice: %s", card.Voice(c.Marshal()).Words())
			case was[at] != c:
				say("replaces the keys of the %s %s: %s would be %s", what, c.Name, was[at].Fingerprint(), c.Fingerprint())
				say("  to compare by voice: %s", card.Voice(c.Marshal()).Words())
			}
		}
		for _, c := range was {
			if named(next, c.Name) < 0 {
				say("removes the %s %s", what, vault.CardText(c))
			}
		}
	}
	differ("trustee", was.Trustees, next.Trustees)
	differ("duty card", was.Duty, next.Duty)
	threshold := func(what string, k, was int) {
		if k != was {
			say("%s: %s trustees together, until now %d", what, ofMany(k, next.Trustees), was)
		}
		if k == 1 && was > 1 {
			say("  ONE TRUSTEE ALONE would be enough for that")
		}
	}
	threshold("to open contact and name", next.Quorum.Identity, was.Quorum.Identity)
	threshold("to open the words", next.Quorum.Statement, was.Quorum.Statement)
	threshold("to open the files", next.Quorum.Attachment, was.Quorum.Attachment)
	threshold("to approve a change like this one", next.Approvals, was.Approvals)
	if next.Vocabulary != was.Vocabulary {
		say("the questions would be those of vocabulary %d, until now %d", next.Vocabulary, was.Vocabulary)
	}
	if names(was.Duty) != names(next.Duty) && len(next.Duty) == 0 {
		say("there would be no duty card: signals of danger go to all trustees")
	}
	say("new reports would be sealed to %s; what came before stays with those who have it", names(next.Trustees))
	return words
}

func keyWords(c ledger.KeyChange) []string {
	words := []string{"the log would sign with " + c.New[0], "  in place of " + c.Old[0]}
	if c.Reason == ledger.ReasonCompromised {
		return append(words, "the old keys are said to be COMPROMISED: they would not sign this change. Ask the operator, by voice, how that is known")
	}
	return append(words, "the old keys sign the change too: nobody else can have made it")
}

// tombstoneWords tells what a tombstone would erase, and whether the reporter has asked for it.
func (v *Trustee) tombstoneWords(cases *Cases, t ledger.Tombstone) ([]string, error) {
	reasons := map[string]string{ledger.EraseAsked: "the reporter asked for it", ledger.EraseOrdered: "it was ordered by who may",
		ledger.EraseRetention: "the time for which it is kept ran out", ledger.EraseUnlawful: "it must not be kept", ledger.EraseMistake: "it was a test, or sent by error"}
	words := []string{"the reason that is given: " + reasons[t.Reason]}
	for i := 0; i < len(t.Parts); {
		index := t.Parts[i].Index
		if index >= v.Size() {
			return nil, exit.New(exit.Failed, "import a newer carry file first", "the proposal erases a part of entry %d, and this vault ends at entry %d", index, v.Size()-1)
		}
		e := v.Copy().Entry(index)
		var kinds []string
		for ; i < len(t.Parts) && t.Parts[i].Index == index; i++ {
			kind := ""
			for _, p := range e.Body.Parts {
				if p.Hash == t.Parts[i].Hash {
					kind = p.Kind
				}
			}
			if kind == "" {
				return nil, exit.New(exit.Mismatch, "", "the proposal erases %s of entry %d, which has no such part", t.Parts[i].Hash, index)
			}
			kinds = append(kinds, kind)
		}
		line := fmt.Sprintf("erases for ever: %s of %s", strings.Join(kinds, ", "), v.entryWords(cases, index))
		if one := cases.Of(e.Body.Hash()); one != nil {
			line += ", " + eraseWords(one.Summary())
		}
		words = append(words, line)
	}
	return append(words, "the hashes stay, so that everybody sees that something was erased, and who approved it"), nil
}

// eraseWords tells whether the reporter asked for a case to be erased, and whether the request is signed with the
// key that only the code gives.
func eraseWords(s casefile.Summary) string {
	switch {
	case s.Withdrawn == string(incident.ActDelete) && s.EraseSigned == casefile.AuthorSigned:
		return "whose reporter has asked to erase it: the request is signed with the reporter's key"
	case s.Withdrawn == string(incident.ActDelete):
		return "whose reporter has asked to erase it: the request is not signed (from before there were keys), and the people who run the intake can have made it"
	case s.NotSigned > 0:
		return "whose reporter has NOT asked to erase it: what came since is not signed with the reporter's key, and counts for nothing"
	}
	return "whose reporter has NOT asked to erase it"
}

// holdWords tells what a hold would keep.
func (v *Trustee) holdWords(cases *Cases, h ledger.Hold) []string {
	reasons := map[string]string{ledger.HoldProceedings: "a court or a tribunal may ask for it", ledger.HoldOrder: "who may has ordered that it be kept",
		ledger.HoldAsked: "the person concerned wants it kept"}
	words := []string{"the reason that is given: " + reasons[h.Reason]}
	for _, index := range h.Entries {
		words = append(words, "nothing could be erased of "+v.entryWords(cases, index))
	}
	return append(words, "one trustee's approval is enough for this; to end it, as many as for erasing")
}

func (v *Trustee) releaseWords(cases *Cases, r ledger.Release) ([]string, error) {
	for _, h := range v.Copy().Chain().Held() {
		if h.Index != r.Hold || h.Leaf != r.Leaf {
			continue
		}
		words := []string{fmt.Sprintf("the hold of entry %d would end (its reason: %s)", h.Index, h.Reason)}
		for _, index := range h.Entries {
			words = append(words, "to be erased again, if that is approved: "+v.entryWords(cases, index))
		}
		return words, nil
	}
	return nil, exit.New(exit.Failed, "import a newer carry file; the hold may have ended", "the proposal ends a hold of entry %d, and there is none in force", r.Hold)
}

// entryWords names an entry, and the case that it is of where it is open.
func (v *Trustee) entryWords(cases *Cases, index uint64) string {
	if index >= v.Size() {
		return fmt.Sprintf("entry %d, which is not in this vault yet", index)
	}
	e := v.Copy().Entry(index)
	text := fmt.Sprintf("entry %d, %s %s", index, article(e.Body.Kind), e.Body.Kind)
	if one := cases.Of(e.Body.Hash()); one != nil {
		text += " of the case " + one.ID
	}
	return text
}

func article(kind ledger.Kind) string {
	if strings.ContainsAny(string(kind[:1]), "aeiou") {
		return "an"
	}
	return "a"
}
