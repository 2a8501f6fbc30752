package desk

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
)

// paper is a request, a grant or a proposal that another trustee has carried here, or a proposal that was made here.
type paper struct {
	kind    cli.Kind
	content []byte
}

func samePaper(a, b paper) bool { return bytes.Equal(a.content, b.content) }

// paperView is one of them as the page shows it.
type paperView struct {
	Key      string
	Problem  string // why nothing can be done with it; empty where something can
	Hint     string
	Asked    *casework.Asked
	Voice    string // words to compare by voice: of the card of the trustee who asks
	Proposal *casework.Proposal
	Grant    bool
}

type quorumPage struct {
	layout
	Papers    []paperView
	Announced []casework.Announced
	Cases     []*casework.Case
	Sealed    []casework.Sealed
	Choice    string // the case that is chosen in the forms
	Today     string
	Files     []file
	Erase     []choice
	Hold      []choice
}

type choice struct{ Code, Words string }

var eraseReasons = []choice{{"asked", "the reporter asked for it"}, {"ordered", "an authority ordered it"}, {"retention", "it was kept long enough"},
	{"unlawful", "it may not be kept"}, {"mistake", "it was a mistake"}}
var holdReasons = []choice{{"proceedings", "proceedings need it"}, {"order", "an authority ordered it"}, {"asked", "the reporter asked for it"}}

// getQuorum shows what other trustees ask and propose, with exactly what would open or change.
func (s *Server) getQuorum(w http.ResponseWriter, r *http.Request, o opened) error {
	page := quorumPage{layout: s.layout(r, "Quorum"), Cases: o.cases.List, Sealed: o.cases.Sealed, Choice: r.URL.Query().Get("case"),
		Today: o.trustee.Now().Format(time.DateOnly), Erase: eraseReasons, Hold: holdReasons}
	for _, one := range s.papers.all() {
		page.Papers = append(page.Papers, viewOf(o, one.Key, one.Value))
	}
	var err error
	if page.Announced, err = o.trustee.Announced(); err != nil {
		return err
	}
	page.Files = s.files.all()
	return s.render(w, http.StatusOK, "quorum.html", page)
}

func viewOf(o opened, key string, one paper) paperView {
	view := paperView{Key: key}
	var err error
	switch one.kind {
	case cli.KindRequest:
		if view.Asked, err = o.trustee.ReadRequest(o.cases, one.content); err == nil {
			view.Voice = card.Voice(view.Asked.From.Marshal()).Words()
		}
	case cli.KindGrant:
		view.Grant = true
	default:
		view.Proposal, err = o.trustee.ReadProposal(o.cases, one.content)
	}
	if err != nil {
		view.Problem, view.Hint = escape.Error(err), cli.Hint(err)
	}
	return view
}

