package vault

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// What the owner has signed lies in said/, one file for each statement, named by its number: the statement
// and what it is about, sealed to the owner. It is there before anybody else gets it, so that a number is
// never given twice.
const saidDir = "said"

// Say signs the owner's next statement, about content, and keeps both. Its last day is that of expires (UTC);
// the zero time is never. What it is for must be recorded before.
func (v *Vault) Say(kind string, content []byte, expires time.Time) (ledger.Said, error) {
	if err := v.needKey(); err != nil {
		return ledger.Said{}, err
	}
	set, _, err := v.held.chain.SetInForce()
	if err != nil {
		return ledger.Said{}, err
	}
	number, previous, err := v.lastSaid()
	if err != nil {
		return ledger.Said{}, err
	}
	st := card.Statement{Ledger: v.Ledger().Genesis, Trustees: set, Number: number + 1, Previous: previous, Kind: kind,
		Subject: ledger.Sum(content)}
	if !expires.IsZero() {
		st.Expires = expires.UTC().Truncate(24 * time.Hour)
	}
	signed, err := v.key.Signer.SignStatement(st)
	if err != nil {
		return ledger.Said{}, err
	}
	said := ledger.Said{Statement: signed, Content: content}
	if err := v.keepSealed(filepath.Join(saidDir, saidName(st.Number)), said.Marshal()); err != nil {
		return ledger.Said{}, err
	}
	return said, nil
}

// Said gives all that the owner has signed in this vault, in order.
func (v *Vault) Said() ([]ledger.Said, error) {
	if err := v.needKey(); err != nil {
		return nil, err
	}
	names, err := v.names(saidDir)
	if err != nil {
		return nil, err
	}
	var list []ledger.Said
	for _, name := range names {
		said, err := v.readSaid(name)
		if err != nil {
			return nil, spoilt(saidDir+"/"+name, err)
		}
		list = append(list, said)
	}
	return list, nil
}

func saidName(n uint64) string { return fmt.Sprintf("%08d", n) }

func (v *Vault) readSaid(name string) (ledger.Said, error) {
	text, err := v.readSealed(filepath.Join(saidDir, name))
	if err != nil {
		return ledger.Said{}, err
	}
	said, err := ledger.ParseSaid(text)
	if bare, alone := card.ParseSigned(text); alone == nil {
		said, err = ledger.Said{Statement: bare}, nil // what it was about was purged
	}
	if err != nil {
		return ledger.Said{}, err
	}
	if n, err := strconv.ParseUint(name, 10, 64); err != nil || n != said.Statement.Number {
		return ledger.Said{}, fmt.Errorf("the statement in it is number %d", said.Statement.Number)
	}
	// Anybody can seal to the owner; only they sign.
	return said, said.Statement.Verify(v.key.Card.SSH)
}

// lastSaid gives the number and the hash of the newest statement: of those kept here, and those that stand in
// the ledger, which an older vault of the same trustee may have made.
func (v *Vault) lastSaid() (number uint64, hash [32]byte, err error) {
	kept := make(map[uint64][32]byte)
	list, err := v.Said()
	if err != nil {
		return 0, hash, err
	}
	note := func(s card.Signed) {
		if s.Number > number {
			number, hash = s.Number, s.Hash()
		}
	}
	for _, said := range list {
		kept[said.Statement.Number] = said.Statement.Hash()
		note(said.Statement)
	}
	err = v.eachStatement(func(where string, s card.Signed) error {
		if s.Signer != v.key.Signer.Fingerprint() {
			return nil
		}
		if have, ok := kept[s.Number]; ok && have != s.Hash() {
			return exit.New(exit.Mismatch, "somebody else has your key, or you have signed in another vault: tell the other trustees at once",
				"statement %d of yours in %s is not the one that this vault has signed", s.Number, where)
		}
		note(s)
		return nil
	})
	return number, hash, err
}

