package casework

import (
	"io"
	"slices"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/bundle"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/ledgercopy"
)

// wantedKey is a part whose key is to be disclosed in a bundle.
type wantedKey struct {
	of   ledgercopy.Submission
	part ledger.Part
	name string
	into *bundle.DisclosedKey
}

const keyOfStatement = "statement"

// wantedKeys finds the parts whose keys are asked for: an exhibit's, or the statements of the whole case. Those
// under a quorum that is not met are refused, with nothing opened.
func (v *Trustee) wantedKeys(o *OpenedCase, opts BundleOptions, in *bundle.Input) ([]wantedKey, error) {
	var list []wantedKey
	add := func(n int, p ledger.Part, name string) error {
		why, err := v.keyClosed(o.Submissions[n].Submission, p)
		if err != nil {
			return err
		}
		if why != "" {
			return exit.New(exit.KeyMissing, "zapis ask asks the others", "the key of %s can't be disclosed: %s", name, why)
		}
		keys := &in.Submissions[n].Keys
		*keys = append(*keys, bundle.DisclosedKey{Part: name})
		list = append(list, wantedKey{of: o.Submissions[n].Submission, part: p, name: name})
		return nil
	}
	for _, name := range opts.Keys {
		found := false
		for n, s := range o.Submissions {
			if name == keyOfStatement {
				p, _ := ledgercopy.PartOf(s.Body, ledger.PartStatement)
				if err := add(n, p, name); err != nil {
					return nil, err
				}
				found = true
			}
			i := slices.IndexFunc(s.Exhibits, func(e Exhibit) bool { return e.Name == name })
			if i < 0 {
				continue
			}
			if err := add(n, s.Exhibits[i].Part, name); err != nil {
				return nil, err
			}
			found = true
		}
		if !found {
			return nil, exit.New(exit.Usage, "name an exhibit like A03, or statement", "there is no %q whose key could be disclosed", name)
		}
	}
	for i := range list {
		for n := range in.Submissions {
			for k := range in.Submissions[n].Keys {
				if o.Submissions[n].Hash == list[i].of.Hash && in.Submissions[n].Keys[k].Part == list[i].name {
					list[i].into = &in.Submissions[n].Keys[k]
				}
			}
		}
	}
	return list, nil
}

// ledgersOwn is source for the file that the ledger names, and never a copy that was sealed anew: its key opens
// what everybody has.
func (v *Trustee) ledgersOwn(s ledgercopy.Submission, p ledger.Part) (*source, error) {
	f, err := v.file(s, p)
	if err != nil {
		return nil, err
	}
	src := &source{file: f, want: digestOf(p)}
	err = seal.CheckDigest(f, src.want)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	} else {
		err = v.refusal(s, p, err)
	}
	if err == nil {
		err = v.count(src, s, p)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return src, nil
}

func (v *Trustee) keyClosed(s ledgercopy.Submission, p ledger.Part) (string, error) {
	src, err := v.ledgersOwn(s, p)
	if err != nil {
		return "", err
	}
	defer src.close()
	return src.closed(), nil
}

// discloseKey records that a key is disclosed, then takes it out of the part's header.
func (v *Trustee) discloseKey(o *OpenedCase, k wantedKey) error {
	deed := custody.Deed{By: v.By(), Act: custody.Exported, Case: o.Case, In: k.part.Hash.String(), Subject: "the key of " + k.name + " (" + k.of.Where() + ")"}
	if _, err := v.Custody.Record(deed); err != nil {
		return err
	}
	src, err := v.ledgersOwn(k.of, k.part)
	if err != nil {
		return err
	}
	defer src.close()
	id, err := v.keys(src)
	if err != nil {
		return v.refusal(k.of, k.part, err)
	}
	if k.into.Key, err = seal.ReadFileKey(src.header, id); err != nil {
		return v.refusal(k.of, k.part, err)
	}
	k.into.Open = func() (io.ReadSeekCloser, error) { return v.file(k.of, k.part) }
	return nil
}
