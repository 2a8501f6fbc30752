package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/witness"
	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/server/publish"
	"zapis/store"
)

// witnessVerb holds both sides of witnessing. The process of the verb uses the network, never the process that serves
// reporters, which can't open connections and sees only its folder.
type witnessVerb struct {
	Ask     witnessAsk     `cmd:"" help:"Ask the ledger's witnesses to cosign its latest checkpoint."`
	Request witnessRequest `cmd:"" help:"Write the request for a witness who is offline into a file."`
	Accept  witnessAccept  `cmd:"" help:"Take in what an offline witness has answered."`
	Resume  witnessResume  `cmd:"" help:"Let a ledger sign again that a mistaken witness has stopped."`

	Keys   witnessKeys   `cmd:"" help:"Print the public keys of a ledger, or of a witness, for the other side."`
	Init   witnessInit   `cmd:"" help:"Become a witness: make a folder with its keys."`
	Add    witnessAdd    `cmd:"" help:"Watch a partner's ledger."`
	Serve  witnessServe  `cmd:"" help:"Cosign what partners' ledgers ask over HTTP."`
	Cosign witnessCosign `cmd:"" help:"Cosign a request that came as a file."`
}

// policyFile lists the witnesses in a ledger's folder.
const policyFile = "witnesses"

// policyFlags name the ledger and its policy.
type policyFlags struct {
	Dir     string `required:"" placeholder:"D" help:"The ledger's folder."`
	Policy  string `placeholder:"FILE" help:"Who the witnesses are, and whose lines are enough; D/witnesses without it."`
	NoEntry bool   `help:"Keep the cosignatures beside the ledger only, not as entries in it."`
}

func (f policyFlags) load() ([]byte, *witness.Policy, error) {
	name := f.Policy
	if name == "" {
		name = filepath.Join(f.Dir, policyFile)
	}
	text, err := atomicfile.ReadSmall(name, witness.MaxPolicy)
	if err != nil {
		return nil, nil, exit.New(exit.StatusOf(err), "docs/guides/partner.md says how to write it", "the witness policy: %w", err)
	}
	p, err := witness.ParsePolicy(text)
	if err != nil {
		return nil, nil, exit.New(exit.Mismatch, "docs/guides/partner.md says how to write it", "%s: %w", name, err)
	}
	return text, p, nil
}

type witnessAsk struct {
	policyFlags
	Proxy string `placeholder:"URL" help:"Go through a proxy, as socks5h://127.0.0.1:9050 for Tor."`
}

func (v *witnessAsk) Run(ctx context.Context, s *cli.Streams) error {
	proxy, err := parseProxy(v.Proxy)
	if err != nil {
		return err
	}
	text, policy, err := v.load()
	if err != nil {
		return err
	}
	l := &openLedger{ctx: ctx, dir: v.Dir, s: s}
	state, log, err := l.state()
	if err != nil {
		return err
	}
	if err := policy.CheckLog(log); err != nil {
		return exit.New(exit.Failed, "", "%w", err)
	}
	if err := witness.CheckOutside(log, policy.Verifiers()); err != nil {
		return exit.New(exit.Failed, "", "%w", err)
	}
	places := state.places(policy)
	if len(places) == 0 {
		return exit.New(exit.Failed, "zapisd witness request writes a file for those who are offline", "no witness of the policy has a URL")
	}
	client := publish.NewClient(proxy)
	answers := make([]answer, len(places))
	var all sync.WaitGroup
	for i, place := range places {
		all.Go(func() {
			answers[i].note, answers[i].by, answers[i].err = publish.AskWitness(ctx, client, place, log, l.prove)
		})
	}
	all.Wait()
	return l.take(answers, places, keepArgs{Policy: text, Entries: !v.NoEntry})
}

// answer is the result of asking one witness.
type answer struct {
	note []byte // the checkpoint that was asked for
	by   []witness.Cosignature
	err  error
}

