package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/tag"
	"filippo.io/hpke"
)

func TestRecipients(t *testing.T) {
	a, b := people()[0].Recipient().String(), people()[1].Recipient().String()
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	hw := hardware(t)
	many := make([]string, MaxTrustees+1)
	for _, c := range []struct {
		name string
		k    int
		keys []string
		says string
	}{
		{"none", 1, nil, "the set is empty"},
		{"threshold 0", 0, []string{a}, "a threshold of 0 for 1 keys; it must be between 1 and 1"},
		{"threshold 3 of 2", 3, []string{a, b}, "a threshold of 3 for 2 keys"},
		{"threshold -1", -1, []string{a, b}, "a threshold of -1 for 2 keys"},
		{"twice", 1, []string{a, b, a}, "keys 1 and 3 are the same"},
		{"too many", 1, many, "256 keys, and a set has 255 at most"},
		{"classic", 1, []string{a, x.Recipient().String()}, "key 2 is a classic key (age1…), not a post-quantum one"},
		{"classic hardware", 1, []string{"age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e"}, "key 1 is a classic hardware key (age1tag1…)"},
		{"ssh", 1, []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"}, "key 1 is a classic SSH key"},
		{"plugin", 1, []string{"age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"}, "key 1 is an age plugin's recipient; plugins are not started"},
		{"secret", 1, []string{people()[0].String()}, "key 1 is a secret key, not a recipient"},
		{"secret, lower case", 1, []string{strings.ToLower(people()[0].String())}, "key 1 is a secret key, not a recipient"},
		{"upper case", 1, []string{strings.ToUpper(a)}, "key 1 is not in lower case"},
		{"hardware, upper case", 1, []string{strings.ToUpper(hw.recipient)}, "key 1 is not in lower case"},
		{"cut", 1, []string{a[:len(a)-1]}, "key 1 is not a whole age1pq1 recipient"},
		{"space", 1, []string{a + " "}, "key 1 is not a whole age1pq1 recipient"},
		{"hardware, cut", 1, []string{hw.recipient[:len(hw.recipient)-3]}, "key 1 is not a whole age1tagpq1 recipient"},
		{"empty", 1, []string{""}, "key 1 is not an age1pq1 or age1tagpq1 recipient"},
		{"card", 1, []string{"zapis/card/v1"}, "key 1 is not an age1pq1 or age1tagpq1 recipient"},
	} {
		_, err := NewRecipients(c.k, c.keys...)
		t.Run(c.name, func(t *testing.T) {
			refused(t, err, ErrRecipient, c.says)
			for _, key := range c.keys {
				if len(key) > 20 && strings.Contains(err.Error(), key[10:20]) {
					t.Errorf("the refusal repeats the key: %s", err)
				}
			}
		})
	}
	r, err := NewRecipients(2, a, hw.recipient, b)
	if err != nil {
		t.Fatal(err)
	}
	if r.Threshold() != 2 || r.Len() != 3 || fmt.Sprint(r.Keys()) != fmt.Sprint([]string{a, hw.recipient, b}) {
		t.Errorf("%d of %d: %v", r.Threshold(), r.Len(), r.Keys())
	}
	_, err = Seal(&bytes.Buffer{}, Signal, nil, strings.NewReader("x"))
	refused(t, err, ErrRecipient, "the set is empty")
}

// token imitates a hardware key of the tagpq kind.
type token struct {
	key       hpke.PrivateKey
	recipient string
	public    *tag.Recipient
}

func hardware(t fataler) *token {
	t.Helper()
	k, err := hpke.MLKEM768P256().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	r, err := tag.NewHybridRecipient(k.PublicKey().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return &token{k, r.String(), r}
}

func (h *token) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type != "mlkem768p256tag" || len(s.Args) != 2 {
			continue
		}
		enc, err := b64.DecodeString(s.Args[1])
		if err != nil {
			return nil, err
		}
		r, err := hpke.NewRecipient(enc, h.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte("age-encryption.org/mlkem768p256tag"))
		if err != nil {
			return nil, err
		}
		if key, err := r.Open(nil, s.Body); err == nil {
			return key, nil
		}
	}
	return nil, age.ErrIncorrectIdentity
}

