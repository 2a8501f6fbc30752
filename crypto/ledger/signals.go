package ledger

import (
	"bytes"
	"crypto/sha256"
	"strconv"
	"time"

	"zapis/crypto/canonical"
)

const (
	contextSignals  = "zapis/signals/v2"
	contextSignals1 = "zapis/signals/v1"
)

const (
	// SignalParts is how many parts each batch has, whatever came.
	SignalParts = 16
	maxBatches  = 1 << 40
	maxPeriod   = 366 * 24 * 60 * 60
)

// SignalBatch is what the log signs about one batch of signals. Its note:
//
//	zapis/signals/v2
//	example.org/ledger
//	number 812
//	slot 2026-11-28T14:30:00Z
//	period 1800
//	trustees 0
//	previous <hex>
//	key 2683
//	part 2683
//	parts <hex>
//
//	— example.org/ledger <key id and Ed25519 signature>
//	— example.org/ledger <key id and ML-DSA-44 signature, context zapis/signals/v2>
//
// A batch file is the note, a blank line, the sealed key, and the 16 parts one after the other. Version 1 has no key and no line of
// it: its parts are sealed to the duty cards. docs/spec/signals.md.
type SignalBatch struct {
	Origin   string
	Number   uint64        // from 1, without gaps
	Slot     time.Time     // for which it was made: UTC, whole seconds
	Period   time.Duration // from one slot to the next, in whole seconds
	Trustees uint64        // index of the set to whose duty cards the key is sealed, or in version 1 the parts
	Previous Hash          // SHA-256 of the text of the batch before; zeros for number 1
	Key      int64         // size in bytes of the sealed key, which opens the parts; 0 in version 1
	Part     int64         // size of each part in bytes
	Parts    Hash          // SHA-256 over the sealed key and the parts one after the other
}

// Text gives the lines that are signed.
func (b SignalBatch) Text() []byte {
	key := ""
	if b.Key > 0 {
		key = "\nkey " + strconv.FormatInt(b.Key, 10)
	}
	return []byte(b.context() + "\n" + b.Origin + "\nnumber " + strconv.FormatUint(b.Number, 10) +
		"\nslot " + b.Slot.UTC().Format(time.RFC3339) + "\nperiod " + strconv.FormatInt(int64(b.Period/time.Second), 10) +
		"\ntrustees " + strconv.FormatUint(b.Trustees, 10) + "\nprevious " + b.Previous.String() +
		key + "\npart " + strconv.FormatInt(b.Part, 10) + "\nparts " + b.Parts.String() + "\n")
}

// context is the first line, and what the signatures are for.
func (b SignalBatch) context() string {
	if b.Key == 0 {
		return contextSignals1
	}
	return contextSignals
}

// Hash is the SHA-256 of the text: what the next batch calls previous.
func (b SignalBatch) Hash() Hash { return sha256.Sum256(b.Text()) }

// SignSignals signs a batch over the sealed key and the parts, which must be SignalParts and of one size, and gives the batch
// file: of version 1 where there is no key.
func (k *SigningKey) SignSignals(b SignalBatch, key []byte, parts [][]byte) ([]byte, error) {
	all := bytes.Clone(key)
	for _, p := range parts {
		if len(p) != len(parts[0]) {
			return nil, canonical.Refuse("signals: the parts of a batch have one size")
		}
		all = append(all, p...)
	}
	if len(parts) != SignalParts {
		return nil, canonical.Refuse("signals: %d parts, and a batch has %d", len(parts), SignalParts)
	}
	b.Origin, b.Key, b.Part, b.Parts = k.origin, int64(len(key)), int64(len(parts[0])), sha256.Sum256(all)
	if _, err := parseSignals(b.Text()); err != nil {
		return nil, err
	}
	note, err := k.signText(string(b.Text()), b.context())
	if err != nil {
		return nil, err
	}
	return append(append(note, '\n'), all...), nil
}

