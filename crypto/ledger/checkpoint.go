package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"filippo.io/mldsa"
	flog "github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"zapis/crypto/canonical"
	"zapis/crypto/vkey"
)

// Checkpoint is what the log signs at a slot: the number of entries, and the
// root of the tree over them. As a signed note (C2SP tlog-checkpoint):
//
//	example.org/ledger
//	96
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//	— example.org/ledger <key id and Ed25519 signature>
//	— example.org/ledger <key id, timestamp and ML-DSA-44 cosignature>
//
// What is published may have witnesses' lines after these two.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash
	Time   time.Time // of the ML-DSA-44 cosignature: UTC, whole seconds
}

// MaxNote is the most bytes a checkpoint may have, witnesses' lines included.
const MaxNote = 256 << 10

func (c Checkpoint) text() string {
	return string(flog.Checkpoint{Origin: c.Origin, Size: c.Size, Hash: c.Root[:]}.Marshal())
}

func (c Checkpoint) check() error {
	if c.Size == 0 || c.Size > MaxIndex {
		return fmt.Errorf("ledger: a checkpoint's size is 1 to %d", uint64(MaxIndex))
	}
	return checkTime(c.Time)
}

// emptyRoot is the root of a tree without entries (RFC 6962, section 2.1).
var emptyRoot = Hash(sha256.Sum256(nil))

var (
	firstTime = time.Unix(1, 0)
	lastTime  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	errTime   = errors.New("ledger: a time lies between 1970 and 9999")
)

func checkTime(t time.Time) error {
	if t.Before(firstTime) || t.After(lastTime) {
		return errTime
	}
	return nil
}

// CheckOrder refuses two checkpoints of one ledger of which the larger is dated
// before the smaller. Two may have one time: a log without slots signs several in
// a second (docs/spec/store.md, "Times").
func CheckOrder(smaller, larger Checkpoint) error {
	if smaller.Size < larger.Size && larger.Time.Before(smaller.Time) {
		return canonical.Refuse("checkpoint %d: its time %s is before that of checkpoint %d, which is %s",
			larger.Size, larger.Time.Format(time.RFC3339), smaller.Size, smaller.Time.Format(time.RFC3339))
	}
	return nil
}

// Verifier verifies what a log's two keys have signed, and requires both
// signatures: one stolen key, or one broken algorithm, is not enough to sign.
type Verifier struct {
	origin string
	keys   LogKeys
	ed     note.Verifier
	ml     *fnote.SubtreeVerifier // of checkpoints
	mlKey  *mldsa.PublicKey       // the same key, for what is signed with a context
}

// NewVerifier makes a verifier of a log's two keys: Ed25519, then ML-DSA-44,
// both under the same origin.
func NewVerifier(vkeys ...string) (*Verifier, error) {
	if len(vkeys) != 2 {
		return nil, canonical.Refuse("log key: a log has two keys, not %d", len(vkeys))
	}
	keys := LogKeys(vkeys)
	ed, err := parseVKey(keys[0], vkey.Ed25519)
	if err != nil {
		return nil, canonical.Refuse("log key: %w", err)
	}
	ml, err := parseVKey(keys[1], vkey.MLDSA44)
	if err != nil {
		return nil, canonical.Refuse("log key: %w", err)
	}
	if ed.Name != ml.Name {
		return nil, canonical.Refuse("log key: the two keys are of different origins")
	}
	v := &Verifier{origin: ed.Name, keys: keys}
	if v.mlKey, err = mldsa.NewPublicKey(mldsa.MLDSA44(), ml.Public); err != nil {
		return nil, canonical.Refuse("log key: %w", err)
	}
	if v.ed, err = note.NewVerifier(keys[0]); err != nil {
		return nil, canonical.Refuse("log key: %w", err)
	}
	if v.ml, err = fnote.NewMLDSAVerifier(keys[1]); err != nil {
		return nil, canonical.Refuse("log key: %w", err)
	}
	return v, nil
}

// Origin returns the ledger's name.
func (v *Verifier) Origin() string { return v.origin }

// Keys returns the keys that it was made of.
func (v *Verifier) Keys() LogKeys { return v.keys }

