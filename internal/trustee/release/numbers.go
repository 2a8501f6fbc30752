package release

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zapis/crypto/card"
	"zapis/internal/atomicfile"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/statistics"
	"zapis/internal/trustee/vault"
)

// Releases of numbers lie in numbers/ as they are published: 00000001.txt is the text, 00000001.sig the owner's SSH
// signature over it (docs/spec/statistics.md). They hold nothing that is not public.
const numbersDir = "numbers"

// Numbers gives the releases that the vault's owner has published, verified, oldest first. It refuses a ledger of
// releases that does not verify with the status Mismatch.
func Numbers(t *casework.Trustee) ([]statistics.Release, error) {
	if err := t.NeedKey(); err != nil {
		return nil, err
	}
	records, err := numberRecords(t)
	if err != nil {
		return nil, err
	}
	list, err := statistics.Verify(records, func(text, signature []byte) error {
		return card.Verify(statistics.Namespace, text, signature, t.Key().Card.SSH)
	})
	if err != nil {
		return nil, exit.New(exit.Mismatch, "take a copy of the vault from before", "the vault's %s: %w", numbersDir, err)
	}
	return list, nil
}

func numberRecords(t *casework.Trustee) ([]statistics.Record, error) {
	var records []statistics.Record
	for n := uint64(1); ; n++ {
		name := filepath.Join(t.Dir(), numbersDir, vault.NumberName(n))
		text, err := os.ReadFile(name + ".txt")
		if errors.Is(err, os.ErrNotExist) {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		signature, err := os.ReadFile(name + ".sig")
		if err != nil {
			return nil, err
		}
		records = append(records, statistics.Record{Text: text, Signature: signature})
	}
}

// DraftNumbers counts all cases and drafts the next release; nothing is kept of it. It opens all statements, which is
// recorded as one event. The first release decides the mode of all. Where nothing can be released the status is Failed.
func DraftNumbers(ctx context.Context, t *casework.Trustee, cases *casework.Cases, mode statistics.Mode) (statistics.Release, error) {
	earlier, err := Numbers(t)
	if err != nil {
		return statistics.Release{}, err
	}
	if len(earlier) > 0 {
		mode = earlier[0].Mode
	}
	switch mode {
	case statistics.Suppress, statistics.Round5, statistics.Round10:
	default:
		return statistics.Release{}, exit.New(exit.Usage, "suppress, round-5 or round-10", "there is no such way to hide small figures")
	}
	counted, err := t.Countable(ctx, cases)
	if err != nil {
		return statistics.Release{}, err
	}
	next, err := statistics.Draft(counted, earlier, t.Now(), mode)
	if err != nil {
		return statistics.Release{}, exit.New(exit.Failed, "", "%w", err)
	}
	return next, nil
}

// NumbersFile makes a file of what is published (statistics.File).
func NumbersFile(t *casework.Trustee, name, table string, w *statistics.Words) ([]byte, error) {
	list, err := Numbers(t)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, exit.New(exit.Failed, "publish a release first", "nothing is published yet")
	}
	content, err := statistics.File(list, name, table, w)
	if err != nil {
		return nil, exit.New(exit.Usage, "", "%w", err)
	}
	return content, nil
}

// PublishNumbers signs a release that statistics.Draft made, records it, and keeps it in the vault's ledger of releases.
// Which cases are counted their reporters' consent has decided (statistics.Draft). A release that gives a hidden figure
// away is refused.
func PublishNumbers(t *casework.Trustee, next statistics.Release) error {
	earlier, err := Numbers(t)
	if err != nil {
		return err
	}
	if next.Number != len(earlier)+1 {
		return exit.New(exit.Failed, "make the draft again", "the draft is release %d, and %d are published", next.Number, len(earlier))
	}
	_, found, err := statistics.Attack(append(earlier, next))
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return exit.New(exit.Failed, "say so to the makers of zapis: this should not happen", "the release would give away %d hidden figures", len(found))
	}
	record, err := statistics.Sign(next, func(text []byte) ([]byte, error) { return t.Key().Signer.Sign(statistics.Namespace, text) })
	if err != nil {
		return err
	}
	g := gate{t}
	return g.pass(request{kind: toAddressee,
		prepare: func([]*casefile.Case) ([]custody.Record, error) {
			return []custody.Record{exportRecord("", fmt.Sprintf("release %d of numbers, of %d half-years", next.Number, len(next.Counts)), false, record.Text, "")}, nil
		},
		act: func() error { return keepNumbers(t, uint64(next.Number), record) }})
}

// keepNumbers writes the signature first: a text without one would be refused.
func keepNumbers(t *casework.Trustee, n uint64, record statistics.Record) error {
	dir := filepath.Join(t.Dir(), numbersDir)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	name := filepath.Join(dir, vault.NumberName(n))
	if err := atomicfile.WriteFile(name+".sig", record.Signature, 0o600); err != nil {
		return err
	}
	return atomicfile.WriteFile(name+".txt", record.Text, 0o600)
}
