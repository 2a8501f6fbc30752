package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/witness"
	"zapis/internal/exit"
)

// askTimeout is how long one exchange with a witness or an authority may take,
// the connection through Tor included.
const askTimeout = 60 * time.Second

// NewClient returns the HTTP client for witnesses and time-stamping authorities. It follows no redirect, keeps no
// cookie, and uses a proxy only if proxy is not nil (socks5h://127.0.0.1:9050 for Tor, so that names are resolved
// there too); it ignores the environment's proxies.
func NewClient(proxy *url.URL) *http.Client {
	t := &http.Transport{
		DisableCompression:     true,
		MaxResponseHeaderBytes: 16 << 10,
		ResponseHeaderTimeout:  askTimeout,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
	}
	if proxy != nil {
		t.Proxy = http.ProxyURL(proxy)
	}
	return &http.Client{
		Transport:     t,
		Timeout:       askTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// checkURL refuses plain HTTP except to this machine and to onion services, which need no other encryption.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return exit.New(exit.Usage, "", "%s is no http:// or https:// address", s)
	}
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	if u.Scheme == "http" && host != "localhost" && !strings.HasSuffix(host, ".onion") && (err != nil || !ip.IsLoopback()) {
		return exit.New(exit.Usage, "use https://", "%s: plain HTTP goes to onion services and to this machine only", s)
	}
	return nil
}

// WitnessAt is one witness's address, and the keys that the policy expects
// there.
type WitnessAt struct {
	URL  string // submission prefix, no slash at its end
	Keys []*witness.Verifier
	Last uint64 // the size that it has cosigned last, as far as is known; 0 if never
}

// Name returns the name of the witness.
func (w WitnessAt) Name() string { return w.Keys[0].Name() }

// Prove returns the request for a witness: the latest checkpoint as stored, and the consistency proof from the first
// old entries.
type Prove func(ctx context.Context, old uint64) (witness.Request, error)

// Contradiction means that a witness has seen a checkpoint which this ledger can't have signed, unless it is a
// restored copy or a fork. The log must stop.
type Contradiction struct {
	Witness  string
	Forked   bool   // otherwise: longer
	Reported uint64 // entries
	Ours     uint64
	Evidence []byte // a checkpoint that it shows, signed by the log; nil if none
}

func (c *Contradiction) Error() string {
	if c.Forked {
		return fmt.Sprintf("the witness %s has cosigned another history, of %d entries", c.Witness, c.Reported)
	}
	return fmt.Sprintf("the witness %s has cosigned %d entries, and this ledger has %d", c.Witness, c.Reported, c.Ours)
}

// AskWitness submits the latest checkpoint to one witness (C2SP tlog-witness, add-checkpoint), and returns its
// verified lines and their checkpoint. After a 409 it asks once more, from the witness's size. The error is a
// *Contradiction if the log must stop.
func AskWitness(ctx context.Context, client *http.Client, w WitnessAt, log *ledger.Verifier, prove Prove) ([]byte, []witness.Cosignature, error) {
	if err := checkURL(w.URL); err != nil {
		return nil, nil, err
	}
	old := w.Last
	for attempt := 0; ; attempt++ {
		q, err := prove(ctx, old)
		if err != nil {
			return nil, nil, err
		}
		c, err := log.OpenStored(q.Checkpoint)
		if err != nil {
			return nil, nil, err
		}
		status, kind, body, err := post(ctx, client, w.URL+"/add-checkpoint", "text/plain; charset=utf-8", q.Marshal(), ledger.MaxNote)
		if err != nil {
			return nil, nil, exit.New(exit.Failed, "ask again later", "the witness %s: %w", w.Name(), err)
		}
		switch status {
		case http.StatusOK:
			by, err := w.read(q.Checkpoint, body)
			return q.Checkpoint, by, err
		case http.StatusConflict:
			has, err := parseSize(kind, body)
			if err != nil {
				return nil, nil, exit.New(exit.Mismatch, "", "the witness %s: %w", w.Name(), err)
			}
			if has > c.Size {
				return nil, nil, w.contradiction(ctx, client, log, c, has, false)
			}
			if has == old || attempt == 1 {
				return nil, nil, exit.New(exit.Failed, "ask again later",
					"the witness %s says that it has cosigned %d entries, and takes no request from there", w.Name(), has)
			}
			old = has
		case http.StatusUnprocessableEntity:
			if old == 0 {
				return nil, nil, w.refusal(status) // it has nothing that could contradict
			}
			return nil, nil, w.contradiction(ctx, client, log, c, old, true)
		default:
			return nil, nil, w.refusal(status)
		}
	}
}

