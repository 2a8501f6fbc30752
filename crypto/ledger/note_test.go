package ledger_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

func checkpoint(t testing.TB) (*ledger.Verifier, ledger.Checkpoint, []byte) {
	t.Helper()
	k := ledgertest.Key(1)
	c := ledger.Checkpoint{Origin: origin, Size: 96, Root: ledger.Sum(nil), Time: slot}
	n, err := k.SignCheckpoint(c)
	must(t, err)
	return k.Verifier(), c, n
}

func TestCheckpoint(t *testing.T) {
	v, c, n := checkpoint(t)
	for name, open := range map[string]func([]byte) (ledger.Checkpoint, error){"open": v.OpenCheckpoint, "stored": v.OpenStored} {
		got, err := open(n)
		if err != nil || got != c {
			t.Errorf("%s: read %+v, %v", name, got, err)
		}
	}
	if !strings.HasPrefix(string(n), "example.org/ledger\n96\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— example.org/ledger ") {
		t.Errorf("written\n%s", n)
	}
	// It is a checkpoint to others' code too: a stock note reader with either key.
	keys := v.Keys()
	ed, err := note.NewVerifier(keys[0])
	must(t, err)
	ml, err := fnote.NewMLDSAVerifier(keys[1])
	must(t, err)
	opened, err := note.Open(n, note.VerifierList(ed, ml))
	if err != nil || len(opened.Sigs) != 2 {
		t.Fatalf("%v, %+v", err, opened)
	}
	stamp, err := fnote.CoSigV1Timestamp(opened.Sigs[1])
	if err != nil || !stamp.Equal(slot) {
		t.Errorf("the cosignature's time is %v, %v", stamp, err)
	}
}

// Witnesses' lines may follow, and are given apart; a stored checkpoint has
// none.
func TestWitnessed(t *testing.T) {
	v, c, n := checkpoint(t)
	skey, _, err := note.GenerateKey(rand.Reader, "witness.example")
	must(t, err)
	w, err := fnote.NewSignerForCosignatureV1(skey)
	must(t, err)
	sig, err := w.Sign([]byte(strings.SplitAfter(string(n), "=\n")[0]))
	must(t, err)
	line := "— witness.example " + base64.StdEncoding.EncodeToString(append([]byte{byte(w.KeyHash() >> 24), byte(w.KeyHash() >> 16), byte(w.KeyHash() >> 8), byte(w.KeyHash())}, sig...)) + "\n"
	witnessed := append(bytes.Clone(n), line...)
	got, others, err := v.OpenWitnessed(witnessed)
	if err != nil || got != c || len(others) != 1 || others[0].Name != "witness.example" {
		t.Errorf("read %+v, %+v, %v", got, others, err)
	}
	_, err = v.OpenStored(witnessed)
	refused(t, err, "checkpoint: a stored one has the log's two signatures and no other, and this has one by witness.example")
	if stripped, err := ledger.StripWitnesses(witnessed); err != nil || !bytes.Equal(stripped, n) {
		t.Errorf("stripped to %s, %v", stripped, err)
	}
	_, err = v.OpenCheckpoint(append(witnessed, line...))
	refused(t, err, "checkpoint: line 8: not the one way to write it")
	between := strings.SplitAfter(string(n), "\n")
	_, err = v.OpenCheckpoint([]byte(strings.Join(between[:4], "") + line + between[4] + between[5]))
	refused(t, err, "checkpoint: line 5: not the one way to write it")
	loose := []byte(line)
	i := bytes.LastIndexByte(loose, '=')
	if loose[i-1] != '=' {
		loose[i-1]++ // bits that base64 does not use
	}
	_, err = v.OpenCheckpoint(append(bytes.Clone(n), loose...))
	if err == nil && !bytes.Equal(loose, []byte(line)) {
		t.Error("base64 with loose bits is accepted")
	}
}

