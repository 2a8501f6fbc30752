package ledger

import (
	"bytes"
	"strconv"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
)

// Entries that change the rules have a body of three pieces: the proposal's
// text, for a key entry the log keys' signatures over it, and the approvals,
// which are signed statements about the text's SHA-256. A blank line stands
// before each piece but the first.

const (
	trusteesHeader  = "zapis/trustees/v1"
	keyHeader       = "zapis/key/v1"
	tombstoneHeader = "zapis/tombstone/v1"

	tombstoneHeader2 = "zapis/tombstone/v2"
)

// MaxErased is how many parts one tombstone may name.
const MaxErased = 1000

// TrusteesChange proposes a new set:
//
//	zapis/trustees/v1
//	origin example.org/ledger
//	after <leaf hash of the newest genesis, trustees or key entry>
//	vocabulary 1                    from here as in the genesis
//	…
//
// It needs the approvals of the set that it replaces. Because of the line
// after, it is valid in one place only, and can't be submitted a second time.
type TrusteesChange struct {
	Origin string
	After  Hash
	Set    TrusteeSet
}

// Marshal writes the proposal's text.
func (c TrusteesChange) Marshal() []byte {
	return c.Set.append(changeHead(trusteesHeader, c.Origin, c.After))
}

func changeHead(header, origin string, after Hash) []byte {
	return []byte(header + "\norigin " + origin + "\nafter " + after.String() + "\n")
}

// ParseTrusteesChange reads the text of a proposed trustees entry.
func ParseTrusteesChange(text []byte) (TrusteesChange, error) {
	r := canonical.Begin(text, MaxSmall, trusteesHeader)
	c := TrusteesChange{Origin: readOrigin(r), After: r.Hash(r.Word("after"))}
	c.Set = readSet(r)
	return canonical.Done(r, "trustees", c)
}

// Reasons for a new log key.
const (
	ReasonRotation    = "rotation"    // the old key signs too
	ReasonCompromised = "compromised" // it does not: it is lost, or used elsewhere
)

// KeyChange proposes new log keys:
//
//	zapis/key/v1
//	origin example.org/ledger
//	after <leaf hash of the newest genesis, trustees or key entry>
//	old <vkey>                      both keys in force
//	old <vkey>
//	log <vkey>                      both new keys
//	log <vkey>
//	reason rotation                 or compromised
//
// The new keys sign it, as they sign promises but with the context
// zapis/key/v1; the old keys too, unless the reason is compromised.
type KeyChange struct {
	Origin string
	After  Hash
	Old    LogKeys
	New    LogKeys
	Reason string
}

// Marshal writes the proposal's text.
func (c KeyChange) Marshal() []byte {
	dst := c.New.append(c.Old.append(changeHead(keyHeader, c.Origin, c.After), "old"), "log")
	return append(dst, "reason "+c.Reason+"\n"...)
}

// ParseKeyChange reads the text of a proposed key entry.
func ParseKeyChange(text []byte) (KeyChange, error) {
	r := canonical.Begin(text, MaxSmall, keyHeader)
	c := KeyChange{Origin: readOrigin(r), After: r.Hash(r.Word("after"))}
	c.Old = readLogKeys(r, "old", c.Origin)
	c.New = readLogKeys(r, "log", c.Origin)
	c.Reason = r.Word("reason")
	if c.Reason != ReasonRotation && c.Reason != ReasonCompromised {
		r.Fail("a reason is %s or %s", ReasonRotation, ReasonCompromised)
	}
	return canonical.Done(r, "key", c)
}

// SignKeyChange signs a key change's text: the new key does, and for a rotation
// the old one.
func (k *SigningKey) SignKeyChange(text []byte) (lines []byte, err error) {
	note, err := k.signText(string(text), keyHeader)
	if err != nil {
		return nil, err
	}
	return note[len(text)+1:], nil
}

// Reasons for erasing.
const (
	EraseAsked     = "asked"     // the reporter withdrew
	EraseOrdered   = "ordered"   // a court or an authority that may
	EraseRetention = "retention" // the time for which reports are kept ran out
	EraseUnlawful  = "unlawful"  // it must not be kept
	EraseMistake   = "mistake"   // a test, or sent by error
)

// Erased is one part that a tombstone names.
type Erased struct {
	Index uint64 // the entry that has it
	Hash  Hash
}

// Tombstone proposes to erase parts; their hashes stay:
//
//	zapis/tombstone/v1
//	origin example.org/ledger
//	reason asked                    asked, ordered, retention, unlawful or mistake
//	part 42 <hex>                   1 to 1,000, by index and then by hash
//
// Version 2, under the second rules, names what it follows after the origin:
//
//	after <leaf hash of the newest genesis, trustees or key entry>
type Tombstone struct {
	Origin string
	After  Hash // zero in version 1
	Reason string
	Parts  []Erased
}

