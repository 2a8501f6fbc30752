package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// emptyHash is the SHA-256 of nothing.
var emptyHash = hashOf(nil)

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// signer makes AWS Signature Version 4, for the service s3.
type signer struct {
	key, secret, region string
	now                 func() time.Time
}

const (
	algorithm  = "AWS4-HMAC-SHA256"
	signedDate = "20060102T150405Z"
)

// signedHeaders are those that a signature covers.
var signedHeaders = []string{"host", "x-amz-content-sha256", "x-amz-date"}

// sign adds the headers. hash is the hex SHA-256 of the body.
func (s signer) sign(r *http.Request, hash string) {
	at := s.now().UTC().Format(signedDate)
	r.Header.Set("X-Amz-Date", at)
	r.Header.Set("X-Amz-Content-Sha256", hash)
	scope := at[:8] + "/" + s.region + "/s3/aws4_request"
	signature := s.signature(canonical(r, hash), at, scope)
	r.Header.Set("Authorization", algorithm+" Credential="+s.key+"/"+scope+
		", SignedHeaders="+strings.Join(signedHeaders, ";")+", Signature="+signature)
}

// signature is over the canonical request.
func (s signer) signature(request, at, scope string) string {
	text := algorithm + "\n" + at + "\n" + scope + "\n" + hashOf([]byte(request))
	k := []byte("AWS4" + s.secret)
	for _, part := range strings.Split(scope, "/") {
		k = mac(k, part)
	}
	return hex.EncodeToString(mac(k, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// canonical returns the canonical request. Paths have only characters that need no escaping, but for the slash.
func canonical(r *http.Request, hash string) string {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	values := map[string]string{"host": host, "x-amz-content-sha256": hash, "x-amz-date": r.Header.Get("X-Amz-Date")}
	var headers strings.Builder
	for _, name := range signedHeaders {
		headers.WriteString(name + ":" + values[name] + "\n")
	}
	return strings.Join([]string{r.Method, r.URL.EscapedPath(), canonicalQuery(r.URL.Query()), headers.String(), strings.Join(signedHeaders, ";"), hash}, "\n")
}

// canonicalQuery is sorted, and escaped as RFC 3986 does.
func canonicalQuery(q url.Values) string {
	var all []string
	for name, values := range q {
		for _, v := range values {
			all = append(all, escape(name)+"="+escape(v))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "&")
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
