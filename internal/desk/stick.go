package desk

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/vault"
)

// stick is the carry file that is being taken in, or was last, and the outbox that was gathered last.
type stick struct {
	mu     sync.Mutex
	cancel context.CancelFunc // of the one that runs; nil where none does
	state  stickState
}

// stickState is what the page shows of it.
type stickState struct {
	Running bool
	Read    int64 // bytes
	Whole   bool  // all of the file has come, and is being verified
	Failed  *Notice
	Done    *casework.Imported
	News    []casework.News
	Changes []casework.Change
	Thrown  bool     // the owner is no trustee any more, by one of these
	Out     []string // lines of the outbox, once it was gathered
	Lost    []string
}

func (s *stick) get() stickState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *stick) set(change func(*stickState)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.state)
}

func (s *stick) busy() bool { return s.get().Running }

// start reports false where another carry file is being taken in.
func (s *stick) start(cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Running {
		return false
	}
	s.cancel, s.state = cancel, stickState{Running: true}
	return true
}

// stop ends what runs, so that the vault can be locked at once. The vault is then as it was before.
func (s *stick) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
	}
}

func (s *stick) clear() { s.set(func(st *stickState) { *st = stickState{Running: st.Running} }) }

type stickPage struct {
	layout
	stickState
	Sent   casework.SentOut
	Days   int // since the last outbox
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
		if !page.Sent.Last.IsZero() {
			page.Days = int(o.trustee.Clock().Sub(page.Sent.Last).Hours() / 24)
		}
		return s.render(w, http.StatusOK, "stick.html", page)
	})(w, r)
}

// postStick takes one file from the browser, whatever it is of those that trustees carry: a carry file while it
// streams, the others whole. None is written to a disk but what a carry file brings into the vault.
func (s *Server) postStick(w http.ResponseWriter, r *http.Request) {
	if s.keeper.Locked() {
		http.Redirect(w, r, "/unlock", http.StatusSeeOther)
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
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	if !s.stick.start(cancel) {
		cancel()
		s.sendTo(w, r, "/stick", noticeOf(exit.New(exit.Failed, "wait until it is done", "another carry file is being taken in")))
		return
	}
	in, out := io.Pipe()
	go func() {
		defer cancel()
		err := s.importCarry(ctx, in)
		in.CloseWithError(errors.New("the import has ended"))
		s.stick.set(func(st *stickState) {
			st.Running = false
			if err != nil {
				failed := noticeOf(err)
				st.Failed = &failed
			}
		})
	}()
	_, err := io.Copy(out, &counted{file, func(n int) { s.stick.set(func(st *stickState) { st.Read += int64(n) }) }})
	if err == nil || errors.Is(err, io.EOF) {
		out.Close()
	} else {
		out.CloseWithError(err)
		_, _ = io.Copy(io.Discard, file) // a browser reads the answer once it has sent everything
	}
	s.stick.set(func(st *stickState) { st.Whole = true })
	http.Redirect(w, r, "/stick", http.StatusSeeOther)
}

type counted struct {
	io.Reader
	read func(int)
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.read(n)
	return n, err
}

// importCarry takes a carry file into the vault and notes what it brought.
func (s *Server) importCarry(ctx context.Context, file io.Reader) error {
	var done *casework.Imported
	return s.keeper.Change(ctx, func(v *casework.Trustee, _ *casework.Cases) error {
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
}

// postOutbox gathers what goes to the operator, and shows it in numbers.
func (s *Server) postOutbox(w http.ResponseWriter, r *http.Request, o opened) error {
	out, err := o.trustee.Outbox()
	if err != nil {
		s.sendTo(w, r, "/stick", noticeOf(err))
		return nil
	}
	lines, err := out.Lines()
	if err != nil {
		return err
	}
	s.stick.set(func(st *stickState) { st.Out, st.Lost = lines, out.Lost })
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
	return out.Write(w)
}

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
		err = s.keeper.Change(r.Context(), func(v *casework.Trustee, _ *casework.Cases) error {
			got, err := v.Receive(content)
			if err == nil {
				s.sendTo(w, r, "/case/"+got.Case, Notice{Text: got.From.Name + " hands this case on to you: " + got.Parts + "."})
			}
			return err
		}, func(*casework.Trustee, *casework.Cases) error { return nil })
		if err == nil {
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
