package vault

import (
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/internal/trustee/ledgercopy"
)

// The owner's signed statements are in said/, one file per statement, named by its number: the statement and its
// content, sealed to the owner. Each is stored before it leaves, so that no number is used twice.
const SignedDir = "said"

// Sign signs the owner's next statement, about content, and stores both. It expires at the end of the day of expires
// (UTC); never if that is zero. The act that it is for must have been recorded.
func (v *Vault) Sign(kind string, content []byte, expires time.Time) (ledger.SignedBody, error) {
	if err := v.NeedKey(); err != nil {
		return ledger.SignedBody{}, err
	}
	set, _, err := v.Copy().Chain().SetInForce()
	if err != nil {
		return ledger.SignedBody{}, err
	}
	number, previous, err := v.lastSigned()
	if err != nil {
		return ledger.SignedBody{}, err
	}
	st := card.Statement{Ledger: v.Ledger().Genesis, Trustees: set, Number: number + 1, Previous: previous, Kind: kind,
		Subject: ledger.Sum(content)}
	if !expires.IsZero() {
		st.Expires = expires.UTC().Truncate(24 * time.Hour)
	}
	statement, err := v.key.Signer.SignStatement(st)
	if err != nil {
		return ledger.SignedBody{}, err
	}
	signed := ledger.SignedBody{Statement: statement, Content: content}
	if err := v.WriteSealed(filepath.Join(SignedDir, NumberName(st.Number)), signed.Marshal()); err != nil {
		return ledger.SignedBody{}, err
	}
	return signed, nil
}

// SignedStatements returns all statements that the owner has signed in this vault, in order.
func (v *Vault) SignedStatements() ([]ledger.SignedBody, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	names, err := v.Names(SignedDir)
	if err != nil {
		return nil, err
	}
	var list []ledger.SignedBody
	for _, name := range names {
		signed, err := v.readSigned(name)
		if err != nil {
			return nil, Unreadable(SignedDir+"/"+name, err)
		}
		list = append(list, signed)
	}
	return list, nil
}

// NumberName returns the file name of a number.
func NumberName(n uint64) string { return fmt.Sprintf("%08d", n) }

func (v *Vault) readSigned(name string) (ledger.SignedBody, error) {
	text, err := v.ReadSealed(filepath.Join(SignedDir, name))
	if err != nil {
		return ledger.SignedBody{}, err
	}
	signed, err := ledger.ParseSignedBody(text)
	if bare, alone := card.ParseSigned(text); alone == nil {
		signed, err = ledger.SignedBody{Statement: bare}, nil // what it was about was purged
	}
	if err != nil {
		return ledger.SignedBody{}, err
	}
	if n, err := strconv.ParseUint(name, 10, 64); err != nil || n != signed.Statement.Number {
		return ledger.SignedBody{}, fmt.Errorf("the statement in it is number %d", signed.Statement.Number)
	}
	// Anyone can seal to the owner, so the signature decides.
	return signed, signed.Statement.Verify(v.key.Card.SSH)
}

// lastSigned returns the number and the hash of the newest statement: of those stored here, and those in the ledger,
// which an older vault of the same trustee may have made.
func (v *Vault) lastSigned() (number uint64, hash [32]byte, err error) {
	kept := make(map[uint64][32]byte)
	list, err := v.SignedStatements()
	if err != nil {
		return 0, hash, err
	}
	note := func(s card.Signed) {
		if s.Number > number {
			number, hash = s.Number, s.Hash()
		}
	}
	for _, signed := range list {
		kept[signed.Statement.Number] = signed.Statement.Hash()
		note(signed.Statement)
	}
	err = v.Copy().EachStatement(func(where string, s card.Signed) error {
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

// PlacedStatement is a signed statement with its content and its position: in the ledger, waiting for its slot, or
// among the owner's signed statements.
type PlacedStatement struct {
	ledger.SignedBody
	From  card.Card         // the signer
	Index *uint64           // of its entry; nil where it has none
	Where string            // "entry 9", or why it has none
	Set   ledger.TrusteeSet // to which it was signed
}

// NotInLedger is the position of a statement that the operator has not applied.
const NotInLedger = "not in the ledger yet"

// Stated lists the statements of a kind that a reply, review or custody entry holds or will hold, in the ledger's
// order; then those that wait; then the owner's that are not in the ledger.
func (v *Vault) Stated(kind ledger.Kind) ([]PlacedStatement, error) {
	var list []PlacedStatement
	err := v.Copy().EachSigned(kind, func(signed ledger.SignedBody, index *uint64, where string) error {
		one, err := v.statedBy(signed, index, where)
		list = append(list, one)
		return err
	})
	if err != nil {
		return nil, err
	}
	own, err := v.SignedStatements()
	if err != nil {
		return nil, err
	}
	for _, signed := range own {
		if signed.Statement.Kind != string(kind) || v.InLedger(signed) {
			continue
		}
		one, err := v.statedBy(signed, nil, NotInLedger)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// StatementAt returns the statement that an entry holds, verified again by its hash.
func (v *Vault) StatementAt(index uint64) (PlacedStatement, error) {
	signed, err := v.Copy().SignedAt(index)
	if err != nil {
		return PlacedStatement{}, err
	}
	return v.statedBy(signed, &index, ledgercopy.EntryName(index))
}

// OwnStatement returns a statement of the owner that is not in the ledger, by its number.
func (v *Vault) OwnStatement(number uint64) (PlacedStatement, error) {
	signed, err := v.readSigned(NumberName(number))
	if err != nil {
		return PlacedStatement{}, err
	}
	return v.statedBy(signed, nil, NotInLedger)
}

func (v *Vault) statedBy(signed ledger.SignedBody, index *uint64, where string) (PlacedStatement, error) {
	set, err := v.Copy().Chain().SetAt(signed.Statement.Trustees)
	if err != nil {
		return PlacedStatement{}, err
	}
	at := set.Position(signed.Statement.Signer)
	if at == 0 {
		return PlacedStatement{}, ledgercopy.Damaged("%s: its signer is not among its trustees", where)
	}
	return PlacedStatement{signed, set.Trustees[at-1], index, where, set}, nil
}

// InLedger reports whether a statement of the owner is an entry, or waits. It needs no file, so that an erased one
// counts too.
func (v *Vault) InLedger(signed ledger.SignedBody) bool {
	switch kind := signed.Statement.Kind; kind {
	case card.KindExhibit:
		b, err := ledger.ParseBody(signed.Content)
		return err == nil && v.copy.Has(b.Hash())
	case card.KindReply, card.KindReview, card.KindCustody:
		// A statement without content was purged, which happens only after it was in the ledger.
		return signed.Content == nil || v.copy.Has(ledger.BodyOf(ledger.Kind(kind), signed.Statement.Trustees, signed.Marshal()).Hash())
	}
	return false
}
