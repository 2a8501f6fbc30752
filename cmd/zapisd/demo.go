package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zapis/cmd/zapisd/sample"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/store"
)

const demoOrigin = "demo.zapis.example/ledger"

var demoTrustees = []string{"anna", "boris", "vera"}

// demoDuty is on duty.
const demoDuty = "dora"

// The demo's folder is a ledger's folder with the trustees beside it, which no real server ever has:
//
//	demo/ledger.db …                             the ledger
//	demo/trustees/anna.key, .key.card, .pass     and boris, vera
//	demo/demo.json                               what has been filed
//	demo/.gitignore                              so that it is never committed; it also marks the folder as a demo's
type demoVerb struct {
	Dir    string `default:"./demo" placeholder:"D" help:"The demo's folder (${default})."`
	Listen string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to serve the form, on this computer (${default})."`
}

func (v *demoVerb) Run(ctx context.Context, s *cli.Streams) error {
	at, err := parseAddress("--listen "+v.Listen, v.Listen)
	switch {
	case err != nil:
		return err
	case at.network != "tcp" || at.public():
		return exit.New(exit.Usage, "", "--listen %s: the demo is for this computer only, as 127.0.0.1:8080", v.Listen)
	}
	if err := prepareDemo(v.Dir, s); err != nil {
		return err
	}
	srv, err := startServing(serving{verb: "zapisd demo", dir: v.Dir, at: at, publish: true, grace: 10 * time.Second, talk: s})
	if err != nil {
		return err
	}
	serve, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- srv.wait(serve) }()

	_, set := srv.store.SetInForce()
	d := demo{dir: v.Dir, at: shown(srv.listener), card: srv.store.Card(), duty: len(set.Duty) > 0}
	if err := d.fill(ctx, s); err != nil {
		stop()
		<-served
		return err
	}
	fmt.Fprint(s.Out, d.whatNext())
	return <-served
}

// prepareDemo makes the folder, the trustees and an empty ledger, each where it is missing.
func prepareDemo(dir string, s *cli.Streams) error {
	if err := claimDemo(dir); err != nil {
		return err
	}
	keys := filepath.Join(dir, "trustees")
	if err := os.MkdirAll(keys, 0o700); err != nil {
		return err
	}
	var cards []card.Card
	for _, name := range demoTrustees {
		c, err := demoTrustee(keys, name)
		if err != nil {
			return err
		}
		cards = append(cards, c)
	}
	onDuty, err := demoTrustee(keys, demoDuty)
	if err != nil {
		return err
	}
	_, err = makeLedger(dir, store.Place{}, ledger.Genesis{Origin: demoOrigin, Rules: ledger.Rules2, SlotSize: ledger.SlotSize, Set: ledger.TrusteeSet{
		Vocabulary: incident.VocabularyVersion,
		Quorum:     ledger.Quorum{Statement: 1, Attachment: 1, Identity: 2},
		Approvals:  2,
		Trustees:   cards,
		Duty:       []card.Card{onDuty},
	}}, time.Now())
	switch {
	case errors.Is(err, store.ErrExists):
		escape.Fprintf(s.Err, "using the demo in %s as it is\n", dir)
		return nil
	case err == nil:
		escape.Fprintf(s.Err, "made a ledger and three trustees in %s\n", dir)
	}
	return err
}

// demoMark is the content of a demo's .gitignore, the first file that a demo writes.
const demoMark = "*\n"

// claimDemo marks a folder as a demo's, and creates it where it is missing. It refuses a ledger that is not a demo's,
// since that would keep the invented reports for ever, and a .gitignore with other content. It leaves other files as
// they are.
func claimDemo(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	mark := filepath.Join(dir, ".gitignore")
	text, err := os.ReadFile(mark)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, noLedger := os.Stat(filepath.Join(dir, "ledger.db"))
	ours := string(text) == demoMark || noLedger != nil && strings.HasPrefix(demoMark, string(text)) // perhaps cut short
	if !ours || foreignLedger(dir) {
		return exit.New(exit.Failed, "give a folder that is empty or not there: --dir D", "%s holds something else than a demo", dir)
	}
	return os.WriteFile(mark, []byte(demoMark), 0o644)
}

// foreignLedger reports that the ledger in dir, by its card, is not a demo's.
func foreignLedger(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, cardFile))
	if err != nil {
		return false
	}
	named, err := card.ParseLedgerCard(string(text))
	return err == nil && named.Origin != demoOrigin
}

