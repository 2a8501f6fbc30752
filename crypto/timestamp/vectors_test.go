package timestamp_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/timestamp"
	"zapis/crypto/timestamp/timestamptest"
	"zapis/crypto/witness"
)

// With -update the vectors are written with new keys and at the present time.
var update = flag.Bool("update", false, "write docs/spec/vectors again")

const (
	vectorsDir     = "../../docs/spec/vectors/anchor"
	rootPath       = vectorsDir + "/key-root.pem"
	checkpointPath = vectorsDir + "/key-checkpoint.txt" // what the anchors are about
	witnessPath    = vectorsDir + "/key-witness.txt"    // the trusted witnesses
	anchorIndex    = 40                                 // of the anchor's entry
)

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func judge(t *testing.T) ledgertest.Judge {
	trust := timestamp.Trust{Options: timestamp.Options{Roots: x509.NewCertPool()}}
	if !trust.Roots.AppendCertsFromPEM(readFile(t, rootPath)) {
		t.Fatal("no root")
	}
	verifier, err := witness.NewVerifier(strings.TrimSpace(string(readFile(t, witnessPath))))
	if err != nil {
		t.Fatal(err)
	}
	trust.Witnesses = []*witness.Verifier{verifier}
	checkpoint := readFile(t, checkpointPath)
	return func(body []byte) (string, error) {
		a, err := ledger.ParseAnchor(body)
		if err != nil {
			return "", err
		}
		if !bytes.Equal(a.Marshal(), body) {
			return "", errors.New("it is written again in another way")
		}
		e, err := timestamp.Check(anchorIndex, a, checkpoint, trust)
		return fmt.Sprintf("size %d time %s by %s", e.Size, e.Time.Format(time.RFC3339), e.By), err
	}
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	ledgertest.CheckVectors(t, vectorsDir, judge(t))
}

