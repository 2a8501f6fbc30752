package s3

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/blob/blobtest"
)

var at = time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC)

// fake is an S3 store in this process. It verifies each signature, and the body's hash.
type fake struct {
	mu         sync.Mutex
	objects    map[string][]byte // by path, the bucket's included
	versioning string
	status     int // what it answers to all
	signer     signer
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	refuse := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
	}
	body, _ := io.ReadAll(r.Body)
	hash := r.Header.Get("X-Amz-Content-Sha256")
	scope := at.Format("20060102") + "/" + f.signer.region + "/s3/aws4_request"
	want := algorithm + " Credential=" + f.signer.key + "/" + scope + ", SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" +
		f.signer.signature(canonical(r, hash), r.Header.Get("X-Amz-Date"), scope)
	switch {
	case f.status != 0:
		refuse(f.status, "Fake")
	case r.Header.Get("Authorization") != want:
		refuse(http.StatusForbidden, "SignatureDoesNotMatch")
	case hash != hashOf(body):
		refuse(http.StatusBadRequest, "XAmzContentSHA256Mismatch")
	case !strings.HasPrefix(r.URL.Path+"/", "/bucket/"):
		refuse(http.StatusNotFound, "NoSuchBucket")
	case r.URL.Query().Has("versioning"):
		fmt.Fprintf(w, "<VersioningConfiguration><Status>%s</Status></VersioningConfiguration>", f.versioning)
	case r.URL.Query().Has("list-type"):
		f.list(w, r.URL.Query())
	case r.Method == http.MethodPut:
		f.objects[r.URL.Path] = body
	case r.Method == http.MethodDelete:
		delete(f.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	case f.objects[r.URL.Path] == nil:
		refuse(http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set("Content-Length", fmt.Sprint(len(f.objects[r.URL.Path])))
		w.Write(f.objects[r.URL.Path])
	}
}

// list returns two keys a page.
func (f *fake) list(w http.ResponseWriter, q url.Values) {
	var keys []string
	for path := range f.objects {
		keys = append(keys, strings.TrimPrefix(path, "/bucket/"))
	}
	slices.Sort(keys)
	from, _ := slices.BinarySearch(keys, q.Get("continuation-token"))
	page := keys[from:min(from+2, len(keys))]
	var answer struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []object
		Next     string `xml:"NextContinuationToken,omitempty"`
		More     bool   `xml:"IsTruncated"`
	}
	for _, k := range page {
		answer.Contents = append(answer.Contents, object{k, int64(len(f.objects["/bucket/"+k]))})
	}
	if from+2 < len(keys) {
		answer.More, answer.Next = true, keys[from+2]
	}
	xml.NewEncoder(w).Encode(answer)
}

func newFake(t *testing.T) (*fake, *httptest.Server) {
	f := &fake{objects: make(map[string][]byte), signer: signer{key: "key", secret: "sec/ret", region: "garage"}}
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
	if len(f.objects) > 0 {
		t.Errorf("the probe is left: %v", f.objects)
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
	for _, test := range []struct {
		name           string
		secret, bucket string
		do             func()
		text, hint     string
	}{
		{"wrong secret", "x", "bucket", func() {}, "HOST refuses these keys (403 SignatureDoesNotMatch)", "look at key and secret, and at what they may do in the bucket"},
		{"no bucket", "sec/ret", "other", func() {}, "there is no bucket other at HOST", "make the bucket, without versions"},
		{"versions", "sec/ret", "bucket", func() { f.versioning = "Enabled" }, "the bucket keeps old versions (versioning is Enabled): bucket", "use a bucket that never had versions: what is erased must be gone"},
		{"versions that were on", "sec/ret", "bucket", func() { f.versioning = "Suspended" }, "the bucket keeps old versions (versioning is Suspended): bucket", "use a bucket that never had versions: what is erased must be gone"},
		{"a failing server", "sec/ret", "bucket", func() { f.status = 503 }, "the store of attachments does not answer: HOST: status 503 Fake", "try again"},
	} {
		f.versioning, f.status = "", 0
		test.do()
		err := open(t, srv, test.secret, test.bucket).Inspect(t.Context())
		if err == nil || strings.ReplaceAll(err.Error(), strings.TrimPrefix(srv.URL, "http://"), "HOST") != test.text || exit.HintOf(err) != test.hint {
			t.Errorf("%s: %v (hint %q)", test.name, err, exit.HintOf(err))
		}
	}
	f.status = 507
	s := open(t, srv, "sec/ret", "bucket")
	if err := s.put(t.Context(), "x", emptyHash, strings.NewReader(""), 0); !errors.Is(err, blob.ErrFull) {
		t.Errorf("full: %v", err)
	}
	f.status = 0
	if _, _, err := s.Open(t.Context(), blob.Hash{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	for _, address := range []string{"s3://host/bucket", "s3://key:x@host", "s3://key:x@host/a/b", "https://key:x@host/b", "s3://key:x@example.org/b?plain=1"} {
		if _, err := Parse(address, nil, nil); exit.StatusOf(err) != exit.Usage || strings.Contains(err.Error(), "key:x") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
