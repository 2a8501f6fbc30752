package desk

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/vault"
)

// stickState is what the page shows of the carry file that is being taken in, or was last, and of the outbox that was
// gathered last.
type stickState struct {
	Running bool
	Read    int64 // bytes
	Whole   bool  // all of the file has come, and is being verified
	Failed  *Notice
	Entered bool // where it failed: all the same the file is in the vault
	Done    *casework.Imported
	News    []casework.News
	Changes []casework.Change
	Thrown  bool     // the owner is no trustee any more, by one of these
	Out     []string // lines of the outbox, once it was gathered
	Lost    []string
	Cut     *Notice // why the outbox that was saved last is not whole
}

// busy reports whether a carry file is being taken in.
func (s *Server) busy() bool { return s.stick.get().Running }

type stickPage struct {
	layout
	stickState
	Sent   casework.SentOut
	Forks  []string // numbers that two decisions have, as sentences without full stop
	Days   int      // since the last outbox
	Size   uint64
	Newest time.Time
}

// getStick shows the way in and the way out. While a carry file is being taken in, it shows how far that is and asks the
// browser to come again, without touching the vault.
func (s *Server) getStick(w http.ResponseWriter, r *http.Request) {
	if st := s.stick.get(); st.Running {
		w.Header().Set("Refresh", "1")
		if err := s.render(w, http.StatusOK, "stick.html", stickPage{layout: s.layout(r, "Stick"), stickState: st}); err != nil {
			s.fail(w, r, http.StatusInternalServerError, err)
		}
		return
	}
	s.withVault(func(w http.ResponseWriter, r *http.Request, o opened) error {
		page := stickPage{layout: s.layout(r, "Stick"), stickState: s.stick.get(), Size: o.trustee.Size()}
		var err error
		if page.Sent, err = o.trustee.SentOut(); err != nil {
			return err
		}
		if page.Forks, err = o.trustee.DeskForks(); err != nil {
			return err
		}
		if !page.Sent.Last.IsZero() {
			page.Days = int(o.trustee.Clock().Sub(page.Sent.Last).Hours() / 24)
		}
		return s.render(w, http.StatusOK, "stick.html", page)
	})(w, r)
}

// postStick takes one file from the browser, whatever it is of those that trustees carry: a carry file while it
// streams, the others whole. None is written to a disk but what a carry file brings into the vault.
func (s *Server) postStick(w http.ResponseWriter, r *http.Request) {
	// A browser reads the answer once it has sent everything.
	defer io.Copy(io.Discard, r.Body)
	switch {
	case s.keeper.Locked():
		s.answer(w, r, ErrLocked)
		return
	case s.busy():
		s.answer(w, r, errBusy)
		return
	}
	parts, err := r.MultipartReader()
	if err != nil {
		s.sendTo(w, r, "/stick", noticeOf(exit.New(exit.Usage, "choose a file, then press the button", "no file came")))
		return
	}
	part, err := parts.NextPart()
	if err != nil || part.FileName() == "" {
		s.sendTo(w, r, "/stick", noticeOf(exit.New(exit.Usage, "choose a file, then press the button", "no file was chosen")))
		return
	}
	file := bufio.NewReaderSize(part, cli.Sniffed)
	begin, err := file.Peek(cli.Sniffed)
	if err != nil && err != io.EOF {
		s.sendTo(w, r, "/stick", noticeOf(err))
		return
	}
	if cli.KindOf(begin) != cli.KindCarry && len(begin) > 0 {
		s.takePaper(w, r, cli.KindOf(begin), begin, file)
		return
	}
	s.takeCarry(w, r, file)
}

// takeCarry feeds a carry file to the import while it comes in, and answers once all of it has come. What remains, the
// verification of sealed parts and the opening of new statements, goes on while the browser asks how far it is.
func (s *Server) takeCarry(w http.ResponseWriter, r *http.Request, file io.Reader) {
	begun := false
	s.stick.set(func(st *stickState) {
		if begun = !st.Running; begun {
			*st = stickState{Running: true}
		}
	})
	if !begun {
		s.answer(w, r, errBusy)
		return
	}
	in, out := io.Pipe()
	go func() {
		entered, err := s.importCarry(context.WithoutCancel(r.Context()), in)
		in.CloseWithError(errors.New("the import has ended"))
		s.stick.set(func(st *stickState) {
			st.Running, st.Entered = false, entered
			if err != nil {
				failed := noticeOf(stopped(err))
				st.Failed = &failed
			}
		})
	}()
	// A file that no longer comes must not keep the vault open.
	control := http.NewResponseController(w)
	_, err := io.Copy(out, &counted{file, func() error {
		if s.keeper.idle <= 0 {
			return nil
		}
		return control.SetReadDeadline(time.Now().Add(s.keeper.idle))
	}, func(n int) { s.stick.set(func(st *stickState) { st.Read += int64(n) }) }})
	out.CloseWithError(err) // nil is io.EOF
	s.stick.set(func(st *stickState) { st.Whole = true })
	http.Redirect(w, r, "/stick", http.StatusSeeOther)
}

