package casework

import (
	"bytes"
	"slices"

	"zapis/crypto/card"
	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
)

// dutyAnswers opens what those on duty have answered, by the body hash of the report. An answer is sealed to the trustees
// of its entry's set, who each open it alone; one that is sealed to sets without this trustee stays closed. What opens
// and is not signed by a duty card of this ledger is a problem.
func (v *Trustee) dutyAnswers() (of map[ledger.Hash][]casefile.OnDuty, problems []error, err error) {
	of = make(map[ledger.Hash][]casefile.OnDuty)
	var cards []card.Card
	chain := v.Copy().Chain()
	for _, e := range v.Copy().Bare(ledger.Kind.HasTrustees) {
		set, err := chain.SetAt(e.Index)
		if err != nil {
			return nil, nil, err
		}
		cards = append(cards, set.Duty...)
	}
	err = v.Copy().EachBody(func(k ledger.Kind) bool { return k == ledger.KindDuty }, func(b ledger.Body, index *uint64, where string, file func() ([]byte, error)) error {
		if set, err := chain.SetAt(b.Trustees); err != nil || !ledgercopy.IsTrustee(set, v.Key().Card) {
			return err
		}
		text, err := file()
		if err != nil || text == nil {
			return err
		}
		a, by, err := v.openDuty(text, cards)
		if err != nil {
			problems = append(problems, exit.New(exit.Mismatch, "the people who run the log may have made it: it says nothing about a report", "%s: %w", where, err))
			return nil
		}
		of[a.Report] = append(of[a.Report], casefile.OnDuty{By: by.Name, Sentence: a.Sentence, Report: a.Report.String(), Seen: a.Seen, Again: a.Again, Index: index})
		return nil
	})
	for _, list := range of {
		slices.SortFunc(list, func(a, b casefile.OnDuty) int { return a.Seen.Compare(b.Seen) })
	}
	return of, problems, err
}

func (v *Trustee) openDuty(body []byte, cards []card.Card) (duty.Answer, card.Card, error) {
	reply, err := ledger.ParseReply(body)
	if err != nil {
		return duty.Answer{}, card.Card{}, err
	}
	message, err := seal.OpenBytes(seal.Message, bytes.NewReader(reply.Message), seal.DigestOf(reply.Message), v.Key().Age)
	if err != nil {
		return duty.Answer{}, card.Card{}, err
	}
	return duty.OpenAnswer(message, v.Copy().Card().Genesis, cards)
}
