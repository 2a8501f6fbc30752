package main

import (
	"bytes"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zapis/crypto/timestamp"
	"zapis/crypto/timestamp/timestamptest"
)

// authority NAME starts a time-stamping authority on loopback: its address is then in $NAME, its root in
// NAME.pem, the certificate below that in NAME.ca.pem, a list that revokes it in NAME.crl. Below the address, /good stamps, /alone sends the signer's certificate only, /other stamps
// something else, /page sends a web page, /long sends too much, /away sends elsewhere, /list is its revocation list. /ahead and /behind stamp with a wrong clock,
// /bare sends the token without its response.
func scriptAuthority(t *testing.T, ts *testscript.TestScript, args []string) {
	var a timestamptest.Authority
	var once sync.Mutex // openssl's serial file is one per reply, and the test's folders are made one by one
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Lock()
		defer once.Unlock()
		request, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/timestamp-reply")
		switch r.URL.Path {
		case "/good":
			w.Write(a.Reply(t, request))
		case "/alone":
			w.Write(a.ReplyAlone(t, request))
		case "/other":
			q, err := timestamp.NewRequest(rand.Reader, []byte("something else"), nil)
			if err != nil {
				t.Error(err)
			}
			w.Write(a.Reply(t, q.DER))
		case "/ahead":
			w.Write(a.ReplyAt(t, request, time.Now().Add(25*time.Hour)))
		case "/behind":
			w.Write(a.ReplyAt(t, request, time.Now().Add(-50*time.Hour)))
		case "/bare":
			response := a.Reply(t, request)
			w.Write(response[bytes.Index(response, []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2})-4:]) // from the ContentInfo on
		case "/page":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<p>hello")
		case "/long":
			w.Write(make([]byte, timestamp.MaxResponse+1))
		case "/away":
			http.Redirect(w, r, "/good", http.StatusTemporaryRedirect)
		case "/list":
			w.Write(a.List(t, time.Time{}, 0))
		default:
			http.NotFound(w, r)
		}
		if r.URL.Path != "/list" && r.Header.Get("Content-Type") != "application/timestamp-query" {
			t.Errorf("a request of type %q", r.Header.Get("Content-Type"))
		}
	}))
	ts.Defer(srv.Close)
	a = timestamptest.New(t, timestamptest.Plan{List: srv.URL + "/list", From: time.Now().Add(-100 * time.Hour), Until: time.Now().Add(100 * time.Hour)})
	ts.Setenv(args[0], srv.URL)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pem"), a.RootPEM(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.CA.Raw}), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".crl"), a.List(t, time.Now().Add(-time.Minute), 1), 0o600))
}

// stamp URL REQUEST RESPONSE carries a request to an authority by hand.
func scriptStamp(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Open(ts.MkAbs(args[1]))
	ts.Check(err)
	defer f.Close()
	resp, err := http.Post(args[0], "application/timestamp-query", f)
	ts.Check(err)
	defer resp.Body.Close()
	response, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), response, 0o600))
}
