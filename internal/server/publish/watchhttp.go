package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"zapis/crypto/witness"
)

// Handler returns the witness's HTTP interface (C2SP tlog-witness): POST
// /add-checkpoint for ledgers, GET /<hex SHA-256 of origin>/checkpoint for
// monitors. It does not cosign subtrees. failed is called with internal
// errors.
func (w *Watch) Handler(failed func(error)) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-Content-Type-Options", "nosniff")
		rw.Header().Set("Cache-Control", "no-store")
		if r.URL.Path == "/add-checkpoint" {
			w.addCheckpoint(rw, r, failed)
			return
		}
		name, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), "/checkpoint")
		switch {
		case !ok:
			http.Error(rw, "not here", http.StatusNotFound)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			rw.Header().Set("Allow", "GET, HEAD")
			http.Error(rw, "only GET and HEAD", http.StatusMethodNotAllowed)
		default:
			w.show(rw, name)
		}
	})
}

func (w *Watch) show(rw http.ResponseWriter, name string) {
	w.mu.Lock()
	var note []byte
	for origin, l := range w.logs {
		if sum := sha256.Sum256([]byte(origin)); hex.EncodeToString(sum[:]) == name {
			note = l.note
		}
	}
	w.mu.Unlock()
	if note == nil {
		http.Error(rw, "nothing was cosigned", http.StatusNotFound)
		return
	}
	send(rw, "text/plain; charset=utf-8", note)
}

func (w *Watch) addCheckpoint(rw http.ResponseWriter, r *http.Request, failed func(error)) {
	if r.Method != http.MethodPost {
		rw.Header().Set("Allow", "POST")
		http.Error(rw, "only POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, witness.MaxRequest))
	if err != nil {
		http.Error(rw, "the request can't be read, or is too large", http.StatusBadRequest)
		return
	}
	q, err := witness.ParseRequest(body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	lines, err := w.Cosign(q)
	if err == nil {
		send(rw, "text/plain; charset=utf-8", lines)
		return
	}
	status, ours := statusOf(err)
	var conflict *witness.Conflict
	switch {
	case errors.As(err, &conflict):
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, strconv.FormatUint(conflict.Size, 10)+"\n")
	case ours:
		failed(err)
		http.Error(rw, "the witness can't write", status)
	default:
		http.Error(rw, err.Error(), status)
	}
}

// statusOf returns the status that tlog-witness defines for a refusal; ours
// reports an internal failure.
func statusOf(err error) (status int, ours bool) {
	var conflict *witness.Conflict
	switch {
	case errors.As(err, &conflict):
		return http.StatusConflict, false
	case errors.Is(err, witness.ErrUnknownLog):
		return http.StatusNotFound, false
	case errors.Is(err, witness.ErrSignature):
		return http.StatusForbidden, false
	case errors.Is(err, witness.ErrOldSize):
		return http.StatusBadRequest, false
	case errors.Is(err, witness.ErrProof):
		return http.StatusUnprocessableEntity, false
	}
	return http.StatusInternalServerError, true
}
