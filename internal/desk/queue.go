package desk

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"zapis/internal/escape"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
)

// perPage is how many cases a page of the queue lists. A bulk act is about cases of one page.
const perPage = 50

// row is one line of the queue.
type row struct {
	casefile.Summary
	Open     string // the address of its page
	Due      string
	Overdue  bool
	State    string // a code; empty where trustees contradict each other
	Owner    string
	Begin    string
	ReadBy   []string
	Conflict bool
	Second   bool
	Ours     []string // methods
}

type viewLink struct {
	view
	Count   int
	Current bool
}

type filter struct {
	column
	Options []option
	Value   string
}

type queuePage struct {
	layout
	View    view
	Views   []viewLink
	Rows    []row
	Query   query
	Filters []filter
	Active  int // filters that are set
	Sorts   []option
	Find    string // the key of the query; empty for a saved view alone
	Total   int
	From    int
	Newer   string
	Older   string
	Newest  string // where the ledger stands
}

// getQueue lists cases: of a saved view, or as a kept query asks.
func (s *Server) getQueue(w http.ResponseWriter, r *http.Request, o opened) error {
	key := r.URL.Query().Get("find")
	q, ok := s.queries.get(key)
	if !ok {
		key, q = "", query{View: viewByCode(r.URL.Query().Get("view")).Code}
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("from"))
	from = max(0, from)
	me, now := o.trustee.Key().Card.Name, o.trustee.Clock()
	ids, total := o.find.Find(q.sought(me, now, from, perPage))
	page := queuePage{layout: s.layout(r, "Queue"), View: viewByCode(q.View), Query: q, Find: key, Sorts: sorts, Total: total, From: from + 1, Active: len(q.Where)}
	for _, v := range views {
		page.Views = append(page.Views, viewLink{v, o.find.Count(v.where(me, now)), v.Code == page.View.Code})
	}
	for _, c := range columns() {
		f := filter{column: c, Value: q.Where[c.Name]}
		for _, code := range o.find.Values(c.Name) {
			f.Options = append(f.Options, option{code, codeText(c.Name, code)})
		}
		if len(f.Options) > 0 {
			page.Filters = append(page.Filters, f)
		}
	}
	var err error
	if page.Rows, err = s.rowsOf(o, ids, key, now); err != nil {
		return err
	}
	if from > 0 {
		page.Newer = pageLink(key, q.View, max(0, from-perPage))
	}
	if from+len(ids) < total {
		page.Older = pageLink(key, q.View, from+perPage)
	}
	page.Newest = fmt.Sprintf("Newest entry %d.", max(o.trustee.Size(), 1)-1)
	if err := o.trustee.RecordListing(len(page.Rows)); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "queue.html", page)
}

func pageLink(key, view string, from int) string {
	q := url.Values{"from": {strconv.Itoa(from)}}
	if key != "" {
		q.Set("find", key)
	} else {
		q.Set("view", view)
	}
	return "/?" + q.Encode()
}

func (s *Server) rowsOf(o opened, ids []string, key string, now time.Time) ([]row, error) {
	log, err := o.trustee.Desk()
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, id := range ids {
		c, err := o.cases.Find(id)
		if err != nil {
			return nil, err
		}
		d := log.Case(id)
		one := row{Summary: c.Summary(), Open: "/case/" + id, State: d.State.Text, Owner: d.Fields["owner"].Text,
			Begin: escape.Lines(o.find.Begin(id)), Conflict: len(d.Conflicts()) > 0, Second: len(d.Pending) > 0 || d.Fields["second_reader"].Text == "wanted"}
		if key != "" {
			one.Open += "?find=" + key + "#hit"
		}
		if due, dated := c.Due(d); dated {
			one.Due, one.Overdue = due.Format(time.DateOnly), casework.Overdue(due, now)
		}
		one.ReadBy = c.ReadBy(d)
		for _, m := range d.Sets["method"] {
			one.Ours = append(one.Ours, m.Text)
		}
		rows = append(rows, one)
	}
	return rows, nil
}

