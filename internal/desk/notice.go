package desk

import (
	"net/http"
	"net/url"

	"zapis/internal/cli"
	"zapis/internal/escape"
)

// Notice is what an act has to say: it is shown once, on the page that the browser is sent to after the act. A browser
// keeps the body of a POST with its history entry, so no act answers with a page of its own.
type Notice struct {
	Failed     bool
	Text, Hint string
	Undo       []string // the events that the notice offers to undo
	Back       string   // the page that an undo leads to
}

func noticeOf(err error) Notice {
	return Notice{Failed: true, Text: escape.Error(err), Hint: cli.Hint(err)}
}

// sendTo answers an act: 303 to a page of the desk, which shows the notice.
func (s *Server) sendTo(w http.ResponseWriter, r *http.Request, page string, one Notice) {
	to, err := url.Parse(page)
	if err != nil {
		to = &url.URL{Path: "/"}
	}
	query := to.Query()
	query.Set("shown", s.notices.put(one))
	to.RawQuery = query.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}
