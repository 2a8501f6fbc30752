package card

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"zapis/crypto/canonical"
)

// The namespaces of our SSH signatures (the -n of ssh-keygen -Y): what is
// signed as one can never pass for the other.
const (
	NamespaceStatement = "zapis-statement"
	NamespaceBundle    = "zapis-bundle"
)

const keyType = "ssh-ed25519"

var (
	errKeyLine = errors.New("an SSH key is written ssh-ed25519 AAAA…, with no comment")
	errKeyType = errors.New("only ssh-ed25519 keys are used")
)

// CheckSSH refuses what is not an Ed25519 public key as ssh-keygen writes it,
// without the comment.
func CheckSSH(line string) error {
	_, err := parseSSH(line)
	return err
}

func parseSSH(line string) (ssh.PublicKey, error) {
	kind, b64, ok := strings.Cut(line, " ")
	if !ok {
		return nil, errKeyLine
	}
	if kind != keyType {
		return nil, errKeyType
	}
	wire, err := base64.StdEncoding.Strict().DecodeString(b64)
	if err != nil || base64.StdEncoding.EncodeToString(wire) != b64 {
		return nil, errKeyLine
	}
	key, err := ssh.ParsePublicKey(wire)
	if err != nil || key.Type() != keyType || !bytes.Equal(key.Marshal(), wire) {
		return nil, errKeyLine
	}
	return key, nil
}

// Fingerprint returns an SSH public key's fingerprint as ssh-keygen -l shows
// it: "SHA256:" and 43 characters of base64 without padding.
func Fingerprint(line string) (string, error) {
	key, err := parseSSH(line)
	if err != nil {
		return "", err
	}
	return ssh.FingerprintSHA256(key), nil
}

// CheckFingerprint refuses what ssh-keygen would not show as a fingerprint.
func CheckFingerprint(s string) error {
	_, err := fingerprintBytes(s)
	return err
}

func fingerprintBytes(s string) ([]byte, error) {
	b64, ok := strings.CutPrefix(s, "SHA256:")
	sum, err := base64.RawStdEncoding.Strict().DecodeString(b64)
	if !ok || err != nil || len(sum) != 32 || len(b64) != 43 {
		return nil, errors.New("a key's fingerprint is written SHA256: and 43 characters of base64")
	}
	return sum, nil
}

// Signer signs as one trustee. Its key never leaves it; fmt prints its name.
type Signer struct {
	name string
	key  ssh.Signer
}

// NewSigner makes a signer from a trustee's name and the 32-byte Ed25519 seed
// of their identity file.
func NewSigner(name string, seed []byte) (*Signer, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if len(seed) != ed25519.SeedSize {
		return nil, errors.New("an Ed25519 seed has 32 bytes")
	}
	key, err := ssh.NewSignerFromSigner(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		return nil, err
	}
	return &Signer{name, key}, nil
}

// NewRemoteSigner makes a signer whose key another process holds. line is its public half ("ssh-ed25519 AAAA…"); sign
// returns the 64-byte Ed25519 signature of a blob, as SignBlob in that process does.
func NewRemoteSigner(name, line string, sign func(blob []byte) ([]byte, error)) (*Signer, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	pub, err := parseSSH(line)
	if err != nil {
		return nil, err
	}
	return &Signer{name, remoteKey{pub, sign}}, nil
}

// remoteKey is an ssh.Signer whose private half is elsewhere.
type remoteKey struct {
	pub  ssh.PublicKey
	sign func(blob []byte) ([]byte, error)
}

func (k remoteKey) PublicKey() ssh.PublicKey { return k.pub }

func (k remoteKey) Sign(_ io.Reader, blob []byte) (*ssh.Signature, error) {
	raw, err := k.sign(blob)
	if err != nil {
		return nil, err
	}
	sig := &ssh.Signature{Format: keyType, Blob: raw}
	if err := k.pub.Verify(blob, sig); err != nil {
		return nil, fmt.Errorf("the signature that came back does not verify: %w", err)
	}
	return sig, nil
}

// signedBlob is what an SSH signature signs, after its preamble (PROTOCOL.sshsig, "Signed Data").
type signedBlob struct {
	Namespace, Reserved, Hash string
	Sum                       []byte
}

// SignBlob signs the bytes that an SSH signature signs and returns the 64-byte Ed25519 signature. It refuses every other
// blob and every namespace that does not begin with "zapis-": a process that may ask for signatures can't have a login
// or a commit signed.
func (s *Signer) SignBlob(blob []byte) ([]byte, error) {
	var b signedBlob
	rest, ok := bytes.CutPrefix(blob, []byte("SSHSIG"))
	if !ok || ssh.Unmarshal(rest, &b) != nil || !strings.HasPrefix(b.Namespace, "zapis-") {
		return nil, errors.New("this is not what an SSH signature in a namespace of ours signs")
	}
	sig, err := s.key.Sign(rand.Reader, blob)
	if err != nil {
		return nil, err
	}
	return sig.Blob, nil
}

// Name returns the trustee's name, the SSH principal.
func (s *Signer) Name() string { return s.name }

