package cli

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"
	"golang.org/x/text/unicode/norm"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// Identity is a trustee's private keys: one to decrypt, one to sign. Its file is an age file protected by a
// passphrase, which stock age accepts as an identity too (docs/spec/identity.md):
//
//	# zapis/identity/v1
//	# name anna
//	# ssh-ed25519 <base64 of the 32-byte seed>
//	AGE-SECRET-KEY-PQ-1…
//
// Where hardware holds the decryption key, its public half and the line of an age plugin replace the last line:
//
//	# age age1tagpq1…
//	AGE-PLUGIN-YUBIKEY-1…
type Identity struct {
	Card   card.Card
	Age    *age.HybridIdentity // nil where hardware holds it
	Signer *card.Signer

	seed     []byte
	hardware string       // the line for the plugin; empty where there is none
	opener   age.Identity // the plugin, once it was named
}

const identityHeader = "# zapis/identity/v1"

// WorkFactor is the scrypt work factor (log2 N) of new identity files: about a second and 256 MiB for each guess.
// Age's own command uses the same.
const WorkFactor = 18

// largeWorkFactor is the one from which on scrypt's memory, 16 MiB then and 256 MiB with WorkFactor, is given back at once.
const largeWorkFactor = 14

// maxWorkFactor is the largest work factor that is accepted: 2^20 takes 1 GiB.
const maxWorkFactor = 20

// maxIdentityFile bounds what is read, in bytes; a real file has about 2,400.
const maxIdentityFile = 64 << 10

// Format returns the name and no key, whatever verb of fmt is used.
func (id *Identity) Format(f fmt.State, _ rune) { io.WriteString(f, "identity of "+id.Card.Name) }

// NewIdentity generates the keys of a trustee.
func NewIdentity(name string) (*Identity, error) {
	if err := card.CheckName(name); err != nil {
		return nil, exit.New(exit.Usage, "", "the name %q: %w", name, err)
	}
	key, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, err
	}
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	return newIdentity(name, seed, key)
}

func newIdentity(name string, seed []byte, key *age.HybridIdentity) (*Identity, error) {
	signer, err := card.NewSigner(name, seed)
	if err != nil {
		return nil, err
	}
	return &Identity{Card: signer.Card(key.Recipient().String()), Age: key, Signer: signer, seed: seed}, nil
}

// ParseIdentity parses the text of an identity file. An error names the line, never its content.
func ParseIdentity(text []byte) (*Identity, error) {
	r := canonical.NewReader(text, maxIdentityFile)
	r.Exact(identityHeader)
	name := r.Word("# name")
	r.Check(card.CheckName(name))
	seed, err := base64.StdEncoding.Strict().DecodeString(r.Word("# ssh-ed25519"))
	if err != nil || len(seed) != ed25519.SeedSize {
		r.Fail("an Ed25519 seed is 32 bytes in base64")
	}
	if r.Has("# age") {
		return parseHardware(r, name, seed)
	}
	line := r.Line()
	key, err := age.ParseHybridIdentity(line)
	if err != nil || key.String() != line {
		r.Fail("not a post-quantum age identity (AGE-SECRET-KEY-PQ-1…)")
	}
	if err := r.End(); err != nil {
		return nil, err
	}
	return newIdentity(name, seed, key)
}

// Text returns the text that ParseIdentity parses. The caller wipes it.
func (id *Identity) Text() []byte {
	head := fmt.Sprintf("%s\n# name %s\n# ssh-ed25519 %s\n", identityHeader, id.Card.Name, base64.StdEncoding.EncodeToString(id.seed))
	if id.hardware != "" {
		return []byte(head + "# age " + id.Card.Age + "\n" + id.hardware + "\n")
	}
	return []byte(head + id.Age.String() + "\n")
}

// Seal encrypts the identity for its file with a passphrase, at a scrypt work factor (WorkFactor, except in tests).
func (id *Identity) Seal(passphrase string, workFactor int) ([]byte, error) {
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, err
	}
	to.SetWorkFactor(workFactor)
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(id.Text()); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return sealed.Bytes(), nil
}

// WriteFiles creates the identity file name, mode 0600, and the card name.card beside it. Neither may exist:
// overwriting a key would lose everything that was sealed to it.
func (id *Identity) WriteFiles(name, passphrase string, workFactor int) error {
	if err := CheckFree(name, CardFile(name)); err != nil {
		return err
	}
	sealed, err := id.Seal(passphrase, workFactor)
	if err != nil {
		return err
	}
	if err := CreateFile(name, sealed, 0o600); err != nil {
		return err
	}
	return CreateFile(CardFile(name), id.Card.Marshal(), 0o644)
}

