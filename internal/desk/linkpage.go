package desk

import (
	"net/http"
	"strings"
	"sync"

	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/links"
)

// suggested are the suggestions that were looked for last.
type suggested struct {
	mu     sync.Mutex
	looked bool
	list   []links.Suggestion
	common []links.Common
}

func (s *suggested) set(looked bool, list []links.Suggestion, common []links.Common) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked, s.list, s.common = looked, list, common
}

func (s *suggested) get() (bool, []links.Suggestion, []links.Common) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looked, s.list, s.common
}

func (s *suggested) clear() { s.set(false, nil, nil) }

// maxSuggestions bounds those on one page.
const maxSuggestions = 100

type linksPage struct {
	layout
	Campaigns   []links.Campaign
	Links       []deskstate.Link
	Refused     []deskstate.RefusedLink
	Looked      bool
	Suggestions []links.Suggestion
	More        int
	Common      []links.Common
	Types       []choice
}

var linkTypes = []choice{{"duplicate-of", "is the same report as"}, {"part-of", "is a part of"}, {"follows", "follows"}, {"same-actor", "has the same actor as"}}

// getLinks shows campaigns with their timelines, the links in force, and what was suggested.
func (s *Server) getLinks(w http.ResponseWriter, r *http.Request, o opened) error {
	d, err := o.trustee.Desk()
	if err != nil {
		return err
	}
	page := linksPage{layout: s.layout(r, "Links"), Links: d.Links(), Types: linkTypes}
	if page.Campaigns, err = o.trustee.Campaigns(o.cases); err != nil {
		return err
	}
	for _, key := range d.Cases() {
		page.Refused = append(page.Refused, d.Case(key).Refused...)
	}
	page.Looked, page.Suggestions, page.Common = s.links.get()
	if n := len(page.Suggestions); n > maxSuggestions {
		page.Suggestions, page.More = page.Suggestions[:maxSuggestions], n-maxSuggestions
	}
	if err := o.trustee.RecordListing(len(o.cases.List)); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "links.html", page)
}

// postSuggest compares all cases. It opens all statements, which is recorded as one event.
func (s *Server) postSuggest(w http.ResponseWriter, r *http.Request, o opened) error {
	list, common, err := o.trustee.Suggest(r.Context(), o.cases)
	if err != nil {
		return err
	}
	s.links.set(true, list, common)
	http.Redirect(w, r, "/links#suggestions", http.StatusSeeOther)
	return nil
}

// postLink links two cases, refuses a suggestion, or undoes a link.
func (s *Server) postLink(w http.ResponseWriter, r *http.Request, o opened) error {
	if err := parse(w, r); err != nil {
		return err
	}
	form := r.PostForm
	c, err := o.cases.Find(form.Get("case"))
	if err != nil {
		return err
	}
	var acts []casework.Decision
	switch form.Get("act") {
	case "link":
		other, err := o.cases.Find(form.Get("other"))
		if err != nil {
			return err
		}
		acts = append(acts, casework.Decision{Case: c.ID, Kind: deskstate.KindLink, Payload: map[string]string{"type": form.Get("type"), "other": other.ID}, Why: strings.TrimSpace(form.Get("why"))})
	case "refuse":
		for _, reason := range form["reason"] {
			acts = append(acts, casework.Decision{Case: c.ID, Kind: deskstate.KindRefuse, Payload: map[string]string{"other": form.Get("other"), "reason": reason}})
		}
	case "undo":
		acts = append(acts, casework.Decision{Case: c.ID, Kind: deskstate.KindUndo, Undoes: form.Get("event"), Why: strings.TrimSpace(form.Get("why"))})
	default:
		return exit.New(exit.Usage, "", "there is no such act")
	}
	if _, err := o.trustee.Decide(acts...); err != nil {
		s.sendTo(w, r, "/links", noticeOf(err))
		return nil
	}
	s.dropSuggestion(links.NewPair(c.ID, form.Get("other")))
	s.sendTo(w, r, "/links", Notice{Text: "Kept. The next outbox takes it to the other trustees."})
	return nil
}

// dropSuggestion takes a pair off the list that was looked for last.
func (s *Server) dropSuggestion(pair links.Pair) {
	looked, list, common := s.links.get()
	var left []links.Suggestion
	for _, one := range list {
		if one.Pair != pair {
			left = append(left, one)
		}
	}
	s.links.set(looked, left, common)
}
