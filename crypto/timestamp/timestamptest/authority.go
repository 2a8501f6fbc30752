// Package timestamptest is a time-stamping authority for tests: a root, a
// certificate authority below it, and a signer whose tokens `openssl ts` makes.
// Only tests import it.
package timestamptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// Usage is the extended key usage of a signer's certificate.
type Usage struct {
	OIDs     []asn1.ObjectIdentifier
	Critical bool
}

// Object identifiers.
var (
	TimeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	ServerAuth   = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
	Policy       = asn1.ObjectIdentifier{1, 2, 3, 4, 1} // that its tokens are under

	Proper = Usage{[]asn1.ObjectIdentifier{TimeStamping}, true}
)

// Plan configures an authority. Zero values yield a valid one.
type Plan struct {
	From, Until time.Time // of the certificates; an hour either way
	RootUntil   time.Time // of the root's alone
	Usage       *Usage
	KeyUsage    x509.KeyUsage // of the signer; digitalSignature
	List        string        // URL of its revocation list, in the signer's certificate

	RootRSA, CARSA, SignerRSA int // bits; an ECDSA key on P-256 where it is 0
}

// Authority is a time-stamping authority.
type Authority struct {
	Root, CA, Signer *x509.Certificate
	caKey, key       crypto.Signer
}

// New makes an authority with new keys.
func New(t testing.TB, p Plan) Authority {
	t.Helper()
	now := time.Now()
	if p.From.IsZero() {
		p.From = now.Add(-time.Hour)
	}
	if p.Until.IsZero() {
		p.Until = now.Add(time.Hour)
	}
	if p.RootUntil.IsZero() {
		p.RootUntil = p.Until
	}
	if p.Usage == nil {
		p.Usage = &Proper
	}
	if p.KeyUsage == 0 {
		p.KeyUsage = x509.KeyUsageDigitalSignature
	}
	rootKey := newKey(t, p.RootRSA)
	a := Authority{caKey: newKey(t, p.CARSA), key: newKey(t, p.SignerRSA)}
	issuer := func(n int64, name string, until time.Time) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name}, NotBefore: p.From, NotAfter: until,
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
			SubjectKeyId: []byte{byte(n)},
		}
	}
	root := issuer(1, "Test Root", p.RootUntil)
	a.Root = issue(t, root, root, rootKey, rootKey)
	a.CA = issue(t, issuer(2, "Test CA", p.Until), a.Root, a.caKey, rootKey)
	signer := &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "Test Authority"},
		NotBefore: p.From, NotAfter: p.Until, KeyUsage: p.KeyUsage, SubjectKeyId: []byte{3},
	}
	if p.List != "" {
		signer.CRLDistributionPoints = []string{p.List}
	}
	if p.Usage.OIDs != nil {
		value, err := asn1.Marshal(p.Usage.OIDs)
		must(t, err)
		signer.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: p.Usage.Critical, Value: value}}
	}
	a.Signer = issue(t, signer, a.CA, a.key, a.caKey)
	return a
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKey(t testing.TB, rsaBits int) crypto.Signer {
	t.Helper()
	if rsaBits > 0 {
		k, err := rsa.GenerateKey(rand.Reader, rsaBits)
		must(t, err)
		return k
	}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return k
}

func issue(t testing.TB, c, parent *x509.Certificate, key, parentKey crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), parentKey)
	must(t, err)
	made, err := x509.ParseCertificate(der)
	must(t, err)
	return made
}

// Pool returns its root, pinned.
func (a Authority) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.Root)
	return p
}

// RootPEM returns the root as a file.
func (a Authority) RootPEM() []byte { return encode("CERTIFICATE", a.Root.Raw) }

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Reply answers a request as an authority does, with `openssl ts -reply`.
func (a Authority) Reply(t testing.TB, request []byte) []byte {
	t.Helper()
	return a.ReplyAt(t, request, time.Now())
}

// ReplyAt does so with Debian's faketime telling openssl the time.
func (a Authority) ReplyAt(t testing.TB, request []byte, at time.Time) []byte {
	t.Helper()
	return a.reply(t, request, at, "-chain", "ca.pem")
}

// ReplyAlone sends the signer's certificate and none above it.
func (a Authority) ReplyAlone(t testing.TB, request []byte) []byte {
	t.Helper()
	return a.reply(t, request, time.Now())
}

func (a Authority) reply(t testing.TB, request []byte, at time.Time, more ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	must(t, err)
	for name, content := range map[string][]byte{
		"key.pem": encode("PRIVATE KEY", key),
		"tsa.pem": encode("CERTIFICATE", a.Signer.Raw),
		"ca.pem":  encode("CERTIFICATE", a.CA.Raw),
		"in.tsq":  request,
		"serial":  []byte("01\n"),
		"tsa.cnf": []byte("[tsa]\ndefault_tsa = here\n[here]\ndir = .\nserial = serial\ncrypto_device = builtin\n" +
			"signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\n" +
			"ordering = no\ntsa_name = no\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n"),
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	args := append([]string{"-f", at.UTC().Format("2006-01-02 15:04:05"), "openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "in.tsq",
		"-inkey", "key.pem", "-signer", "tsa.pem", "-out", "out.tsr"}, more...)
	cmd := exec.Command("faketime", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TZ=UTC")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl ts -reply: %v\n%s", err, out)
	}
	response, err := os.ReadFile(filepath.Join(dir, "out.tsr"))
	must(t, err)
	return response
}

// List returns the authority's revocation list: empty, or with the signer
// revoked at a time, for a reason, or for none if it is 0.
func (a Authority) List(t testing.TB, at time.Time, reason int) []byte {
	t.Helper()
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour)}
	if !at.IsZero() {
		e := x509.RevocationListEntry{SerialNumber: a.Signer.SerialNumber, RevocationTime: at}
		e.ReasonCode = reason
		l.RevokedCertificateEntries = []x509.RevocationListEntry{e}
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, a.CA, a.caKey)
	must(t, err)
	return der
}

// Status returns an OCSP response about the signer.
func (a Authority) Status(t testing.TB, status int, at time.Time, reason int) []byte {
	t.Helper()
	der, err := ocsp.CreateResponse(a.CA, a.CA, ocsp.Response{
		Status: status, SerialNumber: a.Signer.SerialNumber, ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour),
		RevokedAt: at, RevocationReason: reason,
	}, a.caKey)
	must(t, err)
	return der
}
