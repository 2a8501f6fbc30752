package ledger

import (
	"crypto/sha256"
	"strconv"
	"time"

	"zapis/crypto/canonical"
)

const contextSignals = "zapis/signals/v1"

const (
	// SignalParts is how many parts each batch has, whatever came.
	SignalParts = 16
	maxBatches  = 1 << 40
	maxPeriod   = 366 * 24 * 60 * 60
)

// SignalBatch is what the log signs about one batch of signals. Its note:
//
//	zapis/signals/v1
//	example.org/ledger
//	number 812
//	slot 2026-11-28T14:30:00Z
//	period 1800
//	trustees 0
//	previous <hex>
//	part 2845
//	parts <hex>
//
//	— example.org/ledger <key id and Ed25519 signature>
//	— example.org/ledger <key id and ML-DSA-44 signature, context zapis/signals/v1>
//
// A batch file is the note, a blank line, and the 16 parts one after the other. docs/spec/signals.md.
type SignalBatch struct {
	Origin   string
	Number   uint64        // from 1, without gaps
	Slot     time.Time     // for which it was made: UTC, whole seconds
	Period   time.Duration // from one slot to the next, in whole seconds
	Trustees uint64        // index of the set to whose duty cards the parts are sealed
	Previous Hash          // SHA-256 of the text of the batch before; zeros for number 1
	Part     int64         // size of each part in bytes
	Parts    Hash          // SHA-256 over the parts one after the other
}

// Text gives the lines that are signed.
func (b SignalBatch) Text() []byte {
	return []byte(contextSignals + "\n" + b.Origin + "\nnumber " + strconv.FormatUint(b.Number, 10) +
		"\nslot " + b.Slot.UTC().Format(time.RFC3339) + "\nperiod " + strconv.FormatInt(int64(b.Period/time.Second), 10) +
		"\ntrustees " + strconv.FormatUint(b.Trustees, 10) + "\nprevious " + b.Previous.String() +
		"\npart " + strconv.FormatInt(b.Part, 10) + "\nparts " + b.Parts.String() + "\n")
}

// Hash is the SHA-256 of the text: what the next batch calls previous.
func (b SignalBatch) Hash() Hash { return sha256.Sum256(b.Text()) }

// SignSignals signs a batch over its parts, which must be SignalParts and of one size, and gives the batch file.
func (k *SigningKey) SignSignals(b SignalBatch, parts [][]byte) ([]byte, error) {
	var all []byte
	for _, p := range parts {
		if len(p) != len(parts[0]) {
			return nil, canonical.Refuse("signals: the parts of a batch have one size")
		}
		all = append(all, p...)
	}
	if len(parts) != SignalParts {
		return nil, canonical.Refuse("signals: %d parts, and a batch has %d", len(parts), SignalParts)
	}
	b.Origin, b.Part, b.Parts = k.origin, int64(len(parts[0])), sha256.Sum256(all)
	if _, err := parseSignals(b.Text()); err != nil {
		return nil, err
	}
	note, err := k.signText(string(b.Text()), contextSignals)
	if err != nil {
		return nil, err
	}
	return append(append(note, '\n'), all...), nil
}

// OpenSignals verifies a batch file: both signatures, and that the parts are those that were signed. The parts alias
// the file.
func (v *Verifier) OpenSignals(file []byte) (SignalBatch, [][]byte, error) {
	b, note, all, err := SplitSignals(file)
	if err != nil {
		return SignalBatch{}, nil, err
	}
	text, err := v.openText(note, contextSignals)
	if err != nil {
		return SignalBatch{}, nil, canonical.Refuse("signals: %w", err)
	}
	if text != string(b.Text()) || b.Origin != v.origin {
		return SignalBatch{}, nil, canonical.Refuse("signals: it is of %s, not of %s", b.Origin, v.origin)
	}
	if int64(len(all)) != b.Part*SignalParts || Sum(all) != b.Parts {
		return SignalBatch{}, nil, canonical.Refuse("signals: the parts are not those that the log signed")
	}
	parts := make([][]byte, SignalParts)
	for i := range parts {
		parts[i], all = all[:b.Part:b.Part], all[b.Part:]
	}
	return b, parts, nil
}

// SplitSignals takes a batch file apart. It verifies nothing.
func SplitSignals(file []byte) (b SignalBatch, note, parts []byte, err error) {
	end, lines := 0, 0
	for i, c := range file[:min(len(file), MaxNote)] {
		if c != '\n' {
			continue
		}
		// The text's lines, a blank line, two signatures, a blank line.
		if lines++; lines == textLines+4 {
			end = i + 1
			break
		}
	}
	if end < 2 || file[end-2] != '\n' {
		return b, nil, nil, canonical.Refuse("signals: no blank line after a note of two signatures")
	}
	note, parts = file[:end-1:end-1], file[end:]
	at := 0
	for i, n := 0, 0; i < len(note); i++ {
		if note[i] == '\n' {
			if n++; n == textLines {
				at = i + 1
				break
			}
		}
	}
	b, err = parseSignals(note[:at:at])
	return b, note, parts, err
}

const textLines = 9

func parseSignals(text []byte) (SignalBatch, error) {
	r := canonical.NewReader(text, MaxEntry)
	r.Exact(contextSignals)
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
	if b.Part = int64(r.Decimal(r.Word("part"), MaxSmall)); b.Part < minPart {
		r.Fail("a part is never empty")
	}
	b.Parts = r.Hash(r.Word("parts"))
	if err := r.End(); err != nil {
		return SignalBatch{}, canonical.Refuse("signals: %w", err)
	}
	return b, nil
}
