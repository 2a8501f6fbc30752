package casework

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/ledgercopy"
)

// SetChange is what somebody wants to be other in the set of trustees. A threshold of 0 stays as it is.
type SetChange struct {
	Add        []card.Card // trustees, after those there are
	Replace    []card.Card // new cards of trustees, and of duty officers, who keep their name and place
	Remove     []string    // trustees by name, from the duty cards too
	AddDuty    []card.Card
	RemoveDuty []string

	Statement, Attachment, Identity, Approvals int

	Vocabulary int // the version from which on reports are asked and read; 0: as it is
}

// ProposeTrustees writes a proposal of another set, to come after the newest change that this vault knows.
func (v *Trustee) ProposeTrustees(c SetChange) ([]byte, error) {
	_, set, err := v.Copy().Chain().SetInForce()
	if err != nil {
		return nil, err
	}
	was := ledger.TrusteesChange{Origin: v.Copy().Chain().Origin(), After: v.Copy().Chain().After(), Set: set}
	next := was
	if next.Set, err = c.apply(set); err != nil {
		return nil, err
	}
	if _, err := incident.Version(next.Set.Vocabulary); err != nil || next.Set.Vocabulary < set.Vocabulary {
		return nil, exit.New(exit.Usage, fmt.Sprintf("this program knows 1 to %d; a vocabulary is never taken back", incident.VocabularyVersion),
			"there can't be vocabulary %d after %d", next.Set.Vocabulary, set.Vocabulary)
	}
	if err := next.Set.Check(); err != nil {
		return nil, exit.New(exit.Usage, "say all that changes in one proposal, the thresholds too", "%w", err)
	}
	if bytes.Equal(was.Marshal(), next.Marshal()) {
		return nil, exit.Advise(exit.Usage, exit.ProposeChange.With(), "nothing would change")
	}
	return next.Marshal(), nil
}

func (c SetChange) apply(set ledger.TrusteeSet) (ledger.TrusteeSet, error) {
	set.Trustees, set.Duty = slices.Clone(set.Trustees), slices.Clone(set.Duty)
	for _, name := range c.Remove {
		at := named(set.Trustees, name)
		if at < 0 {
			return set, exit.New(exit.Usage, thereAre(set.Trustees), "there is no trustee %q", name)
		}
		set.Trustees = slices.Delete(set.Trustees, at, at+1)
		if at := named(set.Duty, name); at >= 0 {
			set.Duty = slices.Delete(set.Duty, at, at+1)
		}
	}
	for _, name := range c.RemoveDuty {
		at := named(set.Duty, name)
		if at < 0 {
			return set, exit.New(exit.Usage, thereAre(set.Duty), "there is no duty card %q", name)
		}
		set.Duty = slices.Delete(set.Duty, at, at+1)
	}
	for _, one := range c.Replace {
		trustee, duty := named(set.Trustees, one.Name), named(set.Duty, one.Name)
		if trustee < 0 && duty < 0 {
			return set, exit.Advise(exit.Usage, exit.AddSomebodyNew.With(), "there is no trustee or duty card %q to replace", one.Name)
		}
		if trustee >= 0 {
			set.Trustees[trustee] = one
		}
		if duty >= 0 {
			set.Duty[duty] = one
		}
	}
	for _, one := range c.Add {
		if named(set.Trustees, one.Name) >= 0 {
			return set, exit.Advise(exit.Usage, exit.ReplaceKeys.With(), "%s is a trustee already", one.Name)
		}
	}
	set.Trustees, set.Duty = append(set.Trustees, c.Add...), append(set.Duty, c.AddDuty...)
	for to, k := range map[*int]int{&set.Quorum.Statement: c.Statement, &set.Quorum.Attachment: c.Attachment,
		&set.Quorum.Identity: c.Identity, &set.Approvals: c.Approvals, &set.Vocabulary: c.Vocabulary} {
		if k != 0 {
			*to = k
		}
	}
	return set, nil
}

func named(cards []card.Card, name string) int {
	return slices.IndexFunc(cards, func(c card.Card) bool { return c.Name == name })
}

