package card

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"zapis/crypto/canonical"
)

// Statement is what a trustee signs about something else, which it names by
// its hash:
//
//	zapis/signed/v1
//	ledger 4f5c…                 leaf hash of the ledger's genesis
//	trustees 0                   index of the set that the signer knew as in force
//	signer SHA256:…              fingerprint of the signer's SSH key
//	number 7                     the signer's own count, from 1
//	previous 9a01…               hash of the signer's statement 6; zeros for 1
//	kind approval
//	subject 77de…                SHA-256 of the exact body
//	expires 2027-01-31           the last day (UTC) on which it counts; or never
//
// A file of one is the text, a blank line, and the armored SSH signature over
// the text in the namespace zapis-statement.
type Statement struct {
	Ledger   [32]byte
	Trustees uint64
	Signer   string
	Number   uint64
	Previous [32]byte
	Kind     string
	Subject  [32]byte
	Expires  time.Time // midnight UTC at which its last day begins; the zero time for never
}

// The kinds of statement that this module uses. Others are valid too:
// [a-z-]{1,32}.
const (
	KindApproval = "approval" // of a proposed trustees, key or tombstone entry
	KindReply    = "reply"
	KindReview   = "review"
	KindExhibit  = "exhibit"
	KindCustody  = "custody"
	KindAsk      = "ask"
	KindGrant    = "grant"
	KindReseal   = "reseal"     // of parts of past cases, to another trustee
	KindWithdraw = "withdrawal" // of an approval: its subject is the approval's
)

const (
	statementHeader = "zapis/signed/v1"
	maxStatement    = 1 << 10
	never           = "never"
	day             = "2006-01-02"
	maxNumber       = 1 << 40
)

// Marshal writes the text that is signed.
func (s Statement) Marshal() []byte {
	expires := never
	if !s.Expires.IsZero() {
		expires = s.Expires.UTC().Format(day)
	}
	return []byte(statementHeader +
		"\nledger " + hex.EncodeToString(s.Ledger[:]) +
		"\ntrustees " + strconv.FormatUint(s.Trustees, 10) +
		"\nsigner " + s.Signer +
		"\nnumber " + strconv.FormatUint(s.Number, 10) +
		"\nprevious " + hex.EncodeToString(s.Previous[:]) +
		"\nkind " + s.Kind +
		"\nsubject " + hex.EncodeToString(s.Subject[:]) +
		"\nexpires " + expires + "\n")
}

// Hash returns the SHA-256 of the text: what the signer's next statement calls
// previous.
func (s Statement) Hash() [32]byte { return sha256.Sum256(s.Marshal()) }

// ExpiredAt reports whether the statement no longer counts at this time.
func (s Statement) ExpiredAt(t time.Time) bool {
	return !s.Expires.IsZero() && !t.Before(s.Expires.AddDate(0, 0, 1))
}

// ParseStatement reads the text of a statement.
func ParseStatement(text []byte) (Statement, error) {
	var s Statement
	r := canonical.Begin(text, maxStatement, statementHeader)
	s.Ledger = r.Hash(r.Word("ledger"))
	s.Trustees = r.Decimal(r.Word("trustees"), maxNumber)
	s.Signer = r.Word("signer")
	r.Check(CheckFingerprint(s.Signer))
	s.Number = r.Decimal(r.Word("number"), maxNumber)
	if s.Number == 0 {
		r.Fail("numbers begin at 1")
	}
	s.Previous = r.Hash(r.Word("previous"))
	if (s.Previous == [32]byte{}) != (s.Number == 1) {
		r.Fail("previous is zeros for number 1, and only for it")
	}
	s.Kind = r.Word("kind")
	r.Check(checkKind(s.Kind))
	s.Subject = r.Hash(r.Word("subject"))
	switch v := r.Word("expires"); {
	case r.Err() != nil || v == never:
	default:
		t, err := time.Parse(day, v)
		if err != nil || t.IsZero() {
			r.Fail("a date is written YYYY-MM-DD, or never")
		}
		s.Expires = t
	}
	return canonical.Done(r, "statement", s)
}

func checkKind(s string) error {
	if len(s) > 32 || !onlyOf(s, "abcdefghijklmnopqrstuvwxyz-") || s[0] == '-' {
		return errors.New("a kind is 1 to 32 of a-z and '-'")
	}
	return nil
}

// Signed is a statement with its signature.
type Signed struct {
	Statement
	Signature []byte // armored
}

// SignStatement signs a statement as s; it fills in the signer.
func (s *Signer) SignStatement(st Statement) (Signed, error) {
	st.Signer = s.Fingerprint()
	text := st.Marshal()
	if _, err := ParseStatement(text); err != nil {
		return Signed{}, err
	}
	sig, err := s.Sign(NamespaceStatement, text)
	if err != nil {
		return Signed{}, err
	}
	return Signed{st, sig}, nil
}

// Verify checks the signature, and that the key ("ssh-ed25519 AAAA…") is the
// one the statement names as its signer's.
func (s Signed) Verify(sshPub string) error {
	fp, err := Fingerprint(sshPub)
	if err != nil {
		return canonical.Refuse("statement: %w", err)
	}
	if fp != s.Signer {
		return canonical.Refuse("statement: its signer is %s, not %s", s.Signer, fp)
	}
	if err := Verify(NamespaceStatement, s.Statement.Marshal(), s.Signature, sshPub); err != nil {
		return canonical.Refuse("statement %d of %s: %w", s.Number, s.Signer, err)
	}
	return nil
}

// MaxSigned is the most bytes a signed statement's file may have.
const MaxSigned = maxStatement + 1 + maxArmor

// Marshal writes the file: text, blank line, signature.
func (s Signed) Marshal() []byte {
	return append(append(s.Statement.Marshal(), '\n'), s.Signature...)
}

// ParseSigned reads a signed statement's file. It does not check the signature:
// Verify does, with a key from elsewhere.
func ParseSigned(file []byte) (Signed, error) {
	s, rest, err := CutSigned(file)
	if err != nil {
		return Signed{}, err
	}
	if len(rest) > 0 {
		return Signed{}, canonical.Refuse("statement: bytes follow the signature")
	}
	return s, nil
}

// CutSigned reads a signed statement at the beginning of b and returns what
// follows its signature.
func CutSigned(b []byte) (s Signed, rest []byte, err error) {
	text, sig, ok := bytes.Cut(b, []byte("\n\n"))
	if !ok {
		return Signed{}, nil, canonical.Refuse("statement: no blank line before a signature")
	}
	s.Statement, err = ParseStatement(append(text[:len(text):len(text)], '\n'))
	if err != nil {
		return Signed{}, nil, err
	}
	head := sig[:min(len(sig), maxArmor)]
	i := bytes.Index(head, []byte(armorEnd))
	if i < 0 {
		return Signed{}, nil, canonical.Refuse("statement: %w", errArmor)
	}
	i += len(armorEnd)
	s.Signature = bytes.Clone(sig[:i])
	if _, err := openArmor(s.Signature); err != nil {
		return Signed{}, nil, canonical.Refuse("statement: signature: %w", err)
	}
	return s, sig[i:], nil
}

// ShortFingerprint returns the first 16 hexadecimal digits of the hash that a
// fingerprint writes in base64: fit for a file's name, where '/' is not.
func ShortFingerprint(fp string) string {
	sum, err := fingerprintBytes(fp)
	if err != nil {
		return strings.Repeat("0", 16)
	}
	return hex.EncodeToString(sum[:8])
}
