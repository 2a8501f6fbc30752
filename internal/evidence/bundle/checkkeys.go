package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/incident"
)

// openable is a submission whose keys a bundle may disclose.
type openable struct {
	n          int
	place      place
	disclosure disclosure
	declared   submission
}

// discloses reports whether the key of the n-th statement is in the bundle.
func (x *examination) discloses(n int) bool {
	_, there := x.bag.texts[keyPath(n, partStatement)+".key"]
	return there
}

// keys opens the parts whose keys are disclosed. The order is: the hash of the
// whole ciphertext against the entry, the entry's place in the ledger
// (verified before), and only then decryption. Nothing is decrypted in a
// bundle with any other fault.
func (x *examination) keys() {
	sound := len(x.Faults) == 0
	for _, o := range x.opened {
		if x.discloses(o.n) {
			x.openStatement(o, sound)
		}
		for i, c := range o.disclosure.Listing {
			l, shown := o.disclosure.Lines[c.Field]
			a, err := seal.ParseAttachment(l.Value)
			if !shown || err != nil {
				continue
			}
			slot := i - len(o.disclosure.Listing) + incident.Slots
			if _, there := x.bag.texts[keyPath(o.n, a.Exhibit)+".key"]; there {
				x.openOriginal(o, a, slot, sound)
			}
		}
	}
}

// part returns a disclosed ciphertext and its key, if its hash is that of the
// part in the entry.
func (x *examination) part(o openable, name, kind string, number int) (key seal.FileKey, src io.ReadSeekCloser, want seal.Digest, ok bool) {
	path := keyPath(o.n, name)
	x.used[path+".age"], x.used[path+".key"] = true, true
	var parts []ledger.Part
	for _, p := range o.place.Body.Parts {
		if p.Kind == kind {
			parts = append(parts, p)
		}
	}
	if number >= len(parts) {
		x.fault("%s.age: the entry names no such part", path)
		return key, nil, want, false
	}
	want = seal.Digest{Hash: parts[number].Hash, Size: parts[number].Size}
	if sum, there := x.bag.sums[path+".age"]; !there || sum != want.Hash || x.bag.sizes[path+".age"] != want.Size {
		x.fault("%s.age: is not the part that the entry names", path)
		return key, nil, want, false
	}
	text := string(x.bag.texts[path+".key"])
	key, err := seal.ParseFileKey(strings.TrimSuffix(text, "\n"))
	if err != nil || text != key.Reveal()+"\n" {
		x.fault("%s.key: is not a file key of 32 lower-case hex digits", path)
		return key, nil, want, false
	}
	src, err = x.bag.parts[path+".age"]()
	if err != nil {
		x.fault("%s.age: %v", path, err)
		return key, nil, want, false
	}
	return key, src, want, true
}

func (x *examination) openOriginal(o openable, a seal.AttachmentValue, slot int, sound bool) {
	key, src, want, ok := x.part(o, a.Exhibit, ledger.PartAttachment, slot)
	if !ok {
		return
	}
	defer src.Close()
	if !sound {
		return
	}
	sum := sha256.New()
	got, err := seal.OpenWithFileKey(sum, seal.Attachment, src, want, key)
	switch {
	case err != nil:
		x.fault("%s.age: %v", keyPath(o.n, a.Exhibit), err)
	case hex.EncodeToString(got.Hash[:]) != a.SHA256 || got.Size != a.Size:
		x.fault("%s.age: decrypts to another file than %s", keyPath(o.n, a.Exhibit), a.Exhibit)
	default:
		x.prove("The sealed bytes that the ledger names decrypt to %s: its key is in the bundle, and anybody can repeat that.", a.Exhibit)
	}
}

func (x *examination) openStatement(o openable, sound bool) {
	path := keyPath(o.n, partStatement)
	key, src, want, ok := x.part(o, partStatement, ledger.PartStatement, 0)
	if !ok {
		return
	}
	defer src.Close()
	if !sound {
		return
	}
	var content bytes.Buffer
	if _, err := seal.OpenWithFileKey(&content, seal.Statement, src, want, key); err != nil {
		x.fault("%s.age: %v", path, err)
		return
	}
	fields, err := x.governance.fieldsOf(o.place.Body)
	if err != nil {
		x.fault("%s.age: %v", path, err)
		return
	}
	s, err := seal.ParseStatement(content.Bytes(), fields)
	if err != nil {
		x.fault("%s.age: %v", path, err)
		return
	}
	ofCase := s.First()
	if o.n > 0 {
		ofCase = ledger.Hash(s.Case).String() == x.record.Submissions[0].Body
	}
	switch {
	case s.Listing().Hash() != o.place.Body.Commitments:
		x.fault("%s.age: holds other answers than those that were committed to", path)
		return
	case s.Act != o.declared.Act || s.Received.UTC().Format(timeLayout) != o.declared.ReceivedAt || !ofCase:
		x.fault("%s: says of the act, the time or the case something else than the statement in %s.age", recordPath, path)
		return
	}
	for _, item := range s.Items {
		if _, shown := o.disclosure.Lines[item.Field]; item.Line != nil && !shown {
			x.fault("%s.age: shows %s, which is said to be withheld", path, item.Field)
			return
		}
	}
	x.prove("The sealed statement of %s that the ledger names decrypts to the answers shown, and says itself: %s, received %s. Its key is in the bundle, and anybody can repeat that.",
		submissionName(o.n, o.declared), o.declared.Act, o.declared.ReceivedAt)
}
