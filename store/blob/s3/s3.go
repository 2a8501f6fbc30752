// Package s3 keeps each blob of store/blob as an object of a bucket, by the part
// of the S3 interface that all of its implementations have: PUT, GET, HEAD,
// DELETE and ListObjectsV2 over path-style addresses, signed with AWS Signature
// Version 4. An object's key is parts/ and the blob's SHA-256 in hex, and that
// hash is the signed x-amz-content-sha256, so the server refuses other bytes.
//
// Whether an object is durable when the server answers 200 can't be detected: it is a property of the server
// (docs/guides/cluster.md).
package s3

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"zapis/internal/exit"
	"zapis/store/blob"
)

// prefix is in front of every key.
const prefix = "parts/"

// MaxSize is the most bytes that one PUT may have.
const MaxSize = 5 << 30

// Errors about a bucket.
var (
	ErrVersions    = errors.New("the bucket keeps old versions")
	ErrUnavailable = errors.New("the store of attachments does not answer")
)

// Store keeps blobs in a bucket. Its methods may be called by many goroutines.
type Store struct {
	client *http.Client
	base   url.URL // https://HOST/BUCKET
	signer signer
}

// Parse reads s3://KEY:SECRET@HOST/BUCKET?region=REGION. ?plain=1 speaks HTTP, and to this machine only.
// Errors do not contain the address: it holds a secret.
func Parse(address string, client *http.Client, now func() time.Time) (*Store, error) {
	wrong := func(format string, args ...any) error {
		return exit.New(exit.Usage, "s3://KEY:SECRET@HOST/BUCKET", "the address of the attachments: %w", fmt.Errorf(format, args...))
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" {
		return nil, wrong("it can't be read")
	}
	secret, ok := u.User.Password()
	if !ok || u.User.Username() == "" {
		return nil, wrong("it has no key and secret")
	}
	bucket := strings.Trim(u.Path, "/")
	if bucket == "" || strings.Contains(bucket, "/") {
		return nil, wrong("it names no bucket")
	}
	s := &Store{client: client, base: url.URL{Scheme: "https", Host: u.Host, Path: "/" + bucket}}
	q := u.Query()
	if q.Get("plain") == "1" {
		if ip, err := netip.ParseAddr(u.Hostname()); err != nil || !ip.IsLoopback() {
			return nil, wrong("plain HTTP goes to this machine only")
		}
		s.base.Scheme = "http"
	}
	region := q.Get("region")
	if region == "" {
		region = "us-east-1"
	}
	s.signer = signer{key: u.User.Username(), secret: secret, region: region, now: now}
	return s, nil
}

// NewClient returns an HTTP client that follows no redirect and uses no proxy of the environment.
func NewClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableCompression: true, ResponseHeaderTimeout: 2 * time.Minute, MaxIdleConnsPerHost: 8},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Inspect refuses a bucket that does not exist, that these keys may not use, or that retains deleted objects; and a
// server that does not return at once what was put.
func (s *Store) Inspect(ctx context.Context) error {
	body, err := s.small(ctx, http.MethodGet, "", url.Values{"versioning": {""}})
	if err != nil {
		return err
	}
	var versioning struct {
		Status string `xml:"Status"`
	}
	if err := xml.Unmarshal(body, &versioning); err != nil {
		return fmt.Errorf("%s: it answers, and not as an S3 store does", s.base.Host)
	}
	if versioning.Status != "" {
		return exit.New(exit.Failed, "use a bucket that never had versions: what is erased must be gone", "%w (versioning is %s): %s", ErrVersions, versioning.Status, s.base.Path[1:])
	}
	if err := s.inspectLock(ctx); err != nil {
		return err
	}
	probe, name := []byte("a probe\n"), "probe"
	if err := s.put(ctx, name, hashOf(probe), bytes.NewReader(probe), int64(len(probe))); err != nil {
		return err
	}
	got, err := s.small(ctx, http.MethodGet, name, nil)
	if err == nil && !bytes.Equal(got, probe) {
		err = fmt.Errorf("%s: it does not give back what was put", s.base.Host)
	}
	_, removeErr := s.small(ctx, http.MethodDelete, name, nil)
	return exit.First(err, removeErr)
}

// inspectLock refuses a bucket whose objects can't be deleted for a time. A server that has no locks answers with an error.
func (s *Store) inspectLock(ctx context.Context) error {
	body, err := s.small(ctx, http.MethodGet, "", url.Values{"object-lock": {""}})
	var lock struct {
		Enabled string `xml:"ObjectLockEnabled"`
	}
	if err != nil || xml.Unmarshal(body, &lock) != nil || lock.Enabled == "" {
		return ctx.Err()
	}
	return exit.New(exit.Failed, "use a bucket without object lock: what is erased must be gone", "%w (object lock is %s): %s", ErrVersions, lock.Enabled, s.base.Path[1:])
}

func key(h blob.Hash) string { return prefix + h.String() }