// TestHardware: keys that live in hardware stand beside others, alone and under a
// quorum, and their stanza's tag is compared.
func TestHardware(t *testing.T) {
	me, other := hardware(t), hardware(t)
	keys := []string{people()[0].Recipient().String(), me.recipient}
	for k := 1; k <= 2; k++ {
		r, err := NewRecipients(k, keys...)
		if err != nil {
			t.Fatal(err)
		}
		file, s := sealed(t, Statement, r, []byte("words"))
		if err := CheckPart(bytes.NewReader(file), Statement, r, s.Ciphertext.Size); err != nil {
			t.Error(err)
		}
		if err := CheckOwn(bytes.NewReader(file), r, 2, me); err != nil {
			t.Error(err)
		}
		refused(t, CheckOwn(bytes.NewReader(file), r, 2, other), ErrOwnStanza, "(trustee 2 of 2) does not open with your key")
		wrong, err := NewRecipients(k, keys[0], other.recipient)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, checkStanzas(bytes.NewReader(file), wrong), ErrMismatch, " 2: the tag is not that of this trustee's key")
		var id age.Identity = me
		if k == 2 {
			mine, err := OpenShare(bytes.NewReader(file), 2, me)
			if err != nil {
				t.Fatal(err)
			}
			all := shares(t, file, 1)
			all[2] = mine
			id = QuorumIdentity(all)
		}
		if got, _, err := open(Statement, file, s.Ciphertext, id); err != nil || string(got) != "words" {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// A plug-in may unwrap a file key of any size, and a sender may make the header's MAC with it: it is not one that opens the part.
func TestFileKeyOfAnotherSize(t *testing.T) {
	r, err := NewRecipients(1, people()[0].Recipient().String(), hardware(t).recipient)
	if err != nil {
		t.Fatal(err)
	}
	file, _ := sealed(t, Statement, r, []byte("words"))
	stanzas, _, found := bytes.Cut(file, []byte("\n---"))
	if !found {
		t.Fatal("no header")
	}
	for _, size := range []int{0, fileKeySize - 1, fileKeySize + 1, 32} {
		key := bytes.Repeat([]byte{7}, size)
		macKey, err := hkdf.Key(sha256.New, key, nil, "header", 32)
		if err != nil {
			t.Fatal(err)
		}
		mac := hmac.New(sha256.New, macKey)
		header := append(bytes.Clone(stanzas), "\n---"...)
		mac.Write(header)
		header = fmt.Appendf(header, " %s\n", base64.RawStdEncoding.EncodeToString(mac.Sum(nil)))
		refused(t, CheckOwn(bytes.NewReader(header), r, 2, unwrapsTo(key)), ErrOwnStanza, fmt.Sprintf("the file key has %d bytes, not 16", size))
		_, err = ReadFileKey(header, unwrapsTo(key))
		refused(t, err, ErrMismatch, fmt.Sprintf("the file key has %d bytes, not 16", size))
	}
}

// unwrapsTo is an identity that unwraps this file key from any stanzas.
type unwrapsTo []byte

func (key unwrapsTo) Unwrap([]*age.Stanza) ([]byte, error) { return bytes.Clone(key), nil }

// recipientFunc wraps a file key in the test's way.
type recipientFunc func(fileKey []byte) ([]*age.Stanza, error)

func (f recipientFunc) Wrap(fileKey []byte) ([]*age.Stanza, error) { return f(fileKey) }

func (f recipientFunc) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	s, err := f(fileKey)
	return s, []string{"postquantum"}, err
}

// otherKey wraps a file key that is not the file's.
func otherKey(r age.Recipient) age.Recipient {
	return recipientFunc(func([]byte) ([]*age.Stanza, error) {
		wrong := make([]byte, fileKeySize)
		rand.Read(wrong)
		return r.Wrap(wrong)
	})
}

// garbage makes a stanza of the right form that no key opens.
func garbage(r age.Recipient) age.Recipient {
	return recipientFunc(func(fileKey []byte) ([]*age.Stanza, error) {
		s, err := r.Wrap(fileKey)
		rand.Read(s[0].Body)
		return s, err
	})
}

func TestCheckStanzas(t *testing.T) {
	three := set(1, 3)
	a, b, c := three.natives[0], three.natives[1], three.natives[2]
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	unlabelled := recipientFunc(func(k []byte) ([]*age.Stanza, error) { return x.Recipient().Wrap(k) })
	reshape := func(change func(*age.Stanza)) age.Recipient {
		return recipientFunc(func(fileKey []byte) ([]*age.Stanza, error) {
			s, err := b.Wrap(fileKey)
			change(s[0])
			return s, err
		})
	}
	for _, tc := range []struct {
		name string
		to   []age.Recipient
		says string
	}{
		{"right", []age.Recipient{a, b, c}, ""},
		{"one missing", []age.Recipient{a, b}, "the part is sealed to 2 keys, and the set has 3 trustees"},
		{"one more", []age.Recipient{a, b, c, people()[4].Recipient()}, "the part is sealed to 4 keys, and the set has 3 trustees"},
		{"one twice more", []age.Recipient{a, b, c, c}, "the part is sealed to 4 keys"},
		{"classic", []age.Recipient{a, unlabelled, c}, `stanza 2: of type "X25519" with 1 arguments, and this trustee's key makes mlkem768x25519 with 1`},
		{"hardware", []age.Recipient{a, b, hardware(t).public}, `stanza 3: of type "mlkem768p256tag" with 2 arguments`},
		{"quorum", set(2, 3).age(), "the part is sealed to 1 keys, and the set has 3 trustees"},
		{"argument added", []age.Recipient{a, reshape(func(s *age.Stanza) { s.Args = append(s.Args, "grease") }), c}, `with 2 arguments`},
		{"key cut", []age.Recipient{a, reshape(func(s *age.Stanza) { s.Args[0] = s.Args[0][:100] }), c}, "stanza 2: not of the size that mlkem768x25519 has"},
		{"not base64", []age.Recipient{a, reshape(func(s *age.Stanza) { s.Args[0] = "!" + s.Args[0][1:] }), c}, "stanza 2: not of the size"},
		{"body cut", []age.Recipient{a, reshape(func(s *age.Stanza) { s.Body = s.Body[:31] }), c}, "stanza 2: not of the size"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := rawSeal(t, framed([]byte("x"), 1024-9, 1), tc.to...)
			err := checkStanzas(bytes.NewReader(file), three)
			if tc.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			refused(t, err, ErrMismatch, tc.says)
			// CheckOwn refuses it too, with any identity.
			refused(t, CheckOwn(bytes.NewReader(file), three, 1, people()[0]), ErrMismatch, tc.says)
		})
	}
	refused(t, checkStanzas(strings.NewReader("hello"), three), ErrMismatch, "it does not begin with a whole age header")
	refused(t, checkStanzas(strings.NewReader(""), three), ErrMismatch, "it does not begin with a whole age header")
	long := "age-encryption.org/v1\n" + strings.Repeat("-> X "+strings.Repeat("A", 1000)+"\n\n", 1100)
	refused(t, checkStanzas(strings.NewReader(long), three), ErrMismatch, "it does not begin with a whole age header")
}

