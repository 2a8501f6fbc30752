package seal

import (
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"

	"filippo.io/age"
)

const fileKeySize = 16

// FileKey is the symmetric key of one part, and opens no other part. It prints
// as "[file key]" everywhere but in Reveal.
type FileKey struct{ b [fileKeySize]byte }

// ParseFileKey reads what Reveal wrote.
func ParseFileKey(s string) (FileKey, error) {
	var k FileKey
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != fileKeySize || hex.EncodeToString(b) != s {
		return FileKey{}, mismatch("a file key is %d lower-case hex digits", 2*fileKeySize)
	}
	copy(k.b[:], b)
	wipe(b)
	return k, nil
}

// Reveal returns the key as 32 lower-case hex digits, for a bundle that
// discloses this part to all its readers.
func (k FileKey) Reveal() string { return hex.EncodeToString(k.b[:]) }

// Wipe overwrites the key. Copies that Go made on the way stay until the
// collector reuses them.
func (k *FileKey) Wipe() { wipe(k.b[:]) }

func (FileKey) String() string               { return "[file key]" }
func (FileKey) Format(s fmt.State, _ rune)   { io.WriteString(s, "[file key]") }
func (FileKey) LogValue() slog.Value         { return slog.StringValue("[file key]") }
func (FileKey) MarshalText() ([]byte, error) { return []byte("[file key]"), nil }

// ReadFileKey unwraps the file key from a header (see Header) and verifies the
// header's MAC with it. Errors as for Open.
func ReadFileKey(header []byte, ids ...age.Identity) (FileKey, error) {
	stanzas, err := stanzasOf(header)
	if err != nil {
		return FileKey{}, err
	}
	watched, fatal := watch(ids)
	b, err := age.DecryptHeader(header, watched...)
	if err != nil {
		return FileKey{}, classify(err, *fatal, stanzas)
	}
	defer wipe(b)
	if len(b) != fileKeySize {
		return FileKey{}, errFileKeySize(b)
	}
	return FileKey{[fileKeySize]byte(b)}, nil
}

func errFileKeySize(b []byte) error {
	return mismatch("the file key has %d bytes, not %d", len(b), fileKeySize)
}

// checkFileKey wipes a file key, and refuses one of another size than files have.
func checkFileKey(b []byte) error {
	wipe(b)
	if len(b) != fileKeySize {
		return errFileKeySize(b)
	}
	return nil
}

// identity uses the key in place, so that wiping it wipes the only copy.
func (k *FileKey) identity() age.Identity {
	return age.NewInjectedFileKeyIdentity(k.b[:])
}

// keyCatcher obtains the file key while the first recipient wraps it.
type keyCatcher struct {
	age.Recipient
	key FileKey
}

func (c *keyCatcher) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	copy(c.key.b[:], fileKey)
	if r, ok := c.Recipient.(age.RecipientWithLabels); ok {
		return r.WrapWithLabels(fileKey)
	}
	s, err := c.Wrap(fileKey)
	return s, nil, err
}

func wipe(b []byte) { clear(b) }
