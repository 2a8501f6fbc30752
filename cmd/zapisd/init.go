package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/store"
)

type initVerb struct {
	Dir      string   `required:"" placeholder:"D" help:"The ledger's folder; made where it is missing."`
	Origin   string   `placeholder:"NAME" help:"The ledger's name: a host and a path, as example.org/ledger."`
	Trustee  []string `placeholder:"CARD" help:"A trustee's card file. Once for each trustee; their order is kept."`
	Duty     []string `placeholder:"CARD" help:"The card file of somebody who sees urgency and nothing else. Without any, the trustees do."`
	Identity *int     `name:"identity-quorum" placeholder:"K" help:"How many trustees open contact and name; 2 unless there is one trustee."`

	Statement  int `name:"statement-quorum" default:"1" placeholder:"K" help:"How many trustees open the words (${default})."`
	Attachment int `name:"attachment-quorum" default:"1" placeholder:"K" help:"How many trustees open the files (${default})."`

	placeFlags `embed:""`
	LogKey     string `name:"log-key" placeholder:"FILE" help:"With --database: this is a further host of a ledger that is there, and this is the log's key, from another host."`

	Approvals int `placeholder:"N" help:"How many trustees approve a change of trustees, of log keys or an erasure; 2 unless there is one trustee. It is never less than the identity quorum."`
	Delay     int `default:"3" placeholder:"SLOTS" help:"For how many slots a change of trustees or an erasure is announced, so that any trustee can object, before it takes effect (${default}); 0: at once."`
	SlotSize  int `name:"slot-size" default:"256" placeholder:"N" help:"How many entries each slot has, the rest being fillers (${default}); where more wait, a multiple of it. 0: the next multiple of 32. It costs some 700 bytes for each filler, and counts for nothing with zapisd serve --slot 0."`

	Continue string `placeholder:"OLD" help:"Go on from a ledger that can't: its folder, a backup of it, or a carry file. Without --trustee, with its trustees."`
}

// cardFile is the name of the ledger's own card in its folder.
const cardFile = "ledger.card"

func (v *initVerb) Run(ctx context.Context, s *cli.Streams) error {
	switch {
	case v.LogKey != "":
		return v.join(s)
	case v.Origin == "":
		return exit.New(exit.Usage, "zapisd init --help says what it takes", "missing flags: --origin=NAME")
	case v.Continue != "":
		return v.goOn(ctx, s)
	case len(v.Trustee) == 0:
		return exit.New(exit.Usage, "zapisd init --help says what it takes", "missing flags: --trustee=CARD")
	}
	set, err := v.set()
	if err != nil {
		return err
	}
	g, err := v.rules(set)
	if err != nil {
		return err
	}
	named, err := makeLedger(v.Dir, v.place(), g, time.Now())
	if err != nil {
		return err
	}
	escape.Fprintln(s.Out, named)
	return nil
}

// set returns the set of trustees that the flags name.
func (v *initVerb) set() (set ledger.TrusteeSet, err error) {
	trustees, err := readCards(v.Trustee)
	if err != nil {
		return set, err
	}
	duty, err := readCards(v.Duty)
	if err != nil {
		return set, err
	}
	identity := ledger.DefaultQuorum(len(trustees))
	if v.Identity != nil {
		identity = *v.Identity
	}
	approvals := ledger.DefaultQuorum(len(trustees))
	if v.Approvals != 0 {
		approvals = v.Approvals
	}
	for _, q := range []struct {
		flag string
		k    int
	}{{"identity-quorum", identity}, {"statement-quorum", v.Statement}, {"attachment-quorum", v.Attachment}, {"approvals", approvals}} {
		if q.k < 1 || q.k > len(trustees) {
			return set, exit.New(exit.Usage, "", "--%s %d: it can be 1 to %d, the number of trustees", q.flag, q.k, len(trustees))
		}
	}
	return ledger.TrusteeSet{
		Vocabulary: incident.VocabularyVersion,
		Quorum:     ledger.Quorum{Statement: v.Statement, Attachment: v.Attachment, Identity: identity},
		Approvals:  approvals,
		Trustees:   trustees,
		Duty:       duty,
	}, nil
}

// rules is a genesis with what the flags say, without a nonce and keys.
func (v *initVerb) rules(set ledger.TrusteeSet) (ledger.Genesis, error) {
	for _, n := range []struct {
		flag, of    string
		value, most int
	}{{"delay", "slots", v.Delay, ledger.MaxDelay}, {"slot-size", "entries", v.SlotSize, ledger.MaxSlotSize}} {
		if n.value < 0 || n.value > n.most {
			return ledger.Genesis{}, exit.New(exit.Usage, "", "--%s %d: it can be 0 to %d %s", n.flag, n.value, n.most, n.of)
		}
	}
	return ledger.Genesis{Origin: v.Origin, Set: set, Rules: ledger.Rules2, Delay: v.Delay, SlotSize: v.SlotSize}, nil
}

// makeLedger makes a ledger of its genesis alone, with a nonce and new keys, and puts its card beside it.
func makeLedger(dir string, p store.Place, g ledger.Genesis, now time.Time) (card.LedgerCard, error) {
	if err := card.CheckOrigin(g.Origin); err != nil {
		return card.LedgerCard{}, exit.New(exit.Usage, "", "--origin: %w", err)
	}
	if err := g.Set.Check(); err != nil {
		return card.LedgerCard{}, exit.New(exit.Usage, "", "%w", err)
	}
	key, err := ledger.GenerateSigningKey(g.Origin, rand.Reader)
	if err != nil {
		return card.LedgerCard{}, err
	}
	g.Log, g.Set.Vocabulary = key.Keys(), incident.VocabularyVersion // of the set that an older ledger had, too
	rand.Read(g.Nonce[:])
	named, err := store.CreateIn(dir, p, g, key, now)
	if err != nil {
		return card.LedgerCard{}, placeFlag(err)
	}
	return named, writeCard(dir, named)
}

func writeCard(dir string, named card.LedgerCard) error {
	return os.WriteFile(filepath.Join(dir, cardFile), []byte(named.String()+"\n"), 0o644)
}

func readCards(files []string) ([]card.Card, error) {
	var cards []card.Card
	for _, name := range files {
		text, err := atomicfile.ReadSmall(name, card.MaxSize)
		if err != nil {
			return nil, exit.New(exit.StatusOf(err), "a card is the file that zapis keygen writes beside the key", "the card: %w", err)
		}
		c, err := card.Parse(text)
		if err != nil {
			return nil, exit.New(exit.Mismatch, "a card is the file that zapis keygen writes beside the key", "%s: %w", name, err)
		}
		cards = append(cards, c)
	}
	return cards, nil
}