// Put stores the spooled file with one PUT. It checks before that the name is free: some servers ignore If-None-Match.
func (s *Store) Put(ctx context.Context, h blob.Hash, spool blob.Spool) error {
	if spool.Size > MaxSize {
		return fmt.Errorf("attachment %s has %d bytes, and one PUT takes at most %d", h, spool.Size, int64(MaxSize))
	}
	switch _, err := s.small(ctx, http.MethodHead, key(h), nil); {
	case err == nil:
		return blob.ErrTaken
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	f, err := os.Open(spool.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := s.put(ctx, key(h), h.String(), f, spool.Size); err != nil {
		return err
	}
	return spool.Remove()
}

func (s *Store) put(ctx context.Context, name, hash string, r io.Reader, size int64) error {
	resp, err := s.do(ctx, http.MethodPut, name, nil, hash, io.NopCloser(r), size)
	if err != nil {
		return err
	}
	return drain(resp)
}

// Open begins a GET.
func (s *Store) Open(ctx context.Context, h blob.Hash) (io.ReadCloser, int64, error) {
	resp, err := s.do(ctx, http.MethodGet, key(h), nil, emptyHash, nil, 0)
	if err != nil {
		return nil, 0, err
	}
	return resp.Body, resp.ContentLength, nil
}

// Remove deletes an object. S3 does not report a missing one, so it is looked up before.
func (s *Store) Remove(ctx context.Context, h blob.Hash) error {
	if _, err := s.small(ctx, http.MethodHead, key(h), nil); err != nil {
		return err
	}
	_, err := s.small(ctx, http.MethodDelete, key(h), nil)
	return err
}

// Each lists the bucket, page by page.
func (s *Store) Each(ctx context.Context, visit func(h blob.Hash) error, strange func(name string) error) error {
	return s.list(ctx, func(o object) error {
		h, ok := blob.ParseHash(strings.TrimPrefix(o.Key, prefix))
		switch {
		case ok && strings.HasPrefix(o.Key, prefix):
			return visit(h)
		case strange != nil:
			return strange(s.base.Path[1:] + "/" + o.Key)
		}
		return nil
	})
}

type object struct {
	Key string `xml:"Key"`
}

func (s *Store) list(ctx context.Context, visit func(object) error) error {
	query := url.Values{"list-type": {"2"}}
	for {
		body, err := s.small(ctx, http.MethodGet, "", query)
		if err != nil {
			return err
		}
		var page struct {
			Contents []object `xml:"Contents"`
			Next     string   `xml:"NextContinuationToken"`
			More     bool     `xml:"IsTruncated"`
		}
		if err := xml.Unmarshal(body, &page); err != nil {
			return fmt.Errorf("%s: a list that can't be read: %w", s.base.Host, err)
		}
		for _, o := range page.Contents {
			if err := visit(o); err != nil {
				return err
			}
		}
		if !page.More {
			return nil
		}
		if page.Next == "" || page.Next == query.Get("continuation-token") {
			return fmt.Errorf("%s: a list that does not end", s.base.Host)
		}
		query.Set("continuation-token", page.Next)
	}
}

// Where names the bucket and the key.
func (s *Store) Where(h blob.Hash) string { return "s3://" + s.base.Host + s.base.Path + "/" + key(h) }

// InDatabase returns false.
func (s *Store) InDatabase() bool { return false }

// Close closes idle connections.
func (s *Store) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// maxAnswer is the most bytes that an answer other than an object may have.
const maxAnswer = 4 << 20

// small does a request without a body, and reads its whole answer.
func (s *Store) small(ctx context.Context, method, name string, query url.Values) ([]byte, error) {
	resp, err := s.do(ctx, method, name, query, emptyHash, nil, 0)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
}

func drain(resp *http.Response) error {
	defer resp.Body.Close()
	_, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	return err
}

// do signs and sends a request; an answer other than success is an error.
func (s *Store) do(ctx context.Context, method, name string, query url.Values, hash string, body io.ReadCloser, size int64) (*http.Response, error) {
	u := s.base
	if name != "" {
		u.Path += "/" + name
	}
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = size
	s.signer.sign(req, hash)
	resp, err := s.client.Do(req)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, exit.New(exit.Failed, "look whether it runs, and whether this host may reach it", "%w: %s: %w", ErrUnavailable, s.base.Host, err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	return nil, s.refusal(resp.StatusCode, name, text)
}

// refusal returns the error for a status.
func (s *Store) refusal(status int, name string, text []byte) error {
	var answer struct {
		Code string `xml:"Code"`
	}
	_ = xml.Unmarshal(text, &answer)
	switch {
	case status == http.StatusNotFound && name != "":
		return &fs.PathError{Op: "open", Path: s.base.Path[1:] + "/" + name, Err: fs.ErrNotExist}
	case status == http.StatusNotFound:
		return exit.New(exit.Failed, "make the bucket, without versions", "there is no bucket %s at %s", s.base.Path[1:], s.base.Host)
	case answer.Code == "RequestTimeTooSkewed":
		return exit.New(exit.Failed, "set this host's clock by NTP", "%s: this host's clock differs from its own", s.base.Host)
	case status >= 300 && status < 400, answer.Code == "AuthorizationHeaderMalformed", answer.Code == "PermanentRedirect":
		return exit.New(exit.Failed, "name the bucket's own host, and its region: ?region=REGION", "%s does not have the bucket %s (%d %s)", s.base.Host, s.base.Path[1:], status, answer.Code)
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		return exit.New(exit.Failed, "look at key and secret, at the bucket's name, and at what they may do in it", "%s refuses these keys (%d %s)", s.base.Host, status, answer.Code)
	case status == http.StatusInsufficientStorage || answer.Code == "QuotaExceeded" || answer.Code == "XMinioStorageFull":
		return fmt.Errorf("%w (%s)", blob.ErrFull, answer.Code)
	}
	return exit.New(exit.Failed, "try again", "%w: %s: status %d %s", ErrUnavailable, s.base.Host, status, answer.Code)
}