func TestCheckpointRefused(t *testing.T) {
	v, c, n := checkpoint(t)
	lines := strings.SplitAfter(string(n), "\n")
	join := func(l ...string) string { return strings.Join(l, "") }
	text, ed, ml := join(lines[:4]...), lines[4], lines[5]
	stranger, err := ledger.GenerateSigningKey(origin, rand.Reader)
	must(t, err)
	foreign, err := stranger.SignCheckpoint(c)
	must(t, err)
	foreignLines := strings.SplitAfter(string(foreign), "\n")
	const (
		notNote = "checkpoint: not a signed note: a text, a blank line, signature lines"
		badEd   = "checkpoint: the Ed25519 signature does not fit the text"
		noEd    = "checkpoint: the log's Ed25519 signature is missing, and both are needed"
		noML    = "checkpoint: the log's ML-DSA-44 signature is missing, and both are needed"
	)
	for name, test := range map[string][2]string{
		"empty":                     {"", notNote},
		"no signatures":             {text, notNote},
		"Ed25519 stripped":          {text + ml, noEd},
		"ML-DSA stripped":           {text + ed, noML},
		"both stripped":             {text + foreignLines[4] + foreignLines[5], "checkpoint: it is not signed by the keys of example.org/ledger"},
		"ML-DSA of another key":     {text + ed + foreignLines[5], noML},
		"Ed25519 of another key":    {text + foreignLines[4] + ml, noEd},
		"other order":               {text + ml + ed, "checkpoint: the log's Ed25519 signature must come first, then its ML-DSA-44 signature"},
		"Ed25519 twice":             {text + ed + ed + ml, "checkpoint: line 6: not the one way to write it"},
		"ML-DSA twice":              {text + ed + ml + ml, "checkpoint: line 7: not the one way to write it"},
		"size edited":               {strings.Replace(string(n), "\n96\n", "\n97\n", 1), badEd},
		"size with zero":            {strings.Replace(string(n), "\n96\n", "\n096\n", 1), badEd},
		"CRLF":                      {strings.ReplaceAll(string(n), "\n", "\r\n"), notNote},
		"space after":               {strings.TrimSuffix(string(n), "\n") + " \n", notNote},
		"no LF at the end":          {strings.TrimSuffix(string(n), "\n"), notNote},
		"a line after":              {string(n) + "\n", notNote},
		"other dash":                {strings.Replace(string(n), "— ", "- ", 1), notNote},
		"too long":                  {string(n) + strings.Repeat("x", ledger.MaxNote), fmt.Sprintf("checkpoint: it has %d bytes, and at most 262144 are allowed", len(n)+ledger.MaxNote)},
		"a promise's signatures":    {text + promiseLines(t), noML},
		"signature of another text": {strings.Replace(string(n), "47DEQ", "57DEQ", 1), badEd},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.OpenCheckpoint([]byte(test[0]))
			refused(t, err, test[1])
		})
	}
}

// promiseLines are good signatures by the log's keys, over something else.
func promiseLines(t testing.TB) string {
	n, err := ledgertest.Key(1).SignPromise(ledger.Sum(nil), slot)
	must(t, err)
	// The Ed25519 line is replaced by a right one, so that only the other is at fault.
	_, _, c := checkpoint(t)
	ed := strings.SplitAfter(string(c), "\n")[4]
	return ed + strings.SplitAfter(string(n), "\n")[6]
}

// Signed by both keys, and yet no checkpoint of ours: the readers of the
// libraries would take all of these.
func TestSignedButNotCanonical(t *testing.T) {
	k, v := ledgertest.Key(1), ledgertest.Key(1).Verifier()
	root := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for text, want := range map[string]string{
		origin + "\n096\n" + root + "\n":           "checkpoint: line 2: not the one way to write it",
		origin + "\n96\n" + root + "\nextension\n": "checkpoint: line 4: extension lines are not used here",
		origin + "\n96\nAAAA\n":                    "checkpoint: line 3: a root hash has 32 bytes, not 3",
		origin + "\n0\n" + root + "\n":             "checkpoint: line 2: a size is 1 to 1099511627776",
		origin + "\n1099511627777\n" + root + "\n": "checkpoint: line 2: a size is 1 to 1099511627776",
		origin + "\n96\n" + root[:42] + "B=\n":     "checkpoint: line 3: not the one way to write it",
		"example.net/ledger\n96\n" + root + "\n":   "checkpoint: it is of example.net/ledger, not of example.org/ledger",
	} {
		_, err := v.OpenCheckpoint(signRaw(t, k, text))
		refused(t, err, want)
	}
	for text, want := range map[string]string{
		origin + "\n+96\n" + root + "\n":           `checkpoint: invalid checkpoint - size invalid: strconv.ParseUint: parsing "+96": invalid syntax`,
		origin + "\n96\n":                          "checkpoint: invalid checkpoint - too few newlines",
		"\n96\n" + root + "\n":                     "checkpoint: invalid checkpoint - empty origin",
		origin + "\n96\n" + root[:20] + "!" + "\n": "checkpoint: invalid checkpoint - invalid hash: illegal base64 data at input byte 20",
	} {
		_, err := ledger.ParseCheckpointText(text)
		refused(t, err, want)
	}
	for _, c := range []ledger.Checkpoint{{Origin: origin, Time: slot}, {Origin: origin, Size: ledger.MaxIndex + 1, Time: slot}} {
		if _, err := k.SignCheckpoint(c); err == nil || err.Error() != "ledger: a checkpoint's size is 1 to 1099511627776" {
			t.Error(err)
		}
	}
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if _, err := k.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: 1, Time: at}); err == nil || err.Error() != "ledger: a time lies between 1970 and 9999" {
			t.Error(err)
		}
	}
	if _, err := v.OpenCheckpoint([]byte("x\n\n— y AAAAAAAA\n")); err == nil {
		t.Error("accepted")
	}
}