// read verifies a witness's answer.
func (w WitnessAt) read(checkpoint, body []byte) ([]witness.Cosignature, error) {
	text, err := ledger.NoteText(checkpoint)
	if err != nil {
		return nil, err
	}
	var by []witness.Cosignature
	lines, err := witness.ParseLines(body)
	if err == nil {
		by, err = witness.Check(text, lines, w.Keys)
	}
	if err == nil && len(by) == 0 {
		err = canonical.Refuse("it answered, and not with a key that the policy has for it")
	}
	if err != nil {
		return nil, exit.New(exit.Mismatch, "compare the witness's keys with those that its operator gave you", "the witness %s: %w", w.Name(), err)
	}
	return by, nil
}

func (w WitnessAt) refusal(status int) error {
	switch status {
	case http.StatusNotFound:
		return exit.Advise(exit.Failed, exit.GiveLogKeys.With(), "the witness %s does not know this ledger (404)", w.Name())
	case http.StatusForbidden:
		return exit.Advise(exit.Failed, exit.GiveLogKeys.With(), "the witness %s does not accept this ledger's signatures (403)", w.Name())
	}
	return exit.New(exit.Failed, "ask again later, or ask its operator", "the witness %s answered with status %d", w.Name(), status)
}

// contradiction fetches evidence: the latest checkpoint that the witness shows to monitors. A witness need not show
// any.
func (w WitnessAt) contradiction(ctx context.Context, client *http.Client, log *ledger.Verifier, ours ledger.Checkpoint, reported uint64, forked bool) error {
	x := &Contradiction{Witness: w.Name(), Forked: forked, Reported: reported, Ours: ours.Size}
	sum := sha256.Sum256([]byte(log.Origin()))
	shown, err := fetch(ctx, client, w.URL+"/"+hex.EncodeToString(sum[:])+"/checkpoint", ledger.MaxNote)
	if err != nil {
		return x
	}
	c, err := log.OpenCheckpoint(shown)
	if err != nil {
		return x
	}
	// Whether it is part of our own history is decided by StopSigning.
	x.Evidence, x.Reported, x.Forked = shown, c.Size, c.Size <= ours.Size
	if !forked && x.Forked {
		x.Evidence, x.Reported, x.Forked = nil, reported, false // an older one, which does not prove the larger
	}
	return x
}

func parseSize(kind string, body []byte) (uint64, error) {
	digits, ok := strings.CutSuffix(string(body), "\n")
	size, err := canonical.ParseDecimal(digits)
	if kind != "text/x.tlog.size" || !ok || err != nil || size > ledger.MaxIndex {
		return 0, canonical.Refuse("it has a conflict (409), and does not say at which size")
	}
	return size, nil
}

var errLong = errors.New("it answers with more than is allowed")

func post(ctx context.Context, client *http.Client, to, contentType string, body []byte, most int64) (status int, kind string, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, "", nil, err
	}
	req.Header.Set("Content-Type", contentType)
	return do(client, req, most)
}

func fetch(ctx context.Context, client *http.Client, from string, most int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	status, _, body, err := do(client, req, most)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d", status)
	}
	return body, err
}

func do(client *http.Client, req *http.Request, most int64) (status int, kind string, answer []byte, err error) {
	req.Header.Set("User-Agent", "") // none: it would name this program, and its age
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err == nil && int64(len(answer)) > most {
		err = errLong
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), answer, err
}
