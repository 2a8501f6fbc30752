package anchor_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
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

	"github.com/digitorus/timestamp"
)

// authority is a time-stamping authority of the tests: a root, and a signer
// below it.
type authority struct {
	root, signer *x509.Certificate
	key          *ecdsa.PrivateKey
}

type usage struct {
	oids     []asn1.ObjectIdentifier
	critical bool
}

var (
	timeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	serverAuth   = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
	testPolicy   = asn1.ObjectIdentifier{1, 2, 3, 4, 1}
	proper       = usage{[]asn1.ObjectIdentifier{timeStamping}, true}
)

func newAuthority(t *testing.T, from, until time.Time, u usage) authority {
	t.Helper()
	return newAuthorityUnder(t, until, from, until, u)
}

// newAuthorityUnder makes one whose root ends at another time than it does.
func newAuthorityUnder(t *testing.T, rootUntil, from, until time.Time, u usage) authority {
	t.Helper()
	rootKey, key := newKey(t), newKey(t)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Root"},
		NotBefore: from, NotAfter: rootUntil, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	root = issue(t, root, root, rootKey, rootKey)
	signer := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Test Authority"},
		NotBefore: from, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if u.oids != nil {
		value, err := asn1.Marshal(u.oids)
		if err != nil {
			t.Fatal(err)
		}
		signer.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: u.critical, Value: value}}
	}
	return authority{root, issue(t, signer, root, key, rootKey), key}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func issue(t *testing.T, c, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (a authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.root)
	return p
}

// openssl answers a request as an authority does, with `openssl ts -reply`.
func (a authority) openssl(t *testing.T, request []byte) []byte {
	t.Helper()
	return a.opensslAt(t, request, time.Now())
}

// opensslAt does so with Debian's faketime telling openssl the time.
func (a authority) opensslAt(t *testing.T, request []byte, at time.Time) []byte {
	t.Helper()
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"key.pem":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		"tsa.pem":  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.signer.Raw}),
		"root.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw}),
		"in.tsq":   request,
		"serial":   []byte("01\n"),
		"tsa.cnf": []byte("[tsa]\ndefault_tsa = here\n[here]\ndir = .\nserial = serial\ncrypto_device = builtin\n" +
			"signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\n" +
			"ordering = no\ntsa_name = no\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("faketime", "-f", at.UTC().Format("2006-01-02 15:04:05"), "openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "in.tsq",
		"-inkey", "key.pem", "-signer", "tsa.pem", "-chain", "root.pem", "-out", "out.tsr")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TZ=UTC")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl ts -reply: %v\n%s", err, out)
	}
	response, err := os.ReadFile(filepath.Join(dir, "out.tsr"))
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// library answers as an authority that openssl would not play: with a
// certificate that is not for time stamping.
func (a authority) library(t *testing.T, message []byte, nonce *big.Int) []byte {
	t.Helper()
	sum := sha256.Sum256(message)
	response, err := (&timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Time: time.Now(), SerialNumber: big.NewInt(7),
		Policy: testPolicy, Nonce: nonce, AddTSACertificate: true,
	}).CreateResponseWithOpts(a.signer, a.key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return response
}