// signRaw signs whatever the libraries' lenient readers take for a checkpoint,
// with both of the log's keys.
func signRaw(t testing.TB, k *ledger.SigningKey, text string) []byte {
	t.Helper()
	seeds := strings.Fields(string(k.Marshal())) // header, origin, NAME, ed25519, SEED, ml-dsa-44, SEED
	skey := func(vkey, seed string, alg byte) string {
		b, err := base64.StdEncoding.DecodeString(seed)
		must(t, err)
		name, rest, _ := strings.Cut(vkey, "+")
		return "PRIVATE+KEY+" + name + "+" + rest[:8] + "+" + base64.StdEncoding.EncodeToString(append([]byte{alg}, b...))
	}
	ed, err := note.NewSigner(skey(k.Keys()[0], seeds[4], 1))
	must(t, err)
	ml, err := fnote.NewSignerForCosignatureV1(skey(k.Keys()[1], seeds[6], 6))
	must(t, err)
	n, err := note.Sign(&note.Note{Text: text}, ed, ml)
	must(t, err)
	return n
}

func TestPromise(t *testing.T) {
	k := ledgertest.Key(1)
	v := k.Verifier()
	body := report("x", 2)
	n, err := k.SignPromise(body.Hash(), slot)
	must(t, err)
	file := ledger.PromiseFile(n, body.Marshal())
	p, err := v.OpenPromise(file)
	must(t, err)
	if !p.Slot.Equal(slot) || p.Body != body.Hash() || !bytes.Equal(p.Text, body.Marshal()) {
		t.Errorf("opened %+v", p)
	}
	if b, err := p.ParsedBody(); err != nil || b.Hash() != p.Body {
		t.Errorf("%+v, %v", b, err)
	}
	leaf := ledger.Entry{Origin: origin, Index: 7, Previous: ledger.Sum(nil), Body: body}.LeafHash()
	if !ledger.PromiseFits(origin, 7, ledger.Sum(nil), p.Text, leaf) {
		t.Error("the promised body does not fit its own leaf")
	}
	if ledger.PromiseFits(origin, 8, ledger.Sum(nil), p.Text, leaf) || ledger.PromiseFits(origin, 7, leaf, p.Text, leaf) {
		t.Error("the promised body fits another place")
	}

	lines := strings.SplitAfter(string(n), "\n")
	text, ed, ml := strings.Join(lines[:5], ""), lines[5], lines[6]
	other, err := ledger.GenerateSigningKey(origin, rand.Reader)
	must(t, err)
	theirs, err := other.SignPromise(body.Hash(), slot)
	must(t, err)
	_, _, cp := checkpoint(t)
	cosig := strings.SplitAfter(string(cp), "\n")[5]
	b := "\n" + string(body.Marshal())
	for name, test := range map[string][2]string{
		"empty":                    {"", "promise: no blank line before a body"},
		"Ed25519 stripped":         {text + ml + b, "promise: the log's Ed25519 signature is missing, and both are needed"},
		"ML-DSA stripped":          {text + ed + b, "promise: the log's ML-DSA-44 signature is missing, and both are needed"},
		"cosignature instead":      {text + ed + cosig + b, "promise: the log's ML-DSA-44 signature is missing, and both are needed"},
		"of another key":           {string(theirs) + b, "promise: it is not signed by the keys of example.org/ledger"},
		"another signature beside": {string(n) + strings.SplitAfter(string(theirs), "\n")[5] + b, "promise: a signature by a key that is not the log's"},
		"another slot":             {strings.Replace(string(file), "2026-11-22", "2026-11-23", 1), "promise: the Ed25519 signature does not fit the text"},
		"no body":                  {string(n) + "\n", "promise: body: it is empty"},
		"another body":             {string(n) + "\n" + string(report("y", 2).Marshal()), "promise: the body in the file has the hash " + report("y", 2).Hash().String() + ", and " + body.Hash().String() + " was promised"},
		"damaged body":             {string(file) + "x\n", "promise: body: line 9: nothing may follow here"},
		"body not there":           {string(n), "promise: not a signed note: a text, a blank line, signature lines"},
		"too long":                 {string(file) + strings.Repeat("x", ledger.MaxNote), "promise: no blank line before a body"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.OpenPromise([]byte(test[0]))
			refused(t, err, test[1])
		})
	}
	if _, err := k.SignPromise(body.Hash(), time.Time{}); err == nil || err.Error() != "ledger: a time lies between 1970 and 9999" {
		t.Error(err)
	}
	// A promise has whole seconds, in UTC.
	n, err = k.SignPromise(body.Hash(), slot.Add(time.Millisecond).In(time.FixedZone("", 7200)))
	must(t, err)
	if p, err := v.OpenPromiseNote(n); err != nil || !p.Slot.Equal(slot) {
		t.Errorf("opened %+v, %v", p, err)
	}
}

