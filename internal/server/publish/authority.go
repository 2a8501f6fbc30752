package publish

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/timestamp"
	"zapis/internal/exit"
)

// AskAuthority sends a time-stamp request over HTTP (RFC 3161, section 3.4)
// and returns the response, not verified. Plain HTTP is usual there: the
// request holds a hash and a nonce, and the response is signed.
func AskAuthority(ctx context.Context, client *http.Client, address string, q timestamp.Request) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, exit.New(exit.Usage, "", "%s is no http:// or https:// address", address)
	}
	status, kind, body, err := post(ctx, client, address, "application/timestamp-query", q.DER, timestamp.MaxResponse)
	if err != nil {
		return nil, exit.New(exit.Failed, "ask again later, or another authority", "the authority %s: %w", address, err)
	}
	kind, _, _ = strings.Cut(kind, ";")
	if status != http.StatusOK || kind != "application/timestamp-reply" {
		return nil, exit.New(exit.Failed, "ask again later, or another authority", "the authority %s answered with status %d and %q, not with a token", address, status, kind)
	}
	return body, nil
}

// FetchRevocations fetches over HTTP the revocation lists that the
// certificates of a chain name, to be kept beside a token: an authority may
// remove them later. Each problem is one error; a token is valid without them.
// timestamp.Verify checks the issuer and content of a list.
func FetchRevocations(ctx context.Context, client *http.Client, chain []*x509.Certificate) (lists [][]byte, problems []error) {
	for _, c := range chain[:len(chain)-1] {
		list, err := fetchRevocation(ctx, client, c)
		switch {
		case err != nil:
			problems = append(problems, exit.New(exit.Failed, "", "the revocation list for %s: %w", c.Subject, err))
		case list != nil:
			lists = append(lists, list)
		}
	}
	return lists, problems
}

// fetchRevocation tries the addresses that one certificate names, in order.
func fetchRevocation(ctx context.Context, client *http.Client, c *x509.Certificate) (list []byte, err error) {
	for _, place := range c.CRLDistributionPoints {
		if !strings.HasPrefix(place, "http://") && !strings.HasPrefix(place, "https://") {
			continue
		}
		if list, err = fetch(ctx, client, place, timestamp.MaxRevocation); err != nil {
			continue
		}
		if _, err = x509.ParseRevocationList(list); err == nil {
			return list, nil
		}
		err = canonical.Refuse("what is at %s is none", place)
	}
	return nil, err
}
