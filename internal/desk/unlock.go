package desk

import "net/http"

// maxForm is the most that a form of the desk may have, in bytes.
const maxForm = 1 << 20

type unlockPage struct {
	layout
}

func (s *Server) getUnlock(w http.ResponseWriter, r *http.Request) {
	if !s.keeper.Locked() {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if err := s.render(w, http.StatusOK, "unlock.html", unlockPage{s.layout(r, "Locked")}); err != nil {
		s.fail(w, r, http.StatusInternalServerError, err)
	}
}

// postUnlock opens the vault with the passphrase of the form.
func (s *Server) postUnlock(w http.ResponseWriter, r *http.Request) {
	if err := readForm(w, r); err != nil {
		s.sendTo(w, r, "/unlock", noticeOf(err))
		return
	}
	if err := s.keeper.Unlock(r.Context(), r.PostForm.Get("passphrase")); err != nil {
		s.sendTo(w, r, "/unlock", noticeOf(err))
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Server) postLock(w http.ResponseWriter, r *http.Request) {
	s.keeper.Lock()
	http.Redirect(w, r, "/unlock", http.StatusSeeOther)
}

// postQuit locks the desk, answers with an empty page and ends the program.
func (s *Server) postQuit(w http.ResponseWriter, r *http.Request) {
	s.keeper.Lock()
	w.Header().Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
	if err := s.render(w, http.StatusOK, "closed.html", s.layout(r, "Closed")); err != nil {
		refuse(w, http.StatusOK, "Closed.")
	}
	if flusher, ok := w.(http.Flusher); ok {
		flusher.Flush()
	}
	if s.options.Quit != nil {
		s.options.Quit()
	}
}
