package desk

import (
	"net/http"
	"net/url"
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
	Choice      string // the case that stands in the form
}

var linkTypes = []choice{{"duplicate-of", "is the same report as"}, {"part-of", "is a part of"}, {"follows", "follows"}, {"same-actor", "has the same actor as"}}

// getLinks shows campaigns with their timelines, the links in force, and what was suggested.
func (s *Server) getLinks(w http.ResponseWriter, r *http.Request, o opened) error {
	d, err := o.trustee.Desk()
	if err != nil {
		return err
	}
	page := linksPage{layout: s.layout(r, "Links"), Links: d.Links(), Types: linkTypes, Choice: r.URL.Query().Get("case")}
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
	looked, list, common := s.links.get()
	var left []links.Suggestion
	for _, one := range list {
		if one.Pair != pair {
			left = append(left, one)
		}
	}
	s.links.set(looked, left, common)
}
