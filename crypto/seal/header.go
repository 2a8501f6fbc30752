package seal

import (
	"errors"
	"io"

	"filippo.io/age"
)

// Header reads a part's header from its beginning and gives its exact bytes: what
// ReadFileKey, ShareFile and a grant work on. It may read past the header's end.
func Header(src io.Reader) ([]byte, error) {
	s := &source{src: io.LimitReader(src, maxHeaderBytes+1)}
	header, err := age.ExtractHeader(s)
	switch {
	case s.err != nil:
		return nil, s.err
	case err != nil:
		return nil, mismatch("the beginning is not an age header: %v", err)
	case len(header) > maxHeaderBytes:
		return nil, mismatch("the header is larger than %d bytes", maxHeaderBytes)
	}
	return header, nil
}

// stanzaCatcher is an identity that opens nothing and sees the stanzas: age has
// no public parser of headers.
type stanzaCatcher struct{ stanzas []*age.Stanza }

func (c *stanzaCatcher) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	c.stanzas = stanzas
	return nil, age.ErrIncorrectIdentity
}

func stanzasOf(header []byte) ([]*age.Stanza, error) {
	var c stanzaCatcher
	_, err := age.DecryptHeader(header, &c)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); !ok {
		return nil, mismatch("the beginning is not an age header: %v", err)
	}
	return c.stanzas, nil
}

// only lets an identity see one stanza: the one at its own position.
type only struct {
	position int
	id       age.Identity
}

func (o only) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	return o.id.Unwrap(stanzas[o.position-1 : o.position])
}

// foreign reports the fatal error of an identity that is not age's own or ours:
// a hardware key that was not touched says nothing about the part.
type foreign struct {
	id    age.Identity
	fatal *error
}

func (f foreign) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	key, err := f.id.Unwrap(stanzas)
	if err != nil && !errors.Is(err, age.ErrIncorrectIdentity) {
		*f.fatal = err
	}
	return key, err
}

func watch(ids []age.Identity) ([]age.Identity, *error) {
	fatal := new(error)
	out := make([]age.Identity, len(ids))
	for i, id := range ids {
		switch id.(type) {
		case *age.HybridIdentity, *quorumIdentity, only:
			out[i] = id
		default:
			out[i] = foreign{id, fatal}
		}
	}
	return out, fatal
}