// OpenSignals verifies a batch file: both signatures, and that the sealed key and the parts are those that were signed. Both
// alias the file. Version 1 has no key.
func (v *Verifier) OpenSignals(file []byte) (b SignalBatch, key []byte, parts [][]byte, err error) {
	b, note, all, err := SplitSignals(file)
	if err != nil {
		return SignalBatch{}, nil, nil, err
	}
	text, err := v.openText(note, b.context())
	if err != nil {
		return SignalBatch{}, nil, nil, canonical.Refuse("signals: %w", err)
	}
	if text != string(b.Text()) || b.Origin != v.origin {
		return SignalBatch{}, nil, nil, canonical.Refuse("signals: it is of %s, not of %s", b.Origin, v.origin)
	}
	if int64(len(all)) != b.Key+b.Part*SignalParts || Sum(all) != b.Parts {
		return SignalBatch{}, nil, nil, canonical.Refuse("signals: the parts are not those that the log signed")
	}
	key, all = all[:b.Key:b.Key], all[b.Key:]
	parts = make([][]byte, SignalParts)
	for i := range parts {
		parts[i], all = all[:b.Part:b.Part], all[b.Part:]
	}
	return b, key, parts, nil
}

// SplitSignals takes a batch file apart; parts begin with the sealed key. It verifies nothing.
func SplitSignals(file []byte) (b SignalBatch, note, parts []byte, err error) {
	lines := textLines
	if bytes.HasPrefix(file, []byte(contextSignals1+"\n")) {
		lines--
	}
	text, rest, ok := cutLines(file[:min(len(file), MaxNote)], lines)
	signatures, _, signed := cutLines(rest, signatureLines)
	if !ok || !signed || !bytes.HasSuffix(signatures, []byte("\n\n")) {
		return b, nil, nil, canonical.Refuse("signals: no blank line after a note of two signatures")
	}
	end := len(text) + len(signatures)
	b, err = parseSignals(text)
	return b, file[: end-1 : end-1], file[end:], err
}

const (
	textLines      = 10 // one less in version 1
	signatureLines = 4  // a blank line, two signatures, a blank line
)

// cutLines cuts b after its first n lines.
func cutLines(b []byte, n int) (lines, rest []byte, ok bool) {
	at := 0
	for range n {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return nil, nil, false
		}
		at += i + 1
	}
	return b[:at:at], b[at:], true
}

func parseSignals(text []byte) (SignalBatch, error) {
	r := canonical.NewReader(text, MaxEntry)
	keyless := bytes.HasPrefix(text, []byte(contextSignals1+"\n"))
	if keyless {
		r.Exact(contextSignals1)
	} else {
		r.Exact(contextSignals)
	}
	b := SignalBatch{Origin: r.Line()}
	if b.Number = r.Decimal(r.Word("number"), maxBatches); b.Number == 0 {
		r.Fail("numbers begin at 1")
	}
	slot := r.Word("slot")
	t, err := time.Parse(time.RFC3339, slot)
	if err != nil || t.UTC().Format(time.RFC3339) != slot || checkTime(t) != nil {
		r.Fail("a time is written like 2026-11-22T00:00:00Z")
	}
	b.Slot = t.UTC()
	if b.Period = time.Duration(r.Decimal(r.Word("period"), maxPeriod)) * time.Second; b.Period == 0 {
		r.Fail("a period has at least one second")
	}
	b.Trustees = r.Decimal(r.Word("trustees"), MaxIndex)
	b.Previous = r.Hash(r.Word("previous"))
	if (b.Previous == Hash{}) != (b.Number == 1) {
		r.Fail("previous is zeros for number 1, and only for it")
	}
	if !keyless {
		if b.Key = int64(r.Decimal(r.Word("key"), MaxSmall)); b.Key < minPart {
			r.Fail("a sealed key is never empty")
		}
	}
	if b.Part = int64(r.Decimal(r.Word("part"), MaxSmall)); b.Part < minPart {
		r.Fail("a part is never empty")
	}
	b.Parts = r.Hash(r.Word("parts"))
	return canonical.Done(r, "signals", b)
}
