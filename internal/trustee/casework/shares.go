package casework

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"

	"filippo.io/age"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/exit"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// Grants from others are in grants/, each sealed to the owner, as it came. They hold shares that only the owner opens;
// the keys that they combine to are never written.
const grantsDir = "grants"

// grantedShares are the shares from others: by part, then by the granter's position in the part's set.
type grantedShares map[ledger.Hash]map[int][]byte

// shares returns the granted shares. It reads the grants once; it is safe for concurrent use.
func (v *Trustee) shares() (grantedShares, error) {
	v.lazy.Lock()
	defer v.lazy.Unlock()
	if v.granted != nil {
		return v.granted, nil
	}
	names, err := v.Names(grantsDir)
	if err != nil {
		return nil, err
	}
	all := make(grantedShares)
	for _, name := range names {
		file, err := v.ReadSealed(filepath.Join(grantsDir, name))
		if err == nil {
			err = v.learn(all, file)
		}
		if err != nil {
			return nil, vault.Unreadable(grantsDir+"/"+name, err)
		}
	}
	v.granted = all
	return all, nil
}

// learn adds a grant's shares. The grant was verified when it came; a share whose hash is not the one that the part
// publishes opens nothing.
func (v *Trustee) learn(all grantedShares, file []byte) error {
	signed, g, err := exchange.ParseGrantFile(file)
	if err != nil {
		return err
	}
	shares, err := v.openShares(g)
	if err != nil {
		return err
	}
	defer shares.Wipe()
	for _, one := range shares.Of {
		set, known := v.setOf(one.Part)
		if !known {
			continue
		}
		if at := set.Position(signed.Signer); at > 0 {
			all.add(one.Part, at, one.Share)
		}
	}
	return nil
}

func (g grantedShares) add(part ledger.Hash, at int, share [exchange.ShareSize]byte) {
	if g[part] == nil {
		g[part] = make(map[int][]byte)
	}
	g[part][at] = share[:]
}

// openShares opens what a grant seals to the owner.
func (v *Trustee) openShares(g exchange.Grant) (exchange.Shares, error) {
	return openOwn(v, g.Sealed, exchange.ParseShares, "it must be granted to this identity", "shares")
}

// openOwn decrypts and parses what another trustee has sealed to the owner alone.
func openOwn[T any](v *Trustee, sealed []byte, parse func([]byte) (T, error), hint, what string) (opened T, err error) {
	text, err := seal.OpenBytes(seal.Message, bytes.NewReader(sealed), seal.DigestOf(sealed), v.Key().Age)
	switch {
	case errors.Is(err, seal.ErrNoKey):
		return opened, exit.New(exit.KeyMissing, hint, "the %s are not sealed to you: %w", what, err)
	case err != nil:
		return opened, exit.New(exit.Mismatch, "", "the sealed %s: %w", what, err)
	}
	defer clear(text)
	if opened, err = parse(text); err != nil {
		return opened, exit.New(exit.Mismatch, "", "%w", err)
	}
	return opened, nil
}

// setOf returns the set to which the submission with this part is sealed.
func (v *Trustee) setOf(part ledger.Hash) (ledger.TrusteeSet, bool) {
	s, known := v.partsOf()[part]
	if !known {
		return ledger.TrusteeSet{}, false
	}
	set, err := v.Copy().Chain().SetAt(s.Body.Trustees)
	return set, err == nil
}

// partsOf returns the submission of each part.
func (v *Trustee) partsOf() map[ledger.Hash]ledgercopy.Submission {
	if v.parts == nil {
		v.parts = make(map[ledger.Hash]ledgercopy.Submission)
		for _, s := range v.Copy().Submissions() {
			for _, p := range s.Body.Parts {
				v.parts[p.Hash] = s
			}
		}
	}
	return v.parts
}

// source is a part's file, and the keys that can open it.
type source struct {
	file *ledgercopy.PartFile
	want seal.Digest
	k, n int  // how many of the part's trustees must agree
	have int  // how many have, the owner among them
	mine bool // the owner is one of them

	header []byte
	at     int            // the owner's position, from 1
	others map[int][]byte // shares that were granted
	handed *seal.FileKey  // the part's own key, where another trustee has handed it on
}

// source finds a part's file, and the keys that can open it. It opens nothing.
func (v *Trustee) source(s ledgercopy.Submission, p ledger.Part) (*source, error) {
	f, err := v.file(s, p)
	if err != nil {
		return nil, err
	}
	src := &source{file: f, want: digestOf(p)}
	if err := v.count(src, s, p); err != nil {
		f.Close()
		return nil, err
	}
	return src, nil
}

// count sets how many shares a part needs, and how many there are.
func (v *Trustee) count(src *source, s ledgercopy.Submission, p ledger.Part) (err error) {
	if src.header, err = seal.Header(src.file); err != nil {
		return v.refusal(s, p, err)
	}
	if _, err := src.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if src.k, src.n, err = seal.Quorum(src.header); err != nil {
		return v.refusal(s, p, err)
	}
	handed, err := v.handedKeys()
	if err != nil {
		return err
	}
	if key, have := handed[p.Hash]; have {
		src.handed, src.mine, src.k, src.n, src.have = &key, true, 1, 1, 1
		return nil
	}
	set, err := v.Copy().Chain().SetAt(s.Body.Trustees)
	if err != nil {
		return err
	}
	src.at = ledgercopy.Position(set, v.Key().Card)
	src.mine = src.at > 0
	if src.k == 1 {
		src.have = 1
		return nil
	}
	all, err := v.shares()
	if err != nil {
		return err
	}
	src.others = all[p.Hash]
	src.have = len(src.others)
	if src.mine && src.others[src.at] == nil {
		src.have++
	}
	return nil
}

// keys returns the identity that opens the part: a key that was handed on, the owner's key alone, or, under a quorum
// with enough shares, their own share and the granted ones. The caller has recorded the opening.
func (v *Trustee) keys(src *source) (age.Identity, error) {
	if src.handed != nil {
		return fileKeyIdentity(*src.handed), nil
	}
	if src.k == 1 || src.have < src.k {
		return seal.At(src.at, v.Key().Age), nil
	}
	shares := maps.Clone(src.others)
	if shares == nil {
		shares = make(map[int][]byte)
	}
	if src.mine && shares[src.at] == nil {
		own, err := seal.OpenShare(bytes.NewReader(src.header), src.at, v.Key().Age)
		if err != nil {
			return nil, err
		}
		defer clear(own)
		shares[src.at] = own
	}
	if !v.misdealt {
		return seal.QuorumIdentity(shares), nil
	}
	return seal.QuorumIdentityMisdealt(shares, func(position int) {
		v.Warn("THE INTAKE DEALT WRONGLY: the hash that it published for the share of trustee %d is not that of their share. "+
			"They were shut out of this part. Tell the other trustees", position)
	}), nil
}

// closed returns the reason why the part can't be opened, as a sentence without full stop; empty where it can.
func (src *source) closed() string {
	switch {
	case !src.mine:
		return "it is sealed to others than you"
	case src.have < src.k:
		text := fmt.Sprintf("%d of %d trustees must agree", src.k, src.n)
		if len(src.others) > 0 {
			text += fmt.Sprintf(", and %d did", src.have)
		}
		return text
	}
	return ""
}

// closedBy returns the reason why a part is closed for the owner, without opening anything; empty where it opens.
func (v *Trustee) closedBy(s ledgercopy.Submission, p ledger.Part) (string, error) {
	src, err := v.source(s, p)
	if err != nil {
		return "", err
	}
	defer src.file.Close()
	return src.closed(), nil
}
