package casework

import (
	"fmt"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault"
)

// takeDesk takes the desk's events in that another trustee, or the owner in another vault, has signed a statement about,
// and gives their IDs. An event counts only if its case and its author are those of the statement; what does not count
// is a problem.
func (v *Trustee) takeDesk(s vault.PlacedStatement, r review.Review, out *reviewed) ([]string, error) {
	var events []deskstate.Event
	var ids []string
	for line := range strings.SplitSeq(r.Text, "\n") {
		e, err := deskstate.Parse([]byte(line))
		switch {
		case err != nil:
		case e.By != s.From.Name:
			err = fmt.Errorf("it says that it is by %s", e.By)
		case e.Case != r.CaseID():
			err = fmt.Errorf("it is about %s, and its statement about %s", e.Case, r.CaseID())
		default:
			events, ids = append(events, e), append(ids, e.ID())
		}
		if err != nil {
			out.problems = append(out.problems, exit.Advise(exit.Mismatch, exit.UseNewerOrDecide.With(),
				"an event of the desk by %s (%s) does not count: %w", s.From.Name, s.Where, err))
		}
	}
	_, err := v.TakeEvents(events)
	return ids, err
}

// pack are events of the owner's about one case that become one statement.
type pack struct {
	of    ledger.Hash // the case
	lines []string
	size  int // bytes
	last  deskstate.Event
}

// packDesk signs those of the owner's events of the desk that no statement has yet: the events of one case together, so
// that what trustees wrote about a case can be erased with it. Events of cases that are not in this vault stay behind.
func (v *Trustee) packDesk() error {
	packs, err := v.packs()
	if err != nil {
		return err
	}
	for _, p := range packs {
		r := review.Review{Case: p.of, At: p.last.Time, Kind: review.Desk, Text: strings.Join(p.lines, "\n")}
		if err := r.Check(); err != nil {
			return exit.New(exit.Failed, "", "event %d of the desk can't be sent: %w", p.last.Number, err)
		}
		text := r.Marshal()
		record := custody.Record{By: v.By(), Act: custody.Noted, Case: r.CaseID(), Subject: fmt.Sprintf("%d events of the desk, for the other trustees", len(p.lines))}
		err := v.share(record, text)
		clear(text)
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *Trustee) packs() ([]*pack, error) {
	log, err := v.Desk()
	if err != nil {
		return nil, err
	}
	packed, err := v.packed()
	if err != nil {
		return nil, err
	}
	known, _, err := v.readIndex()
	if err != nil {
		return nil, err
	}
	first := make(map[string]ledger.Hash) // by the case's name; not of what was erased
	for _, s := range v.Copy().Submissions() {
		p, _ := ledgercopy.PartOf(s.Body, ledger.PartStatement)
		if _, gone := v.Copy().ErasedBy(p.Hash); !gone {
			first[casefile.CaseID(s.Hash)] = s.Hash
		}
	}
	for _, g := range known {
		first[casefile.CaseID(g.First)] = g.First
	}
	var list []*pack
	open := make(map[string]*pack)
	for _, e := range log.Events() {
		of, here := first[e.Case]
		if !here || e.By != v.Key().Card.Name || packed[e.ID()] {
			continue
		}
		line := string(e.Marshal())
		p := open[e.Case]
		if p == nil || p.size+len(line)+1 > review.MaxDesk {
			p = &pack{of: of}
			open[e.Case], list = p, append(list, p)
		}
		p.lines, p.size, p.last = append(p.lines, line), p.size+len(line)+1, e
	}
	return list, nil
}

// packed gives the IDs of events that a statement has: those of statements that were opened, and those of the owner's
// own that were not. Nothing else is opened for it.
func (v *Trustee) packed() (map[string]bool, error) {
	cached, err := vault.ReadCache[reviewIndexEntry](v.Vault, reviewIndex)
	if err != nil {
		return nil, err
	}
	ids, seen := make(map[string]bool), make(map[ledger.Hash]bool)
	for _, one := range cached {
		seen[one.Statement] = true
		for _, id := range one.Events {
			ids[id] = true
		}
	}
	own, err := v.SignedStatements()
	if err != nil {
		return nil, err
	}
	for _, statement := range own {
		if statement.Statement.Kind != card.KindReview || statement.Content == nil || seen[statement.Statement.Hash()] {
			continue
		}
		text, err := v.ownText(statement)
		if err != nil {
			return nil, ledgercopy.Damaged("statement %d: %w", statement.Statement.Number, err)
		}
		r, err := review.Parse(text)
		clear(text)
		if err != nil || r.Kind != review.Desk {
			continue // a newer zapis may have written it
		}
		for line := range strings.SplitSeq(r.Text, "\n") {
			if e, err := deskstate.Parse([]byte(line)); err == nil {
				ids[e.ID()] = true
			}
		}
	}
	return ids, nil
}