func writeVectors(t *testing.T) {
	b := ledgertest.New()
	for b.Size() < 33 {
		b.Filler()
	}
	note := b.Checkpoint()
	a, other := timestamptest.New(t, timestamptest.Plan{}), timestamptest.New(t, timestamptest.Plan{})
	ended := timestamptest.New(t, timestamptest.Plan{From: time.Now().Add(-2 * time.Hour), Until: time.Now().Add(-time.Hour)})
	lax := timestamptest.New(t, timestamptest.Plan{Usage: &timestamptest.Usage{OIDs: timestamptest.Proper.OIDs}})
	key := func(n byte) *witness.SigningKey {
		k, err := witness.GenerateSigningKey("one.example/w", bytes.NewReader(bytes.Repeat([]byte{'w', n}, 32)))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	roots := append(append(a.RootPEM(), ended.RootPEM()...), lax.RootPEM()...)
	request := func(message []byte) timestamp.Request {
		q, err := timestamp.NewRequest(rand.Reader, message, nil)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	q := request(note)
	body := func(response []byte, certificates, revocations [][]byte) []byte {
		return ledger.Anchor{Size: 33, Checkpoint: ledger.Sum(note), Response: response, Certificates: certificates, Revocations: revocations}.Marshal()
	}
	none := time.Time{}
	good := body(a.ReplyAlone(t, q.DER), [][]byte{a.CA.Raw}, [][]byte{a.List(t, none, 0)})
	seen := func(k *witness.SigningKey) ledger.Anchor {
		text, err := ledger.NoteText(note)
		if err != nil {
			t.Fatal(err)
		}
		by, err := k.Cosign(text, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return ledger.Anchor{Size: 33, Checkpoint: ledger.Sum(note), Witness: by[0].Witness.String(), Cosignature: by[0].Raw}
	}
	weak := timestamptest.New(t, timestamptest.Plan{SignerRSA: 1024})
	encrypting := timestamptest.New(t, timestamptest.Plan{KeyUsage: x509.KeyUsageKeyEncipherment})
	roots = append(append(roots, weak.RootPEM()...), encrypting.RootPEM()...)
	odd := func(by timestamptest.Authority, o timestamptest.Odd) []byte {
		return body(by.OddAs(t, note, o), nil, nil)
	}
	swapped := seen(key(1))
	swapped.Cosignature = seen(key(2)).Cosignature
	flipped := seen(key(1))
	flipped.Cosignature[30] ^= 1

	for name, content := range map[string][]byte{rootPath: roots, checkpointPath: note, witnessPath: []byte(key(1).Verifiers()[0].String() + "\n")} {
		if err := os.MkdirAll(vectorsDir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	type v = ledgertest.Vector
	err := ledgertest.WriteVectors(vectorsDir, judge(t),
		v{File: "token.txt", Class: "ok", Content: good},
		v{File: "token-with-all.txt", Class: "ok", Content: body(a.Reply(t, q.DER), nil, nil)},
		v{File: "witness.txt", Class: "ok", Content: seen(key(1)).Marshal()},
		v{File: "superseded-since.txt", Class: "ok", Content: body(a.Reply(t, q.DER), nil, [][]byte{a.List(t, time.Now().Add(time.Hour), 4)})},
		v{File: "key-was-lost.txt", Class: "right", Content: body(a.Reply(t, q.DER), nil, [][]byte{a.List(t, time.Now().Add(time.Hour), 1)})},
		v{File: "chain-missing.txt", Class: "right", Content: body(a.ReplyAlone(t, q.DER), nil, nil)},
		v{File: "another-root.txt", Class: "right", Content: body(other.Reply(t, q.DER), [][]byte{other.CA.Raw}, nil)},
		v{File: "certificate-ended.txt", Class: "right", Content: body(ended.Reply(t, q.DER), nil, nil)},
		v{File: "usage-not-critical.txt", Class: "right", Content: body(lax.Odd(t, note, big.NewInt(7)), [][]byte{lax.CA.Raw}, nil)},
		v{File: "without-certificates.txt", Class: "right", Content: body(a.Reply(t, bareRequest(t, q)), [][]byte{a.Signer.Raw, a.CA.Raw}, nil)},
		v{File: "another-imprint.txt", Class: "proof", Content: body(a.Reply(t, request([]byte("else")).DER), nil, nil)},
		v{File: "another-checkpoint.txt", Class: "proof", Content: ledger.Anchor{Size: 33, Checkpoint: ledger.Sum(nil), Response: a.Reply(t, q.DER)}.Marshal()},
		v{File: "of-what-follows.txt", Class: "place", Content: ledgertest.Edit(good, "checkpoint 33 ", "checkpoint 41 ")},
		v{File: "not-granted.txt", Class: "right", Content: body([]byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02}, nil, nil)},
		v{File: "imprint-sha384.txt", Class: "ok", Content: odd(a, timestamptest.Odd{Imprint: crypto.SHA384})},
		v{File: "imprint-sha512.txt", Class: "ok", Content: odd(a, timestamptest.Odd{Imprint: crypto.SHA512})},
		v{File: "imprint-sha1.txt", Class: "right", Content: odd(a, timestamptest.Odd{Imprint: crypto.SHA1})},
		v{File: "rsa-1024.txt", Class: "right", Content: odd(weak, timestamptest.Odd{})},
		v{File: "usage-encryption.txt", Class: "right", Content: odd(encrypting, timestamptest.Odd{})},
		v{File: "info-version-2.txt", Class: "canonical", Content: odd(a, timestamptest.Odd{Version: 2})},
		v{File: "info-byte-after.txt", Class: "canonical", Content: odd(a, timestamptest.Odd{AfterInfo: []byte{0}})},
		v{File: "info-critical-extension.txt", Class: "canonical", Content: odd(a, timestamptest.Odd{Extensions: extension(true)})},
		v{File: "two-signers.txt", Class: "right", Content: odd(a, timestamptest.Odd{Signers: 2})},
		v{File: "bare-token.txt", Class: "canonical", Content: body(a.OddToken(t, note, timestamptest.Odd{}), nil, nil)},
		v{File: "not-der.txt", Class: "canonical", Content: body([]byte{0x30, 0x09, 0x30, 0x03, 0x02, 0x01, 0x00, 0x30, 0x02, 0x1F, 0x80}, nil, nil)},
		v{File: "cosignature-of-another-key.txt", Class: "signature", Content: swapped.Marshal()},
		v{File: "cosignature-damaged.txt", Class: "signature", Content: flipped.Marshal()},
		v{File: "leading-zero.txt", Class: "canonical", Content: ledgertest.Edit(good, "checkpoint 33 ", "checkpoint 033 ")},
		v{File: "loose-base64.txt", Class: "canonical", Content: ledgertest.Edit(good, "response ", "response =")},
		v{File: "another-order.txt", Class: "canonical", Content: append(bytes.Clone(good), "certificate AAAA\n"...)},
	)
	if err != nil {
		t.Fatal(err)
	}
}
