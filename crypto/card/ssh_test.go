package card_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"

	"zapis/crypto/card"
	"zapis/internal/shorttest"
)

// sshKeygen runs OpenSSH's tool.
func sshKeygen(t *testing.T, stdin []byte, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.Command("ssh-keygen", args...)
	cmd.Stdin = bytes.NewReader(stdin)
	return cmd.CombinedOutput()
}

// OpenSSH verifies what we sign.
func TestSSHKeygenVerifies(t *testing.T) {
	shorttest.Skip(t, "signatures are not given to ssh-keygen")
	s, c := anna(t)
	dir := t.TempDir()
	msg := []byte("what was signed\n")
	sig, err := s.Sign(card.NamespaceBundle, msg)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	signers := write("allowed_signers", []byte("anna "+c.SSH+"\n"))
	sigFile := write("msg.sig", sig)
	verify := func(namespace string, msg []byte) ([]byte, error) {
		return sshKeygen(t, msg, "-Y", "verify", "-f", signers, "-I", "anna", "-n", namespace, "-s", sigFile)
	}
	if out, err := verify("zapis-bundle", msg); err != nil || !strings.Contains(string(out), `Good "zapis-bundle" signature for anna with ED25519 key `+c.Fingerprint()) {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := verify("zapis-statement", msg); err == nil {
		t.Errorf("accepted in another namespace: %s", out)
	}
	if out, err := verify("zapis-bundle", append(msg, '\n')); err == nil {
		t.Errorf("accepted for another text: %s", out)
	}
	out, err := sshKeygen(t, nil, "-l", "-f", write("anna.pub", []byte(c.SSH+"\n")))
	if err != nil || !strings.Contains(string(out), " "+c.Fingerprint()+" ") {
		t.Errorf("ssh-keygen -l says %s (%v), and we %s", out, err, c.Fingerprint())
	}
}

// We verify what OpenSSH signs, and write the same bytes.
func TestSSHKeygenSigns(t *testing.T) {
	shorttest.Skip(t, "no signature of ssh-keygen is read")
	s, c := anna(t)
	dir := t.TempDir()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	keyFile, msgFile := filepath.Join(dir, "key"), filepath.Join(dir, "msg")
	msg := []byte("what was signed\n")
	for path, b := range map[string][]byte{keyFile: pem.EncodeToMemory(block), msgFile: msg} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := sshKeygen(t, nil, "-Y", "sign", "-f", keyFile, "-n", card.NamespaceStatement, msgFile); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	theirs, err := os.ReadFile(msgFile + ".sig")
	if err != nil {
		t.Fatal(err)
	}
	if err := card.Verify(card.NamespaceStatement, msg, theirs, c.SSH); err != nil {
		t.Error(err)
	}
	ours, err := s.Sign(card.NamespaceStatement, msg)
	if err != nil || !bytes.Equal(ours, theirs) {
		t.Errorf("%v: we sign\n%s\nand ssh-keygen\n%s", err, ours, theirs)
	}
	for _, other := range []struct{ flag, want string }{
		{"hashalg=sha256", "signature: its hash is not sha512"},
	} {
		if err := os.Remove(msgFile + ".sig"); err != nil {
			t.Fatal(err)
		}
		if out, err := sshKeygen(t, nil, "-Y", "sign", "-O", other.flag, "-f", keyFile, "-n", card.NamespaceStatement, msgFile); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		theirs, err = os.ReadFile(msgFile + ".sig")
		if err != nil {
			t.Fatal(err)
		}
		refused(t, card.Verify(card.NamespaceStatement, msg, theirs, c.SSH), other.want)
	}
}

func TestSignaturesRefused(t *testing.T) {
	s, c := anna(t)
	boris, err := card.NewSigner("boris", bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	msg := []byte("text")
	sig, err := s.Sign(card.NamespaceStatement, msg)
	if err != nil {
		t.Fatal(err)
	}
	verify := func(sig string) error { return card.Verify(card.NamespaceStatement, msg, []byte(sig), c.SSH) }
	if err := verify(string(sig)); err != nil {
		t.Fatal(err)
	}
	refused(t, card.Verify(card.NamespaceBundle, msg, sig, c.SSH), `signature: its namespace is "zapis-statement", not "zapis-bundle"`)
	refused(t, card.Verify(card.NamespaceStatement, []byte("txet"), sig, c.SSH), "signature: it does not fit the text")
	refused(t, card.Verify(card.NamespaceStatement, msg, sig, boris.SSH()),
		"signature: made by the key "+s.Fingerprint()+", not by "+boris.Fingerprint())
	refused(t, card.Verify(card.NamespaceStatement, msg, sig, "ssh-rsa AAAA"), "signature: only ssh-ed25519 keys are used")

	const form = "signature: it is not an SSH signature as ssh-keygen writes it"
	text := string(sig)
	for name, bad := range map[string]string{
		"empty":           "",
		"no armor":        "U1NIU0lH",
		"CRLF":            strings.ReplaceAll(text, "\n", "\r\n"),
		"blank line":      strings.Replace(text, "\n", "\n\n", 1),
		"other width":     strings.Replace(text, "\n", "", 3),
		"PEM's width":     string(pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: wire(t, text)})),
		"bytes after":     text + "\n",
		"bytes before":    "\n" + text,
		"no LF":           strings.TrimSuffix(text, "\n"),
		"cut":             rearm(wire(t, text)[:100]),
		"longer":          rearm(append(wire(t, text), 0)),
		"another version": rearm(change(wire(t, text), 9, 2)),
		"another magic":   rearm(change(wire(t, text), 0, 'X')),
		"length":          rearm(change(wire(t, text), 10, 0xff)),
	} {
		t.Run(name, func(t *testing.T) { refused(t, verify(bad), form) })
	}
}

// Whatever bit of a signature is flipped, it is refused and nothing panics.
func TestSignatureBits(t *testing.T) {
	s, c := anna(t)
	sig, err := s.Sign(card.NamespaceStatement, []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	good := wire(t, string(sig))
	for i := range len(good) * 8 {
		bad := change(good, i/8, good[i/8]^1<<(i%8))
		if card.Verify(card.NamespaceStatement, []byte("text"), []byte(rearm(bad)), c.SSH) == nil {
			t.Fatalf("accepted with bit %d flipped", i)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "wire")
		if card.Verify(card.NamespaceStatement, nil, []byte(rearm(append(good[:10:10], b...))), c.SSH) == nil {
			t.Fatal("accepted")
		}
	})
}

func wire(t testing.TB, armored string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(armored))
	if block == nil {
		t.Fatal("no armor")
	}
	return block.Bytes
}

func change(b []byte, at int, to byte) []byte {
	b = bytes.Clone(b)
	b[at] = to
	return b
}

// rearm writes a signature as ssh-keygen does.
func rearm(wire []byte) string {
	s := base64.StdEncoding.EncodeToString(wire)
	out := "-----BEGIN SSH SIGNATURE-----\n"
	for len(s) > 70 {
		out, s = out+s[:70]+"\n", s[70:]
	}
	return out + s + "\n-----END SSH SIGNATURE-----\n"
}
