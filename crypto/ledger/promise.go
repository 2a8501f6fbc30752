package ledger

import (
	"bytes"
	"errors"
	"time"

	"filippo.io/mldsa"

	"zapis/crypto/canonical"
)

const contextPromise = "zapis/promise/v1"

// ErrRetiredKey means that a promise is signed by a log key that was replaced
// before the promised slot.
var ErrRetiredKey = errors.New("it is signed by a log key that was retired")

// Promise is the log's commitment that a body will be in a slot. Its note:
//
//	zapis/promise/v1
//	example.org/ledger
//	<body hash>
//	2026-11-22T00:00:00Z
//
//	— example.org/ledger <key id and Ed25519 signature>
//	— example.org/ledger <key id and ML-DSA-44 signature, context zapis/promise/v1>
//
// A promise file is the note, a blank line, and the body's lines.
type Promise struct {
	Origin string
	Body   Hash      // SHA-256(0x02 || body)
	Slot   time.Time // UTC, whole seconds
	Text   []byte    // the body's lines, from a promise file
}

func (p Promise) text() string {
	return contextPromise + "\n" + p.Origin + "\n" + p.Body.String() + "\n" + p.Slot.UTC().Format(time.RFC3339) + "\n"
}

// ParsedBody reads the body's lines.
func (p Promise) ParsedBody() (Body, error) { return ParseBody(p.Text) }

// PromiseFile makes a reporter's file of a promise's note and its body.
func PromiseFile(note, body []byte) []byte {
	return append(append(bytes.Clone(note), '\n'), body...)
}

// SplitPromise splits a promise file. It verifies nothing.
func SplitPromise(file []byte) (note, body []byte, err error) {
	i := bytes.LastIndex(file, []byte("\n\n"))
	switch {
	case i < 0 || len(file) > MaxNote:
		return nil, nil, canonical.Refuse("promise: no blank line before a body")
	case bytes.HasSuffix(file, []byte("\n\n")) && bytes.Count(bytes.TrimRight(file, "\n"), []byte("\n\n")) == 2:
		return nil, nil, canonical.Refuse("promise: a blank line follows the body, and the file ends with the body's last line: take the empty lines away at its end")
	case bytes.Contains(file, []byte("\n\n\n")):
		return nil, nil, canonical.Refuse("promise: two blank lines follow one another, and one stands before the body")
	}
	return file[: i+1 : i+1], file[i+2:], nil
}

// OpenPromise verifies a promise file: both signatures, and that the body is
// the one that was promised.
func (v *Verifier) OpenPromise(file []byte) (Promise, error) {
	note, body, err := SplitPromise(file)
	if err != nil {
		return Promise{}, err
	}
	p, err := v.OpenPromiseNote(note)
	if err != nil {
		return Promise{}, err
	}
	if _, err := ParseBody(body); err != nil {
		return Promise{}, canonical.Refuse("promise: %w", err)
	}
	if h := BodyHash(body); h != p.Body {
		return Promise{}, canonical.Refuse("promise: the body in the file has the hash %s, and %s was promised", h, p.Body)
	}
	p.Text = bytes.Clone(body)
	return p, nil
}

// OpenPromiseNote verifies a promise's note alone; Text stays nil.
func (v *Verifier) OpenPromiseNote(msg []byte) (Promise, error) {
	text, err := v.openText(msg, contextPromise)
	if err != nil {
		return Promise{}, canonical.Refuse("promise: %w", err)
	}
	r := canonical.Begin([]byte(text), MaxEntry, contextPromise)
	p := Promise{Origin: r.Line()}
	if r.Err() == nil && p.Origin != v.origin {
		r.Fail("it is of %s, not of %s", p.Origin, v.origin)
	}
	p.Body = r.Hash(r.Line())
	p.Slot = readTime(r)
	return canonical.Done(r, "promise", p)
}

// readTime reads a line that is a time: RFC 3339, UTC, whole seconds, with Z.
func readTime(r *canonical.Reader) time.Time {
	s := r.Line()
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.UTC().Format(time.RFC3339) != s || checkTime(t) != nil {
		r.Fail("a time is written like 2026-11-22T00:00:00Z")
		return time.Time{}
	}
	return t.UTC()
}

// openText opens a note that both keys signed with signText.
func (v *Verifier) openText(msg []byte, context string) (string, error) {
	n, err := v.openNote(msg, &contextVerifier{v.origin, contextID(v.origin, context, v.mlKey.Bytes()), context, v.mlKey})
	if err != nil {
		return "", err
	}
	if len(n.UnverifiedSigs) > 0 {
		return "", canonical.Refuse("a signature by a key that is not the log's")
	}
	return n.Text, nil
}

// contextVerifier verifies ML-DSA-44 signatures that have a context, as a
// note.Verifier.
type contextVerifier struct {
	name    string
	id      uint32
	context string
	key     *mldsa.PublicKey
}

func (c *contextVerifier) Name() string    { return c.name }
func (c *contextVerifier) KeyHash() uint32 { return c.id }
func (c *contextVerifier) Verify(msg, sig []byte) bool {
	return mldsa.Verify(c.key, msg, sig, &mldsa.Options{Context: c.context}) == nil
}