// postPaper answers one of them: yes, or put aside.
func (s *Server) postPaper(w http.ResponseWriter, r *http.Request, o opened) error {
	key := r.PathValue("key")
	one, ok := s.papers.get(key)
	if !ok {
		return exit.New(exit.Failed, "bring its file again", "that request or proposal is not here any more")
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	if r.PostForm.Get("answer") != "yes" {
		s.papers.take(key)
		s.sendTo(w, r, "/quorum", Notice{Text: "Put aside. Nothing was signed."})
		return nil
	}
	notice, err := s.answerPaper(r, o, one)
	if err != nil {
		s.sendTo(w, r, "/quorum", noticeOf(err))
		return nil
	}
	s.papers.take(key)
	s.sendTo(w, r, "/quorum", Notice{Text: notice})
	return nil
}

func (s *Server) answerPaper(r *http.Request, o opened, one paper) (string, error) {
	switch one.kind {
	case cli.KindRequest:
		asked, err := o.trustee.ReadRequest(o.cases, one.content)
		if err != nil {
			return "", err
		}
		grant, err := o.trustee.Grant(asked)
		if err != nil {
			return "", err
		}
		s.files.put("grant-"+asked.Request.Case+"-for-"+asked.From.Name+".txt", "text/plain; charset=utf-8", grant)
		return "Granted. The file below opens for " + asked.From.Name + " alone. What is granted can't be called back.", nil
	case cli.KindGrant:
		id, err := o.cases.ID(r.PostForm.Get("case"))
		if err != nil {
			return "", err
		}
		granted, err := o.trustee.TakeGrant(id, one.content)
		if err != nil {
			return "", err
		}
		missing, err := o.trustee.Missing(o.cases, id, granted.Parts)
		if err != nil {
			return "", err
		}
		if missing > 0 {
			return granted.From.Name + " has granted. More trustees must grant before it opens: " + casework.Many(missing, "one", "trustees") + ".", nil
		}
		return granted.From.Name + " has granted, and it opens now: the case page shows it.", s.keeper.sort(r.Context())
	}
	p, err := o.trustee.ReadProposal(o.cases, one.content)
	if err != nil {
		return "", err
	}
	if _, err := o.trustee.Approve(p, time.Time{}); err != nil {
		return "", err
	}
	return "Approved. The next outbox takes your approval along.", nil
}

// postObject stops a change that was announced: the owner's objection alone is enough.
func (s *Server) postObject(w http.ResponseWriter, r *http.Request, o opened) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	notice, err := strconv.ParseUint(r.PostForm.Get("notice"), 10, 63)
	if err != nil {
		return exit.New(exit.Usage, "", "an announced change is named by its entry's number")
	}
	p, err := o.trustee.Object(o.cases, notice)
	if err == nil {
		_, err = o.trustee.Approve(p, time.Time{})
	}
	if err != nil {
		s.sendTo(w, r, "/quorum", noticeOf(err))
		return nil
	}
	s.sendTo(w, r, "/quorum", Notice{Text: "Your objection is signed. Take the next outbox to the operator before the change takes effect."})
	return nil
}

// postAsk writes a request to the other trustees.
func (s *Server) postAsk(w http.ResponseWriter, r *http.Request, o opened) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	id, err := o.cases.ID(r.PostForm.Get("case"))
	if err != nil {
		s.sendTo(w, r, "/quorum", noticeOf(err))
		return nil
	}
	why := strings.TrimSpace(r.PostForm.Get("why"))
	request, q, err := o.trustee.Ask(o.cases, id, casework.Asking{Why: why, Expires: o.trustee.Now().AddDate(0, 0, 14).Truncate(24 * time.Hour)})
	if err != nil {
		s.sendTo(w, r, "/quorum", noticeOf(err))
		return nil
	}
	s.files.put("request-"+q.Case+"-by-"+o.trustee.Key().Card.Name+".txt", "text/plain; charset=utf-8", request)
	s.sendTo(w, r, "/quorum", Notice{Text: "The request is made: take the file below to the other trustees. It asks for " + casework.PartsText(q.Parts) + "."})
	return nil
}

// postPropose writes a proposal about a case and shows it as those who are to approve it will see it.
func (s *Server) postPropose(w http.ResponseWriter, r *http.Request, o opened) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	var text []byte
	var err error
	what, item := r.PostForm.Get("what"), r.PostForm.Get("case")
	switch what {
	case "hold":
		text, err = o.trustee.ProposeHold(o.cases, []string{item}, r.PostForm.Get("reason"))
	case "tombstone":
		text, err = o.trustee.ProposeTombstone(o.cases, []string{item}, r.PostForm.Get("reason"))
	default:
		err = exit.New(exit.Usage, "", "there is no such proposal")
	}
	if err == nil {
		_, err = o.trustee.ReadProposal(o.cases, text)
	}
	if err != nil {
		s.sendTo(w, r, "/quorum", noticeOf(err))
		return nil
	}
	s.papers.put(paper{cli.KindProposal, text})
	s.files.put("proposal-"+what+"-"+o.trustee.Now().Format(time.DateOnly)+".txt", "text/plain; charset=utf-8", text)
	s.sendTo(w, r, "/quorum", Notice{Text: "The proposal is made. Approve it here too, and take the file to the other trustees."})
	return nil
}