// take stores the answers of the witnesses. One contradiction stops the ledger, whatever the other answers are.
func (l *openLedger) take(answers []answer, places []publish.WitnessAt, args keepArgs) error {
	for _, a := range answers {
		var x *publish.Contradiction
		if errors.As(a.err, &x) {
			return l.call("witness-stop", store.Stop{Forked: x.Forked, Witness: x.Witness, Reported: x.Reported, Evidence: x.Evidence}, nil)
		}
	}
	var kept keepReply
	if len(answers) == 1 && answers[0].err != nil {
		return answers[0].err
	}
	for i, a := range answers {
		if a.err != nil {
			escape.Fprintf(l.s.Err, "zapisd: %s\n", a.err)
			continue
		}
		note, err := witness.Merge(a.note, a.by)
		if err != nil {
			return err
		}
		args.Note = note
		if err := l.call("witness-keep", args, &kept); err != nil {
			return err
		}
		sayCosigned(l.s, kept.Size, places[i].Name(), a.by)
	}
	if !kept.Enough {
		err := exit.New(exit.Failed, "ask again later; until then it is published without them", "the latest checkpoint does not have the cosignatures that the policy wants")
		for _, a := range answers {
			if exit.StatusOf(a.err) == exit.Mismatch {
				err = exit.New(exit.Mismatch, cli.Hint(a.err), "%w", err)
			}
		}
		return err
	}
	return nil
}

func sayCosigned(s *cli.Streams, size uint64, name string, by []witness.Cosignature) {
	var kinds []string
	for _, c := range by {
		kinds = append(kinds, c.Witness.Algorithm())
	}
	slices.Sort(kinds)
	escape.Fprintf(s.Out, "%s  %s  %s  %s\n", name, entries(size), by[0].Time.Format(time.RFC3339), strings.Join(kinds, ", "))
}

func entries(n uint64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

// verified formats a count: "1 entry verifies", or "all 33 entries verify" where several is "all ".
func verified(several string, n uint64) string {
	if n == 1 {
		return "1 entry verifies"
	}
	return several + entries(n) + " verify"
}

func parseProxy(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "socks5" && u.Scheme != "socks5h" && u.Scheme != "http" {
		return nil, exit.New(exit.Usage, "Tor's is socks5h://127.0.0.1:9050", "--proxy %s is no socks5h://, socks5:// or http:// address", text)
	}
	return u, nil
}

type witnessRequest struct {
	Dir   string  `required:"" placeholder:"D" help:"The ledger's folder."`
	For   string  `placeholder:"NAME" help:"The witness's own name, as in its keys: the request starts from what it cosigned last."`
	Since *uint64 `placeholder:"N" help:"Start from N entries instead: what the witness says that it cosigned last."`
	Out   string  `required:"" placeholder:"FILE" help:"The file to write."`
}

func (v *witnessRequest) Run(ctx context.Context, s *cli.Streams) error {
	if (v.For == "") == (v.Since == nil) {
		return exit.New(exit.Usage, "", "give --for NAME or --since N, one of them")
	}
	l := &openLedger{ctx: ctx, dir: v.Dir, s: s}
	state, _, err := l.state()
	if err != nil {
		return err
	}
	old := state.lastOf(v.For)
	if v.Since != nil {
		old = *v.Since
	}
	q, err := l.prove(ctx, old)
	if err != nil {
		return err
	}
	if err := writeFile(v.Out, q.Marshal()); err != nil {
		return err
	}
	escape.Fprintf(s.Out, "%s  from %d to %s\n", v.Out, old, entries(state.Size))
	return nil
}

func writeFile(name string, content []byte) error {
	return writeAside(name, func(f *os.File) error {
		_, err := f.Write(content)
		return err
	})
}

// readSmall reads a file that an operator has named, of at most so many bytes.
func readSmall(name string, most int64) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, exit.New(exit.Failed, "", "%s: there is no such file", name)
	case err == nil && info.IsDir():
		return nil, exit.New(exit.Failed, "", "%s: not a file of at most %d bytes", name, most)
	}
	return atomicfile.ReadSmall(name, most)
}

