package timestamp_test

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"zapis/crypto/timestamp"
	"zapis/crypto/timestamp/timestamptest"
	"zapis/internal/shorttest"
)

// What is kept beside a token is all that stock openssl needs, years later.
func TestStockOpenSSL(t *testing.T) {
	shorttest.Skip(t, "tokens are not given to openssl")
	then := time.Date(2020, 6, 1, 12, 0, 0, 0, time.UTC)
	a := timestamptest.New(t, timestamptest.Plan{From: then.Add(-time.Hour), Until: then.Add(time.Hour)})
	q := ask(t)
	response := a.ReplyAt(t, q.DER, then)
	token, err := timestamp.Verify(response, message, timestamp.Options{Roots: a.Pool(), Nonce: q.Nonce})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var chain []byte
	for _, c := range token.Chain[1 : len(token.Chain)-1] {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	for name, content := range map[string][]byte{"token.tsr": response, "checkpoint": message, "root.pem": a.RootPEM(), "chain.pem": chain} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(more ...string) ([]byte, error) {
		args := []string{"ts", "-verify", "-in", "token.tsr", "-data", "checkpoint", "-CAfile", "root.pem", "-untrusted", "chain.pem"}
		cmd := exec.Command("openssl", append(args, more...)...)
		cmd.Dir = dir
		return cmd.CombinedOutput()
	}
	if out, err := verify("-attime", strconv.FormatInt(token.Time.Unix(), 10)); err != nil {
		t.Errorf("at the token's time: %v\n%s", err, out)
	}
	if out, err := verify(); err == nil {
		t.Errorf("openssl takes an expired certificate without being told the time:\n%s", out)
	}
}