// ProposeKey writes a proposal of new log keys, as the operator has made them.
func (v *Trustee) ProposeKey(keys ledger.NewKeys, reason string) ([]byte, error) {
	state := v.Copy().Chain().State()
	if keys.Origin != state.Origin {
		return nil, exit.New(exit.Mismatch, "", "the keys are for the ledger %s, and this vault holds %s", keys.Origin, state.Origin)
	}
	c := ledger.KeyChange{Origin: state.Origin, After: state.After, Old: state.Keys[len(state.Keys)-1].Keys, New: keys.Log, Reason: reason}
	for _, was := range state.Keys {
		if was.Keys[0] == keys.Log[0] || was.Keys[1] == keys.Log[1] {
			return nil, exit.Advise(exit.Failed, exit.MakeOtherKeys.With(), "a log key never comes back, and these were in force already")
		}
	}
	text := c.Marshal()
	_, err := ledger.ParseKeyChange(text)
	return text, err
}

// ProposeTombstone writes a proposal to erase: of each item all parts, where it is a case's id or an entry's
// number, or the one part that it is the hash of.
func (v *Trustee) ProposeTombstone(cases *Cases, items []string, reason string) ([]byte, error) {
	t := ledger.Tombstone{Origin: v.Copy().Chain().Origin(), Reason: reason}
	if rules, _ := v.Copy().Chain().Rules(); rules == ledger.Rules2 {
		t.After = v.Copy().Chain().After()
	}
	for _, item := range items {
		parts, err := v.itemParts(cases, item)
		if err != nil {
			return nil, err
		}
		t.Parts = append(t.Parts, parts...)
	}
	slices.SortFunc(t.Parts, func(a, b ledger.Erased) int {
		if a.Index != b.Index {
			return int(int64(a.Index) - int64(b.Index))
		}
		return bytes.Compare(a.Hash[:], b.Hash[:])
	})
	t.Parts = slices.Compact(t.Parts)
	text := t.Marshal()
	if _, err := ledger.ParseTombstone(text); err != nil {
		return nil, exit.New(exit.Usage, "", "%w", err)
	}
	return text, nil
}

func (v *Trustee) itemParts(cases *Cases, item string) ([]ledger.Erased, error) {
	if hash, err := ledger.ParseHash(item); err == nil {
		for _, e := range v.Copy().Entries() {
			for _, p := range e.Body.Parts {
				if p.Hash == hash {
					return v.left([]ledger.Erased{{Index: e.Index, Hash: hash}}, item)
				}
			}
		}
		return nil, exit.New(exit.Usage, "", "no entry in this vault has the part %s", item)
	}
	entries, name, err := v.itemEntries(cases, item, ", and only entries can be erased")
	if err != nil {
		return nil, err
	}
	var list []ledger.Erased
	for _, index := range entries {
		for _, p := range v.Copy().Entry(index).Body.Parts {
			list = append(list, ledger.Erased{Index: index, Hash: p.Hash})
		}
	}
	return v.left(list, name)
}

// left takes away what is erased already, and refuses what never can be.
func (v *Trustee) left(list []ledger.Erased, item string) ([]ledger.Erased, error) {
	for _, p := range list {
		if v.Copy().Entry(p.Index).Body.Kind.Governs() {
			return nil, exit.New(exit.Usage, "", "%s governs the ledger and can't be erased", ledgercopy.EntryName(p.Index))
		}
	}
	list = slices.DeleteFunc(list, func(p ledger.Erased) bool { _, gone := v.Copy().ErasedBy(p.Hash); return gone })
	if len(list) == 0 {
		return nil, exit.New(exit.Failed, "", "all of %s is erased already", item)
	}
	return list, v.unheld(list)
}

func names(cards []card.Card) string {
	var list []string
	for _, c := range cards {
		list = append(list, c.Name)
	}
	return strings.Join(list, ", ")
}

// thereAre lists the trustees, for an error about an unknown one.
func thereAre(cards []card.Card) string {
	if len(cards) == 0 {
		return "there is none"
	}
	return "there is " + names(cards)
}

func ofMany(k int, cards []card.Card) string { return fmt.Sprintf("%d of %d", k, len(cards)) }
