package witness

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
)

// MaxLines is the most signature lines that are read from a witness, or kept
// under one checkpoint.
const MaxLines = 64

// Cosignature is a witness's verified line.
type Cosignature struct {
	Witness *Verifier
	Time    time.Time // UTC, whole seconds, by the witness's clock
	Raw     []byte    // key id (4 bytes), time (8), signature
}

// Line returns the cosignature as it stands in a note.
func (c Cosignature) Line() []byte { return appendLine(nil, c.Witness.key.Name, c.Raw) }

func appendLine(dst []byte, name string, raw []byte) []byte {
	return append(dst, "— "+name+" "+base64.StdEncoding.EncodeToString(raw)+"\n"...)
}

// ParseLines parses the signature lines of a witness's answer. It verifies
// none of them.
func ParseLines(body []byte) ([]note.Signature, error) {
	if len(body) == 0 || len(body) > ledger.MaxNote {
		return nil, canonical.Refuse("signature lines: %d bytes, where 1 to %d are allowed", len(body), ledger.MaxNote)
	}
	var lines []note.Signature
	for n := 1; len(body) > 0; n++ {
		line, rest, ended := bytes.Cut(body, []byte("\n"))
		name, b64, ok := strings.Cut(strings.TrimPrefix(string(line), "— "), " ")
		raw, err := base64.StdEncoding.Strict().DecodeString(b64)
		if !ended || !ok || err != nil || len(raw) < 5 || string(appendLine(nil, name, raw)) != string(line)+"\n" || checkName(name) != nil {
			return nil, canonical.Refuse("signature lines: line %d is none", n)
		}
		if n > MaxLines {
			return nil, canonical.Refuse("signature lines: more than %d", MaxLines)
		}
		lines = append(lines, note.Signature{Name: name, Hash: binary.BigEndian.Uint32(raw), Base64: b64})
		body = rest
	}
	return lines, nil
}

var lastTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// Check verifies those lines that are by one of the witnesses, over the text
// of a checkpoint. It ignores lines of others. A line that names a witness's
// key and does not verify makes the whole invalid, as signed-note requires; so
// do two lines of one key.
func Check(text string, lines []note.Signature, witnesses []*Verifier) ([]Cosignature, error) {
	var found []Cosignature
	for _, line := range lines {
		i := slices.IndexFunc(witnesses, func(v *Verifier) bool { return v.key.Name == line.Name && v.key.ID == line.Hash })
		if i < 0 {
			continue
		}
		c, err := witnesses[i].check(text, line)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(found, func(f Cosignature) bool { return f.Witness == c.Witness }) {
			return nil, canonical.Refuse("cosignature: two lines of one key of %s", line.Name)
		}
		found = append(found, c)
	}
	return found, nil
}

func (v *Verifier) check(text string, line note.Signature) (Cosignature, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(line.Base64)
	if err != nil || len(raw) < 12 || !v.note.Verify([]byte(text), raw[4:]) {
		return Cosignature{}, canonical.Refuse("cosignature: the %s line of %s does not fit the checkpoint", v.Algorithm(), v.key.Name)
	}
	seconds := binary.BigEndian.Uint64(raw[4:])
	if seconds == 0 || seconds > uint64(lastTime.Unix()) {
		return Cosignature{}, canonical.Refuse("cosignature: the %s line of %s bears no time between 1970 and 9999", v.Algorithm(), v.key.Name)
	}
	return Cosignature{v, time.Unix(int64(seconds), 0).UTC(), raw}, nil
}

// CheckOutside refuses a key of the log's own as a witness: the log would
// confirm itself.
func CheckOutside(log *ledger.Verifier, witnesses []*Verifier) error {
	for _, own := range log.Keys() {
		k, err := parseVKey(own)
		if err != nil {
			return err
		}
		for _, w := range witnesses {
			if same(w.key, k) {
				return canonical.Refuse("cosignature: the witness key of %s is a key of the log itself", w.key.Name)
			}
		}
	}
	return nil
}