// postFind keeps what the queue's form asks for, and sends the browser to it.
func (s *Server) postFind(w http.ResponseWriter, r *http.Request, _ opened) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	q := queryOf(r.PostForm)
	to := "/?view=" + url.QueryEscape(q.View)
	if strings.TrimSpace(q.Words) != "" || len(q.Where) > 0 || q.Sort != "" {
		to = "/?find=" + s.queries.put(q)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// bulkAct is what may be done to many cases at a time.
type bulkAct struct {
	option
	decide func(value string) casework.Decision
}

func setting(field, value string) casework.Decision {
	return casework.Decision{Kind: deskstate.KindSet, Payload: map[string]string{"field": field, "value": value}}
}

// bulkActs lists them. The value of an act stands behind the colon of its code, or is typed.
func bulkActs(names []string) []bulkAct {
	var list []bulkAct
	move := func(to string) {
		list = append(list, bulkAct{option{"state:" + to, "Move to: " + codeWords("state", to)}, func(string) casework.Decision {
			return casework.Decision{Kind: deskstate.KindState, Payload: map[string]string{"to": to}}
		}})
	}
	set := func(field, value string) {
		list = append(list, bulkAct{option{field + ":" + value, fieldLabel(field) + ": " + codeWords(field, value)},
			func(string) casework.Decision { return setting(field, value) }})
	}
	for _, to := range []string{"triaged", "in_review", "needs_info", "out_of_scope", "closed"} {
		move(to)
	}
	for _, name := range names {
		set("owner", name)
	}
	for _, p := range []string{"low", "normal", "high", "urgent"} {
		set("priority", p)
	}
	set("second_reader", "wanted")
	return append(list, bulkAct{option{"tag", "Tag (type it below)"}, func(value string) casework.Decision { return setting("tag", value) }})
}

type bulkPage struct {
	layout
	Rows []row
	Acts []bulkAct
	Key  string
	Back string
}

// postChoose keeps which cases were ticked, and leads to the page that lists them with what can be done.
func (s *Server) postChoose(w http.ResponseWriter, r *http.Request, o opened) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	back := "/?view=" + url.QueryEscape(viewByCode(r.PostForm.Get("view")).Code)
	chosen := r.PostForm["case"]
	if len(chosen) == 0 || len(chosen) > perPage {
		s.sendTo(w, r, back, Notice{Failed: true, Text: fmt.Sprintf("Tick 1 to %d cases.", perPage)})
		return nil
	}
	for _, id := range chosen {
		if _, err := o.cases.Find(id); err != nil {
			return err
		}
	}
	key := s.queries.put(query{View: viewByCode(r.PostForm.Get("view")).Code, Chosen: chosen})
	http.Redirect(w, r, "/bulk?chosen="+key, http.StatusSeeOther)
	return nil
}

func (s *Server) getBulk(w http.ResponseWriter, r *http.Request, o opened) error {
	key := r.URL.Query().Get("chosen")
	q, ok := s.queries.get(key)
	if !ok {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	rows, err := s.rowsOf(o, q.Chosen, "", o.trustee.Clock())
	if err != nil {
		return err
	}
	names, err := trusteeNames(o)
	if err != nil {
		return err
	}
	if err := o.trustee.RecordListing(len(rows)); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "bulk.html", bulkPage{layout: s.layout(r, "Many cases"), Rows: rows, Acts: bulkActs(names), Key: key, Back: "/?view=" + q.View})
}

// postBulk does one act on all cases that were listed, or on none.
func (s *Server) postBulk(w http.ResponseWriter, r *http.Request, o opened) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	key := r.PostForm.Get("chosen")
	q, ok := s.queries.get(key)
	if !ok {
		s.sendTo(w, r, "/", Notice{Failed: true, Text: "The cases that were listed are not known any more. Choose them again."})
		return nil
	}
	names, err := trusteeNames(o)
	if err != nil {
		return err
	}
	acts := bulkActs(names)
	i := slices.IndexFunc(acts, func(a bulkAct) bool { return a.Code == r.PostForm.Get("act") })
	if i < 0 {
		s.sendTo(w, r, "/bulk?chosen="+key, Notice{Failed: true, Text: "Choose what is to be done."})
		return nil
	}
	var list []casework.Decision
	for _, id := range q.Chosen {
		one := acts[i].decide(r.PostForm.Get("value"))
		one.Case, one.Why = id, strings.TrimSpace(r.PostForm.Get("why"))
		list = append(list, one)
	}
	events, err := o.decide(list...)
	if err != nil {
		s.sendTo(w, r, "/bulk?chosen="+key, noticeOf(err))
		return nil
	}
	back := "/?view=" + q.View
	s.sendTo(w, r, back, Notice{Text: fmt.Sprintf("%s: %d cases.", acts[i].English, len(events)), Undo: events, Back: back})
	return nil
}

func (s *Server) getKeys(w http.ResponseWriter, r *http.Request, _ opened) error {
	return s.render(w, http.StatusOK, "keys.html", struct {
		layout
		Views []view
	}{s.layout(r, "Keys"), views})
}

// trusteeNames gives the names of the trustees in force.
func trusteeNames(o opened) ([]string, error) {
	_, set, err := o.trustee.Copy().Chain().SetInForce()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range set.Trustees {
		names = append(names, t.Name)
	}
	return names, nil
}
