package vault

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/review"
)

// Review is what a trustee wrote about a case.
type Review struct {
	review.Review
	By    card.Card
	Index *uint64 // of its entry; nil where it has none
	Where string  // "entry 9", or why it has none
	Sent  string  // of an answer's copy: where the answer stands, likewise; empty where it was not signed
}

// Private says whether it lies in this vault alone.
func (r Review) Private() bool { return r.Where == private }

const private = "private"

// statedIn is a signed statement with its content, as it stands in the ledger, waits for its slot, or lies among
// what the owner has signed.
type statedIn struct {
	ledger.Said
	from  card.Card
	index *uint64
	where string
	set   ledger.TrusteeSet
}

// Where what has no entry is.
const (
	notInLedger = "not in the ledger yet"
	inWaiting   = "waiting"
)

// stated lists the statements of a kind that a reply, review or custody entry holds or will hold, in the
// ledger's order; then those that wait; then the owner's own that the operator has not taken in.
func (v *Vault) stated(kind ledger.Kind) ([]statedIn, error) {
	var list []statedIn
	err := v.eachSaid(kind, func(said ledger.Said, index *uint64, where string) error {
		one, err := v.statedBy(said, index, where)
		list = append(list, one)
		return err
	})
	if err != nil {
		return nil, err
	}
	own, err := v.Said()
	if err != nil {
		return nil, err
	}
	for _, said := range own {
		if said.Statement.Kind != string(kind) || v.saidStands(said) {
			continue
		}
		one, err := v.statedBy(said, nil, notInLedger)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

func (v *Vault) statedBy(said ledger.Said, index *uint64, where string) (statedIn, error) {
	set, err := v.held.chain.SetAt(said.Statement.Trustees)
	if err != nil {
		return statedIn{}, err
	}
	at := set.Position(said.Statement.Signer)
	if at == 0 {
		return statedIn{}, damaged("%s: its signer is not among its trustees", where)
	}
	return statedIn{said, set.Trustees[at-1], index, where, set}, nil
}

// eachBody visits the entries that have one body, and the waiting submissions that will have. file gives the
// body, verified again, or nil where it was erased.
func (v *Vault) eachBody(visit func(b ledger.Body, index *uint64, where string, file func() ([]byte, error)) error) error {
	read := func(name string, p ledger.Part, where string) ([]byte, error) {
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		if err == nil && ledger.Sum(text) != p.Hash {
			return nil, damaged("%s: its body is not the one that the ledger names", where)
		}
		return text, err
	}
	for i, e := range v.held.entries {
		if e.Body.Kind.HasParts() {
			continue
		}
		at, p := where(e.Index), e.Body.Parts[0]
		err := visit(e.Body, &v.held.entries[i].Index, at, func() ([]byte, error) { return read(v.held.placeOf(e.Index).part(p.Hash), p, at) })
		if err != nil {
			return err
		}
	}
	for _, w := range v.held.waiting {
		if w.body.Kind.HasParts() {
			continue
		}
		at, p := inWaiting, w.body.Parts[0]
		if err := visit(w.body, nil, at, func() ([]byte, error) { return read(partFile(w.dir, p.Hash), p, at) }); err != nil {
			return err
		}
	}
	return nil
}

// eachSaid visits the statements, with what they are about, that stand in the ledger as entries of a kind, or wait,
// but for those that were erased.
func (v *Vault) eachSaid(kind ledger.Kind, visit func(said ledger.Said, index *uint64, where string) error) error {
	return v.eachBody(func(b ledger.Body, index *uint64, where string, file func() ([]byte, error)) error {
		if b.Kind != kind {
			return nil
		}
		text, err := file()
		if err != nil || text == nil {
			return err
		}
		said, err := ledger.ParseSaid(text)
		if err != nil {
			return damaged("%s: %w", where, err)
		}
		return visit(said, index, where)
	})
}

// reviewGist is what the cache keeps of a review: to which case it belongs, and for which exhibit it signs.
type reviewGist struct {
	Statement ledger.Hash `json:"statement"`
	Case      ledger.Hash `json:"case"`
	Kind      review.Kind `json:"kind"`
	Of        ledger.Hash `json:"of"`
}

const reviewsFile = "reviews"

// reviewed are the reviews that the owner can open, sorted.
type reviewed struct {
	of       map[ledger.Hash][]statedIn // by the body hash of the case's first report
	exhibits map[ledger.Hash]card.Card  // who has signed for an exhibit, by its body hash
	problems []error
}

// reviews opens those that were not opened before. What is to be opened is recorded first.
func (v *Vault) reviews() (*reviewed, error) {
	all, err := v.stated(ledger.KindReview)
	if err != nil {
		return nil, err
	}
	cached, err := readCache[reviewGist](v, reviewCache)
	if err != nil {
		return nil, err
	}
	known := make(map[ledger.Hash]reviewGist)
	for _, g := range cached {
		known[g.Statement] = g
	}
	out := &reviewed{of: make(map[ledger.Hash][]statedIn), exhibits: make(map[ledger.Hash]card.Card)}
	var fresh []statedIn
	for _, s := range all {
		if _, have := known[s.Statement.Hash()]; !have && isTrustee(s.set, v.key.Card) {
			fresh = append(fresh, s)
		}
	}
	if len(fresh) > 0 {
		if err := v.openReviews(fresh, known, out); err != nil {
			return nil, err
		}
	}
	for _, s := range all {
		g, have := known[s.Statement.Hash()]
		switch {
		case !have:
		case g.Kind == review.Exhibit:
			if _, before := out.exhibits[g.Of]; !before {
				out.exhibits[g.Of] = s.from
			}
		default:
			out.of[g.Case] = append(out.of[g.Case], s)
		}
	}
	return out, nil
}

func (v *Vault) openReviews(fresh []statedIn, known map[ledger.Hash]reviewGist, out *reviewed) error {
	if _, err := v.Custody.Record(custody.Deed{By: v.key.by(), Act: custody.Opened, Subject: reviewsSubject(fresh)}); err != nil {
		return err
	}
	for _, s := range fresh {
		r, err := v.openReview(s)
		if err != nil {
			out.problems = append(out.problems, err)
			continue
		}
		hash := ledger.Hash(s.Statement.Hash())
		known[hash] = reviewGist{hash, r.Case, r.Kind, r.Of}
	}
	list := make([]reviewGist, 0, len(known))
	for _, g := range known {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b reviewGist) int { return bytes.Compare(a.Statement[:], b.Statement[:]) })
	return writeCache(v, reviewCache, list)
}

// reviewsSubject names reviews: those with entries by these, and how many others there are.
func reviewsSubject(list []statedIn) string {
	var entries []string
	others := 0
	for _, s := range list {
		if s.index == nil {
			others++
			continue
		}
		entries = append(entries, fmt.Sprint(*s.index))
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

// openReview opens a review's content. The opening must have been recorded.
func (v *Vault) openReview(s statedIn) (review.Review, error) {
	name := fmt.Sprintf("the review of %s (%s)", s.from.Name, s.where)
	text, err := seal.OpenBytes(seal.Message, bytes.NewReader(s.Content), seal.DigestOf(s.Content), v.key.Age)
	switch {
	case errors.Is(err, seal.ErrNoKey):
		return review.Review{}, mismatch("ask them to write it again", "%s: %s has not sealed it to you", name, s.from.Name)
	case err != nil:
		return review.Review{}, mismatch("ask them to write it again", "%s: %w", name, err)
	}
	defer clear(text)
	r, err := review.Parse(text)
	if err != nil {
		return review.Review{}, mismatch("a newer zapis may read it", "%s: %w", name, err)
	}
	return r, nil
}

// Reviews opens what trustees wrote about a case, and the owner's private notes on it, in order; that it is
// opened is recorded first. Those that do not open were named by Sort.
func (v *Vault) Reviews(c *Case) ([]Review, error) {
	own, err := v.privateNotes(c.first())
	if err != nil {
		return nil, err
	}
	if len(c.reviews)+len(own) == 0 {
		return nil, nil
	}
	deed := custody.Deed{By: v.key.by(), Act: custody.Viewed, Case: c.ID, Subject: "what trustees wrote about the case"}
	if _, err := v.Custody.Record(deed); err != nil {
		return nil, err
	}
	sent, err := v.sent()
	if err != nil {
		return nil, err
	}
	var list []Review
	for _, s := range c.reviews {
		r, err := v.openReview(s)
		if err != nil {
			return nil, err
		}
		list = append(list, Review{r, s.from, s.index, s.where, sent[r.Message]})
	}
	return append(list, own...), nil
}

// sent says where each answer stands, by the hash of its sealed message.
func (v *Vault) sent() (map[ledger.Hash]string, error) {
	replies, err := v.stated(ledger.KindReply)
	if err != nil {
		return nil, err
	}
	out := make(map[ledger.Hash]string)
	for _, s := range replies {
		r, err := ledger.ParseReply(s.Content)
		if err != nil {
			return nil, damaged("%s: %w", s.where, err)
		}
		if hash := ledger.Sum(r.Message); out[hash] == "" {
			out[hash] = s.where
		}
	}
	return out, nil
}

// Private notes lie in notes/, sealed to the owner, named by their number and nothing else.
const notesDir = "notes"

// privateNotes gives the owner's private notes on a case.
func (v *Vault) privateNotes(first ledger.Hash) ([]Review, error) {
	var list []Review
	err := v.eachNote(func(_ string, r review.Review) error {
		if r.Case == first {
			list = append(list, Review{Review: r, By: v.key.Card, Where: private})
		}
		return nil
	})
	return list, err
}

func (v *Vault) eachNote(visit func(name string, r review.Review) error) error {
	names, err := v.names(notesDir)
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := v.readSealed(filepath.Join(notesDir, name))
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
