package casework

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault"
)

// reviewIndexEntry is what the cache stores of a review: its case, and the exhibit that it signs for.
type reviewIndexEntry struct {
	Statement ledger.Hash `json:"statement"`
	Case      ledger.Hash `json:"case"`
	Kind      review.Kind `json:"kind"`
	Of        ledger.Hash `json:"of"`
	Events    []string    `json:"events,omitempty"` // the IDs of the desk's events in it
}

// reviewIndex is the cache of which review belongs to which case.
var reviewIndex = vault.Cache{File: "reviews", Header: "zapis/reviews/v2 "}

// reviewed are the reviews that the owner can open, sorted.
type reviewed struct {
	of       map[ledger.Hash][]vault.PlacedStatement // by the body hash of the case's first report
	exhibits map[ledger.Hash]card.Card               // the signer of an exhibit, by its body hash
	problems []error
}

// reviews opens those that were not opened before. It records what it will open first.
func (v *Trustee) reviews() (*reviewed, error) {
	all, err := v.Stated(ledger.KindReview)
	if err != nil {
		return nil, err
	}
	cached, err := vault.ReadCache[reviewIndexEntry](v.Vault, reviewIndex)
	if err != nil {
		return nil, err
	}
	known := make(map[ledger.Hash]reviewIndexEntry)
	for _, g := range cached {
		known[g.Statement] = g
	}
	out := &reviewed{of: make(map[ledger.Hash][]vault.PlacedStatement), exhibits: make(map[ledger.Hash]card.Card)}
	var fresh []vault.PlacedStatement
	for _, s := range all {
		if _, have := known[s.Statement.Hash()]; !have && ledgercopy.IsTrustee(s.Set, v.Key().Card) {
			fresh = append(fresh, s)
		}
	}
	if len(fresh) > 0 {
		if err := v.openNewReviews(fresh, known, out); err != nil {
			return nil, err
		}
	}
	for _, s := range all {
		g, have := known[s.Statement.Hash()]
		switch {
		case !have:
		case g.Kind == review.Exhibit:
			if _, before := out.exhibits[g.Of]; !before {
				out.exhibits[g.Of] = s.From
			}
		default:
			out.of[g.Case] = append(out.of[g.Case], s)
		}
	}
	return out, nil
}

func (v *Trustee) openNewReviews(fresh []vault.PlacedStatement, known map[ledger.Hash]reviewIndexEntry, out *reviewed) error {
	if _, err := v.Custody.Record(custody.Record{By: v.By(), Act: custody.Opened, Subject: reviewsSubject(fresh)}); err != nil {
		return err
	}
	for _, s := range fresh {
		r, err := v.openReview(s)
		if err != nil {
			out.problems = append(out.problems, err)
			continue
		}
		hash := ledger.Hash(s.Statement.Hash())
		one := reviewIndexEntry{Statement: hash, Case: r.Case, Kind: r.Kind, Of: r.Of}
		if r.Kind == review.Desk {
			if one.Events, err = v.takeDesk(s, r, out); err != nil {
				return err
			}
		}
		known[hash] = one
	}
	v.kept(v.writeReviewIndex(known))
	return nil
}

func (v *Trustee) writeReviewIndex(known map[ledger.Hash]reviewIndexEntry) error {
	list := make([]reviewIndexEntry, 0, len(known))
	for _, g := range known {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b reviewIndexEntry) int { return bytes.Compare(a.Statement[:], b.Statement[:]) })
	return vault.WriteCache(v.Vault, reviewIndex, list)
}

// reviewsSubject names reviews: those of some entries, and the number of others.
func reviewsSubject(list []vault.PlacedStatement) string {
	var entries []string
	others := 0
	for _, s := range list {
		if s.Index == nil {
			others++
			continue
		}
		entries = append(entries, fmt.Sprint(*s.Index))
	}
	text := "reviews"
	if len(entries) > 0 {
		text += " " + strings.Join(entries, ",")
	}
	if others > 0 {
		text += fmt.Sprintf(" and %d without an entry", others)
	}
	return text
}

