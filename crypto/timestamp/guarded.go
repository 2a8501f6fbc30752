package timestamp

import "zapis/crypto/canonical"

// guarded runs a reader of foreign bytes. A panic in it, here or in a library
// below, becomes an ErrMismatch: an input that no parser survives does not
// verify. checkDER makes that unlikely; this is the last resort.
func guarded[T any](read func() (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			var none T
			v, err = none, canonical.Refuse("it can't be read: the parser failed on it (%v)", p)
		}
	}()
	return read()
}
