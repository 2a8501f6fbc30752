package seal

import (
	"strconv"
	"strings"

	"filippo.io/age"
)

// An entry names the size of each attachment, and with one padded plaintext that size
// tells how long the header is: under a quorum it is longer than without. So
// the header of an attachment ends with a stanza that brings it to a length
// that depends on the set's keys alone:
//
//	-> zapis-pad/v1 000…
//
// It wraps nothing, and age passes over a stanza that it does not know. A set of one
// key has no quorum, and no such stanza. Parts from before have none either.
const padType = "zapis-pad/v1"

// padRecipient adds a padding stanza of so many bytes. Its labels are those of the recipients before it, as age
// asks of all recipients of a file.
type padRecipient struct {
	size   int
	labels []string
}

func (p *padRecipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	s, _, err := p.WrapWithLabels(fileKey)
	return s, err
}

func (p *padRecipient) WrapWithLabels([]byte) ([]*age.Stanza, []string, error) {
	s := &age.Stanza{Type: padType, Args: []string{strings.Repeat("0", p.size-stanzaSize(padType, 0, 0))}}
	return []*age.Stanza{s}, p.labels, nil
}

// padding gives the bytes of the padding stanza in an attachment's header; 0 where the set has one key.
func (r *Recipients) padding() int {
	if len(r.natives) < 2 {
		return 0
	}
	own := r.nativeStanzas()
	if r.threshold > 1 {
		own = r.quorumStanza(len(strconv.Itoa(r.threshold)))
	}
	return r.paddedHeader() - headerFrame - own
}

// paddedHeader is how many bytes an attachment's header has, whatever its threshold: the longer of the two,
// and the shortest padding stanza.
func (r *Recipients) paddedHeader() int {
	longest := max(r.nativeStanzas(), r.quorumStanza(len(strconv.Itoa(len(r.natives)))))
	return headerFrame + longest + stanzaSize(padType, 0, 1)
}

func (r *Recipients) nativeStanzas() (size int) {
	for _, n := range r.natives {
		size += nativeStanza(n)
	}
	return size
}

// quorumStanza is the size of the set's quorum stanza whose threshold has so many digits.
func (r *Recipients) quorumStanza(digits int) int {
	body := wrappedSize
	for _, n := range r.natives {
		body += hashSize + 4 + int(ciphertextSize(int64(headerFrame+nativeStanza(n)), scalarSize))
	}
	return stanzaSize(quorumType, body, digits, len(strconv.Itoa(len(r.natives))))
}

// headerFrame is a header's first line, and its last one with the MAC.
const headerFrame = len("age-encryption.org/v1\n") + len("--- ") + 43 + 1

func nativeStanza(n native) int {
	shape := shapeOf(n)
	args := []int{b64.EncodedLen(shape.encSize)}
	if shape.args == 2 {
		args = append(args, b64.EncodedLen(4))
	}
	return stanzaSize(shape.typ, wrappedSize, args...)
}

// stanzaSize is how many bytes a stanza has with arguments of these lengths: its body stands in lines of 64
// characters, the last of which is shorter.
func stanzaSize(typ string, body int, args ...int) int {
	size := len("-> ") + len(typ) + 1
	for _, n := range args {
		size += 1 + n
	}
	text := b64.EncodedLen(body)
	return size + text + text/64 + 1
}

// unpadded gives the stanzas without the padding stanza.
func unpadded(stanzas []*age.Stanza) ([]*age.Stanza, bool) {
	if n := len(stanzas); n > 1 && stanzas[n-1].Type == padType {
		return stanzas[:n-1], true
	}
	return stanzas, false
}

// checkPadding refuses a padding stanza that is not the one that the set's attachments have.
func checkPadding(header []byte, stanzas []*age.Stanza, r *Recipients) error {
	s := stanzas[len(stanzas)-1]
	if len(s.Args) != 1 || strings.Trim(s.Args[0], "0") != "" || len(s.Body) != 0 || len(header) != r.paddedHeader() || len(r.natives) < 2 {
		return mismatch("the padding stanza does not bring the header to the %d bytes that the set's attachments have", r.paddedHeader())
	}
	return nil
}

// labels are what the set's recipients ask of all recipients of a file: the same of each.
func (r *Recipients) labels() ([]string, error) {
	c := &labelCatcher{native: r.natives[0]}
	_, labels, err := c.WrapWithLabels(make([]byte, fileKeySize))
	return labels, err
}