// openReview opens a review's content. The caller has recorded the opening.
func (v *Trustee) openReview(s vault.PlacedStatement) (review.Review, error) {
	name := fmt.Sprintf("the review of %s (%s)", s.From.Name, s.Where)
	text, err := seal.OpenBytes(seal.Message, bytes.NewReader(s.Content), seal.DigestOf(s.Content), v.Key().Age)
	switch {
	case errors.Is(err, seal.ErrNoKey):
		return review.Review{}, exit.New(exit.Mismatch, "ask them to write it again", "%s: %s has not sealed it to you", name, s.From.Name)
	case err != nil:
		return review.Review{}, exit.New(exit.Mismatch, "ask them to write it again", "%s: %w", name, err)
	}
	defer clear(text)
	r, err := review.Parse(text)
	if err != nil {
		return review.Review{}, exit.Advise(exit.Mismatch, exit.UseNewerProgram.With(), "%s: %w", name, err)
	}
	return r, nil
}

// Reviews opens what trustees wrote about a case, and the owner's private notes on it, in order. It records that
// first. Sort has reported those that do not open.
func (v *Trustee) Reviews(c *Case) ([]casefile.Review, error) {
	own, err := v.privateNotes(c.first())
	if err != nil {
		return nil, err
	}
	if len(c.reviews)+len(own) == 0 {
		return nil, nil
	}
	record := custody.Record{By: v.By(), Act: custody.Viewed, Case: c.ID, Subject: "what trustees wrote about the case"}
	if _, err := v.Custody.Record(record); err != nil {
		return nil, err
	}
	sent, err := v.sent()
	if err != nil {
		return nil, err
	}
	list, err := v.openReviews(c, sent)
	return append(list, own...), err
}

// openReviews opens what trustees have shared about a case. The caller has recorded the opening. sent is the state of
// each answer.
func (v *Trustee) openReviews(c *Case, sent map[ledger.Hash]string) ([]casefile.Review, error) {
	var list []casefile.Review
	for _, s := range c.reviews {
		r, err := v.openReview(s)
		if err != nil {
			return nil, err
		}
		if r.Kind == review.Desk {
			continue // the desk shows what its events come to
		}
		list = append(list, casefile.Review{Review: r, By: s.From, Index: s.Index, Where: s.Where, Sent: sent[r.Message]})
	}
	return list, nil
}

// sent returns the state of each answer, by the hash of its sealed message.
func (v *Trustee) sent() (map[ledger.Hash]string, error) {
	replies, err := v.Stated(ledger.KindReply)
	if err != nil {
		return nil, err
	}
	out := make(map[ledger.Hash]string)
	for _, s := range replies {
		r, err := ledger.ParseReply(s.Content)
		if err != nil {
			return nil, ledgercopy.Damaged("%s: %w", s.Where, err)
		}
		if hash := ledger.Sum(r.Message); out[hash] == "" {
			out[hash] = s.Where
		}
	}
	return out, nil
}

// Private notes are in notes/, sealed to the owner, named by their number only.
const notesDir = "notes"

// privateNotes returns the owner's private notes on a case.
func (v *Trustee) privateNotes(first ledger.Hash) ([]casefile.Review, error) {
	var list []casefile.Review
	err := v.eachNote(func(_ string, r review.Review) error {
		if r.Case == first {
			list = append(list, casefile.Review{Review: r, By: v.Key().Card, Where: casefile.PrivateNote})
		}
		return nil
	})
	return list, err
}

func (v *Trustee) eachNote(visit func(name string, r review.Review) error) error {
	names, err := v.Names(notesDir)
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := v.ReadSealed(filepath.Join(notesDir, name))
		if err != nil {
			return err
		}
		r, err := review.Parse(text)
		clear(text)
		if err != nil {
			return exit.New(exit.Mismatch, "take a copy of the vault from before", "the vault's %s/%s: %w", notesDir, name, err)
		}
		if err := visit(filepath.Join(notesDir, name), r); err != nil {
			return err
		}
	}
	return nil
}
