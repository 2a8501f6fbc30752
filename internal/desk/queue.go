package desk

import (
	"net/http"
	"slices"
	"strings"

	"zapis/internal/trustee/casefile"
)

// row is one line of the queue.
type row struct {
	casefile.Summary
	Open string // the address of its page
}

type queuePage struct {
	layout
	Rows []row
}

// getQueue lists the cases: danger first, then the nearest deadline, then the newest.
func (s *Server) getQueue(w http.ResponseWriter, r *http.Request, o opened) error {
	page := queuePage{layout: s.layout(r, "Queue")}
	for _, c := range o.cases.List {
		page.Rows = append(page.Rows, row{c.Summary(), "/case/" + c.ID})
	}
	slices.SortStableFunc(page.Rows, compareRows)
	if err := o.trustee.RecordListing(len(page.Rows)); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "queue.html", page)
}

// dangerOrder ranks the answers to "is anyone in danger now".
var dangerOrder = map[string]int{"yes": 0, "unsure": 1}

func compareRows(a, b row) int {
	rank := func(r row) int {
		if n, ok := dangerOrder[r.Danger]; ok {
			return n
		}
		return len(dangerOrder)
	}
	if d := rank(a) - rank(b); d != 0 {
		return d
	}
	if a.Deadline != b.Deadline && (a.Deadline == "" || b.Deadline == "") {
		return -strings.Compare(a.Deadline, b.Deadline)
	}
	if d := strings.Compare(a.Deadline, b.Deadline); d != 0 {
		return d
	}
	return b.Received.Compare(a.Received)
}
