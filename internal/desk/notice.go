package desk

import (
	"net/http"
	"net/url"
	"sync"

	"zapis/internal/cli"
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
	return Notice{Failed: true, Text: err.Error(), Hint: cli.Hint(err)}
}

// maxKept is how many values a keyed holds.
const maxKept = 64

// keyed keeps what one request leaves for another, by a random key: notices that no page has shown yet, and what was
// asked of the queue. A query's words are in it because an address would take them into the browser's history. The
// oldest goes first. Any goroutine may use it.
type keyed[T any] struct {
	mu   sync.Mutex
	keys []string // in the order of their making
	all  map[string]T
}

func (n *keyed[T]) put(one T) (key string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil {
		n.all = make(map[string]T)
	}
	if len(n.keys) == maxKept {
		delete(n.all, n.keys[0])
		n.keys = n.keys[1:]
	}
	key = randomHex(8)
	n.keys, n.all[key] = append(n.keys, key), one
	return key
}

func (n *keyed[T]) get(key string) (one T, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	one, ok = n.all[key]
	return one, ok
}

// take is get, and forgets it.
func (n *keyed[T]) take(key string) (one T, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	one, ok = n.all[key]
	delete(n.all, key)
	return one, ok
}

// clear forgets all of them.
func (n *keyed[T]) clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keys, n.all = nil, nil
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
