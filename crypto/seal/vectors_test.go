package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"zapis/internal/shorttest"
)

const vectorsDir = "../../docs/spec/vectors"

// vector is a file of docs/spec/vectors/part and quorum.
type vector struct {
	About      string         `json:"about"`
	Do         string         `json:"do"`             // open, check, own or share
	Class      string         `json:"class"`          // ok, mismatch, own-stanza, no-key or quorum
	Says       string         `json:"says,omitempty"` // in the text of our error
	Kind       Kind           `json:"kind"`
	Threshold  int            `json:"threshold"`
	Recipients []string       `json:"recipients"`         // the set in force
	Position   int            `json:"position,omitempty"` // of the trustee who checks or opens their own, from 1
	Identity   string         `json:"identity,omitempty"` // AGE-SECRET-KEY-PQ-1…
	Shares     map[int]string `json:"shares,omitempty"`   // by position, hex
	FileKey    string         `json:"file_key,omitempty"` // hex
	SHA256     string         `json:"sha256"`             // what the ledger names, of the whole file
	Size       int64          `json:"size"`               // bytes, the same
	Content    string         `json:"content,omitempty"`  // base64: the opened content where the class is ok
	File       string         `json:"file"`               // base64
}

func (v *vector) identities() ([]age.Identity, error) {
	var out []age.Identity
	if v.Identity != "" {
		id, err := age.ParseHybridIdentity(v.Identity)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	if v.FileKey != "" {
		key, err := ParseFileKey(v.FileKey)
		if err != nil {
			return nil, err
		}
		out = append(out, key.identity())
	}
	if len(v.Shares) > 0 {
		shares := map[int][]byte{}
		for p, s := range v.Shares {
			b, err := hex.DecodeString(s)
			if err != nil {
				return nil, err
			}
			shares[p] = b
		}
		out = append(out, QuorumIdentity(shares))
	}
	return out, nil
}

func (v *vector) run() (content []byte, refusal, err error) {
	file, err := base64.StdEncoding.DecodeString(v.File)
	if err != nil {
		return nil, nil, err
	}
	hash, err := hex.DecodeString(v.SHA256)
	if err != nil || len(hash) != 32 {
		return nil, nil, fmt.Errorf("sha256: %v", err)
	}
	r, err := NewRecipients(v.Threshold, v.Recipients...)
	if err != nil {
		return nil, nil, err
	}
	ids, err := v.identities()
	if err != nil {
		return nil, nil, err
	}
	switch v.Do {
	case "open":
		var out bytes.Buffer
		_, refusal = Open(&out, v.Kind, bytes.NewReader(file), Digest{[32]byte(hash), v.Size}, ids...)
		return out.Bytes(), refusal, nil
	case "check":
		return nil, CheckPart(bytes.NewReader(file), v.Kind, r, v.Size), nil
	case "own":
		return nil, CheckOwn(bytes.NewReader(file), r, v.Position, ids[0]), nil
	case "share":
		content, refusal = OpenShare(bytes.NewReader(file), v.Position, ids[0])
		return content, refusal, nil
	}
	return nil, nil, fmt.Errorf("nothing is done by %q", v.Do)
}

// classOf names the narrowest class that an error belongs to.
func classOf(err error) string {
	for _, c := range []struct {
		err  error
		name string
	}{{ErrOwnStanza, "own-stanza"}, {ErrMismatch, "mismatch"}, {ErrNoKey, "no-key"}, {ErrQuorum, "quorum"}, {ErrTooLarge, "too-large"}} {
		if errors.Is(err, c.err) {
			return c.name
		}
	}
	if err == nil {
		return "ok"
	}
	return "other"
}

// eachVector runs the function over a folder's files that match, and fails where
// there are not at least so many good and so many bad ones.
func eachVector(t *testing.T, glob string, good, bad int, run func(t *testing.T, raw []byte) (class string)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(vectorsDir, glob))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(f), ".json"), func(t *testing.T) {
			if run(t, raw) == "ok" {
				good--
			} else {
				bad--
			}
		})
	}
	if good > 0 || bad > 0 {
		t.Errorf("%s: %d valid and %d must-fail vectors too few", glob, max(0, good), max(0, bad))
	}
}

func unmarshal(t *testing.T, raw []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatal(err)
	}
}

func TestPartVectors(t *testing.T)   { runVectors(t, "part/part-*.json", 6, 12) }
func TestQuorumVectors(t *testing.T) { runVectors(t, "quorum/part-*.json", 4, 12) }

func runVectors(t *testing.T, glob string, good, bad int) {
	eachVector(t, glob, good, bad, func(t *testing.T, raw []byte) string {
		var v vector
		unmarshal(t, raw, &v)
		content, refusal, err := v.run()
		if err != nil {
			t.Fatal(err)
		}
		if got := classOf(refusal); got != v.Class {
			t.Errorf("%s: the class is %s, not %s: %v", v.About, got, v.Class, refusal)
		}
		if refusal != nil && (v.Says == "" || !strings.Contains(refusal.Error(), v.Says)) {
			t.Errorf("%s: says %q, not %q", v.About, refusal, v.Says)
		}
		if refusal == nil && base64.StdEncoding.EncodeToString(content) != v.Content {
			t.Errorf("%s: other content", v.About)
		}
		return v.Class
	})
}

