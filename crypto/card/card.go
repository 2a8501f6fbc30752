// Package card encodes the public identities: the trustee's card, the ledger's
// card, and what trustees sign.
//
// A trustee's card is the public half of their identity:
//
//	zapis/card/v1
//	name anna
//	age age1pq1…
//	ssh ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI…
//
// The package is pure: no clock, no disk, no network. Formats are specified in
// docs/spec/card.md.
package card

import (
	"errors"
	"strings"

	"zapis/crypto/canonical"
)

// ErrMismatch is the class of everything that does not verify.
var ErrMismatch = canonical.ErrMismatch

// MaxSize is the most bytes a trustee's card may have. A hybrid recipient has
// about 2,000 characters.
const MaxSize = 8 << 10

const header = "zapis/card/v1"

// Card is a trustee's or a duty officer's public half.
type Card struct {
	Name string // the SSH principal: [a-z0-9][a-z0-9._-]{0,31}
	Age  string // a post-quantum recipient: age1pq1… or age1tagpq1…
	SSH  string // "ssh-ed25519 AAAA…", without a comment
}

// Parse reads a card. An error names the line and is an ErrMismatch.
func Parse(text []byte) (Card, error) {
	r := canonical.Begin(text, MaxSize, header)
	var c Card
	c.Name = r.Word("name")
	r.Check(CheckName(c.Name))
	c.Age = r.Word("age")
	r.Check(CheckRecipient(c.Age))
	c.SSH = r.Value("ssh")
	r.Check(CheckSSH(c.SSH))
	return canonical.Done(r, "card", c)
}

// Marshal writes the card's text. It does not check what it writes.
func (c Card) Marshal() []byte {
	return []byte(header + "\nname " + c.Name + "\nage " + c.Age + "\nssh " + c.SSH + "\n")
}

// Check refuses a card that Parse would refuse.
func (c Card) Check() error {
	_, err := Parse(c.Marshal())
	return err
}

// Fingerprint returns the SSH key's, as ssh-keygen shows it: "SHA256:" and 43
// characters of base64. It is empty if the card's key is not one.
func (c Card) Fingerprint() string {
	f, err := Fingerprint(c.SSH)
	if err != nil {
		return ""
	}
	return f
}

var errName = errors.New("a name is 1 to 32 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit")

// CheckName refuses what can't be a trustee's name.
func CheckName(name string) error {
	if name == "" || len(name) > 32 || strings.IndexByte("._-", name[0]) >= 0 {
		return errName
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return errName
		}
	}
	return nil
}
