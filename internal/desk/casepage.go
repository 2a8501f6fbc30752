package desk

import (
	"net/http"
	"time"

	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
)

// answer is one answered question.
type answer struct{ Label, Text string }

// post is one item of a case's thread: a submission, or what a trustee wrote.
type post struct {
	Title, Place string
	Time         time.Time
	Answers      []answer
	Exhibits     []casefile.Exhibit
}

type casePage struct {
	layout
	Case     *casefile.Case
	Thread   []post
	Identity bool
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
	return s.render(w, http.StatusOK, "case.html", casePage{
		layout: s.layout(r, "Case"), Case: c, Thread: threadOf(c), Identity: len(c.Identity()) > 0,
	})
}

// threadOf lists what the reporter sent and what trustees wrote.
func threadOf(c *casefile.Case) []post {
	var thread []post
	for _, sub := range c.Submissions {
		one := post{Title: actTitles[sub.Act], Place: sub.Place, Time: sub.Received, Exhibits: c.ExhibitsOf(sub)}
		for _, f := range incident.Fields() {
			for _, text := range sub.Answers[f.Name] {
				one.Answers = append(one.Answers, answer{f.Name, text})
			}
		}
		thread = append(thread, one)
	}
	for _, rev := range c.Reviews {
		thread = append(thread, post{Title: "By " + rev.By.Name, Place: rev.Where, Time: rev.At, Answers: []answer{{string(rev.Kind), rev.Text}}})
	}
	return thread
}

var actTitles = map[string]string{
	"report": "Report", "follow-up": "The reporter adds", "consent": "The reporter changes what is allowed",
	"stop": "The reporter withdraws", "delete": "The reporter asks to delete", "exhibit": "A trustee adds",
}
