package check

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/crypto/witness"
	"zapis/internal/cli"
	"zapis/internal/evidence/bundle"
	"zapis/internal/exit"
)

// keys open what a log has signed. bundle.Ledger and ledger.Verifier do.
type keys interface {
	OpenReceipt(receipt []byte) (ledger.Receipt, error)
	OpenPromise(file []byte) (ledger.Promise, error)
	OpenCheckpoint(note []byte) (ledger.Checkpoint, error)
}

// given are keys that were given for a log, and may not be those in force: a log
// changes its keys. A note that other keys have signed is refused as any other, and
// the error says how to find the keys.
type given struct{ keys }

func (g given) OpenReceipt(receipt []byte) (ledger.Receipt, error) {
	r, err := g.keys.OpenReceipt(receipt)
	return r, otherKeys(err)
}

func (g given) OpenPromise(file []byte) (ledger.Promise, error) {
	p, err := g.keys.OpenPromise(file)
	return p, otherKeys(err)
}

func (g given) OpenCheckpoint(note []byte) (ledger.Checkpoint, error) {
	c, err := g.keys.OpenCheckpoint(note)
	return c, otherKeys(err)
}

func otherKeys(err error) error {
	if !errors.Is(err, ledger.ErrOtherKeys) {
		return err
	}
	return canonical.Refuse("%w that you gave. If the log has changed its keys, that proves nothing: give --trust a bundle made after the change, or, in the place of card and genesis, "+
		"the keys in force (its server shows them under /log-keys; compare them with a partner's mirror)", err)
}

// logOf returns the verifier of the log's keys that signed a checkpoint.
func logOf(k keys, note []byte) (*ledger.Verifier, error) {
	switch k := k.(type) {
	case given:
		return logOf(k.keys, note)
	case *ledger.Verifier:
		return k, nil
	case *bundle.Ledger:
		return k.LogOf(note)
	}
	return nil, fmt.Errorf("%T has no log's keys", k)
}

// Known is what somebody knows from elsewhere: what --trust names. Cards, a
// genesis and log keys are trusted for being there. A bundle is not: keys are
// taken out of it only for a ledger whose card is known.
type Known struct {
	options bundle.Options
	logs    []*ledger.Verifier // of options.Logs
	ledgers []*bundle.Ledger   // with known cards or without

	seen      []seen              // checkpoints of long ago, to compare with
	witnesses []*witness.Verifier // whose lines on a checkpoint count
}

// anchor returns what a bundle that verified was tied to.
func (t *Known) anchor() anchor {
	switch {
	case len(t.options.Ledgers) > 0:
		return anchorLedger
	case len(t.options.Cards) > 0 || len(t.options.Logs) > 0:
		return anchorKeys
	}
	return anchorNone
}

// maxKnown is more than any file of keys has, in bytes.
const maxKnown = 1 << 20

// NotUsed is said of a file that Add made no use of.
const NotUsed = "not a card, a genesis, keys, root certificates, a checkpoint or a bundle; not used"

// LedgerCard takes a ledger's card: one line.
func (t *Known) LedgerCard(line string) error {
	if err := t.ledgerCards(line); err != nil {
		return exit.New(exit.Usage, "", "--trust: %w", err)
	}
	return nil
}

func (t *Known) ledgerCards(text string) error {
	cards, err := cli.LedgerCards(text)
	if err != nil {
		return exit.New(exit.Usage, "copy the whole line, from zapis-ledger+ to its last digit", "%w", err)
	}
	t.options.Ledgers = append(t.options.Ledgers, cards...)
	return nil
}

// Enough refuses trust anchors that identify no ledger, signer or log.
func (t *Known) Enough() error {
	if t.anchor() == anchorNone && t.options.Times.Roots == nil && len(t.witnesses) == 0 {
		return exit.New(exit.Usage, "a bundle tells of keys, but which ledger they are of must be known from elsewhere: add its card",
			"--trust: nothing that was given says whom you trust")
	}
	return nil
}

// Policy takes the text of a witness policy (C2SP tlog-policy): its witnesses are
// trusted, and those that it wants must have cosigned what is checked.
func (t *Known) Policy(name string, text []byte) error {
	p, err := witness.ParsePolicy(text)
	if err != nil {
		return exit.New(exit.Mismatch, "docs/spec/witness.md says how it is written", "--policy %s: %w", name, err)
	}
	t.options.Policy = p
	t.witnesses = append(t.witnesses, p.Verifiers()...)
	t.options.Times.Witnesses = t.witnesses
	return nil
}

// required verifies that a policy is for the log of a checkpoint, and that the
// witnesses which it wants have cosigned it; proved is what there is to say of it.
func (t *Known) required(note []byte, k keys) (proved []string, err error) {
	p := t.options.Policy
	if p == nil {
		return nil, nil
	}
	log, err := logOf(k, note)
	if err == nil {
		err = p.CheckLog(log)
	}
	if err != nil {
		return nil, err
	}
	text, err := ledger.NoteText(note)
	if err != nil {
		return nil, err
	}
	lines, err := witness.Lines(note)
	if err != nil {
		return nil, err
	}
	by, err := witness.Check(text, lines, p.Verifiers())
	if err == nil {
		err = p.Require(by)
	}
	if err != nil {
		return nil, canonical.Refuse("checkpoint: %w", err)
	}
	yes, _ := p.Cosigned(by)
	if len(yes) == 0 {
		return []string{"Your witness policy asks for no cosignature."}, nil
	}
	return []string{"Your witness policy is met: " + strings.Join(yes, ", ") + " cosigned the checkpoint."}, nil
}

