package seal

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"filippo.io/age"
)

// Header reads a part's header from its beginning and returns its exact bytes,
// the input of ReadFileKey, ShareFile and a grant. It may read past the
// header's end.
func Header(src io.Reader) ([]byte, error) {
	h, err := readHeader(src)
	if err != nil {
		return nil, err
	}
	return h.text, nil
}

// partHeader is the header of a part, as age reads it.
type partHeader struct {
	text    []byte
	stanzas []*age.Stanza
}

// headerText reads a header's exact bytes into room, or into what that grows to.
func headerText(src io.Reader, room []byte) ([]byte, error) {
	s := &source{src: io.LimitReader(src, maxHeaderBytes)}
	text, err := untilMAC(s, room)
	if s.err != nil {
		return nil, s.err
	}
	if err != nil {
		return nil, errNoHeader()
	}
	return text, nil
}

func errNoHeader() error { return mismatch("it does not begin with a whole age header") }

// readHeader is Header for what looks at the stanzas too: they are parsed once.
func readHeader(src io.Reader) (*partHeader, error) {
	text, err := headerText(src, nil)
	if err != nil {
		return nil, err
	}
	stanzas, err := stanzasOf(text)
	if err != nil {
		return nil, err
	}
	return &partHeader{text, stanzas}, nil
}

// headerRoom is enough for the headers of most parts, in bytes.
const headerRoom = 8 << 10

// untilMAC reads into room, or into what it grows to, and returns what ends with the first line that begins with three hyphens: of an
// age header that is its MAC's, the last, since no other line can begin so.
func untilMAC(src io.Reader, room []byte) ([]byte, error) {
	text := room[:0]
	for {
		text = slices.Grow(text, headerRoom)
		n, err := fill(src, text[len(text):cap(text)])
		text = text[:len(text)+n]
		if header, whole := headerIn(text); whole {
			return header, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// headerIn returns the beginning of a text as untilMAC does.
func headerIn(text []byte) (header []byte, whole bool) {
	start := 0
	if !bytes.HasPrefix(text, []byte("---")) {
		start = bytes.Index(text, []byte("\n---")) + 1
		if start == 0 {
			return nil, false
		}
	}
	end := bytes.IndexByte(text[start:], '\n')
	return text[:start+end+1], end >= 0
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
		return nil, errNoHeader()
	}
	return c.stanzas, nil
}

// only restricts an identity to one stanza: the one at its own position.
type only struct {
	position int
	id       age.Identity
}

func (o only) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	return o.id.Unwrap(stanzas[o.position-1 : o.position])
}

// At returns an identity that tries the stanza at its own position (from 1)
// before the others. A key of a post-quantum recipient can't tell its stanza
// without opening it: the last of n trustees saves n-1 of the unwraps that age
// alone would make.
func At(position int, id age.Identity) age.Identity {
	return at{position, id}
}

type at struct {
	position int
	id       age.Identity
}

func (a at) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	i := a.position - 1
	if i <= 0 || i >= len(stanzas) {
		return a.id.Unwrap(stanzas)
	}
	return a.id.Unwrap(append(stanzas[i:len(stanzas):len(stanzas)], stanzas[:i]...))
}

// foreign reports the fatal error of an identity that is not age's own or
// ours: the error of a hardware key that was not touched does not concern the
// part.
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
		out[i] = id
		if !ours(id) {
			out[i] = foreign{id, fatal}
		}
	}
	return out, fatal
}

// ours reports whether an identity can fail for no other reason than what it
// is given to open.
func ours(id age.Identity) bool {
	switch id := id.(type) {
	case only:
		return ours(id.id)
	case at:
		return ours(id.id)
	case *age.HybridIdentity, *quorumIdentity:
		return true
	}
	return false
}
