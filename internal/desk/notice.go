package desk

import (
	"net/http"
	"net/url"
	"sync"

	"zapis/internal/exit"
)

// Notice is what an act has to say: it is shown once, on the page that the browser is sent to after the act. A browser
// keeps the body of a POST with its history entry, so no act answers with a page of its own.
type Notice struct {
	Failed     bool
	Text, Hint string
}

func noticeOf(err error) Notice {
	return Notice{Failed: true, Text: err.Error(), Hint: exit.HintOf(err)}
}

// maxNotices bounds the notices that no page has shown yet.
const maxNotices = 64

// notices are those not shown yet, by a random key.
type notices struct {
	mu   sync.Mutex
	keys []string // in the order of their making
	all  map[string]Notice
}

func (n *notices) put(one Notice) (key string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil {
		n.all = make(map[string]Notice)
	}
	if len(n.keys) == maxNotices {
		delete(n.all, n.keys[0])
		n.keys = n.keys[1:]
	}
	key = randomHex(8)
	n.keys, n.all[key] = append(n.keys, key), one
	return key
}

// take returns the notice that the request's address names, and forgets it; nil where there is none.
func (n *notices) take(r *http.Request) *Notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	one, ok := n.all[r.URL.Query().Get("said")]
	if !ok {
		return nil
	}
	delete(n.all, r.URL.Query().Get("said"))
	return &one
}

// clear forgets all of them.
func (n *notices) clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keys, n.all = nil, nil
}

// sendTo answers an act: 303 to a page of the desk, which shows the notice.
func (s *Server) sendTo(w http.ResponseWriter, r *http.Request, page string, one Notice) {
	to := url.URL{Path: page, RawQuery: url.Values{"said": {s.notices.put(one)}}.Encode()}
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}
