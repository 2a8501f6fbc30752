package seal

import (
	"cmp"
	"errors"
	"io"
	"sync"

	"filippo.io/age"
)

// CheckBoth is CheckPart and CheckOwn for a header that is read and parsed once. The part must fit one of the sets, which are tried
// in order; position is that of the key id in each of them, from 1, and nothing is opened where it is 0.
// refused is the error of CheckPart for the first set, or of reading; own is that of CheckOwn.
func CheckBoth(src io.Reader, k Kind, size int64, sets []*Recipients, position int, id age.Identity) (own, refused error) {
	room := headerRooms.Get().(*[]byte)
	defer headerRooms.Put(room)
	text, err := headerText(src, *room)
	if err != nil {
		return nil, err
	}
	return judge(text, position, id, func(h *partHeader) (*Recipients, error) {
		var first error
		for _, r := range sets {
			err := h.check(k, r, size)
			if err == nil {
				return r, nil
			}
			first = cmp.Or(first, err)
		}
		return nil, first
	})
}

// headerRooms are used again: an import reads the headers of thousands of parts. None holds anything secret.
var headerRooms = sync.Pool{New: func() any { room := make([]byte, headerRoom); return &room }}

// judge has age parse a header once. look sees it, and returns the set to which it is sealed, or an error, refused. own says that what is
// the key's, at a position other than 0, does not open, or that the header's MAC does not hold.
func judge(text []byte, position int, id age.Identity, look func(*partHeader) (*Recipients, error)) (own, refused error) {
	j := &judging{text: text, position: position, id: id, look: look}
	key, err := age.DecryptHeader(text, j)
	if j.tried == nil { // nothing was returned to age: it has parsed the header, or failed to
		if _, parsed := errors.AsType[*age.NoIdentityMatchError](err); !parsed {
			return nil, errNoHeader()
		}
		return j.own, j.refused
	}
	if err == nil {
		err = checkFileKey(key)
	} else {
		err = classify(err, *j.fatal, j.stanzas)
	}
	return j.tried.ownError(err, "stanza", j.position), nil
}

// judging is the identity by which age gives judge the stanzas, and gets the file key for the header's MAC.
type judging struct {
	text     []byte
	position int
	id       age.Identity
	look     func(*partHeader) (*Recipients, error)

	own, refused error
	tried        *Recipients // whose stanza was tried; nil for none
	fatal        *error
	stanzas      []*age.Stanza
}

// Unwrap implements age.Identity.
func (j *judging) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	r, err := j.look(&partHeader{j.text, stanzas})
	if j.refused = err; err != nil || j.position == 0 {
		return nil, age.ErrIncorrectIdentity
	}
	if j.own = r.owns(j.position, j.id); j.own != nil {
		return nil, age.ErrIncorrectIdentity
	}
	if r.threshold > 1 {
		j.own = r.ownShare(stanzas, j.position, j.id)
		return nil, age.ErrIncorrectIdentity
	}
	watched, fatal := watch([]age.Identity{only{j.position, j.id}})
	j.tried, j.fatal, j.stanzas = r, fatal, stanzas
	return watched[0].Unwrap(stanzas)
}

// ownShare is CheckOwn under a quorum.
func (r *Recipients) ownShare(stanzas []*age.Stanza, position int, id age.Identity) error {
	q, err := quorumIn(stanzas)
	if err != nil {
		return err
	}
	share, err := q.open(position, id)
	wipe(share)
	return r.ownError(err, "share", position)
}
