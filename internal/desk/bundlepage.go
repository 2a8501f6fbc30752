package desk

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"

	"zapis/crypto/card"
	"zapis/internal/escape"
	"zapis/internal/evidence/bundle"
	"zapis/internal/evidence/bundle/pdf"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/letter"
	"zapis/internal/trustee/release"
)

// maxBundle bounds a bundle that is made in memory, in bytes: the desk writes none to a disk.
const maxBundle = 512 << 20

// addresseeView is an addressee, and whether the reporter allows that they get the case.
type addresseeView struct {
	casefile.Addressee
	Refused, Hint string // why they may not get it; empty where they may
	Languages     []string
}

// item is a field or an exhibit that a bundle shows, or withholds.
type item struct {
	Name, Text string
	Places     bool // an exhibit, which the marked addressees need marked
	Mark       bool // it must be marked as one that may be communicated, or withheld
	Closed     string
	Identifies bool
}

type bundlePage struct {
	layout
	Case       string
	Addressees []addresseeView
	To         *addresseeView // the one that was chosen
	Items      []item
	Identity   string // why the identity can't go along; empty where it can
	HasIdent   bool
	Checklist  []string // what the addressee's forum asks for and the case lacks
	Reasons    []bundle.Reason
	Unstated   bundle.Reason // the one that stands first
	Made       *madeBundle
}

// madeBundle is a bundle that was made, and what zapis-verify's code says of it.
type madeBundle struct {
	File     file
	Report   bundle.Report
	Contents []string
}

// getBundle shows the steps of a bundle: its addressee, the consents, each field with what would be disclosed, and what is missing.
func (s *Server) getBundle(w http.ResponseWriter, r *http.Request, o opened) error {
	c, err := o.cases.Find(r.PathValue("id"))
	if err != nil {
		return err
	}
	page := bundlePage{layout: s.layout(r, "Bundle"), Case: c.ID, Addressees: addresseesFor(c), Reasons: bundle.Reasons(), Unstated: bundle.ReasonUnstated}
	if i := slices.IndexFunc(page.Addressees, func(a addresseeView) bool { return a.Code == r.URL.Query().Get("for") }); i >= 0 {
		page.To = &page.Addressees[i]
	}
	if key := r.URL.Query().Get("made"); key != "" {
		if f, ok := s.files.get(key); ok {
			if page.Made, err = checkedBundle(o.trustee, f); err != nil {
				return err
			}
		}
	}
	if page.To != nil && page.To.Refused == "" {
		if err := page.fill(o, c); err != nil {
			return err
		}
	}
	return s.render(w, http.StatusOK, "bundle.html", page)
}

// addresseesFor lists who may get a case by a bundle or a letter, and why the others may not.
func addresseesFor(c *casework.Case) []addresseeView {
	var list []addresseeView
	for _, a := range casefile.Addressees() {
		if a.Codes {
			continue // they get counts and codes, which the pages of the numbers make
		}
		view := addresseeView{Addressee: a}
		if a.Letter {
			view.Languages = letter.Languages(a)
		}
		if err := c.Summary().Allowed().Check(a, casefile.Leave{}); err != nil {
			view.Refused, view.Hint = escape.Error(err), a.Why
		}
		list = append(list, view)
	}
	return list
}

// fill adds what the case holds for the chosen addressee. Opening it is recorded.
func (p *bundlePage) fill(o opened, c *casework.Case) error {
	shown, err := o.trustee.Show(c)
	if err != nil {
		return err
	}
	for _, f := range incident.Newest().FieldNames() {
		var texts []string
		for _, sub := range shown.Submissions {
			for _, given := range sub.Answers[f] {
				texts = append(texts, codeWords(f, escape.Lines(given)))
			}
		}
		if len(texts) > 0 {
			p.Items = append(p.Items, item{Name: f, Text: strings.Join(texts, "\n")})
		}
	}
	for _, e := range shown.Exhibits {
		p.Items = append(p.Items, item{Name: e.Name, Text: e.MediaType + " " + escape.Text(e.Original), Places: true, Mark: p.To.Marked && e.Closed == "", Closed: e.Closed, Identifies: e.Identifies})
	}
	p.HasIdent = len(shown.Identity()) > 0
	if err := shown.CheckIdentity(p.To.Addressee); err != nil {
		p.Identity = escape.Error(err)
	}
	log, err := o.trustee.Desk()
	if err != nil {
		return err
	}
	p.Checklist = casework.Lacks(shown, log.Case(c.ID), p.To.Addressee)
	return nil
}

// postBundle makes a bundle for one addressee, checks it with zapis-verify's own code, and keeps it for the browser.
// What the reporter has not allowed is refused here too, whatever the form says.
func (s *Server) postBundle(w http.ResponseWriter, r *http.Request, o opened) error {
	c, err := o.caseOfForm(w, r)
	if err != nil {
		return err
	}
	opts, err := bundleOptions(r)
	if err != nil {
		return err
	}
	back := "/case/" + c.ID + "/bundle?for=" + opts.For.Code
	made, err := makeBundle(o.trustee, c, opts)
	if err != nil {
		s.sendTo(w, r, back, noticeOf(err))
		return nil
	}
	kept := s.files.put("zapis-"+c.ID+"-"+opts.For.Code+".zip", "application/zip", made)
	checked, err := checkedBundle(o.trustee, kept)
	if err == nil && !checked.Report.OK {
		err = exit.New(exit.Mismatch, "say so to the makers of zapis: this should not happen", "the bundle does not verify: %s", strings.Join(checked.Report.Faults, "; "))
	}
	if err != nil {
		s.files.drop(kept.Key)
		s.sendTo(w, r, back, noticeOf(err))
		return nil
	}
	s.sendTo(w, r, back+"&made="+kept.Key, Notice{Text: "The bundle is made, recorded and verified."})
	return nil
}