// OpenCheckpoint verifies a checkpoint with both of the log's signatures.
// Other lines, witnesses' for instance, may follow and are not judged.
func (v *Verifier) OpenCheckpoint(msg []byte) (Checkpoint, error) {
	c, _, err := v.OpenWitnessed(msg)
	return c, err
}

// OpenStored verifies a checkpoint as the ledger keeps it: with the log's two
// signatures and no other line.
func (v *Verifier) OpenStored(msg []byte) (Checkpoint, error) {
	c, others, err := v.OpenWitnessed(msg)
	if len(others) > 0 {
		return Checkpoint{}, canonical.Refuse("checkpoint: a stored one has the log's two signatures and no other, and this has one by %s", others[0].Name)
	}
	return c, err
}

// OpenWitnessed is OpenCheckpoint, and returns the other signature lines, not
// verified, in their order.
func (v *Verifier) OpenWitnessed(msg []byte) (Checkpoint, []note.Signature, error) {
	return v.open(msg, refuseEmpty)
}

// OpenAny is OpenCheckpoint for a witness: it also accepts a tree without
// entries, which logs of others sign before their first entry. Ours never do.
func (v *Verifier) OpenAny(msg []byte) (Checkpoint, error) {
	c, _, err := v.open(msg, checkEmptyRoot)
	return c, err
}

// open verifies a checkpoint that judge accepts, and returns the other signature lines.
func (v *Verifier) open(msg []byte, judge func(Checkpoint) error) (Checkpoint, []note.Signature, error) {
	n, err := v.openNote(msg, v.ml)
	if err != nil {
		return Checkpoint{}, nil, canonical.Refuse("checkpoint: %w", err)
	}
	c, err := parseText(n.Text)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	if c.Origin != v.origin {
		return Checkpoint{}, nil, canonical.Refuse("checkpoint: it is of %s, not of %s", c.Origin, v.origin)
	}
	t, err := fnote.CoSigV1Timestamp(n.Sigs[1])
	if err == nil {
		c.Time = t.UTC()
		err = checkTime(c.Time)
	}
	if err != nil {
		return Checkpoint{}, nil, canonical.Refuse("checkpoint: %w", err)
	}
	if err := judge(c); err != nil {
		return Checkpoint{}, nil, err
	}
	return c, n.UnverifiedSigs, nil
}

// ParseCheckpointText reads a checkpoint's three lines, in their one encoding.
// It verifies no signature, and leaves Time zero.
func ParseCheckpointText(text string) (Checkpoint, error) {
	c, err := parseText(text)
	if err == nil {
		err = refuseEmpty(c)
	}
	if err != nil {
		return Checkpoint{}, err
	}
	return c, nil
}

// ParseNote reads the checkpoint of a signed note as ParseCheckpointText does.
func ParseNote(note []byte) (Checkpoint, error) {
	text, err := NoteText(note)
	if err != nil {
		return Checkpoint{}, err
	}
	return ParseCheckpointText(text)
}

func refuseEmpty(c Checkpoint) error {
	if c.Size == 0 {
		return canonical.Refuse("checkpoint: line 2: a size is 1 to %d", uint64(MaxIndex))
	}
	return nil
}

// ParseAnyText is ParseCheckpointText for a witness: it also accepts a tree
// without entries, whose root must be that of the empty tree.
func ParseAnyText(text string) (Checkpoint, error) {
	c, err := parseText(text)
	if err == nil {
		err = checkEmptyRoot(c)
	}
	if err != nil {
		return Checkpoint{}, err
	}
	return c, nil
}

func checkEmptyRoot(c Checkpoint) error {
	if c.Size == 0 && c.Root != emptyRoot {
		return canonical.Refuse("checkpoint: line 3: the root of no entries is %s, not %s", emptyRoot, c.Root)
	}
	return nil
}

