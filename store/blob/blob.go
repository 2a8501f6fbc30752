// Package blob is the seam between the ledger's rules and the engine for
// attachments: immutable byte strings, each named by its SHA-256. An engine
// has no entries; the ledger's tables list its attachments. store/blob/file
// stores each as a file.
package blob

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"os"
)

// Hash is the SHA-256 of a blob.
type Hash [32]byte

// String returns the hash in lower-case hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads what String writes, and nothing else.
func ParseHash(s string) (h Hash, ok bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, false
	}
	h = Hash(b)
	return h, h.String() == s
}

// What an engine's errors mean to the store.
var (
	ErrFull  = errors.New("the disk is full")
	ErrTaken = errors.New("there is an attachment of this name already")
)

// Spool is a whole blob in a local file, closed and synced, of Size bytes. Put
// takes ownership of the file.
type Spool struct {
	Path string
	Size int64
}

// Remove truncates and removes the spooled file, so that a process with an
// open descriptor does not keep its bytes on the disk.
func (s Spool) Remove() error {
	_ = os.Truncate(s.Path, 0)
	return os.Remove(s.Path)
}

// Store stores blobs. Its methods are safe for concurrent use.
type Store interface {
	// Put stores the spooled blob under h, durably before it returns nil, and
	// removes its file. ErrTaken means that h exists already. After any error
	// the spool stays, and h may be stored or not.
	Put(ctx context.Context, h Hash, s Spool) error

	// Open returns a blob's bytes as they are stored, and their number; the
	// caller compares the hash. The error for a missing blob is
	// fs.ErrNotExist.
	Open(ctx context.Context, h Hash) (io.ReadCloser, int64, error)

	// Remove deletes a blob durably. The error for a missing blob is
	// fs.ErrNotExist.
	Remove(ctx context.Context, h Hash) error

	// Each visits all blobs, in unspecified order, and passes the names of
	// foreign objects to strange, if that is not nil.
	Each(ctx context.Context, visit func(h Hash) error, strange func(name string) error) error

	// Where returns the location of a blob for a message.
	Where(h Hash) string

	// InDatabase reports whether the blobs lie in the ledger's database, whose size then has them.
	InDatabase() bool

	Close() error
}