func TestCheckPartSize(t *testing.T) {
	r := set(1, 2)
	file, s := sealed(t, Signal, r, []byte("x"))
	for _, off := range []int64{-1, 1, 1024} {
		err := CheckPart(bytes.NewReader(file), Signal, r, s.Ciphertext.Size+off)
		refused(t, err, ErrMismatch, fmt.Sprintf("no part of kind signal with this header has %d bytes", len(file)+int(off)))
	}
	refused(t, CheckPart(bytes.NewReader(file), Statement, r, s.Ciphertext.Size), ErrMismatch, "no part of kind statement")
	refused(t, CheckPart(bytes.NewReader(file), "x", r, 1), nil, `no kind of part is named "x"`)
	for _, n := range []int64{65536, 131072, 1 << 20, 1 << 40} {
		header, err := Header(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		size := ciphertextSize(int64(len(header)), n)
		if err := CheckPart(bytes.NewReader(file), Attachment, r, size); err != nil {
			t.Errorf("%d: %v", n, err)
		}
		refused(t, CheckPart(bytes.NewReader(file), Attachment, r, size-1), ErrMismatch, "no part of kind attachment")
	}
}

// TestOwnStanzaThatDoesNotOpen: one trustee has no stanza that opens. Their own check reports
// it by position; that of the others can't detect it.
func TestOwnStanzaThatDoesNotOpen(t *testing.T) {
	r := set(1, 3)
	a, b, c := r.natives[0], r.natives[1], r.natives[2]
	for _, tc := range []struct {
		name string
		to   []age.Recipient
		why  string
	}{
		{"another file key", []age.Recipient{a, otherKey(b), c}, "the header's MAC does not fit the key that a stanza gave"},
		{"garbage", []age.Recipient{a, garbage(b), c}, "none of them was given"},
		{"sealed to somebody else", []age.Recipient{a, people()[5].Recipient(), c}, "none of them was given"},
		{"the first one again", []age.Recipient{a, a, c}, "none of them was given"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := rawSeal(t, framed([]byte("x"), 1024-9, 1), tc.to...)
			if err := checkStanzas(bytes.NewReader(file), r); err != nil {
				t.Fatal("without a key it looks right:", err)
			}
			for _, p := range []int{1, 3} {
				if err := CheckOwn(bytes.NewReader(file), r, p, people()[p-1]); err != nil {
					t.Errorf("trustee %d: %v", p, err)
				}
			}
			err := CheckOwn(bytes.NewReader(file), r, 2, people()[1])
			refused(t, err, ErrOwnStanza, "your own stanza (trustee 2 of 3) does not open with your key, so this part was made unreadable for you: ")
			refused(t, err, ErrMismatch, tc.why)
		})
	}

	// Swapped: each trustee could read it, and yet no stanza is at its place.
	file := rawSeal(t, framed([]byte("x"), 1024-9, 1), b, a, c)
	for _, p := range []int{1, 2} {
		refused(t, CheckOwn(bytes.NewReader(file), r, p, people()[p-1]), ErrOwnStanza, fmt.Sprintf("your own stanza (trustee %d of 3)", p))
		if _, err := OpenBytes(Signal, bytes.NewReader(file), DigestOf(file), people()[p-1]); err != nil {
			t.Error(err)
		}
	}
}

func TestCheckOwnPosition(t *testing.T) {
	for _, k := range []int{1, 2} {
		r := set(k, 3)
		file, _ := sealed(t, Signal, r, []byte("x"))
		for _, p := range []int{-1, 0, 4} {
			err := CheckOwn(bytes.NewReader(file), r, p, people()[0])
			refused(t, err, nil, fmt.Sprintf("there is no position %d in a set of 3 trustees", p))
			if errors.Is(err, ErrMismatch) {
				t.Error("which is the caller's mistake, not the part's")
			}
		}
		err := CheckOwn(bytes.NewReader(file), r, 2, people()[0])
		refused(t, err, ErrNoKey, "the key that was given is not the one of trustee 2")
		if errors.Is(err, ErrOwnStanza) {
			t.Error("a stranger's key says nothing about the part")
		}
	}
}

// checkStanzas is CheckPart without the size.
func checkStanzas(src io.Reader, r *Recipients) error {
	h, err := readHeader(src)
	if err != nil {
		return err
	}
	return compareStanzas(h.text, h.stanzas, r)
}
