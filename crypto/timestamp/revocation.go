package timestamp

import (
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"zapis/crypto/canonical"
)

// MaxRevocation is the most bytes that a CRL or an OCSP response may have.
const MaxRevocation = 384 << 10

var errNoRevocation = canonical.Refuse("it is neither a CRL nor an OCSP response")

var oidReason = asn1.ObjectIdentifier{2, 5, 29, 21}

// Reasons after which earlier tokens stay valid (RFC 3161, section 4): the key
// was retired, not lost.
var harmless = []int{0, 3, 4, 5} // unspecified, affiliationChanged, superseded, cessationOfOperation

// revoked is the content of a list for one certificate.
type revoked struct {
	at     time.Time
	reason int
	stated bool // the reason
}

// checkRevocations checks a chain against lists and responses that were kept
// with it. It refuses one about another chain, which would be counted as
// evidence that it is not.
func checkRevocations(all [][]byte, chain []*x509.Certificate, at time.Time) error {
	for i, der := range all {
		known, err := aboutChain(der, chain)
		if err != nil {
			return canonical.Refuse("revocation %d beside it: %w", i+1, err)
		}
		if known == nil {
			return canonical.Refuse("revocation %d beside it is not by any issuer of this chain", i+1)
		}
		for c, r := range known {
			if r == nil || r.stated && slices.Contains(harmless, r.reason) && at.Before(r.at) {
				continue
			}
			return canonical.Refuse("the certificate of %s was revoked at %s", c.Subject, r.at.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// aboutChain reads one list or response: its content for each certificate of
// the chain that it covers, nil for "not revoked".
func aboutChain(der []byte, chain []*x509.Certificate) (map[*x509.Certificate]*revoked, error) {
	if len(der) > MaxRevocation {
		return nil, canonical.Refuse("it has %d bytes, and at most %d are allowed", len(der), MaxRevocation)
	}
	if checkDER(der) != nil {
		return nil, errNoRevocation
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return aboutOne(der, chain)
	}
	var known map[*x509.Certificate]*revoked
	for i, c := range chain[:len(chain)-1] {
		if list.CheckSignatureFrom(chain[i+1]) != nil {
			continue
		}
		if known == nil {
			known = make(map[*x509.Certificate]*revoked)
		}
		known[c] = listed(list, c.SerialNumber)
	}
	return known, nil
}

func listed(list *x509.RevocationList, serial *big.Int) *revoked {
	for _, e := range list.RevokedCertificateEntries {
		if e.SerialNumber.Cmp(serial) == 0 {
			stated := false
			for _, x := range e.Extensions {
				stated = stated || x.Id.Equal(oidReason)
			}
			return &revoked{e.RevocationTime, e.ReasonCode, stated}
		}
	}
	return nil
}

// aboutOne reads an OCSP response.
func aboutOne(der []byte, chain []*x509.Certificate) (map[*x509.Certificate]*revoked, error) {
	for i, c := range chain[:len(chain)-1] {
		r, err := ocsp.ParseResponseForCert(der, c, chain[i+1])
		if err != nil {
			continue
		}
		switch r.Status {
		case ocsp.Good:
			return map[*x509.Certificate]*revoked{c: nil}, nil
		case ocsp.Revoked:
			// An absent reason can't be told from "unspecified" here: the stricter reading.
			return map[*x509.Certificate]*revoked{c: {r.RevokedAt, r.RevocationReason, r.RevocationReason != ocsp.Unspecified}}, nil
		}
		return nil, canonical.Refuse("the OCSP response does not know the certificate of %s", c.Subject)
	}
	if _, err := ocsp.ParseResponse(der, nil); err != nil {
		return nil, errNoRevocation
	}
	return nil, nil
}
