package publish

import (
	"crypto/rand"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"zapis/crypto/timestamp"
	"zapis/crypto/timestamp/timestamptest"
)

func TestAskAuthority(t *testing.T) {
	var a timestamptest.Authority
	lists := map[string][]byte{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if list, ok := lists[r.URL.Path]; ok {
			w.Write(list)
			return
		}
		if r.URL.Path != "/tsa" {
			http.NotFound(w, r)
			return
		}
		request, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" || r.Header.Get("User-Agent") != "" {
			t.Errorf("%s %v, %v", r.Method, r.Header, err)
		}
		w.Header().Set("Content-Type", "application/timestamp-reply; charset=binary")
		w.Write(a.Reply(t, request))
	}))
	defer srv.Close()
	a = timestamptest.New(t, timestamptest.Plan{List: srv.URL + "/list"})
	message := []byte("a checkpoint")
	q, err := timestamp.NewRequest(rand.Reader, message, nil)
	must(t, err)
	client := NewClient(nil)
	response, err := AskAuthority(t.Context(), client, srv.URL+"/tsa", q)
	must(t, err)
	o := timestamp.Options{Roots: a.Pool(), Nonce: q.Nonce}
	token, err := timestamp.Verify(response, message, o)
	must(t, err)

	// The list that the signer's certificate names; the one above names none.
	lists["/list"] = a.List(t, time.Time{}, 0)
	found, problems := FetchRevocations(t.Context(), client, token.Chain)
	if len(found) != 1 || len(problems) != 0 {
		t.Fatalf("%d lists, %v", len(found), problems)
	}
	o.Revocations = found
	_, err = timestamp.Verify(response, message, o)
	must(t, err)

	for name, c := range map[string]struct {
		list []byte
		want string
	}{
		"missing":   {nil, "the revocation list for CN=Test Authority: status 404"},
		"a page":    {[]byte("<p>hello"), "the revocation list for CN=Test Authority: what is at " + srv.URL + "/list is none"},
		"too large": {make([]byte, timestamp.MaxRevocation+1), "the revocation list for CN=Test Authority: it answers with more than is allowed"},
	} {
		delete(lists, "/list")
		if c.list != nil {
			lists["/list"] = c.list
		}
		found, problems := FetchRevocations(t.Context(), client, token.Chain)
		if len(found) != 0 || len(problems) != 1 || problems[0].Error() != c.want {
			t.Errorf("%s: %d lists, %v", name, len(found), problems)
		}
	}
	// Only what HTTP can fetch is fetched, and the next place is tried where one fails.
	lists["/list"] = a.List(t, time.Time{}, 0)
	several := &x509.Certificate{CRLDistributionPoints: []string{"ldap://x/y", srv.URL + "/nowhere", srv.URL + "/list"}}
	if list, err := fetchRevocation(t.Context(), client, several); err != nil || len(list) == 0 {
		t.Errorf("several places: %v", err)
	}
}