// demoTrustee creates a trustee as zapis keygen does, or reads the card of an existing one.
func demoTrustee(dir, name string) (card.Card, error) {
	file := filepath.Join(dir, name+".key")
	text, err := os.ReadFile(cli.CardFile(file))
	if err == nil {
		return card.Parse(text)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return card.Card{}, err
	}
	pass, err := demoPassphrase()
	if err != nil {
		return card.Card{}, err
	}
	// A key without a card is left from an interrupted demo; nothing was sealed to it.
	os.Remove(file)
	if err := os.WriteFile(filepath.Join(dir, name+".pass"), []byte(pass+"\n"), 0o600); err != nil {
		return card.Card{}, err
	}
	id, err := cli.NewIdentity(name)
	if err != nil {
		return card.Card{}, err
	}
	if err := id.WriteFiles(file, pass, cli.WorkFactor); err != nil {
		return card.Card{}, err
	}
	return id.Card, nil
}

var passWords = strings.Fields("apple birch cloud dove elm fern grove heron iris juniper kite lark maple nettle oak pine " +
	"quail river stork thyme umber violet willow yarrow amber brook cedar daisy ember finch garnet hazel")

// demoPassphrase returns six words of 32 and four digits: 43 bits, enough for demo data.
func demoPassphrase() (string, error) {
	var words []string
	for range 6 {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(passWords))))
		if err != nil {
			return "", err
		}
		words = append(words, passWords[n.Int64()])
	}
	n, err := rand.Int(rand.Reader, big.NewInt(10000))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s-%04d", strings.Join(words, "-"), n), nil
}

// demo is a running demo.
type demo struct {
	dir   string
	at    string // the form's address
	card  card.LedgerCard
	duty  bool // somebody is on duty: not in demos that an earlier version has made
	filed filed
}

// filed is demo.json: how many reports are in the ledger, and the cases that whatNext shows.
type filed struct {
	Reports int               `json:"reports"`
	Case    string            `json:"case"`
	Letters map[string]string `json:"letters,omitempty"` // the case of a letter, by its addressee; none in demos of earlier versions
}

// demoLetters are the letters that whatNext drafts: to offices that put what they get before the state.
var demoLetters = []struct{ to, why string }{
	{"ccf", "Draft a letter to Interpol's Commission, for a case whose reporter allows it"},
	{"un", "Draft one to the UN's special procedures, for another"},
}

func (d *demo) record() string { return filepath.Join(d.dir, "demo.json") }

func (d *demo) save() error {
	text, err := json.Marshal(d.filed)
	if err != nil {
		return err
	}
	return writeAside(d.record(), func(f *os.File) error {
		_, err := f.Write(append(text, '\n'))
		return err
	})
}

// fill sends the reports that are not in the ledger yet.
func (d *demo) fill(ctx context.Context, s *cli.Streams) error {
	// An earlier demo may have been interrupted before it wrote the card.
	if err := os.WriteFile(filepath.Join(d.dir, cardFile), []byte(d.card.String()+"\n"), 0o644); err != nil {
		return err
	}
	text, err := os.ReadFile(d.record())
	switch {
	case err == nil:
		if err := json.Unmarshal(text, &d.filed); err != nil {
			return exit.New(exit.Failed, "remove the demo's folder and begin again", "%s can't be read: %w", d.record(), err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	all := sample.Incidents()
	if d.filed.Reports >= len(all) {
		return nil
	}
	escape.Fprintf(s.Err, "filing %d invented reports through the form\n", len(all)-d.filed.Reports)
	bar := s.Progress("filing", int64(len(all)))
	defer bar.Done()
	for n := d.filed.Reports; n < len(all); n++ {
		id, err := fileReport(ctx, d.at, all[n])
		if err != nil {
			return fmt.Errorf("sample report %d: %w", n+1, err)
		}
		if d.filed.Case == "" && showsWell(all[n]) {
			d.filed.Case = id
		}
		for _, l := range demoLetters {
			if d.filed.Letters[l.to] == "" && allowsLetter(all[n], l.to) {
				if d.filed.Letters == nil {
					d.filed.Letters = make(map[string]string)
				}
				d.filed.Letters[l.to] = id
			}
		}
		d.filed.Reports = n + 1
		if err := d.save(); err != nil {
			return err
		}
		bar.At(int64(n + 1))
	}
	return nil
}

// showsWell selects the case for the printed commands: a lawyer may see it, and one trustee opens its files.
func showsWell(i sample.Incident) bool {
	return i.Consents("lawyer") && len(i.Files) > 1 && !i.ShowWho
}

// allowsLetter reports whether a letter may go out that the state can read, without asking the reporter again.
func allowsLetter(i sample.Incident, to string) bool {
	agrees := i.Answers.Get("person_agrees")
	return i.Consents(to) && i.Consents("state") && !i.Consents("ask") && (agrees == "self" || agrees == "yes")
}
