package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"strconv"
	"strings"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/server/publish"
)

// anchorVerb obtains a time stamp for the ledger. As with witnesses, the process of the verb uses the network, never
// the process that serves.
type anchorVerb struct {
	Ask     anchorAsk     `cmd:"" default:"withargs" help:"Ask time-stamping authorities about the latest checkpoint."`
	Request anchorRequest `cmd:"" help:"Write the request into a file, to be sent by hand."`
	Accept  anchorAccept  `cmd:"" help:"Take in the response to a request that was sent by hand."`
}

// rootFlags selects the trusted roots of tokens.
type rootFlags struct {
	Dir        string   `required:"" placeholder:"D" help:"The ledger's folder."`
	Root       []string `required:"" placeholder:"FILE" help:"A root certificate (PEM or DER) that tokens must lead to. May be repeated."`
	Chain      []string `placeholder:"FILE" help:"A certificate between token and root, where the authority does not send it. May be repeated."`
	Policy     string   `placeholder:"OID" help:"The policy that the token must be given under."`
	Revocation []string `placeholder:"FILE" help:"A revocation list or OCSP response (DER) to keep beside the token. May be repeated."`
	AnyTime    string   `placeholder:"REASON" help:"Take a token whose time is more than a day from this machine's clock, or from the checkpoint's: say why."`
}

// clockTolerance is how far a token's time may be ahead of this machine's clock,
// or before the checkpoint's own time, without --any-time.
const clockTolerance = 24 * time.Hour

// checkClock refuses a token whose time contradicts this machine's clock or the log's own. A wrong token would
// contradict every later one, and entries can't be removed.
func (f rootFlags) checkClock(t timestamp.Token, slot, now time.Time) error {
	const hint = "nothing was taken in; set this machine's clock if it is wrong, or ask another authority; --any-time REASON takes the token all the same"
	at := t.Time.Format(time.RFC3339)
	switch {
	case f.AnyTime != "":
		return nil
	case t.Time.Add(-t.Accuracy).After(now.Add(clockTolerance)):
		return exit.New(exit.Failed, hint, "the token's time is %s, and this machine's clock says %s: it is more than a day ahead", at, now.UTC().Format(time.RFC3339))
	case t.Time.Add(t.Accuracy).Before(slot.Add(-clockTolerance)):
		return exit.New(exit.Failed, hint, "the token's time is %s, and the checkpoint that it is about is of %s: it is more than a day before", at, slot.UTC().Format(time.RFC3339))
	}
	return nil
}

func (f rootFlags) options() (o timestamp.Options, err error) {
	if o.Policies, err = parseOID(f.Policy); err != nil {
		return o, err
	}
	o.Roots = x509.NewCertPool()
	roots, err := readCertificates("--root", f.Root)
	if err != nil {
		return o, err
	}
	for _, c := range roots {
		o.Roots.AddCert(c)
	}
	between, err := readCertificates("--chain", f.Chain)
	if err != nil {
		return o, err
	}
	for _, c := range between {
		o.Certificates = append(o.Certificates, c.Raw)
	}
	for _, name := range f.Revocation {
		der, err := readSmall(name, timestamp.MaxRevocation)
		if err != nil {
			return o, err
		}
		o.Revocations = append(o.Revocations, der)
	}
	return o, nil
}

