package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

const (
	quorumType    = "zapis-quorum/v1"
	wrappedSize   = fileKeySize + chacha20poly1305.Overhead
	hashSize      = 32
	shareFileMost = 16 << 10 // bytes; a real one has about 1,700
)

// quorumRecipient wraps a file key so that only k of the set's trustees unwrap
// it together.
type quorumRecipient struct{ set *Recipients }

func (q *quorumRecipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	s, _, err := q.WrapWithLabels(fileKey)
	return s, err
}

// WrapWithLabels passes the inner recipients' labels on, so that age's ban on
// mixing post-quantum and classic recipients holds through the quorum.
func (q *quorumRecipient) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	var wide [wideSize]byte
	rand.Read(wide[:])
	defer wipe(wide[:])
	return q.wrap(fileKey, &wide)
}

func (q *quorumRecipient) wrap(fileKey []byte, random *[wideSize]byte) ([]*age.Stanza, []string, error) {
	d := newDealer(wideScalar(random))
	defer d.wipe()
	st := &quorumStanza{k: q.set.threshold}
	copy(st.wrapped[:], wrapOnce(d.wrapKey(), fileKey))
	var labels []string
	shares := d.shares(q.set.threshold, len(q.set.natives))
	defer clear(shares)
	for i := range shares {
		st.hashes = append(st.hashes, shareHash(i+1, shares[i][:]))
		file, l, err := sealShare(q.set.natives[i], shares[i][:])
		if err != nil {
			return nil, nil, fmt.Errorf("sealing share %d: %w", i+1, err)
		}
		if i > 0 && !slices.Equal(labels, l) {
			return nil, nil, refuse(ErrRecipient, "keys 1 and %d can't be mixed", i+1)
		}
		labels = l
		st.files = append(st.files, file)
	}
	return []*age.Stanza{st.marshal()}, labels, nil
}

// labelCatcher learns the labels that a recipient asks for.
type labelCatcher struct {
	native
	labels []string
}

func (c *labelCatcher) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	s, l, err := c.native.WrapWithLabels(fileKey)
	c.labels = slices.Sorted(slices.Values(l))
	return s, l, err
}

func sealShare(r native, share []byte) (file []byte, labels []string, err error) {
	c := &labelCatcher{native: r}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, c)
	if err != nil {
		return nil, nil, err
	}
	if _, err := w.Write(share); err != nil {
		return nil, nil, err
	}
	if err := w.Close(); err != nil {
		return nil, nil, err
	}
	return out.Bytes(), c.labels, nil
}

// wrapOnce encrypts a file key under a key that is used for nothing else, so
// the nonce is zero, as in age's own stanzas.
func wrapOnce(key, fileKey []byte) []byte {
	defer wipe(key)
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		panic("seal: " + err.Error())
	}
	return aead.Seal(nil, make([]byte, chacha20poly1305.NonceSize), fileKey, nil)
}

func unwrapOnce(key, wrapped []byte) ([]byte, error) {
	defer wipe(key)
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		panic("seal: " + err.Error())
	}
	return aead.Open(nil, make([]byte, chacha20poly1305.NonceSize), wrapped, nil)
}

// quorumStanza is the stanza's content:
//
//	-> zapis-quorum/v1 <k> <n>
//	wrapped file key, 32 bytes | n share hashes, 32 bytes each |
//	n times: length, uint32 big endian | age file of the 32-byte share
type quorumStanza struct {
	k       int
	wrapped [wrappedSize]byte
	hashes  [][hashSize]byte
	files   [][]byte
}

func (q *quorumStanza) n() int { return len(q.hashes) }

func (q *quorumStanza) marshal() *age.Stanza {
	body := slices.Clone(q.wrapped[:])
	for _, h := range q.hashes {
		body = append(body, h[:]...)
	}
	for _, f := range q.files {
		body = binary.BigEndian.AppendUint32(body, uint32(len(f)))
		body = append(body, f...)
	}
	return &age.Stanza{Type: quorumType, Args: []string{strconv.Itoa(q.k), strconv.Itoa(q.n())}, Body: body}
}

func parseQuorum(s *age.Stanza) (*quorumStanza, error) {
	if s.Type != quorumType {
		return nil, mismatch("a stanza of type %q where %s belongs", s.Type, quorumType)
	}
	if len(s.Args) != 2 {
		return nil, mismatch("the quorum stanza has %d arguments, not 2", len(s.Args))
	}
	k, okK := count(s.Args[0])
	n, okN := count(s.Args[1])
	if !okK || !okN || k < 2 || k > n || n > MaxTrustees {
		return nil, mismatch("the quorum stanza says %q of %q", s.Args[0], s.Args[1])
	}
	q := &quorumStanza{k: k}
	rest := s.Body
	if len(rest) < wrappedSize+n*hashSize {
		return nil, mismatch("the quorum stanza ends inside its %d share hashes", n)
	}
	rest = rest[copy(q.wrapped[:], rest):]
	for range n {
		q.hashes = append(q.hashes, [hashSize]byte(rest))
		rest = rest[hashSize:]
	}
	for i := range n {
		if len(rest) < 4 {
			return nil, mismatch("the quorum stanza ends before share %d", i+1)
		}
		size := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if size == 0 || size > shareFileMost {
			return nil, mismatch("share %d of the quorum stanza says that it has %d bytes", i+1, size)
		}
		if uint64(size) > uint64(len(rest)) {
			return nil, mismatch("the quorum stanza ends inside share %d", i+1)
		}
		q.files = append(q.files, rest[:size:size])
		rest = rest[size:]
	}
	if len(rest) != 0 {
		return nil, mismatch("%d bytes follow the last share of the quorum stanza", len(rest))
	}
	return q, nil
}

// count reads a decimal without sign or leading zeros.
func count(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && strconv.Itoa(n) == s
}