// stopped puts the ends that are not the file's into words.
func stopped(err error) error {
	switch {
	case errors.Is(err, ErrLocked):
		return exit.New(exit.Failed, "choose the file once more", "the desk was locked before all of the file was verified")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return exit.New(exit.Failed, "look whether the stick is still there, and choose the file once more", "the file stopped coming")
	}
	return err
}

// counted tells before each read and after it.
type counted struct {
	io.Reader
	before func() error
	read   func(int)
}

func (c *counted) Read(b []byte) (int, error) {
	if err := c.before(); err != nil {
		return 0, err
	}
	n, err := c.Reader.Read(b)
	c.read(n)
	return n, err
}

// importCarry takes a carry file into the vault and notes what it brought. entered reports whether the vault has it,
// which it may although its cases could not be read.
func (s *Server) importCarry(ctx context.Context, file *io.PipeReader) (entered bool, err error) {
	var done *casework.Imported
	err = s.keeper.Change(ctx, func(ctx context.Context, v *casework.Trustee, _ *casework.Cases) error {
		defer context.AfterFunc(ctx, func() { file.CloseWithError(ctx.Err()) })()
		var err error
		done, err = v.Import(ctx, file, vault.ImportOptions{Key: v.Key()})
		return err
	}, func(v *casework.Trustee, cases *casework.Cases) error {
		changes, err := v.Changes(done.From)
		if err != nil {
			return err
		}
		_, thrown := v.ThrownOut(done.From)
		s.stick.set(func(st *stickState) {
			st.Done, st.News, st.Changes, st.Thrown = done, cases.News(done), changes, thrown
		})
		return nil
	})
	return done != nil, err
}

// postOutbox gathers what goes to the operator, and shows it in numbers.
func (s *Server) postOutbox(w http.ResponseWriter, r *http.Request, o opened) error {
	out, err := o.trustee.Outbox()
	if err != nil {
		s.sendTo(w, r, "/stick", noticeOf(err))
		return nil
	}
	counted, err := out.Count()
	if err != nil {
		return err
	}
	lines := outLines(counted)
	s.stick.set(func(st *stickState) { st.Out, st.Lost, st.Cut = lines, out.Lost, nil })
	if len(lines) == 0 {
		s.sendTo(w, r, "/stick", Notice{Text: "Nothing goes out: the operator has all that you signed."})
		return nil
	}
	http.Redirect(w, r, "/stick", http.StatusSeeOther)
	return nil
}

// getOutbox writes the outbox. It is remembered as gone out once all of it was written.
func (s *Server) getOutbox(w http.ResponseWriter, r *http.Request, o opened) error {
	out, err := o.trustee.Outbox()
	if err != nil {
		return err
	}
	if len(out.Statements) == 0 {
		return exit.New(exit.Failed, "", "nothing goes out: the operator has all that you signed")
	}
	attach(w, "application/x-tar", "outbox-"+o.trustee.Key().Card.Name+"-"+o.trustee.Now().Format("2006-01-02")+".tar")
	err = out.Write(w)
	if err == nil {
		s.stick.set(func(st *stickState) { st.Cut = nil })
		return nil
	}
	cut := noticeOf(err)
	s.stick.set(func(st *stickState) { st.Cut = &cut })
	return errCut
}

// errCut ends the connection in the middle of a file, so that the browser does not take the part for the whole.
var errCut = errors.New("the file is not whole")

// attach has the browser save what follows under a name of ours.
func attach(w http.ResponseWriter, mediaType, name string) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// takePaper reads one of the small files that trustees give each other, and does what it is for, or shows it on the
// quorum's page.
func (s *Server) takePaper(w http.ResponseWriter, r *http.Request, kind cli.Kind, begin []byte, file io.Reader) {
	const most = max(exchange.MaxFile, ledger.MaxSmall)
	content, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && len(content) > most {
		err = exit.New(exit.Mismatch, "have it sent again", "the file is larger than any that trustees give each other")
	}
	switch {
	case err != nil:
	case kind == cli.KindRequest || kind == cli.KindProposal || kind == cli.KindGrant:
		s.papers.put(paper{kind, content})
		http.Redirect(w, r, "/quorum", http.StatusSeeOther)
		return
	case kind == cli.KindReseal:
		var page string
		var said Notice
		err = s.keeper.Change(r.Context(), func(_ context.Context, v *casework.Trustee, _ *casework.Cases) error {
			got, err := v.Receive(content)
			if err == nil {
				page, said = "/case/"+got.Case, Notice{Text: got.From.Name + " hands this case on to you: " + got.Parts + "."}
			}
			return err
		}, func(*casework.Trustee, *casework.Cases) error { return nil })
		if err == nil {
			s.sendTo(w, r, page, said)
			return
		}
	default:
		err = notForTheDesk(begin)
	}
	s.sendTo(w, r, "/stick", noticeOf(err))
}

func notForTheDesk(begin []byte) error {
	is, use, _, known := cli.Sniff(begin)
	if !known {
		return exit.New(exit.Failed, "have it sent again if it should be a carry file", "the file begins like nothing that zapis writes")
	}
	return exit.New(exit.Failed, use, "the desk does not take this file: it is %s", strings.TrimSpace(is))
}