func parseText(text string) (Checkpoint, error) {
	var f flog.Checkpoint
	rest, err := f.Unmarshal([]byte(text))
	if err != nil {
		return Checkpoint{}, canonical.Refuse("checkpoint: %w", err)
	}
	if len(rest) > 0 {
		return Checkpoint{}, canonical.Refuse("checkpoint: line 4: extension lines are not used here")
	}
	if len(f.Hash) != 32 {
		return Checkpoint{}, canonical.Refuse("checkpoint: line 3: a root hash has 32 bytes, not %d", len(f.Hash))
	}
	c := Checkpoint{Origin: f.Origin, Size: f.Size, Root: Hash(f.Hash)}
	if again := c.text(); again != text {
		return Checkpoint{}, canonical.Refuse("checkpoint: line %d: not the one way to write it", 1+differingLine(again, text))
	}
	if c.Size > MaxIndex {
		return Checkpoint{}, canonical.Refuse("checkpoint: line 2: a size is 1 to %d", uint64(MaxIndex))
	}
	return c, nil
}

// NoteText returns the text of a signed note: what its signatures are over. It
// verifies none of them.
func NoteText(msg []byte) (string, error) {
	i := strings.LastIndex(string(msg), "\n\n")
	if i < 0 || len(msg) > MaxNote {
		return "", canonical.Refuse("note: no blank line before signatures")
	}
	return string(msg[:i+1]), nil
}

// StripWitnesses returns a checkpoint as the ledger stores it: without the
// lines that others have added. It verifies nothing.
func StripWitnesses(msg []byte) ([]byte, error) {
	text, err := NoteText(msg)
	if err != nil {
		return nil, err
	}
	lines := strings.SplitAfterN(string(msg[len(text)+1:]), "\n", 3)
	if len(lines) < 3 {
		return nil, canonical.Refuse("note: fewer than two signatures")
	}
	return []byte(text + "\n" + lines[0] + lines[1]), nil
}

func differingLine(a, b string) int {
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(la), len(lb)) {
		if la[i] != lb[i] {
			return i
		}
	}
	return min(len(la), len(lb))
}

// ErrOtherKeys means that no signature of a note is by the keys that were given: it
// is not the log's, or these are not the keys that the log had then.
var ErrOtherKeys = errors.New("it is not signed by the keys")

// openNote opens a note that must begin its signatures with the log's Ed25519
// line and the line that ml verifies. note.Open accepts either, non-canonical
// base64, and duplicates: so both are required, and the note is written again
// and compared.
func (v *Verifier) openNote(msg []byte, ml note.Verifier) (*note.Note, error) {
	if len(msg) > MaxNote {
		return nil, fmt.Errorf("it has %d bytes, and at most %d are allowed", len(msg), MaxNote)
	}
	n, err := note.Open(msg, note.VerifierList(v.ed, ml))
	switch e := err.(type) {
	case nil:
	case *note.InvalidSignatureError:
		return nil, fmt.Errorf("the %s signature does not fit the text", v.algorithm(e.Hash))
	case *note.UnverifiedNoteError:
		return nil, fmt.Errorf("%w of %s", ErrOtherKeys, v.origin)
	default:
		return nil, errors.New("not a signed note: a text, a blank line, signature lines")
	}
	if len(n.Sigs) != 2 {
		missing := "Ed25519"
		if n.Sigs[0].Hash == v.ed.KeyHash() {
			missing = "ML-DSA-44"
		}
		return nil, fmt.Errorf("the log's %s signature is missing, and both are needed", missing)
	}
	again := []byte(n.Text + "\n")
	if n.Sigs[0].Hash != v.ed.KeyHash() {
		return nil, errors.New("the log's Ed25519 signature must come first, then its ML-DSA-44 signature")
	}
	for _, s := range append(n.Sigs[:2:2], n.UnverifiedSigs...) {
		raw, err := base64.StdEncoding.DecodeString(s.Base64)
		if err != nil {
			return nil, err
		}
		again = append(again, "— "+s.Name+" "+base64.StdEncoding.EncodeToString(raw)+"\n"...)
	}
	if string(again) != string(msg) {
		return nil, fmt.Errorf("line %d: not the one way to write it", 1+differingLine(string(again), string(msg)))
	}
	return n, nil
}

func (v *Verifier) algorithm(id uint32) string {
	if id == v.ed.KeyHash() {
		return "Ed25519"
	}
	return "ML-DSA-44"
}
