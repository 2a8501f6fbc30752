package ledger_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"zapis/crypto/ledger"
)

func TestAnchorBody(t *testing.T) {
	sum := ledger.Sum([]byte("checkpoint"))
	for name, a := range map[string]ledger.Anchor{
		"bare token": {Size: 33, Checkpoint: sum, Response: []byte{0x30, 3}},
		"with chain": {Size: 1, Checkpoint: sum, Response: []byte{0x30, 3}, Certificates: [][]byte{{1}, {2}}, Revocations: [][]byte{{3}}},
		"witness":    {Size: 65, Checkpoint: sum, Witness: "w.example+01020304+AQID", Cosignature: []byte{1, 2, 3}},
	} {
		body := a.Marshal()
		got, err := ledger.ParseAnchor(body)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, body)
			continue
		}
		if !reflect.DeepEqual(got, a) || !bytes.Equal(got.Marshal(), body) {
			t.Errorf("%s: came back as %+v", name, got)
		}
	}
}

func TestAnchorBodyRefused(t *testing.T) {
	h := strings.Repeat("ab", 32)
	for _, c := range []struct{ body, want string }{
		{"", "it is empty"},
		{"zapis/anchor/v2\n", `line 1: it must be "zapis/anchor/v1"`},
		{"zapis/anchor/v1\ncheckpoint 0 " + h + "\nresponse AQ==\n", "line 2: a checkpoint covers at least one entry"},
		{"zapis/anchor/v1\ncheckpoint 033 " + h + "\nresponse AQ==\n", "line 2: not a decimal number without leading zeros"},
		{"zapis/anchor/v1\ncheckpoint 33 " + h + "\n", "line 3: the text ends here, and more lines must follow"},
		{"zapis/anchor/v1\ncheckpoint 33 " + h + "\nresponse AR==\n", "line 3: not base64 in its canonical form"},
		{"zapis/anchor/v1\ncheckpoint 33 " + h + "\nresponse AQ==\nrevocation AQ==\ncertificate AQ==\n", "line 5: nothing may follow here"},
		{"zapis/anchor/v1\ncheckpoint 33 " + h + "\nresponse AQ==\n" + strings.Repeat("certificate AQ==\n", 17), "line 20: more than 16 lines of certificate"},
		{"zapis/anchor/v1\ncheckpoint 33 " + h + "\nwitness w+01+AQ==\n", "line 4: the text ends here, and more lines must follow"},
	} {
		_, err := ledger.ParseAnchor([]byte(c.body))
		if err == nil || !errors.Is(err, ledger.ErrMismatch) || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.body, err, c.want)
		}
	}
}

func FuzzParseAnchor(f *testing.F) {
	f.Add(ledger.Anchor{Size: 33, Response: []byte{0x30, 3}, Certificates: [][]byte{{1}}}.Marshal())
	f.Add(ledger.Anchor{Size: 33, Witness: "w", Cosignature: []byte{9}}.Marshal())
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := ledger.ParseAnchor(body)
		if err == nil && !bytes.Equal(a.Marshal(), body) {
			t.Fatalf("two encodings of one anchor: %q", body)
		}
	})
}