// CheckFree refuses names that exist already, and names in no folder.
func CheckFree(names ...string) error {
	for _, name := range names {
		if err := inFolder(name); err != nil {
			return err
		}
		if err := atomicfile.CheckName(name); err != nil {
			return err
		}
		if _, err := os.Lstat(name); err == nil {
			return existsAlready(name)
		} else if !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// CheckFolder refuses a name that is no folder and can't be created as one.
func CheckFolder(name string) error {
	if info, err := os.Stat(name); err == nil && !info.IsDir() {
		return exit.New(exit.Failed, "name a folder that is there, or is to be made", "%s is not a folder", name)
	}
	return inFolder(filepath.Clean(name))
}

// inFolder refuses a name that is in no folder.
func inFolder(name string) error {
	dir := filepath.Dir(name)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return exit.New(exit.Failed, "make the folder first, or choose another", "%s can't be written: there is no folder %s", name, dir)
	}
	return nil
}

// CardFile returns the file of the card of an identity file.
func CardFile(identity string) string { return identity + ".card" }

func existsAlready(name string) error {
	return exit.New(exit.Failed, "choose another name, or move that file away", "%s exists already and is never overwritten", name)
}

// CreateFile creates a new file, written and synced as a whole, or not at all.
func CreateFile(name string, content []byte, mode os.FileMode) error {
	err := atomicfile.CreateFile(name, content, mode)
	if errors.Is(err, os.ErrExist) {
		return existsAlready(name)
	}
	return err
}

// OpenIdentity opens what an identity file holds. The passphrase is tried as it was typed, then in the other forms that
// show the same letters (see sameLetters). All its refusals have the status KeyMissing.
func OpenIdentity(sealed []byte, passphrase string) (*Identity, error) {
	var first error
	for _, form := range sameLetters(passphrase) {
		id, err := openIdentity(sealed, form)
		if err == nil || !errors.Is(err, errPassphrase) {
			return id, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// sameLetters lists a passphrase as typed, then without the byte order mark that an editor has put before it, then in
// Unicode's normalization forms C and D. macOS and some keyboards write `й` as two characters, others as one.
func sameLetters(passphrase string) []string {
	plain := strings.TrimPrefix(passphrase, "\ufeff")
	list := []string{passphrase}
	for _, form := range []string{plain, norm.NFC.String(plain), norm.NFD.String(plain)} {
		if form != "" && !slices.Contains(list, form) {
			list = append(list, form)
		}
	}
	return list
}

// errPassphrase says that a passphrase does not open a file.
var errPassphrase = errors.New("the passphrase does not open the identity file")

func openIdentity(sealed []byte, passphrase string) (*Identity, error) {
	open, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, exit.New(exit.KeyMissing, "", "%w", err)
	}
	open.SetMaxWorkFactor(maxWorkFactor)
	plain, err := age.Decrypt(bytes.NewReader(sealed), passphraseOnly{open})
	var refused *exit.Error
	switch {
	case errors.As(err, &refused):
		return nil, refused
	case errors.Is(err, age.ErrIncorrectIdentity):
		return nil, exit.New(exit.KeyMissing, "passphrases are told apart by every letter, its case, and spaces", "%w", errPassphrase)
	case err != nil:
		return nil, exit.New(exit.KeyMissing, identityHint, "this is not an identity file: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(plain, maxIdentityFile+1))
	if err != nil {
		return nil, exit.New(exit.KeyMissing, "take your copy of it", "the identity file is damaged: %w", err)
	}
	id, err := ParseIdentity(text)
	if err != nil {
		return nil, exit.New(exit.KeyMissing, identityHint, "the identity file opens, and holds no identity of ours: %w", err)
	}
	return id, nil
}

const identityHint = "an identity file is what zapis keygen wrote"

// passphraseOnly adds clear errors to age's: a file is not protected by a passphrase, or has a work factor above
// maxWorkFactor.
type passphraseOnly struct{ *age.ScryptIdentity }

func (p passphraseOnly) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != 1 || stanzas[0].Type != "scrypt" || len(stanzas[0].Args) != 2 {
		return nil, exit.New(exit.KeyMissing, identityHint, "this is not an identity file: no passphrase protects it")
	}
	n, err := strconv.Atoi(stanzas[0].Args[1])
	if err == nil && n > maxWorkFactor {
		return nil, exit.New(exit.KeyMissing, identityHint,
			"the identity file asks for a scrypt work factor of %d, and at most %d is spent on one", n, maxWorkFactor)
	}
	key, err := p.ScryptIdentity.Unwrap(stanzas)
	if n >= largeWorkFactor {
		debug.FreeOSMemory() // scrypt's memory would otherwise raise the collector's target
	}
	return key, err
}