// Open verifies a checkpoint with both of the log's signatures, and the lines
// behind them that are by one of the witnesses, none of which is the log.
func Open(log *ledger.Verifier, msg []byte, witnesses []*Verifier) (ledger.Checkpoint, []Cosignature, error) {
	if err := CheckOutside(log, witnesses); err != nil {
		return ledger.Checkpoint{}, nil, err
	}
	c, others, err := log.OpenWitnessed(msg)
	if err != nil {
		return ledger.Checkpoint{}, nil, err
	}
	if len(others) > MaxLines {
		return ledger.Checkpoint{}, nil, canonical.Refuse("checkpoint: more than %d lines of witnesses", MaxLines)
	}
	text, err := ledger.NoteText(msg)
	if err != nil {
		return ledger.Checkpoint{}, nil, err
	}
	found, err := Check(text, others, witnesses)
	return c, found, err
}

// Lines returns the signature lines behind a checkpoint's own two, not
// verified.
func Lines(msg []byte) ([]note.Signature, error) {
	stored, err := ledger.StripWitnesses(msg)
	if err != nil || len(stored) == len(msg) {
		return nil, err
	}
	return ParseLines(msg[len(stored):])
}

// Merge appends cosignatures after a checkpoint's own two lines, in the order
// of their names and key ids. Those that the note already has are kept, unless
// a new one is by the same key; they are not verified.
func Merge(msg []byte, more []Cosignature) ([]byte, error) {
	out, err := ledger.StripWitnesses(msg)
	if err != nil {
		return nil, err
	}
	var lines []note.Signature
	if lines, err = Lines(msg); err != nil {
		return nil, err
	}
	for _, c := range more {
		line := note.Signature{Name: c.Witness.key.Name, Hash: c.Witness.key.ID, Base64: base64.StdEncoding.EncodeToString(c.Raw)}
		lines = slices.DeleteFunc(lines, func(l note.Signature) bool { return l.Name == line.Name && l.Hash == line.Hash })
		lines = append(lines, line)
	}
	if len(lines) > MaxLines {
		return nil, canonical.Refuse("checkpoint: more than %d lines of witnesses", MaxLines)
	}
	slices.SortFunc(lines, func(a, b note.Signature) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Hash, b.Hash))
	})
	for _, l := range lines {
		out = append(out, "— "+l.Name+" "+l.Base64+"\n"...)
	}
	return out, nil
}

// FromAnchor verifies the cosignature in the body of an anchor entry, over the
// text of the checkpoint that it names. It does not decide whether the witness
// is trusted.
func FromAnchor(a ledger.Anchor, checkpoint []byte) (Cosignature, error) {
	if a.Witness == "" {
		return Cosignature{}, canonical.Refuse("anchor: it holds no cosignature")
	}
	text, err := anchored(a, checkpoint)
	if err != nil {
		return Cosignature{}, err
	}
	v, err := NewVerifier(a.Witness)
	if err != nil {
		return Cosignature{}, err
	}
	line := note.Signature{Name: v.key.Name, Base64: base64.StdEncoding.EncodeToString(a.Cosignature)}
	if len(a.Cosignature) >= 4 {
		line.Hash = binary.BigEndian.Uint32(a.Cosignature)
	}
	if line.Hash != v.key.ID {
		return Cosignature{}, canonical.Refuse("anchor: the cosignature is of another key than the one it names")
	}
	return v.check(text, line)
}

// anchored returns the text of the checkpoint that an anchor is about.
func anchored(a ledger.Anchor, checkpoint []byte) (string, error) {
	if ledger.Sum(checkpoint) != a.Checkpoint {
		return "", canonical.Refuse("anchor: it is about another checkpoint file than this one")
	}
	return ledger.NoteText(checkpoint)
}
