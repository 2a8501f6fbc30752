package seal

import (
	"errors"
	"fmt"
)

// The classes of refusal. Errors wrap one of these and say what happened.
var (
	// ErrMismatch: the bytes are not what was recorded, or not in the one
	// encoding that the format allows.
	ErrMismatch = errors.New("does not verify")

	// ErrNoKey: no key that was given opens this part or share.
	ErrNoKey = errors.New("no key for this")

	// ErrQuorum: the part opens only with more trustees' shares.
	ErrQuorum = errors.New("more trustees are needed")

	// ErrOwnStanza: the place in a part that belongs to this very trustee does
	// not open with their key. It wraps ErrMismatch: whoever sealed the part
	// shut one trustee out.
	ErrOwnStanza = fmt.Errorf("sealed past its own trustee: %w", ErrMismatch)

	// ErrTooLarge: the content does not fit the part's size.
	ErrTooLarge = errors.New("too large")

	// ErrRecipient: a recipient, or a set of them, that parts are never sealed to.
	ErrRecipient = errors.New("refused recipient")
)

func mismatch(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMismatch}, args...)...)
}
