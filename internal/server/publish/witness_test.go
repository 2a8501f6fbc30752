package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/witness"
	"zapis/internal/cli"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t testing.TB, err error, want, hint string) {
	t.Helper()
	if err == nil || err.Error() != want || cli.Hint(err) != hint {
		t.Errorf("got:\n%v\nhint: %s\nwant:\n%s\nhint: %s", err, cli.Hint(err), want, hint)
	}
}

func wantsContradiction(t testing.TB, err error, want Contradiction, text string) {
	t.Helper()
	var x *Contradiction
	if !errors.As(err, &x) || x.Witness != want.Witness || x.Forked != want.Forked || x.Reported != want.Reported || x.Ours != want.Ours || !bytes.Equal(x.Evidence, want.Evidence) {
		t.Errorf("got %+v, want %+v", err, want)
	} else if err.Error() != text {
		t.Errorf("got:\n%v\nwant:\n%s", err, text)
	}
}

// log is a ledger in memory that proves.
type log struct{ *ledgertest.Builder }

// grown is a ledger of fillers, with a checkpoint at each of these sizes.
func grown(sizes ...uint64) log {
	b := log{ledgertest.New()}
	b.grow(sizes...)
	return b
}

// forked differs from it in its second entry.
func forked(sizes ...uint64) log {
	b := log{ledgertest.New()}
	b.Report("another history", 0)
	b.grow(sizes...)
	return b
}

func (b log) grow(sizes ...uint64) {
	for _, size := range sizes {
		for b.Size() < size {
			b.Filler()
		}
		b.Checkpoint()
	}
}

func (b log) request(t testing.TB, n int, old uint64) witness.Request {
	t.Helper()
	q, err := b.prove(n)(context.Background(), old)
	must(t, err)
	return q
}

// prove makes requests for checkpoint number n.
func (b log) prove(n int) Prove {
	return func(_ context.Context, old uint64) (q witness.Request, err error) {
		q = witness.Request{Old: old, Checkpoint: b.Checkpoints[n]}
		c, err := b.Key.Verifier().OpenStored(q.Checkpoint)
		if err == nil && old > 0 {
			q.Proof, err = ledger.ProveConsistency(c.Size, old, b)
		}
		return q, err
	}
}

func noteText(t testing.TB, note []byte) string {
	t.Helper()
	text, err := ledger.NoteText(note)
	must(t, err)
	return text
}

func witnessKey(t testing.TB, name string, n byte) *witness.SigningKey {
	t.Helper()
	k, err := witness.GenerateSigningKey(name, bytes.NewReader(bytes.Repeat([]byte{'w', n}, 32)))
	must(t, err)
	return k
}

// startWatch makes a witness of ours for a ledger's keys, and serves it.
func startWatch(t testing.TB, keys ledger.LogKeys) (*Watch, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "W")
	must(t, CreateWatch(dir, witnessKey(t, "ours.example/w", 1)))
	w, err := OpenWatch(dir, time.Now)
	must(t, err)
	t.Cleanup(func() { w.Close() })
	_, err = AddLedger(dir, logText(keys), false)
	must(t, err)
	srv := httptest.NewServer(w.Handler(func(err error) { t.Errorf("the witness: %v", err) }))
	t.Cleanup(srv.Close)
	return w, srv.URL
}

func logText(keys ledger.LogKeys) []byte {
	return []byte("log " + keys[0] + "\nlog " + keys[1] + "\nquorum none\n")
}

// A witness that shows what it has seen proves it with our own signatures.
func TestContradictionsWithEvidence(t *testing.T) {
	b, fork := grown(33, 64, 97), forked(33, 64, 97)
	keys := b.Key.Verifier()
	w, at := startWatch(t, b.Key.Keys())
	for n, old := range []uint64{0, 33} {
		_, err := w.Cosign(b.request(t, n, old))
		must(t, err)
	}
	shown := w.Latest(ledgertest.Origin)
	place := WitnessAt{URL: at, Keys: w.key.Verifiers(), Last: 33}
	_, _, err := AskWitness(t.Context(), NewClient(nil), place, keys, b.prove(0))
	wantsContradiction(t, err, Contradiction{Witness: "ours.example/w", Reported: 64, Ours: 33, Evidence: shown},
		"the witness ours.example/w has cosigned 64 entries, and this ledger has 33")
	place.Last = 64
	_, _, err = AskWitness(t.Context(), NewClient(nil), place, keys, fork.prove(2))
	wantsContradiction(t, err, Contradiction{Witness: "ours.example/w", Forked: true, Reported: 64, Ours: 97, Evidence: shown},
		"the witness ours.example/w has cosigned another history, of 64 entries")
	if by, err := w.Cosign(b.request(t, 2, 64)); err != nil || len(by) == 0 {
		t.Errorf("the right one is cosigned after all: %v", err)
	}
}

