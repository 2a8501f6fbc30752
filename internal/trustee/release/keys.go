package release

import (
	"io"
	"slices"

	"zapis/crypto/ledger"
	"zapis/internal/evidence/bundle"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
)

// wantedKey is a part whose key a bundle discloses.
type wantedKey struct {
	of   ledgercopy.Submission
	part ledger.Part
	name string

	submission, key int // its position in the bundle's input
}

const keyOfStatement = "statement"

// wantedKeys finds the parts whose keys are requested: an exhibit's, or the statements of the whole case. It refuses
// those under a quorum that is not met, and opens nothing.
func (b *bundling) wantedKeys() ([]wantedKey, error) {
	var list []wantedKey
	for _, name := range b.opts.Keys {
		found := len(list)
		for n, s := range b.o.Submissions {
			of, known := b.Copy().SubmissionAt(s.Hash, s.Index)
			if !known {
				return nil, ledgercopy.Damaged("%s of %s is not there", s.Place, b.o.ID)
			}
			p, ok := of.Part(ledger.PartStatement)
			if name != keyOfStatement {
				exhibits := b.o.ExhibitsOf(s)
				i := slices.IndexFunc(exhibits, func(e casefile.Exhibit) bool { return e.Name == name })
				if ok = i >= 0; ok {
					p = exhibits[i].Part
				}
			}
			if !ok {
				continue
			}
			why, err := b.KeyClosed(of, p)
			if err != nil {
				return nil, err
			}
			if why != "" {
				return nil, exit.Advise(exit.KeyMissing, exit.AskForKey.With(), "the key of %s can't be disclosed: %s", name, why)
			}
			keys := &b.in.Submissions[n].Keys
			*keys = append(*keys, bundle.DisclosedKey{Part: name})
			list = append(list, wantedKey{of: of, part: p, name: name, submission: n, key: len(*keys) - 1})
		}
		if len(list) == found {
			return nil, exit.New(exit.Usage, "name an exhibit like A03, or statement", "there is no %q whose key could be disclosed", name)
		}
	}
	return list, nil
}

// record returns the event of a disclosed key.
func (k wantedKey) record(id string) custody.Record {
	return custody.Record{Act: custody.Exported, Case: id, In: k.part.Hash.String(), Subject: "the key of " + k.name + " (" + k.of.Where() + ")"}
}

// discloseKey decrypts a key from the part's header.
func (b *bundling) discloseKey(k wantedKey) (err error) {
	into := &b.in.Submissions[k.submission].Keys[k.key]
	into.Open = func() (io.ReadSeekCloser, error) { return b.SealedFile(k.of, k.part) }
	into.Key, err = b.LedgerFileKey(k.of, k.part)
	return err
}
