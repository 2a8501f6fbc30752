package s3

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/blob/blobtest"
	"zapis/store/blob/s3/s3test"
)

var at = time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC)

func newFake(t *testing.T) (*s3test.Fake, *httptest.Server) {
	f := s3test.New(t.TempDir())
	signer := signer{key: "key", secret: "sec/ret", region: "garage"}
	f.Refuses = func(r *http.Request) bool {
		scope := at.Format("20060102") + "/" + signer.region + "/s3/aws4_request"
		return r.Header.Get("Authorization") != algorithm+" Credential="+signer.key+"/"+scope+", SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature="+
			signer.signature(canonical(r, r.Header.Get("X-Amz-Content-Sha256")), r.Header.Get("X-Amz-Date"), scope)
	}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return f, srv
}

func open(t *testing.T, srv *httptest.Server, secret, bucket string) *Store {
	t.Helper()
	s, err := Parse("s3://key:"+url.QueryEscape(secret)+"@"+strings.TrimPrefix(srv.URL, "http://")+"/"+bucket+"?plain=1&region=garage",
		NewClient(), func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	f, srv := newFake(t)
	s := open(t, srv, "sec/ret", "bucket")
	if err := s.Inspect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.Len(); n > 0 {
		t.Errorf("%d objects are left of the probe", n)
	}
	blobtest.Run(t, s, t.TempDir())
}

// The example of AWS's documentation of Signature Version 4 for a GET of an object's list.
func TestSignature(t *testing.T) {
	s := signer{key: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region: "us-east-1",
		now: func() time.Time { return time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC) }}
	r, _ := http.NewRequest(http.MethodGet, "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", nil)
	s.sign(r, emptyHash)
	if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7") {
		t.Error(got)
	}
}

func TestRefusals(t *testing.T) {
	f, srv := newFake(t)
	const keys = "look at key and secret, at the bucket's name, and at what they may do in it"
	for _, test := range []struct {
		name           string
		secret, bucket string
		do             func()
		text, hint     string
	}{
		{"wrong secret", "x", "bucket", func() {}, "HOST refuses these keys (403 SignatureDoesNotMatch)", keys},
		{"another's bucket", "sec/ret", "bucket", func() { f.Refuse(403, "AccessDenied") }, "HOST refuses these keys (403 AccessDenied)", keys},
		{"no such key", "sec/ret", "bucket", func() { f.Refuse(401, "InvalidAccessKeyId") }, "HOST refuses these keys (401 InvalidAccessKeyId)", keys},
		{"a clock that is wrong", "sec/ret", "bucket", func() { f.Refuse(403, "RequestTimeTooSkewed") }, "HOST: this host's clock differs from its own", "set this host's clock by NTP"},
		{"another region", "sec/ret", "bucket", func() { f.Refuse(400, "AuthorizationHeaderMalformed") }, "HOST does not have the bucket bucket (400 AuthorizationHeaderMalformed)",
			"name the bucket's own host, and its region: ?region=REGION"},
		{"another host", "sec/ret", "bucket", func() { f.Refuse(301, "PermanentRedirect") }, "HOST does not have the bucket bucket (301 PermanentRedirect)",
			"name the bucket's own host, and its region: ?region=REGION"},
		{"object lock", "sec/ret", "bucket", f.Lock, "the bucket keeps old versions (object lock is Enabled): bucket", "use a bucket without object lock: what is erased must be gone"},
		{"no bucket", "sec/ret", "other", func() {}, "there is no bucket other at HOST", "make the bucket, without versions"},
		{"versions", "sec/ret", "bucket", func() { f.Answer(0, "Enabled") }, "the bucket keeps old versions (versioning is Enabled): bucket", "use a bucket that never had versions: what is erased must be gone"},
		{"versions that were on", "sec/ret", "bucket", func() { f.Answer(0, "Suspended") }, "the bucket keeps old versions (versioning is Suspended): bucket", "use a bucket that never had versions: what is erased must be gone"},
		{"a failing server", "sec/ret", "bucket", func() { f.Answer(503, "") }, "the store of attachments does not answer: HOST: status 503 Fake", "try again"},
	} {
		f.Answer(0, "")
		test.do()
		err := open(t, srv, test.secret, test.bucket).Inspect(t.Context())
		if err == nil || strings.ReplaceAll(err.Error(), strings.TrimPrefix(srv.URL, "http://"), "HOST") != test.text || exit.HintOf(err) != test.hint {
			t.Errorf("%s: %v (hint %q)", test.name, err, exit.HintOf(err))
		}
	}
	f.Answer(507, "")
	s := open(t, srv, "sec/ret", "bucket")
	if err := s.put(t.Context(), "x", emptyHash, strings.NewReader(""), 0); !errors.Is(err, blob.ErrFull) {
		t.Errorf("full: %v", err)
	}
	f.Answer(0, "")
	if _, _, err := s.Open(t.Context(), blob.Hash{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	f.EndlessList()
	if err := s.Each(t.Context(), func(blob.Hash) error { return nil }, nil); err == nil || !strings.HasSuffix(err.Error(), ": a list that does not end") {
		t.Errorf("a list without end: %v", err)
	}
	for _, address := range []string{"s3://host/bucket", "s3://key:x@host", "s3://key:x@host/a/b", "https://key:x@host/b", "s3://key:x@example.org/b?plain=1"} {
		if _, err := Parse(address, nil, nil); exit.StatusOf(err) != exit.Usage || strings.Contains(err.Error(), "key:x") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