// What a witness may answer that is no answer.
func TestStrangeWitnesses(t *testing.T) {
	b, other := grown(33, 64), forked(33)
	keys := b.Key.Verifier()
	k := witnessKey(t, "odd.example/w", 1)
	lines := func(note []byte) string {
		by, err := k.Cosign(noteText(t, note), time.Now())
		must(t, err)
		return string(by[0].Line()) + string(by[1].Line())
	}
	origin := sha256.Sum256([]byte(ledgertest.Origin))
	monitored := "/" + hex.EncodeToString(origin[:]) + "/checkpoint"
	say := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == monitored {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			w.Write([]byte(body))
		}
	}
	const later, check, sizes = "ask again later", "compare the witness's keys with those that its operator gave you", "text/x.tlog.size"
	for name, c := range map[string]struct {
		answer     http.HandlerFunc
		want, hint string
	}{
		"lines of another checkpoint": {say(200, "", lines(other.Checkpoints[0])),
			"the witness odd.example/w: cosignature: the Ed25519 line of odd.example/w does not fit the checkpoint", check},
		"a page":               {say(200, "text/html", "<p>hello\n"), "the witness odd.example/w: signature lines: line 1 is none", check},
		"nothing":              {say(200, "", ""), "the witness odd.example/w: signature lines: 0 bytes, where 1 to 262144 are allowed", check},
		"too much":             {say(200, "", strings.Repeat("x", ledger.MaxNote+1)), "the witness odd.example/w: it answers with more than is allowed", later},
		"elsewhere":            {http.RedirectHandler("/x", http.StatusTemporaryRedirect).ServeHTTP, "the witness odd.example/w answered with status 307", "ask again later, or ask its operator"},
		"busy":                 {say(429, "", ""), "the witness odd.example/w answered with status 429", "ask again later, or ask its operator"},
		"unknown":              {say(404, "", ""), "the witness odd.example/w does not know this ledger (404)", "give its operator what zapisd witness keys --dir D prints"},
		"conflict with itself": {say(409, sizes, "20\n"), "the witness odd.example/w says that it has cosigned 20 entries, and takes no request from there", later},
		"conflict at home":     {say(409, sizes, "33\n"), "the witness odd.example/w says that it has cosigned 33 entries, and takes no request from there", later},
		"conflict nowhere":     {say(409, sizes, "0x21\n"), "the witness odd.example/w: it has a conflict (409), and does not say at which size", ""},
		"conflict in no line":  {say(409, sizes, "33"), "the witness odd.example/w: it has a conflict (409), and does not say at which size", ""},
		"conflict in a page":   {say(409, "text/html", "33\n"), "the witness odd.example/w: it has a conflict (409), and does not say at which size", ""},
		"larger":               {say(409, sizes, "65\n"), "the witness odd.example/w has cosigned 65 entries, and this ledger has 64", ""},
		"unprocessable":        {say(422, "", ""), "the witness odd.example/w has cosigned another history, of 33 entries", ""},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(c.answer)
			defer srv.Close()
			_, _, err := AskWitness(t.Context(), NewClient(nil), WitnessAt{URL: srv.URL, Keys: k.Verifiers(), Last: 33}, keys, b.prove(1))
			refused(t, err, c.want, c.hint)
		})
	}

	// One that has nothing can't contradict.
	srv := httptest.NewServer(say(422, "", ""))
	defer srv.Close()
	_, _, err := AskWitness(t.Context(), NewClient(nil), WitnessAt{URL: srv.URL, Keys: k.Verifiers()}, keys, b.prove(1))
	refused(t, err, "the witness odd.example/w answered with status 422", "ask again later, or ask its operator")

	// Shown evidence must be signed by the log, and be larger where it claims
	// so.
	for name, shown := range map[string][]byte{"older": b.Checkpoints[0], "not ours": []byte("hello\n\n— x AAAA\n")} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == monitored {
				w.Write(shown)
				return
			}
			say(409, sizes, "65\n")(w, r)
		}))
		_, _, err := AskWitness(t.Context(), NewClient(nil), WitnessAt{URL: srv.URL, Keys: k.Verifiers(), Last: 33}, keys, b.prove(1))
		srv.Close()
		if wantsContradiction(t, err, Contradiction{Witness: "odd.example/w", Reported: 65, Ours: 64}, "the witness odd.example/w has cosigned 65 entries, and this ledger has 64"); t.Failed() {
			t.Fatalf("evidence: %s", name)
		}
	}
}

func TestWhereWitnessesMayBe(t *testing.T) {
	for address, want := range map[string]string{
		"http://w.example/":     "http://w.example/: plain HTTP goes to onion services and to this machine only",
		"http://10.0.0.1/":      "http://10.0.0.1/: plain HTTP goes to onion services and to this machine only",
		"http://notonion/":      "http://notonion/: plain HTTP goes to onion services and to this machine only",
		"ftp://w.example":       "ftp://w.example is no http:// or https:// address",
		"https://":              "https:// is no http:// or https:// address",
		"https://w.example":     "",
		"http://abc.onion/sub":  "",
		"http://127.0.0.1:8081": "",
		"http://[::1]:1":        "",
		"http://localhost:80":   "",
	} {
		err := checkURL(address)
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Through a proxy the name is resolved there, and no connection bypasses it.
func TestProxy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	asked := make(chan []byte, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		hello := make([]byte, 3) // SOCKS 5, one method: none
		conn.Read(hello)
		conn.Write([]byte{5, 0})
		request := make([]byte, 256)
		n, _ := conn.Read(request)
		asked <- request[:n]
		conn.Write([]byte{5, 4, 0, 1, 0, 0, 0, 0, 0, 0}) // host unreachable
	}()
	b := grown(33)
	at := WitnessAt{URL: "http://abcdefgh.onion", Keys: witnessKey(t, "onion.example/w", 1).Verifiers()}
	_, _, err = AskWitness(t.Context(), NewClient(&url.URL{Scheme: "socks5h", Host: l.Addr().String()}), at, b.Key.Verifier(), b.prove(0))
	if err == nil || !strings.HasPrefix(err.Error(), "the witness onion.example/w: ") || cli.Hint(err) != "ask again later" {
		t.Errorf("got %v", err)
	}
	if got := <-asked; !bytes.Contains(got, []byte("abcdefgh.onion")) {
		t.Errorf("the proxy was asked %q", got)
	}
}
