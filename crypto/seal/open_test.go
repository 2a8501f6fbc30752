package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"

	"zapis/internal/shorttest"
)

// framed makes a plaintext: content, so many bytes of padding, a length.
func framed(content []byte, padding int, length uint64) []byte {
	b := append(bytes.Clone(content), make([]byte, padding)...)
	return binary.BigEndian.AppendUint64(b, length)
}

func TestFraming(t *testing.T) {
	hello := []byte("hello")
	stain := framed(hello, 1024-13, 5)
	stain[700] = 1
	early := framed(hello, 1024-13, 5)
	early[5] = 1
	cases := []struct {
		name  string
		k     Kind
		plain []byte
		says  string // "" where it is right
	}{
		{"signal", Signal, framed(hello, 1024-13, 5), ""},
		{"empty", Signal, framed(nil, 1016, 0), ""},
		{"full", Signal, framed(bytes.Repeat(hello, 203), 1, 1016), ""},
		{"attachment", Attachment, framed(hello, 65536-13, 5), ""},
		{"attachment, next size", Attachment, framed(bytes.Repeat(hello, 13106), 131072-65530-8, 65530), ""},
		{"length past the end", Signal, framed(hello, 1024-13, 1017), "the length at the end says 1017 bytes, and only 1016 fit"},
		{"length negative if signed", Signal, framed(hello, 1024-13, 1<<63|5), "says 9223372036854775813 bytes, and only 1016 fit"},
		{"length all ones", Signal, framed(hello, 1024-13, 1<<64-1), "says 18446744073709551615 bytes, and only 1016 fit"},
		{"length too short", Signal, framed(hello, 1024-13, 4), "the padding after 4 bytes is not all zeros"},
		{"padding stained", Signal, stain, "the padding after 5 bytes is not all zeros"},
		{"padding stained at once", Signal, early, "the padding after 5 bytes is not all zeros"},
		{"not the smallest", Attachment, framed(hello, 131072-13, 5),
			"5 bytes of content stand in a plaintext of 131072 bytes, which is not the smallest size"},
		{"just not the smallest", Attachment, framed(bytes.Repeat([]byte{1}, 65528), 131072-65536, 65528),
			"65528 bytes of content stand in a plaintext of 131072 bytes"},
		{"signal of two sizes", Signal, framed(hello, 2048-13, 5), "a plaintext of 2048 bytes is no size of kind signal"},
		{"statement of a signal's size", Statement, framed(hello, 1024-13, 5), "a plaintext of 1024 bytes is no size of kind statement"},
		{"no power of two", Attachment, framed(hello, 65536*3-13, 5), "a plaintext of 196608 bytes is no size of kind attachment"},
		{"too small", Attachment, framed(hello, 32768-13, 5), "a plaintext of 32768 bytes is no size of kind attachment"},
		{"unpadded", Signal, hello, "a plaintext of 5 bytes is no size of kind signal"},
		{"nothing", Signal, nil, "a plaintext of 0 bytes is no size of kind signal"},
	}
	r := set(1, 1)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			file := rawSeal(t, c.plain, r.age()...)
			got, _, err := open(c.k, file, DigestOf(file), people()[0])
			if c.says != "" {
				refused(t, err, ErrMismatch, c.says)
				return
			}
			n := binary.BigEndian.Uint64(c.plain[len(c.plain)-8:])
			if err != nil || !bytes.Equal(got, c.plain[:n]) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// TestEveryBit: any flipped bit of a part is refused by its digest; and where
// the digest is replaced too, by age's MACs.
func TestEveryBit(t *testing.T) {
	shorttest.Skip(t, "not every bit of a part is flipped")
	for _, threshold := range []int{1, 2} {
		r := set(threshold, 2)
		file, s := sealed(t, Signal, r, []byte("act report"))
		id := reader(t, file, threshold, 2)
		for bit := range len(file) * 8 {
			if threshold > 1 && bit%8 != bit/8%8 {
				continue // one bit of each byte is enough where the header is long
			}
			flipped := bytes.Clone(file)
			flipped[bit/8] ^= 1 << (bit % 8)
			if _, err := OpenBytes(Signal, bytes.NewReader(flipped), s.Ciphertext, id); !errors.Is(err, ErrMismatch) {
				t.Fatalf("bit %d: %v", bit, err)
			}
			if bit%5 != 0 {
				continue
			}
			if _, err := OpenBytes(Signal, bytes.NewReader(flipped), DigestOf(flipped), id); err == nil {
				t.Fatalf("bit %d flipped, and the digest too: opened", bit)
			}
		}
	}
}

func TestTruncated(t *testing.T) {
	shorttest.Skip(t, "no part is cut at each place")
	r := set(1, 2)
	small, ss := sealed(t, Signal, r, []byte("act report"))
	for n := range small {
		_, err := OpenBytes(Signal, bytes.NewReader(small[:n]), ss.Ciphertext, people()[0])
		refused(t, err, ErrMismatch, fmt.Sprintf("the file has %d bytes, and the ledger names %d", n, len(small)))
		if _, err := OpenBytes(Signal, bytes.NewReader(small[:n]), DigestOf(small[:n]), people()[0]); !errors.Is(err, ErrMismatch) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}

	content := bytes.Repeat([]byte{7}, 200_000)
	file, s := sealed(t, Attachment, r, content)
	for _, cut := range []int{1, 8, 16, 17, 65552, 65553, 131104} {
		got, _, err := open(Attachment, file[:len(file)-cut], s.Ciphertext, people()[1])
		refused(t, err, ErrMismatch, "bytes, and the ledger names")
		if len(got) != 0 {
			t.Errorf("cut by %d: %d bytes were written before the digest was compared", cut, len(got))
		}
		short := file[:len(file)-cut]
		_, _, err = open(Attachment, short, DigestOf(short), people()[1])
		if !errors.Is(err, ErrMismatch) {
			t.Errorf("cut by %d with its own digest: %v", cut, err)
		}
	}
	_, _, err := open(Attachment, append(bytes.Clone(file), 0), s.Ciphertext, people()[1])
	refused(t, err, ErrMismatch, "the file is longer than the")
	_, _, err = open(Signal, append(bytes.Clone(small), 0), ss.Ciphertext, people()[1])
	refused(t, err, ErrMismatch, "the file is longer than the")
}

// forge puts a payload of one chunk under the header of file, which is
// possible with the part's file key.
func forge(t *testing.T, file []byte, key FileKey, plaintext []byte) []byte {
	t.Helper()
	header, err := Header(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	nonce := file[len(header) : len(header)+payloadNonce]
	streamKey, err := hkdf.Key(sha256.New, key.b[:], nonce, "payload", 32)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := chacha20poly1305.New(streamKey)
	if err != nil {
		t.Fatal(err)
	}
	last := make([]byte, chacha20poly1305.NonceSize)
	last[len(last)-1] = 1
	return aead.Seal(bytes.Clone(file[:len(header)+payloadNonce]), last, plaintext, nil)
}

// TestForgedPayload: age opens a new payload under the old header without a
// murmur. The digest of the whole file does not.
func TestForgedPayload(t *testing.T) {
	r := set(1, 2)
	var b bytes.Buffer
	s, key, err := SealWithKey(&b, Signal, r, bytes.NewReader([]byte("danger_now yes")))
	if err != nil {
		t.Fatal(err)
	}
	forged := forge(t, b.Bytes(), key, framed([]byte("danger_now no"), 1024-13-8, 13))
	if len(forged) != b.Len() {
		t.Fatal("the forgery is not of the same size")
	}
	if in, err := age.Decrypt(bytes.NewReader(forged), people()[0]); err != nil {
		t.Fatal("stock age should have been fooled:", err)
	} else if plain, err := io.ReadAll(in); err != nil || !bytes.HasPrefix(plain, []byte("danger_now no")) {
		t.Fatalf("stock age should have been fooled: %q, %v", plain, err)
	}
	if err := CheckPart(bytes.NewReader(forged), Signal, r, s.Ciphertext.Size); err != nil {
		t.Fatal("the header is the old one:", err)
	}
	got, _, err := open(Signal, forged, s.Ciphertext, people()[0])
	refused(t, err, ErrMismatch, "the file's SHA-256 is")
	if len(got) != 0 {
		t.Error("something of the forgery was written")
	}
	_, err = OpenWithFileKey(io.Discard, Signal, bytes.NewReader(forged), s.Ciphertext, key)
	refused(t, err, ErrMismatch, "the file's SHA-256 is")
}

// TestChangedBetweenReadings: an attachment is read twice, and must be the same.
func TestChangedBetweenReadings(t *testing.T) {
	r := set(1, 1)
	good, s := sealed(t, Attachment, r, []byte("good"))
	bad, _ := sealed(t, Attachment, r, []byte("evil"))
	var out bytes.Buffer
	_, err := Open(&out, Attachment, &swapper{Reader: bytes.NewReader(good), second: bytes.NewReader(bad)}, s.Ciphertext, people()[0])
	refused(t, err, ErrMismatch, "the file changed while it was read")
}

// swapper is another file after it was read to its end once.
type swapper struct {
	*bytes.Reader
	second *bytes.Reader
	seeks  int
}

func (s *swapper) Seek(offset int64, whence int) (int64, error) {
	if s.seeks++; s.seeks == 2 {
		s.Reader = s.second
	}
	return s.Reader.Seek(offset, whence)
}

func TestFileKey(t *testing.T) {
	for _, threshold := range []int{1, 2} {
		r := set(threshold, 3)
		content := []byte("what happened")
		var b bytes.Buffer
		s, sealedKey, err := SealWithKey(&b, Statement, r, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		header, err := Header(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		key, err := ReadFileKey(header, reader(t, b.Bytes(), threshold, 3))
		if err != nil || key != sealedKey {
			t.Fatal("another key than the part was sealed with:", err)
		}
		again, err := ParseFileKey(key.Reveal())
		if err != nil || again != key {
			t.Fatal(err)
		}
		var out bytes.Buffer
		d, err := OpenWithFileKey(&out, Statement, bytes.NewReader(b.Bytes()), s.Ciphertext, again)
		if err != nil || d != s.Content || !bytes.Equal(out.Bytes(), content) {
			t.Fatalf("%v, %v", d, err)
		}
		again.b[3] ^= 1
		_, err = OpenWithFileKey(io.Discard, Statement, bytes.NewReader(b.Bytes()), s.Ciphertext, again)
		refused(t, err, ErrMismatch, "the header's MAC does not fit the key that a stanza gave")
		again.Wipe()
		if again != (FileKey{}) {
			t.Error("a wiped key is not all zeros")
		}
		_, err = ReadFileKey(header, people()[5])
		if threshold == 1 {
			refused(t, err, ErrNoKey, "it is sealed to 3 keys, and none of them was given")
		} else {
			refused(t, err, ErrQuorum, "this part is under a quorum and opens with the shares of 2 of 3 trustees")
		}
		_, err = ReadFileKey(header[:len(header)-1], people()[0])
		refused(t, err, ErrMismatch, "does not begin with a whole age header")
	}
	for _, s := range []string{"", "00", "0102030405060708090a0b0c0d0e0f1", "0102030405060708090A0B0C0D0E0F10", "zz02030405060708090a0b0c0d0e0f10"} {
		_, err := ParseFileKey(s)
		refused(t, err, ErrMismatch, "a file key is 32 lower-case hex digits")
	}
}

func TestOpenNeedsAKey(t *testing.T) {
	file, s := sealed(t, Attachment, set(1, 2), []byte("x"))
	_, _, err := open(Attachment, file, s.Ciphertext)
	refused(t, err, ErrNoKey, "no key was given")
	_, _, err = open(Attachment, file, s.Ciphertext, people()[2], people()[3])
	refused(t, err, ErrNoKey, "it is sealed to 2 keys, and none of them was given")
	if got, _, err := open(Attachment, file, s.Ciphertext, people()[2], people()[1]); err != nil || string(got) != "x" {
		t.Errorf("the second of two keys fits: %q, %v", got, err)
	}
	_, _, err = open("letter", file, s.Ciphertext, people()[0])
	refused(t, err, nil, `no kind of part is named "letter"`)
	_, err = OpenBytes(Attachment, bytes.NewReader(file), s.Ciphertext, people()[0])
	refused(t, err, nil, `a part of kind "attachment" is not opened in memory`)
	_, err = OpenBytes(Signal, bytes.NewReader(file), Digest{Size: 1 << 40}, people()[0])
	refused(t, err, ErrMismatch, "the ledger names 1099511627776 bytes, and a part of kind signal has 1049632 at most")
	_, err = OpenBytes(Signal, bytes.NewReader(file), Digest{Size: -5}, people()[0])
	refused(t, err, ErrMismatch, "the file is longer")
}

// TestForeignIdentity: the error of a hardware key that was not touched does
// not concern the part, and is passed on.
func TestForeignIdentity(t *testing.T) {
	file, s := sealed(t, Signal, set(1, 2), []byte("x"))
	away := errors.New("the hardware key was not touched")
	_, _, err := open(Signal, file, s.Ciphertext, broken{away})
	refused(t, err, away, "the key that was given could not be used: the hardware key was not touched")
	if errors.Is(err, ErrMismatch) {
		t.Error("and is no mismatch")
	}
	err = CheckOwn(bytes.NewReader(file), set(1, 2), 1, broken{away})
	refused(t, err, away, "could not be used")
	if errors.Is(err, ErrOwnStanza) {
		t.Error("and is no stanza of somebody else")
	}
	file, _ = sealed(t, Signal, set(2, 2), []byte("x"))
	_, err = OpenShare(bytes.NewReader(file), 1, broken{away})
	refused(t, err, away, "could not be used")
}

type broken struct{ err error }

func (b broken) Unwrap([]*age.Stanza) ([]byte, error) { return nil, b.err }

// TestAt: the own position first, and all others after it.
func TestAt(t *testing.T) {
	file, s := sealed(t, Signal, set(1, 3), []byte("x"))
	for position := -1; position <= 5; position++ {
		for who := range 3 {
			if got, err := OpenBytes(Signal, bytes.NewReader(file), s.Ciphertext, At(position, people()[who])); err != nil || string(got) != "x" {
				t.Errorf("trustee %d at position %d: %v", who+1, position, err)
			}
		}
	}
	_, err := OpenBytes(Signal, bytes.NewReader(file), s.Ciphertext, At(2, people()[4]))
	refused(t, err, ErrNoKey, "none of them was given")
}
