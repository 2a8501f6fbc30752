package seal

import (
	"fmt"
	"math/bits"
)

// Kind is the kind of a part, which determines its allowed sizes. The first
// four are the words in an entry.
type Kind string

const (
	Signal     Kind = "signal"     // a few codes, for the duty keys
	Statement  Kind = "statement"  // the answers
	Identity   Kind = "identity"   // contact and name, under their own quorum
	Attachment Kind = "attachment" // one file
	Message    Kind = "message"    // the body of a reply, a review, a note: padded like a statement
)

const (
	lengthSize     = 8        // the content's length, at the end of the plaintext
	attachmentMin  = 64 << 10 // the smallest attachment's plaintext, bytes
	attachmentMax  = 1 << 50  // no file is larger; keeps the arithmetic inside int64
	chunkSize      = 64 << 10 // age's STREAM chunk, plaintext bytes
	chunkOverhead  = 16       // Poly1305 tag of each chunk
	payloadNonce   = 16       // stands between age's header and its payload
	maxHeaderBytes = 1 << 20  // the largest header that we write or read
	largestFixed   = 64 << 10 // plaintext of the largest of the kinds that have only one size
)

// fixed returns the plaintext size of the kinds that have only one, in bytes.
func (k Kind) fixed() (int64, bool) {
	switch k {
	case Signal:
		return 1 << 10, true
	case Identity:
		return 16 << 10, true
	case Statement, Message:
		return largestFixed, true
	}
	return 0, false
}

func (k Kind) known() error {
	if _, ok := k.fixed(); ok || k == Attachment {
		return nil
	}
	return fmt.Errorf("seal: no kind of part is named %q", string(k))
}

// Capacity returns the most content that a part of this kind holds, in bytes,
// and 0 for a kind that does not exist.
func (k Kind) Capacity() int64 {
	if n, ok := k.fixed(); ok {
		return n - lengthSize
	}
	if k == Attachment {
		return attachmentMax - lengthSize
	}
	return 0
}

// PaddedSize returns the size of the age plaintext, in bytes, that content of
// n bytes is padded to: always the same for the small kinds, the next power of
// two from 64 KiB for attachments. ErrTooLarge where it does not fit.
func (k Kind) PaddedSize(n int64) (int64, error) {
	if err := k.known(); err != nil {
		return 0, err
	}
	if n < 0 {
		return 0, fmt.Errorf("seal: negative size %d", n)
	}
	if n > k.Capacity() {
		return 0, refuse(ErrTooLarge, "a part of kind %s holds %d bytes at most", k, k.Capacity())
	}
	if size, ok := k.fixed(); ok {
		return size, nil
	}
	return max(attachmentMin, int64(1)<<bits.Len64(uint64(n+lengthSize-1))), nil
}

// sizeAllowed reports whether a plaintext of this size can be a part of this
// kind.
func (k Kind) sizeAllowed(plain int64) bool {
	if size, ok := k.fixed(); ok {
		return plain == size
	}
	return k == Attachment && plain >= attachmentMin && plain <= attachmentMax && plain&(plain-1) == 0
}

// ciphertextSize returns the size of the age file for a header of that many
// bytes.
func ciphertextSize(header, plain int64) int64 {
	chunks := max(1, (plain+chunkSize-1)/chunkSize)
	return header + payloadNonce + plain + chunks*chunkOverhead
}

// plaintextSize returns the inverse: false where no plaintext has that
// ciphertext.
func plaintextSize(header, ciphertext int64) (int64, bool) {
	payload := ciphertext - header - payloadNonce
	if payload < chunkOverhead {
		return 0, false
	}
	const sealed = chunkSize + chunkOverhead
	chunks := (payload + sealed - 1) / sealed
	plain := payload - chunks*chunkOverhead
	return plain, ciphertextSize(header, plain) == ciphertext
}