// Add takes what one file of so many bytes holds; false where that is nothing
// of ours.
func (t *Known) Add(name string, r io.ReaderAt, size int64) (bool, error) {
	text, err := io.ReadAll(io.NewSectionReader(r, 0, maxKnown))
	if err != nil {
		return false, err
	}
	if bytes.HasPrefix(text, magicZip) {
		l, err := bundle.ReadLedger(r, size)
		if err != nil {
			return false, exit.New(exit.Mismatch, "", "%s: %w", name, err)
		}
		t.ledgers = append(t.ledgers, l)
		return true, nil
	}
	if timestamp.LooksLikeCertificates(text) {
		return true, t.roots(name, text)
	}
	used, err := t.text(name, text)
	if err != nil {
		return false, exit.New(exit.Mismatch, "", "%s: %w", name, err)
	}
	return used, nil
}

func (t *Known) text(name string, text []byte) (bool, error) {
	switch s := string(text); {
	case strings.HasPrefix(s, "zapis/card/v1\n"):
		c, err := card.Parse(text)
		t.options.Cards = append(t.options.Cards, c)
		return true, err
	case ledger.IsGenesis(text):
		l, err := bundle.LedgerOf(text)
		if err != nil {
			return false, err
		}
		t.ledgers = append(t.ledgers, l)
		t.options.Ledgers = append(t.options.Ledgers, l.Card)
		return true, nil
	case cli.IsLedgerCards(s):
		return true, t.ledgerCards(s)
	default:
		return t.keep(name, text) || t.vkeys(strings.Split(strings.TrimSuffix(s, "\n"), "\n")), nil
	}
}

// vkeys takes a log's two keys, or witnesses' keys, one on each line.
func (t *Known) vkeys(lines []string) bool {
	if v, err := ledger.NewVerifier(lines...); err == nil {
		t.logs = append(t.logs, v)
		t.options.Logs = append(t.options.Logs, v.Keys())
		return true
	}
	var all []*witness.Verifier
	for _, line := range lines {
		v, err := witness.NewVerifier(line)
		if err != nil {
			return false
		}
		all = append(all, v)
	}
	t.witnesses = append(t.witnesses, all...)
	t.options.Times.Witnesses = t.witnesses
	return true
}

// roots takes root certificates of time-stamping authorities, PEM or DER.
func (t *Known) roots(name string, text []byte) error {
	all, err := timestamp.ParseCertificates(text)
	if err != nil {
		return exit.New(exit.Mismatch, "copy it whole, from -----BEGIN to the end of the line -----END", "%s: %w", name, err)
	}
	if t.options.Times.Roots == nil {
		t.options.Times.Roots = x509.NewCertPool()
	}
	for _, c := range all {
		t.options.Times.Roots.AddCert(c)
	}
	return nil
}

// genesisBeside takes the genesis that stands beside tiles, where it is the one
// that a known card names: with the card alone a promise can then be checked.
func (t *Known) genesisBeside(tiles fs.FS) error {
	if tiles == nil {
		return nil
	}
	text, err := readSmall(tiles, "genesis", ledger.MaxSmall)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return noTiles(err)
	}
	l, err := bundle.LedgerOf(text)
	if err != nil {
		return exit.New(exit.Mismatch, "fetch the tiles again", "--tiles: genesis: %w", err)
	}
	if slices.Contains(t.options.Ledgers, l.Card) && !slices.ContainsFunc(t.ledgers, func(had *bundle.Ledger) bool { return had.Card == l.Card }) {
		t.ledgers = append(t.ledgers, l)
	}
	return nil
}

// keysOf finds the keys of the log that signed for an origin, and the card of
// the ledger where it is known.
func (t *Known) keysOf(origin string) (k keys, c *card.LedgerCard, err error) {
	for i := len(t.ledgers) - 1; i >= 0; i-- {
		l := t.ledgers[i]
		if l.Card.Origin == origin && slices.Contains(t.options.Ledgers, l.Card) {
			return given{l}, &l.Card, nil
		}
	}
	for _, v := range t.logs {
		if v.Origin() == origin {
			return given{v}, nil, nil
		}
	}
	const hint = "get its genesis from somebody other than the person who gave you this file (every bundle of that ledger holds it: data/ledger/bodies/0.txt), and give that to --trust; or give a bundle of that ledger and its card"
	for _, known := range t.options.Ledgers {
		if known.Origin == origin {
			return nil, nil, exit.New(exit.KeyMissing,
				"give also any bundle of this ledger, or its genesis (its server shows it under /genesis; data/ledger/bodies/0.txt of a bundle), to --trust",
				"the keys of %s are not known: a ledger card names them by a hash only", origin)
		}
	}
	return nil, nil, exit.New(exit.KeyMissing, hint,
		"the keys of %s are not known, and without them no signature can be verified", origin)
}