// readCertificates reads the PEM files that a flag names.
func readCertificates(flag string, names []string) (all []*x509.Certificate, err error) {
	for _, name := range names {
		text, err := readSmall(name, 1<<20)
		if err != nil {
			return nil, exit.New(exit.StatusOf(err), "it is the authority's own certificate, PEM or DER, which you got from them; docs/guides/partner.md says more", "%s %w", flag, err)
		}
		found, err := timestamp.ParseCertificates(text)
		if err != nil {
			return nil, exit.New(exit.Mismatch, "it takes certificates in PEM, as blocks that begin with -----BEGIN CERTIFICATE-----, or one in DER", "%s %s: %w", flag, name, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

func parseOID(text string) ([]asn1.ObjectIdentifier, error) {
	if text == "" {
		return nil, nil
	}
	var oid asn1.ObjectIdentifier
	for _, digits := range strings.Split(text, ".") {
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil {
			return nil, exit.New(exit.Usage, "", "--policy %s: an OID is numbers with dots, as 1.2.3.4", text)
		}
		oid = append(oid, int(n))
	}
	if _, err := asn1.Marshal(oid); err != nil {
		return nil, exit.New(exit.Usage, "", "--policy %s: an OID is numbers with dots, as 1.2.3.4", text)
	}
	return []asn1.ObjectIdentifier{oid}, nil
}

func newRequest(note []byte, policies []asn1.ObjectIdentifier) (timestamp.Request, error) {
	var policy asn1.ObjectIdentifier
	if len(policies) > 0 {
		policy = policies[0]
	}
	return timestamp.NewRequest(rand.Reader, note, policy)
}

type anchorAsk struct {
	rootFlags
	URL   []string `required:"" placeholder:"URL" help:"A time-stamping authority (RFC 3161 over HTTP). May be repeated."`
	Proxy string   `placeholder:"URL" help:"Go through a proxy, as socks5h://127.0.0.1:9050 for Tor."`
}

func (v *anchorAsk) Run(ctx context.Context, s *cli.Streams) error {
	proxy, err := parseProxy(v.Proxy)
	if err != nil {
		return err
	}
	o, err := v.options()
	if err != nil {
		return err
	}
	l := &openLedger{ctx: ctx, dir: v.Dir, s: s}
	var state anchorReply
	if err := l.call("anchor-state", anchorArgs{}, &state); err != nil {
		return err
	}
	client := publish.NewClient(proxy)
	var failed error
	for _, address := range v.URL {
		q, err := newRequest(state.Note, o.Policies)
		if err != nil {
			return err
		}
		response, err := publish.AskAuthority(ctx, client, address, q)
		if err == nil {
			with := o
			with.Nonce = q.Nonce
			err = l.anchor(state, response, v.rootFlags, with, func(t timestamp.Token) (lists [][]byte) {
				lists, problems := publish.FetchRevocations(ctx, client, t.Chain)
				for _, p := range problems {
					escape.Fprintf(s.Err, "zapisd: %s\n", p)
				}
				return lists
			})
		}
		switch {
		case err != nil && len(v.URL) == 1:
			return err
		case err != nil:
			escape.Fprintf(s.Err, "zapisd: %s\n", err)
			if failed == nil || exit.StatusOf(failed) < exit.StatusOf(err) {
				failed = exit.New(exit.StatusOf(err), "the others' tokens were taken in", "not all authorities gave a token that verifies")
			}
		}
	}
	return failed
}

// anchor verifies a response and everything kept with it, and then appends it.
func (l *openLedger) anchor(state anchorReply, response []byte, f rootFlags, o timestamp.Options, fetch func(timestamp.Token) [][]byte) error {
	token, err := timestamp.Verify(response, state.Note, o)
	if err != nil {
		return exit.New(exit.Mismatch, "nothing was taken in", "%w", err)
	}
	if err := f.checkClock(token, state.Slot, time.Now()); err != nil {
		return err
	}
	a := ledger.Anchor{Size: state.Size, Checkpoint: ledger.Sum(state.Note), Response: response, Certificates: token.Above(), Revocations: o.Revocations}
	if fetch != nil {
		a.Revocations = append(a.Revocations, fetch(token)...)
	}
	again := o
	again.Certificates, again.Revocations = a.Certificates, a.Revocations
	if _, err := timestamp.Verify(response, state.Note, again); err != nil {
		return exit.New(exit.Mismatch, "nothing was taken in", "%w", err)
	}
	body := a.Marshal()
	if len(body) > ledger.MaxSmall {
		return exit.New(exit.Failed, "leave out a revocation list", "the token with what is to be kept beside it has %d bytes, and an entry's body at most %d", len(body), ledger.MaxSmall)
	}
	if err := l.call("anchor-append", anchorArgs{Body: body}, nil); err != nil {
		return err
	}
	escape.Fprintf(l.s.Out, "%s  %s  %s  policy %s\n", token.Time.Format(time.RFC3339), entries(state.Size),
		token.Signer.Subject.String(), token.Policy)
	if f.AnyTime != "" {
		escape.Fprintf(l.s.Err, "zapisd: the token's time was not compared with any clock, because: %s\n", f.AnyTime)
	}
	return nil
}

type anchorRequest struct {
	Dir    string `required:"" placeholder:"D" help:"The ledger's folder."`
	Policy string `placeholder:"OID" help:"The policy to ask for."`
	Out    string `required:"" placeholder:"FILE.tsq" help:"The request to write (RFC 3161, DER)."`
}

func (v *anchorRequest) Run(ctx context.Context, s *cli.Streams) error {
	policies, err := parseOID(v.Policy)
	if err != nil {
		return err
	}
	l := &openLedger{ctx: ctx, dir: v.Dir, s: s}
	var state anchorReply
	if err := l.call("anchor-state", anchorArgs{}, &state); err != nil {
		return err
	}
	q, err := newRequest(state.Note, policies)
	if err != nil {
		return err
	}
	if err := writeFile(v.Out, q.DER); err != nil {
		return err
	}
	escape.Fprintf(s.Out, "%s  %s\n", v.Out, entries(state.Size))
	return nil
}

type anchorAccept struct {
	rootFlags
	Request string `required:"" placeholder:"FILE.tsq" help:"The request that it answers."`
	File    string `arg:"" name:"file.tsr" help:"The response (RFC 3161, DER), or the token alone."`
}

func (v *anchorAccept) Run(ctx context.Context, s *cli.Streams) error {
	o, err := v.options()
	if err != nil {
		return err
	}
	der, err := readSmall(v.Request, 64<<10)
	if err != nil {
		return err
	}
	q, err := timestamp.ParseRequest(der)
	if err != nil {
		return exit.New(exit.Mismatch, "", "%s: %w", v.Request, err)
	}
	file, err := readSmall(v.File, timestamp.MaxResponse)
	if err != nil {
		return err
	}
	response, err := timestamp.AsResponse(file)
	if err != nil {
		return exit.New(exit.Mismatch, "nothing was taken in", "%s: %w", v.File, err)
	}
	l := &openLedger{ctx: ctx, dir: v.Dir, s: s}
	var state anchorReply
	if err := l.call("anchor-state", anchorArgs{Imprint: &q.Imprint}, &state); err != nil {
		return err
	}
	o.Nonce = q.Nonce
	return l.anchor(state, response, v.rootFlags, o, nil)
}