// framing is an element of part/framing.json: a plaintext in runs of bytes.
type framing struct {
	About   string `json:"about"`
	Class   string `json:"class"`
	Says    string `json:"says,omitempty"`
	Kind    Kind   `json:"kind"`
	Plain   []run  `json:"plaintext"`
	Content []run  `json:"content,omitempty"`
}

// run is so many times the same bytes.
type run struct {
	Hex   string `json:"hex"`
	Times int    `json:"times"`
}

func expand(t *testing.T, runs []run) []byte {
	t.Helper()
	var out []byte
	for _, r := range runs {
		b, err := hex.DecodeString(r.Hex)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, bytes.Repeat(b, r.Times)...)
	}
	return out
}

func TestFramingVectors(t *testing.T) {
	eachVector(t, "part/framing.json", 1, 0, func(t *testing.T, raw []byte) string {
		var list []framing
		unmarshal(t, raw, &list)
		good, bad := 0, 0
		for _, f := range list {
			var out bytes.Buffer
			u := newUnpadder(&out, f.Kind)
			if _, err := u.Write(expand(t, f.Plain)); err != nil {
				t.Fatal(err)
			}
			err := u.finish()
			if got := classOf(err); got != f.Class {
				t.Errorf("%s: the class is %s, not %s: %v", f.About, got, f.Class, err)
			}
			if err == nil {
				good++
				if !bytes.Equal(out.Bytes(), expand(t, f.Content)) {
					t.Errorf("%s: other content", f.About)
				}
				continue
			}
			bad++
			if f.Says == "" || !strings.Contains(err.Error(), f.Says) {
				t.Errorf("%s: says %q, not %q", f.About, err, f.Says)
			}
		}
		if good < 5 || bad < 10 {
			t.Errorf("%d valid and %d must-fail framings", good, bad)
		}
		return "ok"
	})
}

// dealt is an element of quorum/deal.json: all of a deal, with its secrets.
type dealt struct {
	K            int      `json:"k"`
	N            int      `json:"n"`
	Random       string   `json:"random"`       // 64 bytes, hex, from which the secret is derived
	Secret       string   `json:"secret"`       // the scalar, hex
	Coefficients []string `json:"coefficients"` // of x, x², …, hex
	Shares       []string `json:"shares"`       // hex
	Hashes       []string `json:"hashes"`       // hex
	FileKey      string   `json:"file_key"`     // hex
	WrapKey      string   `json:"wrap_key"`     // hex
	Wrapped      string   `json:"wrapped"`      // hex
}

// deal computes everything that follows from K, N, Random and FileKey.
func (v *dealt) deal(t *testing.T) {
	t.Helper()
	random, err := hex.DecodeString(v.Random)
	if err != nil || len(random) != wideSize {
		t.Fatal("random: ", err)
	}
	fileKey, err := hex.DecodeString(v.FileKey)
	if err != nil {
		t.Fatal(err)
	}
	d := newDealer(wideScalar((*[wideSize]byte)(random)))
	secret := scalarBytes(d.secret)
	v.Secret = hex.EncodeToString(secret[:])
	v.Coefficients, v.Shares, v.Hashes = nil, nil, nil
	for i := 1; i < v.K; i++ {
		wide := [wideSize]byte(d.expand(fmt.Sprintf("zapis/quorum/v1 coefficient %d", i), wideSize))
		c := scalarBytes(wideScalar(&wide))
		v.Coefficients = append(v.Coefficients, hex.EncodeToString(c[:]))
	}
	for i, s := range d.shares(v.K, v.N) {
		h := shareHash(i+1, s[:])
		v.Shares = append(v.Shares, hex.EncodeToString(s[:]))
		v.Hashes = append(v.Hashes, hex.EncodeToString(h[:]))
	}
	v.WrapKey = hex.EncodeToString(d.wrapKey())
	v.Wrapped = hex.EncodeToString(wrapOnce(d.wrapKey(), fileKey))
}

func TestDealVectors(t *testing.T) {
	eachVector(t, "quorum/deal.json", 1, 0, func(t *testing.T, raw []byte) string {
		var list []dealt
		unmarshal(t, raw, &list)
		if len(list) < 4 {
			t.Errorf("%d deals", len(list))
		}
		for _, want := range list {
			got := want
			got.deal(t)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%d of %d:\n%+v\nand the vector says\n%+v", want.K, want.N, got, want)
			}
		}
		return "ok"
	})
}

// TestOtherImplementation: a script with Python's standard library, written
// from the specification, computes the same framings, deals, stanzas and
// commitments.
func TestOtherImplementation(t *testing.T) {
	shorttest.Skip(t, "the vectors are not computed by a second implementation, a Python script")
	out, err := exec.Command("python3", "../../docs/spec/verify-seal.py", vectorsDir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"framings: ", "deals: ", "quorum stanzas: ", "lines: ", "statements: ", "all as the vectors say"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}
