package desk

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"zapis/internal/escape"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/search"
)

// piece is a part of a text: one that the query found, or what stands between two of them.
type piece struct {
	Text string
	Hit  int // from 1; 0 between hits
}

// answer is one answered question.
type answer struct {
	Label string
	Text  []piece
}

// post is one item of a case's thread: a submission, or what a trustee wrote.
type post struct {
	Class        string // report, trustee, note: how it looks
	Title, Place string
	Time         time.Time
	Words        []answer // free text
	Codes        []answer
	Exhibits     []casefile.Exhibit
	Duty         []casefile.OnDuty // what those on duty have answered to the submission
	Undo         string            // the event of a note
}

// reach says whether an addressee may get the case, and why not.
type reach struct {
	casefile.Addressee
	May, MustAsk bool
	Why          string
}

type casePage struct {
	layout
	Case     *casefile.Case
	Find     string // the key of the query that led here
	Hits     int
	Thread   []post
	Identity []answer
	Reach    []reach
	Twin     string // the case whose report was sent from the same page of the form
	rail
	Addressees []casefile.Addressee
}

func (s *Server) getCase(w http.ResponseWriter, r *http.Request, o opened) error {
	found, err := o.cases.Find(r.PathValue("id"))
	if err != nil {
		return err
	}
	c, err := o.trustee.Show(found)
	if err != nil {
		return err
	}
	if err := o.markRead(found); err != nil {
		return err
	}
	log, err := o.trustee.Desk()
	if err != nil {
		return err
	}
	key := r.URL.Query().Get("find")
	q, _ := s.queries.get(key)
	t := &teller{query: search.ParseQuery(q.Words)}
	d := log.Case(found.ID)
	page := casePage{layout: s.layout(r, "Case "+c.ID), Case: c, Find: key, Thread: t.thread(c, d), Identity: t.identity(c), Addressees: casefile.Addressees()}
	page.Hits = t.hits
	for _, a := range casefile.Addressees() {
		one := reach{Addressee: a, MustAsk: c.Allowed.MustAsk(a)}
		if err := c.Allowed.Check(a, casefile.Leave{}); err != nil {
			one.Why = escape.Error(err)
		}
		one.May = one.Why == ""
		page.Reach = append(page.Reach, one)
	}
	if twin := found.SamePage(); twin != nil {
		page.Twin = twin.ID
	}
	if page.rail, err = railOf(o, found, c, d); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "case.html", page)
}

// markRead keeps that the trustee has read the case as far as it goes.
func (o opened) markRead(c *casework.Case) error {
	log, err := o.trustee.Desk()
	if err != nil {
		return err
	}
	mark, unread := casework.ReadMark(c, log.Case(c.ID), o.trustee.Key().Card.Name)
	if !unread {
		return nil
	}
	_, err = o.decide(mark)
	return err
}

// teller puts what people wrote on the page: hidden and direction marks are written out, and what the query found is
// numbered.
type teller struct {
	query search.Query
	hits  int
}

func (t *teller) text(s string) []piece {
	s = escape.Lines(s)
	if t.query.Empty() {
		return []piece{{Text: s}}
	}
	var list []piece
	at := 0
	for _, span := range t.query.Find(s) {
		if span.Start > at {
			list = append(list, piece{Text: s[at:span.Start]})
		}
		t.hits++
		list = append(list, piece{s[span.Start:span.End], t.hits})
		at = span.End
	}
	return append(list, piece{Text: s[at:]})
}

// thread lists what the reporter sent and what trustees wrote, by time.
func (t *teller) thread(c *casefile.Case, d deskstate.Case) []post {
	var thread []post
	for _, sub := range c.Submissions {
		thread = append(thread, t.submission(c, sub))
	}
	for _, rev := range c.Reviews {
		thread = append(thread, t.review(rev))
	}
	for _, n := range d.Notes {
		thread = append(thread, post{Class: "note", Title: "Note by " + n.By, Place: "the desk", Time: n.Time, Undo: n.ID, Words: []answer{{"", t.text(n.Text)}}})
	}
	slices.SortStableFunc(thread, func(a, b post) int { return a.Time.Compare(b.Time) })
	return thread
}

// maxLine is the most bytes that an answer in free text may have to stand among the codes, as one line of them.
const maxLine = 200

func (t *teller) submission(c *casefile.Case, sub casefile.Submission) post {
	one := post{Class: "report", Title: actTitles[sub.Act], Place: sub.Place, Time: sub.Received, Exhibits: c.ExhibitsOf(sub)}
	if sub.NotSigned {
		one.Title += ", not signed with the case's key: it changes nothing"
	}
	for _, d := range c.Summary.Duty {
		if d.Report == sub.Body {
			one.Duty = append(one.Duty, d)
		}
	}
	for _, f := range incident.Fields() {
		given := sub.Answers[f.Name]
		if len(given) == 0 {
			continue
		}
		if f.Kind == incident.KindText && f.MaxBytes > maxLine {
			one.Words = append(one.Words, answer{fieldLabel(f.Name), t.text(strings.Join(given, "\n"))})
			continue
		}
		texts := make([]string, len(given))
		for i, code := range given {
			texts[i] = codeWords(f.Name, code)
		}
		one.Codes = append(one.Codes, answer{fieldLabel(f.Name), t.text(strings.Join(texts, ", "))})
	}
	return one
}

var reviewTitles = map[review.Kind]string{
	review.Note: "Note", review.Grade: "Grade", review.Translation: "Translation", review.Reply: "Answer to the reporter", review.Exhibit: "Exhibit",
}

func (t *teller) review(rev casefile.Review) post {
	one := post{Class: "trustee", Title: reviewTitles[rev.Kind] + " by " + rev.By.Name, Place: rev.Where, Time: rev.At}
	switch {
	case rev.Private():
		one.Title = "Private note"
	case rev.Kind == review.Reply && rev.Sent == "":
		one.Title += ", never signed: write it again"
	case rev.Kind == review.Reply:
		one.Class = "answer"
	case rev.Kind == review.Translation:
		one.Title += " (" + rev.Language + ")"
	}
	for _, g := range []struct{ field, code string }{{"nexus", rev.Nexus}, {"reliability", rev.Source}, {"content", rev.Information}} {
		if g.code != "" {
			one.Codes = append(one.Codes, answer{fieldLabel(g.field), t.text(codeWords(g.field, g.code))})
		}
	}
	if rev.Text != "" {
		one.Words = []answer{{"", t.text(rev.Text)}}
	}
	return one
}

func (t *teller) identity(c *casefile.Case) []answer {
	var list []answer
	given := c.Identity()
	for _, name := range incident.IdentityNames() {
		if given[name] != "" {
			list = append(list, answer{fieldLabel(name), t.text(given[name])})
		}
	}
	return list
}

var actTitles = map[string]string{
	"report": "Report", "follow-up": "The reporter adds", "consent": "The reporter changes what is allowed",
	"stop": "The reporter withdraws", "delete": "The reporter asks to delete", "exhibit": "A trustee adds",
}
