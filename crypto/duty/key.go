package duty

import (
	"bytes"
	"fmt"
	"strings"

	"filippo.io/age"

	"zapis/crypto/canonical"
	"zapis/crypto/seal"
)

const keyHeader = "zapis/duty-key/v1"

// NewKey makes the key to which the signals of one set of duty cards are sealed, so that a part has one recipient however many
// cards there are. recipient is its public half; sealed is its secret half, sealed like a signal part to the duty cards, each of
// which opens it alone:
//
//	zapis/duty-key/v1
//	AGE-SECRET-KEY-PQ-1…
//
// The secret half is kept nowhere in the clear.
func NewKey(to *seal.Recipients) (recipient string, sealed []byte, err error) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return "", nil, fmt.Errorf("the signals' key: %w", err)
	}
	content := fmt.Appendf(nil, "%s\n%s\n", keyHeader, id)
	defer clear(content)
	var b bytes.Buffer
	if _, err := seal.Seal(&b, seal.Signal, to, bytes.NewReader(content)); err != nil {
		return "", nil, err
	}
	return id.Recipient().String(), b.Bytes(), nil
}

// OpenKey opens the secret half with a duty key. An error that is a seal.ErrNoKey says that it is sealed to others.
func OpenKey(sealed []byte, id age.Identity) (age.Identity, error) {
	content, err := seal.OpenBytes(seal.Signal, bytes.NewReader(sealed), seal.DigestOf(sealed), id)
	if err != nil {
		return nil, err
	}
	defer clear(content)
	head, rest, _ := strings.Cut(string(content), "\n")
	line, more, found := strings.Cut(rest, "\n")
	if head != keyHeader || !found || more != "" {
		return nil, canonical.Refuse("the signals' key: not %s and one line", keyHeader)
	}
	key, err := age.ParseHybridIdentity(line)
	if err != nil {
		return nil, canonical.Refuse("the signals' key: its second line is no age identity") // the error may quote it
	}
	return key, nil
}
