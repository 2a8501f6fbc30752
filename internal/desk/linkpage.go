package desk

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/links"
	"zapis/internal/trustee/media"
)

// suggestedState are the suggestions that were looked for last, and how far the pictures are compared.
type suggestedState struct {
	Looked      bool
	Suggestions []links.Suggestion
	Common      []links.Common
	Comparing   bool // pictures are being read
	Done, Of    int  // pictures that were read, of those that had to be
	NotCompared string
}

// maxSuggestions bounds those on one page.
const maxSuggestions = 100

type linksPage struct {
	layout
	suggestedState
	Campaigns []links.Campaign
	Links     []deskstate.Link
	Refused   []deskstate.RefusedLink
	More      int
	Types     []choice
	Choice    string // the case that stands in the form
}

var linkTypes = []choice{{"duplicate-of", "is the same report as"}, {"part-of", "is a part of"}, {"follows", "follows"}, {"same-actor", "has the same actor as"}}

// getLinks shows campaigns with their timelines, the links in force, and what was suggested.
func (s *Server) getLinks(w http.ResponseWriter, r *http.Request, o opened) error {
	d, err := o.trustee.Desk()
	if err != nil {
		return err
	}
	page := linksPage{layout: s.layout(r, "Links"), suggestedState: s.links.get(), Links: d.Links(), Types: linkTypes, Choice: r.URL.Query().Get("case")}
	if page.Campaigns, err = o.trustee.Campaigns(o.cases); err != nil {
		return err
	}
	for _, key := range d.Cases() {
		page.Refused = append(page.Refused, d.Case(key).Refused...)
	}
	if n := len(page.Suggestions); n > maxSuggestions {
		page.Suggestions, page.More = page.Suggestions[:maxSuggestions], n-maxSuggestions
	}
	if err := o.trustee.RecordListing(len(o.cases.List)); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "links.html", page)
}

// postSuggest compares all cases. It opens all statements, which is recorded as one event. Pictures that were not compared
// before are read afterwards, while the desk is open.
func (s *Server) postSuggest(w http.ResponseWriter, r *http.Request, o opened) error {
	found, err := o.trustee.Suggest(r.Context(), o.cases)
	if err != nil {
		return err
	}
	begin := false
	s.links.set(func(st *suggestedState) {
		begin = !st.Comparing && found.Pictures.Waiting() > 0
		st.Looked, st.Suggestions, st.Common = true, found.List, found.Common
		if begin {
			st.Comparing, st.Done, st.Of, st.NotCompared = true, 0, found.Pictures.Waiting(), ""
		}
	})
	if begin {
		s.keeper.Background(func(ctx context.Context, turn func(func(*casework.Trustee, *casework.Cases) error) error) {
			err := s.readPictures(ctx, found.Pictures, turn)
			if ctx.Err() != nil {
				return // Lock has forgotten the state
			}
			s.links.set(func(st *suggestedState) {
				st.Comparing = false
				if err != nil {
					st.NotCompared = refusalWords(err)
				}
			})
		})
	}
	http.Redirect(w, r, "/links#suggestions", http.StatusSeeOther)
	return nil
}

// readPictures computes the hashes of pictures, and then compares all cases once more.
func (s *Server) readPictures(ctx context.Context, p *casework.Pictures, turn func(func(*casework.Trustee, *casework.Cases) error) error) error {
	if s.media == nil {
		return &media.Error{Code: media.NotStarted}
	}
	defer s.media.StopHashing()
	err := p.Read(ctx, func(use func(*casework.Trustee) error) error {
		return turn(func(v *casework.Trustee, _ *casework.Cases) error { return use(v) })
	}, func(ctx context.Context, name string, data []byte) (uint64, error) {
		return s.media.Hash(ctx, media.Request{Name: name, Data: data})
	}, func(done, of int) { s.links.set(func(st *suggestedState) { st.Done, st.Of = done, of }) })
	if err != nil {
		return err
	}
	return turn(func(v *casework.Trustee, cases *casework.Cases) error {
		found, err := v.Suggest(ctx, cases)
		if err == nil {
			s.links.set(func(st *suggestedState) { st.Suggestions, st.Common = found.List, found.Common })
		}
		return err
	})
}

// postLink links two cases, refuses a suggestion, or undoes a link.
func (s *Server) postLink(w http.ResponseWriter, r *http.Request, o opened) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	form := r.PostForm
	c, err := o.cases.Find(form.Get("case"))
	if err != nil {
		s.sendTo(w, r, "/links", noticeOf(err))
		return nil
	}
	acts, other, err := linkActs(o.cases, c.ID, form)
	var events []string
	if err == nil {
		events, err = o.decide(acts...)
	}
	if err != nil {
		s.sendTo(w, r, "/links", noticeOf(err))
		return nil
	}
	s.dropSuggestion(links.NewPair(c.ID, other))
	s.sendTo(w, r, "/links", Notice{Text: "Kept. The next outbox takes it to the other trustees.", Undo: events, Back: "/links"})
	return nil
}

// linkActs reads what a form of the page does to a case, and to which other.
func linkActs(cases *casework.Cases, id string, form url.Values) (acts []casework.Decision, other string, err error) {
	why := strings.TrimSpace(form.Get("why"))
	if form.Get("act") == "undo" {
		return []casework.Decision{{Case: id, Kind: deskstate.KindUndo, Undoes: form.Get("event"), Why: why}}, form.Get("other"), nil
	}
	c, err := cases.Find(form.Get("other"))
	if err != nil {
		return nil, "", err
	}
	switch form.Get("act") {
	case "link":
		return []casework.Decision{{Case: id, Kind: deskstate.KindLink, Payload: map[string]string{"type": form.Get("type"), "other": c.ID}, Why: why}}, c.ID, nil
	case "refuse":
		for _, reason := range form["reason"] {
			acts = append(acts, casework.Decision{Case: id, Kind: deskstate.KindRefuse, Payload: map[string]string{"other": c.ID, "reason": reason}})
		}
	}
	if len(acts) == 0 {
		return nil, "", exit.New(exit.Usage, "", "nothing was chosen")
	}
	return acts, c.ID, nil
}

// dropSuggestion takes a pair off the list that was looked for last.
func (s *Server) dropSuggestion(pair links.Pair) {
	s.links.set(func(st *suggestedState) {
		st.Suggestions = slices.DeleteFunc(slices.Clone(st.Suggestions), func(one links.Suggestion) bool { return one.Pair == pair })
	})
}
