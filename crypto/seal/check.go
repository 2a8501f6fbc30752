package seal

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"

	"filippo.io/age"
	"filippo.io/age/tag"
)

// b64 is how age writes binary arguments: unpadded, canonical.
var b64 = base64.RawStdEncoding.Strict()

// CheckPart reads a part's header and says whether its stanzas are exactly the
// set's: native ones in the set's order where the threshold is 1, else the one
// quorum stanza with that threshold and one share file for each; behind them, in an attachment, the padding stanza; and whether a
// file of this many bytes with this header can be a part of this kind. No key is
// needed. ErrMismatch names the trustee's position where it differs.
//
// What a stanza wraps can be seen only with its key: see CheckOwn.
func CheckPart(src io.Reader, k Kind, r *Recipients, size int64) error {
	if err := k.known(); err != nil {
		return err
	}
	header, err := readHeader(src)
	if err != nil {
		return err
	}
	return header.check(k, r, size)
}

// check is CheckPart for a header that was read.
func (h *partHeader) check(k Kind, r *Recipients, size int64) error {
	if err := k.known(); err != nil {
		return err
	}
	plain, ok := plaintextSize(int64(len(h.text)), size)
	if !ok || !k.sizeAllowed(plain) {
		return mismatch("no part of kind %s with this header has %d bytes", k, size)
	}
	if _, padded := unpadded(h.stanzas); padded && k != Attachment {
		return mismatch("it has a padding stanza, and only attachments have one")
	}
	return compareStanzas(h.text, h.stanzas, r)
}

// compareStanzas compares all stanzas of a header with a set.
func compareStanzas(header []byte, all []*age.Stanza, r *Recipients) error {
	stanzas, padded := unpadded(all)
	if padded {
		if err := checkPadding(header, all, r); err != nil {
			return err
		}
	}
	if r.threshold > 1 {
		return checkQuorum(stanzas, r)
	}
	if len(stanzas) != len(r.natives) {
		return mismatch("the part is sealed to %d keys, and the set has %d trustees", len(stanzas), len(r.natives))
	}
	for i, s := range stanzas {
		if err := checkStanza(s, r.natives[i]); err != nil {
			return fmt.Errorf("stanza %d: %w", i+1, err)
		}
	}
	return nil
}

func checkQuorum(stanzas []*age.Stanza, r *Recipients) error {
	if len(stanzas) != 1 {
		return mismatch("the part has %d stanzas, and under a quorum it must have one", len(stanzas))
	}
	q, err := parseQuorum(stanzas[0])
	if err != nil {
		return err
	}
	if q.k != r.threshold || q.n() != len(r.natives) {
		return mismatch("the part opens with %d of %d trustees, and the set asks for %d of %d",
			q.k, q.n(), r.threshold, len(r.natives))
	}
	for i, file := range q.files {
		if err := checkShareFile(file, r.natives[i]); err != nil {
			return fmt.Errorf("share %d: %w", i+1, err)
		}
	}
	return nil
}

func checkShareFile(file []byte, r native) error {
	h, err := readHeader(bytes.NewReader(file))
	if err != nil {
		return err
	}
	if len(h.stanzas) != 1 {
		return mismatch("the share is sealed to %d keys, not to one", len(h.stanzas))
	}
	if want := ciphertextSize(int64(len(h.text)), scalarSize); int64(len(file)) != want {
		return mismatch("the share's file has %d bytes, not %d", len(file), want)
	}
	return checkStanza(h.stanzas[0], r)
}

// shape is what a native stanza looks like: its type, the number of its arguments, and the bytes of the encapsulated
// key in the last of them.
type shape struct {
	typ           string
	args, encSize int
}

func shapeOf(r native) shape {
	if _, hardware := r.(*tag.Recipient); hardware {
		return shape{"mlkem768p256tag", 2, 1088 + 65}
	}
	return shape{"mlkem768x25519", 1, 1088 + 32}
}

// checkStanza compares a native stanza's shape with the recipient's: its type, how
// long its encapsulated key and its wrapped key are, and the tag of a hardware
// key, which can be computed from the public half.
func checkStanza(s *age.Stanza, r native) error {
	shape := shapeOf(r)
	typ, args, encSize := shape.typ, shape.args, shape.encSize
	hardware, isTag := r.(*tag.Recipient)
	if s.Type != typ || len(s.Args) != args {
		return mismatch("of type %s with %d arguments, and this trustee's key makes %s with %d",
			strconv.Quote(s.Type), len(s.Args), typ, args)
	}
	enc, err := b64.DecodeString(s.Args[args-1])
	if err != nil || len(enc) != encSize || len(s.Body) != wrappedSize {
		return mismatch("not of the size that %s has", typ)
	}
	if isTag {
		want, err := hardware.Tag(enc)
		if err != nil || s.Args[0] != b64.EncodeToString(want[:4]) {
			return mismatch("the tag is not that of this trustee's key")
		}
	}
	return nil
}

// CheckOwn reads a part's header and says whether what belongs to the trustee at
// this position (from 1) is really theirs: the native stanza at that very position
// opens with the identity and the header's MAC holds; under a quorum their share
// opens and fits its published hash. Nothing of the payload is read.
//
// ErrOwnStanza where it does not: the sealer excluded this trustee. ErrNoKey where the identity is not the one of that
// position at all; that can be detected for keys in software only. ErrMismatch where CheckPart would refuse the
// stanzas.
func CheckOwn(src io.Reader, r *Recipients, position int, id age.Identity) error {
	if err := r.owns(position, id); err != nil {
		return err
	}
	text, err := headerText(src, nil)
	if err != nil {
		return err
	}
	own, refused := judge(text, position, id, func(h *partHeader) (*Recipients, error) { return r, compareStanzas(h.text, h.stanzas, r) })
	return cmp.Or(refused, own)
}

// owns refuses a position that the set does not have, and a key in software that is not the one of the position. It remembers
// the last key that was the one: to write its public half takes as long as an unwrapping.
func (r *Recipients) owns(position int, id age.Identity) error {
	if position < 1 || position > len(r.keys) {
		return fmt.Errorf("seal: there is no position %d in a set of %d trustees", position, len(r.keys))
	}
	h, ok := id.(*age.HybridIdentity)
	if !ok {
		return nil
	}
	if last := r.owner.Load(); last != nil && *last == (ownKey{h, position}) {
		return nil
	}
	if h.Recipient().String() != r.keys[position-1] {
		return refuse(ErrNoKey, "the key that was given is not the one of trustee %d", position)
	}
	r.owner.Store(&ownKey{h, position})
	return nil
}

// ownError makes a failure to open one's own stanza loud, and leaves a key that could
// not be used (a hardware key that is not plugged in) what it is.
func (r *Recipients) ownError(err error, what string, position int) error {
	if err == nil || !errors.Is(err, ErrNoKey) && !errors.Is(err, ErrMismatch) {
		return err
	}
	return refuse(ErrOwnStanza, "your own %s (trustee %d of %d) does not open with your key, so this part was made unreadable for you: %v", what, position, len(r.keys), err)
}