type witnessAccept struct {
	policyFlags
	File string `arg:"" help:"What the witness has answered."`
}

func (v *witnessAccept) Run(ctx context.Context, s *cli.Streams) error {
	text, policy, err := v.load()
	if err != nil {
		return err
	}
	note, err := readSmall(v.File, ledger.MaxNote)
	if err != nil {
		return err
	}
	l := &openLedger{ctx: ctx, dir: v.Dir, s: s}
	var kept keepReply
	if err := l.call("witness-keep", keepArgs{Note: note, Policy: text, Entries: !v.NoEntry}, &kept); err != nil {
		return err
	}
	lines, err := witness.Lines(note)
	if err != nil {
		return err
	}
	checkpoint, err := ledger.NoteText(note)
	if err != nil {
		return err
	}
	by, err := witness.Check(checkpoint, lines, policy.Verifiers())
	if err != nil {
		return err
	}
	sayCosigned(s, kept.Size, by[0].Witness.Name(), by)
	if kept.Size < kept.Latest {
		escape.Fprintf(s.Err, "The ledger has %s: the witness has not cosigned its latest checkpoint. Make a new request.\n", entries(kept.Latest))
	}
	return nil
}

type witnessResume struct {
	Dir     string `required:"" placeholder:"D" help:"The ledger's folder."`
	Because string `required:"" placeholder:"REASON" help:"Why the witness is wrong: one line, which is kept."`
}

func (v *witnessResume) Run(context.Context, *cli.Streams) error {
	return store.Resume(v.Dir, v.Because)
}

type witnessKeys struct {
	Dir string `required:"" placeholder:"D" help:"The folder of a ledger, or of a witness."`
	URL string `placeholder:"URL" help:"Of a witness: where it can be asked."`
}

func (v *witnessKeys) Run(ctx context.Context, s *cli.Streams) error {
	key, err := publish.WatchKey(v.Dir)
	switch {
	case err == nil:
		_, err := s.Out.Write(witnessPolicy(key, v.URL))
		return err
	case exit.StatusOf(err) != exit.KeyMissing:
		return err
	}
	_, log, err := (&openLedger{ctx: ctx, dir: v.Dir, s: s}).state()
	if err != nil {
		return err
	}
	for _, key := range log.Keys() {
		escape.Fprintln(s.Out, "log", key)
	}
	escape.Fprintln(s.Out, "quorum none")
	return nil
}

// openLedger runs operations on a ledger, in the process that has it open.
type openLedger struct {
	ctx context.Context
	dir string
	s   *cli.Streams
	mu  sync.Mutex
}

// call runs an operation and decodes its answer into reply, unless that is nil.
func (l *openLedger) call(name string, args, reply any) error {
	var out bytes.Buffer
	to := newScreen(&out, l.s)
	defer to.done()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := perform(l.ctx, l.dir, name, args, to); err != nil || reply == nil {
		return err
	}
	return json.Unmarshal(out.Bytes(), reply)
}

func (l *openLedger) state() (ledgerState, *ledger.Verifier, error) {
	var state ledgerState
	if _, err := os.Stat(l.dir); errors.Is(err, fs.ErrNotExist) {
		return state, nil, exit.New(exit.Failed, "", "%w", err)
	}
	if err := l.call("witness-state", struct{}{}, &state); err != nil {
		return state, nil, err
	}
	log, err := ledger.NewVerifier(state.Keys...)
	return state, log, err
}

// prove is a publish.Prove.
func (l *openLedger) prove(_ context.Context, old uint64) (witness.Request, error) {
	var body []byte
	if err := l.call("witness-prove", proveArgs{Old: old}, &body); err != nil {
		return witness.Request{}, err
	}
	return witness.ParseRequest(body)
}
