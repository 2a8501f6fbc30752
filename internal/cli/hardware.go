package cli

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/seal"
	"zapis/internal/escape"
	"zapis/internal/exit"
)

// NewHardwareIdentity returns an identity whose decryption key is in hardware: recipient is its public half
// (age1tagpq1… or age1pq1…), line is the identity that the age plugin's own tool wrote (AGE-PLUGIN-NAME-1…), and
// pluginName the plugin that the trustee names. The signing key is a new one, in the file. It seals a test message to
// the recipient and opens it with the plugin first: the two must belong together.
func NewHardwareIdentity(name, recipient, line, pluginName string) (*Identity, error) {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	id, err := newHardware(name, seed, recipient, line)
	if err != nil {
		return nil, exit.New(exit.Usage, "", "%w", err)
	}
	if err := id.attach(pluginName); err != nil {
		return nil, err
	}
	return id, id.tryHardware()
}

func newHardware(name string, seed []byte, recipient, line string) (*Identity, error) {
	if err := card.CheckName(name); err != nil {
		return nil, fmt.Errorf("the name %q: %w", name, err)
	}
	if err := card.CheckRecipient(recipient); err != nil {
		return nil, err
	}
	if _, _, err := plugin.ParseIdentity(line); err != nil {
		return nil, errors.New("not an identity of an age plugin (AGE-PLUGIN-NAME-1…)")
	}
	signer, err := card.NewSigner(name, seed)
	if err != nil {
		return nil, err
	}
	return &Identity{Card: signer.Card(recipient), Signer: signer, seed: seed, hardware: line}, nil
}

func parseHardware(r *canonical.Reader, name string, seed []byte) (*Identity, error) {
	recipient := r.Word("# age")
	r.Check(card.CheckRecipient(recipient))
	line := r.Line()
	if _, _, err := plugin.ParseIdentity(line); err != nil {
		r.Fail("not an identity of an age plugin (AGE-PLUGIN-NAME-1…)")
	}
	if err := r.End(); err != nil {
		return nil, err
	}
	return newHardware(name, seed, recipient, line)
}

// HardwareLine finds the one line of a plugin's identity in the output of the plugin's own tool, between its comments.
func HardwareLine(text []byte) (string, error) {
	found := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if found != "" || !strings.HasPrefix(line, "AGE-PLUGIN-") {
			return "", exit.New(exit.Mismatch, "it has comments, and one line AGE-PLUGIN-NAME-1…", "this is not the one identity of an age plugin")
		}
		found = line
	}
	if found == "" {
		return "", exit.New(exit.Mismatch, "it has comments, and one line AGE-PLUGIN-NAME-1…", "there is no identity of an age plugin in it")
	}
	return found, nil
}

// attach sets the plugin of a hardware identity. A program is started only because the trustee has named it, never
// because of a file: the two must agree.
func (id *Identity) attach(name string) error {
	if id.hardware == "" {
		return nil
	}
	wants, _, err := plugin.ParseIdentity(id.hardware)
	if err != nil {
		return err
	}
	if name == "" {
		return exit.New(exit.KeyMissing, "add --plugin NAME, with the plugin that you have set up for it", "hardware holds the key of this identity, and no plugin was named")
	}
	if name != wants {
		return exit.New(exit.KeyMissing, "", "the plugin %q was named, and the identity is of another one, %q", name, wants)
	}
	say := func(format string, args ...any) { fmt.Fprintln(os.Stderr, escape.Text(fmt.Sprintf(format, args...))) }
	one, err := plugin.NewIdentity(id.hardware, plugin.NewTerminalUI(say, say))
	if err != nil {
		return exit.New(exit.KeyMissing, "", "the plugin %q: %w", name, err)
	}
	id.opener = &oneAtATime{id: one, name: name}
	return nil
}

// Hardware reports whether hardware holds the key that opens.
func (id *Identity) Hardware() bool { return id.hardware != "" }

// Opener returns what opens: the key itself, or the plugin of the hardware that holds it.
func (id *Identity) Opener() age.Identity {
	if id.opener != nil {
		return id.opener
	}
	return id.Age
}

// oneAtATime serialises requests to the hardware.
type oneAtATime struct {
	mu   sync.Mutex
	id   age.Identity
	name string
}

func (o *oneAtATime) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key, err := o.id.Unwrap(stanzas)
	if missing, ok := errors.AsType[*plugin.NotFoundError](err); ok {
		return nil, exit.New(exit.KeyMissing, "it must stand in one of the folders of PATH", "the program age-plugin-%s is not there: %w", missing.Name, errors.Unwrap(missing))
	}
	return key, err
}

// tryHardware opens a test message that was sealed to the card's recipient.
func (id *Identity) tryHardware() error {
	to, err := seal.NewRecipients(1, id.Card.Age)
	if err != nil {
		return exit.New(exit.Usage, "", "the recipient: %w", err)
	}
	word := []byte("zapis")
	var sealed bytes.Buffer
	if _, err := seal.Seal(&sealed, seal.Signal, to, bytes.NewReader(word)); err != nil {
		return err
	}
	file := sealed.Bytes()
	opened, err := seal.OpenBytes(seal.Signal, io.Reader(bytes.NewReader(file)), seal.DigestOf(file), id.opener)
	if errors.Is(err, seal.ErrNoKey) {
		return exit.New(exit.KeyMissing, "take the recipient that the plugin's own tool shows for this identity", "the plugin does not open what is sealed to that recipient")
	}
	if err != nil {
		return exit.New(exit.KeyMissing, "", "the plugin: %w", err)
	}
	if !bytes.Equal(opened, word) {
		return exit.New(exit.KeyMissing, "", "the plugin opens something else than what was sealed")
	}
	return nil
}
