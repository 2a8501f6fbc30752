package seal

import (
	"errors"
	"fmt"

	"zapis/crypto/canonical"
)

// The classes of refusal. An error's text says what happened; errors.Is says
// which of these it belongs to.
var (
	// ErrMismatch: the bytes are not what was recorded, or not in the one
	// encoding that the format allows. All packages under crypto/ share it.
	ErrMismatch = canonical.ErrMismatch

	// ErrNoKey: no key that was given opens this part or share.
	ErrNoKey = errors.New("no key for this")

	// ErrQuorum: the part opens only with more trustees' shares.
	ErrQuorum = errors.New("more trustees are needed")

	// ErrOwnStanza: the trustee's own stanza in a part does not open with
	// their key. It is an ErrMismatch too: the sealer excluded one trustee.
	ErrOwnStanza = fmt.Errorf("sealed past its own trustee: %w", ErrMismatch)

	// ErrMisdealt: the shares that were given are those that were sealed, and do
	// not lead to the share of another trustee that was published. It is an
	// ErrMismatch too: the sealer dealt wrongly. QuorumIdentityMisdealt goes on.
	ErrMisdealt = fmt.Errorf("dealt wrongly: %w", ErrMismatch)

	// ErrTooLarge: the content does not fit the part's size.
	ErrTooLarge = errors.New("too large")

	// ErrRecipient: a recipient, or a set of them, that parts are never sealed to.
	ErrRecipient = errors.New("refused recipient")
)

// refusal belongs to a class and its text is a sentence of its own.
type refusal struct {
	class error
	err   error
}

func (r *refusal) Error() string   { return r.err.Error() }
func (r *refusal) Unwrap() []error { return []error{r.class, r.err} }

// refuse makes an error of the class from a format that may hold %w.
func refuse(class error, format string, args ...any) error {
	return &refusal{class, fmt.Errorf(format, args...)}
}

func mismatch(format string, args ...any) error {
	return refuse(ErrMismatch, format, args...)
}
