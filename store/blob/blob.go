// Package blob is the seam between the ledger's rules and the engine that keeps
// attachments: immutable byte strings, each named by its SHA-256. An engine
// knows nothing of entries; which attachments a ledger has is said in its
// tables. store/blob/file keeps each as a file.
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

// String is the hash in lower-case hex.
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

// Spool is a whole blob in a local file, closed and synced, of which Size bytes
// count. Put takes it over.
type Spool struct {
	Path string
	Size int64
}

// Remove takes the spooled file away. Its bytes are cut off first, so that a
// process that still has it open does not keep them on the disk.
func (s Spool) Remove() error {
	_ = os.Truncate(s.Path, 0)
	return os.Remove(s.Path)
}

// Store keeps blobs. Its methods may be called by many goroutines.
type Store interface {
	// Put stores the spooled blob under h, durably before it returns nil, and
	// takes its file away. ErrTaken says that h is there already. After any error
	// the spool stays, and h may be there or not.
	Put(ctx context.Context, h Hash, s Spool) error

	// Open gives a blob's bytes as they are stored, and their number; the hash is
	// the reader's to compare. The error for none is fs.ErrNotExist.
	Open(ctx context.Context, h Hash) (io.ReadCloser, int64, error)

	// Remove deletes a blob durably. The error for none is fs.ErrNotExist.
	Remove(ctx context.Context, h Hash) error

	// Each visits all blobs, in no order that means anything, and gives the names
	// of what is none to strange, if that is not nil.
	Each(ctx context.Context, visit func(h Hash) error, strange func(name string) error) error

	// Where says in a message where a blob is.
	Where(h Hash) string

	// Used is how many bytes all blobs occupy.
	Used() (int64, error)

	Close() error
}