// String returns the name and no key.
func (s *Signer) String() string { return s.name }

// Format keeps every verb of fmt, %#v too, from printing the key.
func (s *Signer) GoString() string { return "card.Signer(" + s.name + ")" }

// SSH returns the public key as a card's ssh line has it.
func (s *Signer) SSH() string {
	return keyType + " " + base64.StdEncoding.EncodeToString(s.key.PublicKey().Marshal())
}

// Fingerprint returns the key's fingerprint, as ssh-keygen shows it.
func (s *Signer) Fingerprint() string { return ssh.FingerprintSHA256(s.key.PublicKey()) }

// Card makes the trustee's card, with an age recipient.
func (s *Signer) Card(age string) Card { return Card{Name: s.name, Age: age, SSH: s.SSH()} }

// Sign signs msg in a namespace and returns the signature as ssh-keygen -Y
// sign writes it, byte for byte: Ed25519 is deterministic.
func (s *Signer) Sign(namespace string, msg []byte) ([]byte, error) {
	return s.SignReader(namespace, bytes.NewReader(msg))
}

// SignReader is Sign for what need not be in memory.
func (s *Signer) SignReader(namespace string, msg io.Reader) ([]byte, error) {
	sig, err := sshsig.Sign(msg, s.key, sshsig.HashSHA512, namespace)
	if err != nil {
		return nil, err
	}
	return armor(sig.Marshal()), nil
}

// Verify checks an armored SSH signature over msg: an Ed25519 signature, with
// SHA-512, in this namespace, by this key ("ssh-ed25519 AAAA…"), in the one
// writing that ssh-keygen gives it. What does not verify is an ErrMismatch.
func Verify(namespace string, msg, armored []byte, sshPub string) error {
	return VerifyReader(namespace, bytes.NewReader(msg), armored, sshPub)
}

// VerifyReader is Verify for what need not be in memory.
func VerifyReader(namespace string, msg io.Reader, armored []byte, sshPub string) error {
	key, err := parseSSH(sshPub)
	if err != nil {
		return canonical.Refuse("signature: %w", err)
	}
	sig, err := openArmor(armored)
	if err != nil {
		return canonical.Refuse("signature: %w", err)
	}
	if sig.Namespace != namespace {
		return canonical.Refuse("signature: its namespace is %q, not %q", sig.Namespace, namespace)
	}
	if !bytes.Equal(sig.PublicKey.Marshal(), key.Marshal()) {
		return canonical.Refuse("signature: made by the key %s, not by %s",
			ssh.FingerprintSHA256(sig.PublicKey), ssh.FingerprintSHA256(key))
	}
	err = sshsig.Verify(msg, sig, key, sshsig.HashSHA512, namespace)
	if err != nil {
		return canonical.Refuse("signature: it does not fit the text")
	}
	return nil
}

const (
	armorBegin = "-----BEGIN SSH SIGNATURE-----\n"
	armorEnd   = "-----END SSH SIGNATURE-----\n"
	armorWidth = 70   // ssh-keygen's
	maxArmor   = 1024 // an Ed25519 signature's is about 300 bytes
)

func armor(wire []byte) []byte {
	b64 := base64.StdEncoding.EncodeToString(wire)
	out := []byte(armorBegin)
	for len(b64) > armorWidth {
		out = append(append(out, b64[:armorWidth]...), '\n')
		b64 = b64[armorWidth:]
	}
	return append(append(append(out, b64...), '\n'), armorEnd...)
}

var errArmor = errors.New("it is not an SSH signature as ssh-keygen writes it")

// openArmor reads a signature and refuses every writing of it but one.
func openArmor(b []byte) (*sshsig.Signature, error) {
	body, ok := strings.CutPrefix(string(b), armorBegin)
	body, ok2 := strings.CutSuffix(body, armorEnd)
	if !ok || !ok2 || len(b) > maxArmor {
		return nil, errArmor
	}
	wire, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(body, "\n", ""))
	if err != nil || !bytes.Equal(armor(wire), b) {
		return nil, errArmor
	}
	if !fieldsFit(wire) {
		return nil, errArmor
	}
	sig, err := sshsig.ParseSignature(wire)
	if err != nil || !bytes.Equal(sig.Marshal(), wire) || len(sig.Signature.Rest) != 0 {
		return nil, errArmor
	}
	if sig.PublicKey.Type() != keyType || sig.Signature.Format != keyType {
		return nil, errKeyType
	}
	if sig.HashAlgorithm != sshsig.HashSHA512 {
		return nil, errors.New("its hash is not sha512")
	}
	return sig, nil
}

// fieldsFit checks the lengths in a signature before a library reads them: the
// preamble, the version, and five strings that fill the rest exactly.
func fieldsFit(wire []byte) bool {
	if len(wire) < 10 {
		return false
	}
	wire = wire[10:]
	for range 5 {
		if len(wire) < 4 {
			return false
		}
		n := binary.BigEndian.Uint32(wire)
		if uint64(n) > uint64(len(wire)-4) {
			return false
		}
		wire = wire[4+n:]
	}
	return len(wire) == 0
}