// eachStatement visits the signed statements that stand in the ledger, or wait for their slot.
func (v *Vault) eachStatement(visit func(where string, s card.Signed) error) error {
	return v.eachBody(func(b ledger.Body, _ *uint64, where string, file func() ([]byte, error)) error {
		switch b.Kind {
		case ledger.KindReply, ledger.KindReview, ledger.KindCustody, ledger.KindTrustees, ledger.KindKey, ledger.KindTombstone:
		default:
			return nil
		}
		body, err := file()
		if err != nil || body == nil {
			return err
		}
		var list []card.Signed
		if b.Kind.Governs() {
			a, err := ledger.ParseApproved(body)
			if err != nil {
				return err
			}
			list = a.Approvals
		} else {
			said, err := ledger.ParseSaid(body)
			if err != nil {
				return err
			}
			list = []card.Signed{said.Statement}
		}
		for _, s := range list {
			if err := visit(where, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// heardFrom verifies another trustee's statement of a kind: that it is about this ledger, and signed by a
// trustee of a set that the ledger has or had. It gives their card.
func (v *Vault) heardFrom(s card.Signed, kind, what string) (card.Card, error) {
	if ledger.Hash(s.Ledger) != v.Ledger().Genesis {
		return card.Card{}, mismatch(fmt.Sprintf("it is for the ledger whose entry 0 is %s, and this vault holds %s: name the vault of that one", ledger.Hash(s.Ledger), v.Ledger()),
			"the %s is for another ledger", what)
	}
	if s.Kind != kind {
		return card.Card{}, mismatch("", "the %s is signed as a statement of the kind %s", what, s.Kind)
	}
	if s.Trustees >= v.Size() {
		return card.Card{}, exit.New(exit.Failed, "import a newer carry file first",
			"the %s was signed under the trustees of entry %d, and this vault ends at entry %d", what, s.Trustees, v.Size()-1)
	}
	set, err := v.held.chain.SetAt(s.Trustees)
	if err != nil {
		return card.Card{}, mismatch("", "the %s: %w", what, err)
	}
	at := set.Position(s.Signer)
	if at == 0 {
		return card.Card{}, mismatch("", "the %s is signed by %s, who is not among the trustees of entry %d", what, s.Signer, s.Trustees)
	}
	from := set.Trustees[at-1]
	if err := s.Verify(from.SSH); err != nil {
		return card.Card{}, mismatch("", "the %s of %s: %w", what, from.Name, err)
	}
	return from, v.notTwice(s, from, what)
}

// notForMe refuses what a trustee has sealed to somebody else, and says to whom, where this ledger knows them.
func (v *Vault) notForMe(what string, from card.Card, to string) error {
	whom, hint := to, "give it to whoever has that fingerprint"
	if c, known := v.trusteeOf(to); known {
		whom, hint = cardText(c), "give it to "+c.Name
	}
	return exit.New(exit.Failed, hint+": nobody else can open it", "the %s of %s is for %s, and you are %s", what, from.Name, whom, cardText(v.key.Card))
}

// trusteeOf finds who has a fingerprint, in whichever set they were last.
func (v *Vault) trusteeOf(fingerprint string) (card.Card, bool) {
	for _, e := range slices.Backward(v.held.entries) {
		if e.Body.Kind != ledger.KindGenesis && e.Body.Kind != ledger.KindTrustees {
			continue
		}
		if set, err := v.held.chain.SetAt(e.Index); err == nil {
			if at := set.Position(fingerprint); at > 0 {
				return set.Trustees[at-1], true
			}
		}
	}
	return card.Card{}, false
}

// heardDir keeps the statements that others have sent, so that somebody who gives one number to two of them
// is seen.
const heardDir = "heard"

func (v *Vault) notTwice(s card.Signed, from card.Card, what string) error {
	name := filepath.Join(heardDir, card.ShortFingerprint(s.Signer)+"-"+saidName(s.Number))
	text, err := v.readSealed(name)
	if errors.Is(err, os.ErrNotExist) {
		return v.keepSealed(name, s.Marshal())
	}
	if err != nil {
		return err
	}
	before, err := card.ParseSigned(text)
	if err != nil {
		return err
	}
	if before.Hash() != s.Hash() {
		if err := v.keepSealed(name+"-"+ledger.Hash(s.Hash()).String()[:12], s.Marshal()); err != nil {
			return err
		}
		return mismatch("both are kept in the vault as evidence; ask that trustee how it came to be",
			"%s has signed two statements of the number %d: this %s, and another one that came before", from.Name, s.Number, what)
	}
	return nil
}

// keepSealed writes a file of the vault that only its owner reads.
func (v *Vault) keepSealed(name string, content []byte) error {
	path := filepath.Join(v.dir, name)
	if err := os.Mkdir(filepath.Dir(path), 0o700); err == nil {
		if err := atomicfile.SyncFolder(v.dir); err != nil {
			return err
		}
	} else if !errors.Is(err, os.ErrExist) {
		return err
	}
	to, err := seal.NewRecipients(1, v.key.Card.Age)
	if err != nil {
		return err
	}
	var sealed bytes.Buffer
	if _, err := seal.Seal(&sealed, seal.Attachment, to, bytes.NewReader(content)); err != nil {
		return err
	}
	return atomicfile.WriteFile(path, sealed.Bytes(), 0o600)
}

// readSealed is the opposite of keepSealed. The error wraps os.ErrNotExist where there is no such file.
func (v *Vault) readSealed(name string) ([]byte, error) {
	sealed, err := os.ReadFile(filepath.Join(v.dir, name))
	if err != nil {
		return nil, err
	}
	var plain bytes.Buffer
	if _, err := seal.Open(&plain, seal.Attachment, bytes.NewReader(sealed), seal.DigestOf(sealed), v.key.Age); err != nil {
		return nil, spoilt(name, err)
	}
	return plain.Bytes(), nil
}

// spoilt tells a file of the vault that is not as it was written from a key that could not be used: hardware that
// is not plugged in says nothing about the vault.
func spoilt(name string, err error) error {
	told, ok := errors.AsType[*exit.Error](err)
	switch {
	case ok && told.Status == exit.Mismatch && told.Hint == spoiltHint:
		return err // it was said already
	case !ok && !errors.Is(err, canonical.ErrMismatch) && !errors.Is(err, seal.ErrMismatch) && !errors.Is(err, seal.ErrNoKey):
		return err
	case ok && told.Status != exit.Mismatch:
		return err
	}
	return exit.New(exit.Mismatch, spoiltHint, "the vault's %s: %w", name, err)
}

const spoiltHint = "keep this vault as it is, and take a copy of it from before"