// Marshal writes the proposal's text.
func (t Tombstone) Marshal() []byte {
	dst := []byte(tombstoneHeader + "\norigin " + t.Origin + "\n")
	if t.After != (Hash{}) {
		dst = changeHead(tombstoneHeader2, t.Origin, t.After)
	}
	dst = append(dst, "reason "+t.Reason+"\n"...)
	for _, p := range t.Parts {
		dst = append(strconv.AppendUint(append(dst, "part "...), p.Index, 10), ' ')
		dst = append(append(dst, p.Hash.String()...), '\n')
	}
	return dst
}

// ParseTombstone reads the text of a proposed tombstone entry.
func ParseTombstone(text []byte) (Tombstone, error) {
	r := canonical.NewReader(text, MaxSmall)
	var t Tombstone
	if hasHeader(text, tombstoneHeader2) {
		r.Exact(tombstoneHeader2)
		t.Origin, t.After = readOrigin(r), r.Hash(r.Word("after"))
		if t.After == (Hash{}) {
			r.Fail("no entry has the leaf hash zero")
		}
	} else {
		r.Exact(tombstoneHeader)
		t.Origin = readOrigin(r)
	}
	t.Reason = r.Word("reason")
	switch t.Reason {
	case EraseAsked, EraseOrdered, EraseRetention, EraseUnlawful, EraseMistake:
	default:
		r.Fail("a reason is asked, ordered, retention, unlawful or mistake")
	}
	for first := true; first || r.More(); first = false {
		w := r.Words("part", 2)
		p := Erased{r.Decimal(w[0], MaxIndex), r.Hash(w[1])}
		if n := len(t.Parts); n > 0 {
			last := t.Parts[n-1]
			if p.Index < last.Index || p.Index == last.Index && bytes.Compare(p.Hash[:], last.Hash[:]) <= 0 {
				r.Fail("parts stand in the order of their indexes, then of their hashes, each once")
			}
			if n == MaxErased {
				r.Fail("more than %d parts", MaxErased)
			}
		}
		t.Parts = append(t.Parts, p)
	}
	return canonical.Done(r, "tombstone", t)
}

// Approved is the body of a trustees, key or tombstone entry.
type Approved struct {
	Text      []byte        // of the proposal
	KeyLines  []byte        // of a key entry: two or four signature lines
	Approvals []card.Signed // in the order of the set
}

// Subject returns what approvals of a proposal are about: its text's SHA-256.
func Subject(text []byte) Hash { return Sum(text) }

// Marshal writes the body.
func (a Approved) Marshal() []byte {
	dst := bytes.Clone(a.Text)
	if len(a.KeyLines) > 0 {
		dst = append(append(dst, '\n'), a.KeyLines...)
	}
	for _, s := range a.Approvals {
		dst = append(append(dst, '\n'), s.Marshal()...)
	}
	return dst
}

// ParseApproved takes the body of a trustees, key or tombstone entry apart. It
// verifies nothing: Chain does.
func ParseApproved(body []byte) (Approved, error) {
	if len(body) > MaxSmall {
		return Approved{}, canonical.Refuse("approved body: it has %d bytes, and at most %d are allowed", len(body), MaxSmall)
	}
	var a Approved
	i := bytes.Index(body, []byte("\n\n"))
	if i < 0 {
		return Approved{}, canonical.Refuse("approved body: no blank line after the proposal")
	}
	a.Text = bytes.Clone(body[:i+1])
	rest := body[i+1:] // begins with the blank line
	if bytes.HasPrefix(rest, []byte("\n— ")) {
		end := bytes.Index(rest[1:], []byte("\n\n"))
		if end < 0 {
			return Approved{}, canonical.Refuse("approved body: no blank line after the keys' signatures")
		}
		a.KeyLines = bytes.Clone(rest[1 : end+2])
		rest = rest[end+2:]
	}
	for len(rest) > 0 {
		if rest[0] != '\n' {
			return Approved{}, canonical.Refuse("approved body: no blank line before an approval")
		}
		s, after, err := card.CutSigned(rest[1:])
		if err != nil {
			return Approved{}, canonical.Refuse("approved body: approval %d: %w", len(a.Approvals)+1, err)
		}
		if len(a.Approvals) == MaxTrustees {
			return Approved{}, canonical.Refuse("approved body: more than %d approvals", MaxTrustees)
		}
		a.Approvals = append(a.Approvals, s)
		rest = after
	}
	return a, nil
}