func bundleOptions(r *http.Request) (release.BundleOptions, error) {
	form := r.PostForm
	o := release.BundleOptions{IncludeIdentity: form.Get("identity") == "yes", IncludeLocation: form.Get("location") == "yes",
		OnlyOriginals: form.Get("originals") == "yes", Communicable: form["communicable"], Leave: casefile.Leave{Asked: strings.TrimSpace(form.Get("asked"))}}
	var ok bool
	if o.For, ok = casefile.AddresseeByCode(form.Get("for")); !ok || o.For.Codes {
		return o, exit.New(exit.Usage, "choose to whom it goes", "there is no addressee %q", form.Get("for"))
	}
	if form.Get("forum") == "us" {
		o.Forum = pdf.ForumUS
	}
	for _, name := range form["withhold"] {
		o.Withhold = append(o.Withhold, bundle.Choice{Item: name, Reason: bundle.Reason(form.Get("reason-" + name))})
	}
	return o, nil
}

// limited is a buffer that refuses to grow beyond maxBundle. It has no ReadFrom, which would go around the limit.
type limited struct{ buffer bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	if l.buffer.Len()+len(b) > maxBundle {
		return 0, exit.New(exit.Failed, "zapis bundle writes it to a file", "the bundle is larger than %d MiB", maxBundle>>20)
	}
	return l.buffer.Write(b)
}

func makeBundle(t *casework.Trustee, c *casework.Case, o release.BundleOptions) ([]byte, error) {
	var made limited
	err := release.Bundle(t, c, o, func(in bundle.Input) error { return bundle.Write(&made, in) })
	return made.buffer.Bytes(), err
}

// checkedBundle runs zapis-verify's code over a bundle that was made, trusting this vault's ledger and nothing else.
func checkedBundle(t *casework.Trustee, f file) (*madeBundle, error) {
	r := bytes.NewReader(f.Bytes)
	report, err := bundle.Check(r, r.Size(), bundle.Options{Ledgers: []card.LedgerCard{t.Ledger()}})
	if err != nil {
		return nil, err
	}
	made := &madeBundle{File: f, Report: report}
	z, err := zip.NewReader(r, r.Size())
	if err != nil {
		return nil, err
	}
	for _, one := range z.File {
		made.Contents = append(made.Contents, one.Name)
	}
	return made, nil
}

// getPreview shows one document of a bundle that was made: a PDF or a text.
func (s *Server) getPreview(w http.ResponseWriter, r *http.Request, _ opened) error {
	f, ok := s.files.get(r.PathValue("key"))
	if !ok || f.MediaType != "application/zip" {
		return exit.New(exit.Failed, "make it again", "that bundle is not kept any more")
	}
	z, err := zip.NewReader(bytes.NewReader(f.Bytes), int64(len(f.Bytes)))
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	mediaType := "text/plain; charset=utf-8"
	if strings.HasSuffix(name, ".pdf") {
		mediaType = "application/pdf"
	}
	in, err := z.Open(name)
	if err != nil || mediaType == "text/plain; charset=utf-8" && !strings.HasSuffix(name, ".txt") {
		return exit.New(exit.Failed, "", "the bundle has no such document")
	}
	defer in.Close()
	content, err := io.ReadAll(io.LimitReader(in, 64<<20))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaType)
	_, err = w.Write(content)
	return err
}

// Document says whether a file of a bundle can be looked at in the browser.
func (madeBundle) Document(name string) bool {
	return strings.HasSuffix(name, ".pdf") || strings.HasSuffix(name, ".txt")
}

// postLetter drafts a letter and keeps it for the browser.
func (s *Server) postLetter(w http.ResponseWriter, r *http.Request, o opened) error {
	c, err := o.caseOfForm(w, r)
	if err != nil {
		return err
	}
	to, ok := casefile.AddresseeByCode(r.PostForm.Get("for"))
	if !ok {
		return exit.New(exit.Usage, "choose to whom it goes", "there is no addressee %q", r.PostForm.Get("for"))
	}
	opts := release.LetterOptions{To: to, Language: r.PostForm.Get("language"), Identity: r.PostForm.Get("identity") == "yes",
		Leave: casefile.Leave{Asked: strings.TrimSpace(r.PostForm.Get("asked"))}}
	var kept file
	err = release.Letter(o.trustee, c, opts, func(text []byte) error {
		kept = s.files.put("letter-"+c.ID+"-"+to.Code+"-"+opts.Language+".txt", "text/plain; charset=utf-8", text)
		return nil
	})
	if err != nil {
		s.sendTo(w, r, "/case/"+c.ID+"/bundle?for="+to.Code, noticeOf(err))
		return nil
	}
	http.Redirect(w, r, kept.Path(), http.StatusSeeOther)
	return nil
}
