// Package s3test is an S3 store in this process, for tests of clients and of what they cost.
package s3test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Fake serves one bucket, named "bucket", over path-style addresses. An object is a file of its folder; a PUT is answered
// once that file is synced, and only if the body has the hash that was signed.
type Fake struct {
	dir string // its files are named by the SHA-256 of the path

	// Refuses reports whether a request is to be answered 403: its signature is wrong. nil refuses none.
	Refuses func(r *http.Request) bool

	mu         sync.Mutex
	objects    map[string]int64 // size, by path with the bucket
	versioning string
	status     int
	code       string // with status
	locked     bool
	endless    bool
}

// New returns a fake whose objects are files under dir.
func New(dir string) *Fake { return &Fake{dir: dir, objects: make(map[string]int64)} }

// Answer makes it answer every request with a status (0: by its rules), and a question about versions with that word.
func (f *Fake) Answer(status int, versioning string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status, f.code, f.versioning, f.locked = status, "Fake", versioning, false
}

// Refuse makes it answer every request with a status and the code of an error.
func (f *Fake) Refuse(status int, code string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status, f.code = status, code
}

// Lock makes it say that the bucket has object lock. A bucket has versions then; this one hides them.
func (f *Fake) Lock() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.locked = true
}

// EndlessList makes every page of a list say that the same page follows.
func (f *Fake) EndlessList() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.endless = true
}

// Len returns the number of objects.
func (f *Fake) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.objects)
}

func (f *Fake) file(path string) string {
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(f.dir, hex.EncodeToString(sum[:]))
}

// ServeHTTP answers as S3 does.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	status, code, versioning, locked := f.status, f.code, f.versioning, f.locked
	size, there := f.objects[r.URL.Path]
	f.mu.Unlock()
	refuse := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
	}
	switch {
	case status != 0:
		refuse(status, code)
	case f.Refuses != nil && f.Refuses(r):
		refuse(http.StatusForbidden, "SignatureDoesNotMatch")
	case !strings.HasPrefix(r.URL.Path+"/", "/bucket/"):
		refuse(http.StatusNotFound, "NoSuchBucket")
	case r.URL.Query().Has("versioning"):
		fmt.Fprintf(w, "<VersioningConfiguration><Status>%s</Status></VersioningConfiguration>", versioning)
	case r.URL.Query().Has("object-lock") && locked:
		io.WriteString(w, "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>")
	case r.URL.Query().Has("object-lock"):
		refuse(http.StatusNotFound, "ObjectLockConfigurationNotFoundError")
	case r.URL.Query().Has("list-type"):
		f.list(w, r.URL.Query())
	case r.Method == http.MethodPut:
		if err := f.put(r); errors.Is(err, errHash) {
			refuse(http.StatusBadRequest, "XAmzContentSHA256Mismatch")
		} else if err != nil {
			refuse(http.StatusInternalServerError, "InternalError")
		}
	case r.Method == http.MethodDelete:
		f.mu.Lock()
		delete(f.objects, r.URL.Path)
		f.mu.Unlock()
		_ = os.Remove(f.file(r.URL.Path))
		w.WriteHeader(http.StatusNoContent)
	case !there:
		refuse(http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set("Content-Length", fmt.Sprint(size))
		if r.Method == http.MethodHead {
			return
		}
		file, err := os.Open(f.file(r.URL.Path))
		if err != nil {
			return
		}
		defer file.Close()
		_, _ = io.Copy(w, file)
	}
}

var errHash = errors.New("the body is not the one that was signed")

func (f *Fake) put(r *http.Request) error {
	aside, err := os.CreateTemp(f.dir, "put")
	if err != nil {
		return err
	}
	defer aside.Close()
	sum := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(aside, sum), r.Body, make([]byte, 256<<10))
	if err == nil && hex.EncodeToString(sum.Sum(nil)) != r.Header.Get("X-Amz-Content-Sha256") {
		err = errHash
	}
	if err == nil {
		err = aside.Sync()
	}
	if err == nil {
		err = os.Rename(aside.Name(), f.file(r.URL.Path))
	}
	if err != nil {
		_ = os.Remove(aside.Name())
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[r.URL.Path] = n
	return nil
}

// object is an entry of a list.
type object struct {
	Key  string
	Size int64
}

// list returns two keys a page.
func (f *Fake) list(w http.ResponseWriter, q url.Values) {
	f.mu.Lock()
	defer f.mu.Unlock()
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
		answer.Contents = append(answer.Contents, object{k, f.objects["/bucket/"+k]})
	}
	if from+2 < len(keys) {
		answer.More, answer.Next = true, keys[from+2]
	}
	if f.endless {
		answer.More, answer.Next = true, "x"
	}
	_ = xml.NewEncoder(w).Encode(answer)
}
