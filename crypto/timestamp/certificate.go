package timestamp

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
)

// maxCertificate is the most bytes that one certificate may have.
const maxCertificate = 64 << 10

// maxCertificates is the most certificates that one file may have.
const maxCertificates = 64

func parseCertificate(der []byte) (*x509.Certificate, error) {
	if len(der) > maxCertificate {
		return nil, canonical.Refuse("a certificate has %d bytes, and at most %d are allowed", len(der), maxCertificate)
	}
	if err := checkDER(der); err != nil {
		return nil, canonical.Refuse("a certificate is not DER: %w", err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, canonical.Refuse("a certificate can't be read: %w", err)
	}
	return c, nil
}

// LooksLikeCertificates reports whether a file is one that ParseCertificates is for: PEM with a certificate, or one
// certificate in DER, as .cer and .crt files hold it.
func LooksLikeCertificates(file []byte) bool {
	if bytes.Contains(file, []byte("-----BEGIN CERTIFICATE-----")) {
		return true
	}
	yes, _ := guarded(func() (bool, error) {
		_, err := parseCertificate(file)
		return err == nil, nil
	})
	return yes
}

// ParseCertificates reads the certificates of a file: PEM blocks with any text
// around them, or one certificate in DER. Every refusal is a canonical.ErrMismatch.
func ParseCertificates(file []byte) ([]*x509.Certificate, error) {
	return guarded(func() (all []*x509.Certificate, err error) {
		if !bytes.Contains(file, []byte("-----BEGIN ")) {
			c, err := parseCertificate(file)
			if err != nil {
				return nil, canonical.Refuse("it holds no certificate, neither as PEM nor as DER")
			}
			return []*x509.Certificate{c}, nil
		}
		begun := bytes.Count(file, []byte("-----BEGIN CERTIFICATE-----"))
		for rest := file; ; {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			if block.Type != "CERTIFICATE" {
				return nil, canonical.Refuse("it holds a %s, and a certificate is expected", block.Type)
			}
			if len(all) == maxCertificates {
				return nil, canonical.Refuse("it holds more than %d certificates", maxCertificates)
			}
			c, err := parseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			all = append(all, c)
		}
		if len(all) == 0 || len(all) != begun {
			return nil, canonical.Refuse("the certificate in it is cut off or damaged")
		}
		return all, nil
	})
}

// CertificatesPEM returns all certificates that came with an anchor, those in the token first, for `openssl ts
// -verify`; root reports whether one of them is self-issued, as roots are. None is trusted for being there.
func CertificatesPEM(a ledger.Anchor) (text []byte, root bool, err error) {
	c, err := Claimed(a.Response)
	if err != nil {
		return nil, false, err
	}
	all, err := guarded(func() ([]*x509.Certificate, error) { return withBeside(c.Embedded, a.Certificates) })
	if err != nil {
		return nil, false, err
	}
	for _, one := range all {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw})...)
		root = root || one.IsCA && bytes.Equal(one.RawIssuer, one.RawSubject)
	}
	return text, root, nil
}