func TestSigningKeyFile(t *testing.T) {
	k := ledgertest.Key(1)
	again, err := ledger.ParseSigningKey(k.Marshal())
	must(t, err)
	if again.Keys() != k.Keys() || again.Origin() != origin || !bytes.Equal(again.Marshal(), k.Marshal()) {
		t.Error("another key was read")
	}
	text := string(k.Marshal())
	seed := strings.Fields(text)[4]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if out := fmt.Sprintf(verb, k); out != "log key of example.org/ledger" && out != "ledger.SigningKey(example.org/ledger)" {
			t.Errorf("%s prints %s", verb, out)
		}
	}
	for _, test := range [][3]string{
		{"log-key/v1", "log-key/v2", `log key: line 1: it must be "zapis/log-key/v1"`},
		{seed, seed[4:], "log key: line 3: a seed is 32 bytes in base64"},
		{seed, strings.Replace(seed, "=", "", 1), "log key: line 3: a seed is 32 bytes in base64"},
		{"ml-dsa-44", "ml-dsa-65", `log key: line 4: it must begin with "ml-dsa-44 "`},
	} {
		_, err := ledger.ParseSigningKey(replace([]byte(text), test[0], test[1]))
		refused(t, err, test[2])
		if strings.Contains(err.Error(), seed[8:16]) {
			t.Error("the error holds the secret")
		}
	}
	if _, err := ledger.GenerateSigningKey(origin, strings.NewReader("short")); err == nil || err.Error() != "unexpected EOF" {
		t.Error(err)
	}
	if _, err := ledger.GenerateSigningKey("a b", rand.Reader); err == nil {
		t.Error("a key for what is no origin")
	}
}

func TestVerifierRefused(t *testing.T) {
	keys := ledgertest.Key(1).Keys()
	other, err := ledger.GenerateSigningKey("example.net", rand.Reader)
	must(t, err)
	for _, test := range []struct {
		keys []string
		want string
	}{
		{nil, "log key: a log has two keys, not 0"},
		{keys[:1], "log key: a log has two keys, not 1"},
		{[]string{keys[1], keys[0]}, "log key: the log has an Ed25519 key (type 1), then an ML-DSA-44 key (type 6)"},
		{[]string{keys[0], keys[0]}, "log key: the log has an Ed25519 key (type 1), then an ML-DSA-44 key (type 6)"},
		{[]string{keys[0], other.Keys()[1]}, "log key: the two keys are of different origins"},
		{[]string{"x", keys[1]}, "log key: not a verifier key: NAME+8 hexadecimal digits+base64"},
		{[]string{strings.Replace(keys[0], "example.org", "Example.org", 1), keys[1]}, "log key: an origin is like example.org/ledger: a host's name in lower case, then folders of a-z, 0-9, '.', '_', '~', '-', at most 200 bytes"},
		{[]string{strings.Replace(keys[0], "example.org", "example.net", 1), keys[1]}, "log key: the verifier key's id does not fit its key"},
		{[]string{keys[0], strings.Replace(keys[1], "+", "+0", 1)}, "log key: the verifier key's id does not fit its key"},
	} {
		_, err := ledger.NewVerifier(test.keys...)
		refused(t, err, test.want)
	}
}
