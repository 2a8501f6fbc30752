package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"zapis/internal/shorttest"
)

func TestDigestString(t *testing.T) {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3"
	if got := DigestOf([]byte("abc")).String(); got != want {
		t.Errorf("%s, as it stands in an entry: %s", got, want)
	}
}

func TestPaddedSize(t *testing.T) {
	for _, c := range []struct {
		k    Kind
		n    int64
		want int64
	}{
		{Signal, 0, 1024}, {Signal, 1016, 1024},
		{Identity, 0, 16384}, {Identity, 16376, 16384},
		{Statement, 0, 65536}, {Statement, 65528, 65536},
		{Message, 1, 65536},
		{Attachment, 0, 65536}, {Attachment, 65528, 65536},
		{Attachment, 65529, 131072}, {Attachment, 65536, 131072},
		{Attachment, 131064, 131072}, {Attachment, 131065, 262144},
		{Attachment, 100 << 20, 128 << 20}, {Attachment, 1<<30 - 8, 1 << 30}, {Attachment, 1<<30 - 7, 1 << 31},
	} {
		got, err := c.k.PaddedSize(c.n)
		if err != nil || got != c.want {
			t.Errorf("%s of %d bytes: padded to %d, %v; want %d", c.k, c.n, got, err, c.want)
		}
	}
	for k, says := range map[Kind]string{
		Signal:     "a part of kind signal holds 1016 bytes at most",
		Identity:   "a part of kind identity holds 16376 bytes at most",
		Statement:  "a part of kind statement holds 65528 bytes at most",
		Message:    "a part of kind message holds 65528 bytes at most",
		Attachment: "a part of kind attachment holds 1125899906842616 bytes at most",
	} {
		_, err := k.PaddedSize(k.Capacity() + 1)
		refused(t, err, ErrTooLarge, says)
	}
	_, err := Kind("letter").PaddedSize(1)
	refused(t, err, nil, `no kind of part is named "letter"`)
	_, err = Attachment.PaddedSize(math.MinInt64)
	refused(t, err, nil, "negative size")
}

// TestPlaintextSize: the size of a ciphertext determines that of its plaintext, and an impossible size is refused.
func TestPlaintextSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		header := rapid.Int64Range(200, 1<<20).Draw(t, "header")
		plain := rapid.Int64Range(1, 1<<24).Draw(t, "plain")
		got, ok := plaintextSize(header, ciphertextSize(header, plain))
		if !ok || got != plain {
			t.Fatalf("%d, %v; want %d", got, ok, plain)
		}
	})
	for _, payload := range []int64{-1, 0, 15, 65536 + 16 + 1, 65536 + 16 + 16} {
		if got, ok := plaintextSize(1000, 1000+payloadNonce+payload); ok {
			t.Errorf("a payload of %d bytes was taken for %d bytes of plaintext", payload, got)
		}
	}
}

// TestRoundTrip: the content is restored for all sizes, last bytes and thresholds, and its ciphertext's size depends
// on the kind alone.
func TestRoundTrip(t *testing.T) {
	kinds := []Kind{Signal, Identity, Statement, Message, Attachment}
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		n := rapid.IntRange(1, 3).Draw(t, "n")
		threshold := rapid.IntRange(1, n).Draw(t, "k")
		edges := []int{0, 1, 7, 8, 9, 1015, 1016, 16376, 65527, 65528, 65529, 65535, 65536, 65537, 131064, 131065, 262136, 262137}
		size := rapid.OneOf(rapid.SampledFrom(edges), rapid.IntRange(0, 140000)).Draw(t, "size")
		size = min(size, int(min(k.Capacity(), 1<<20)))
		content := bytes.Repeat([]byte{rapid.Byte().Draw(t, "fill")}, size)
		if tail := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "tail"); len(tail) <= size {
			copy(content[size-len(tail):], tail)
		}

		r := set(threshold, n)
		var file bytes.Buffer
		s, err := Seal(&file, k, r, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if s.Content != DigestOf(content) || s.Ciphertext != DigestOf(file.Bytes()) {
			t.Fatal("Seal gave other digests than those of what went in and came out")
		}
		if err := CheckPart(bytes.NewReader(file.Bytes()), k, r, s.Ciphertext.Size); err != nil {
			t.Fatal(err)
		}
		header, err := Header(bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		padded, err := k.PaddedSize(int64(size))
		if err != nil || int64(file.Len()) != ciphertextSize(int64(len(header)), padded) {
			t.Fatalf("%d bytes of ciphertext for %d of plaintext, %v", file.Len(), padded, err)
		}
		var out bytes.Buffer
		d, err := Open(&out, k, bytes.NewReader(file.Bytes()), s.Ciphertext, reader(t, file.Bytes(), threshold, n))
		if err != nil || d != s.Content || !bytes.Equal(out.Bytes(), content) {
			t.Fatalf("opened to %v, %v; want %v", d, err, s.Content)
		}
	})
}

// TestSealStreams: memory does not grow with the file, and its size is not needed.
func TestSealStreams(t *testing.T) {
	shorttest.Skip(t, "no large part is sealed in bounded memory")
	const size = 96 << 20
	r := set(1, 3)
	before := allocated()
	s, err := Seal(io.Discard, Attachment, r, &endless{left: size})
	if err != nil {
		t.Fatal(err)
	}
	if got := allocated() - before; got > 6<<20 {
		t.Errorf("sealing %d MiB allocated %d KiB", size>>20, got>>10)
	}
	if s.Content.Size != size {
		t.Errorf("%d bytes were sealed, not %d", s.Content.Size, size)
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestTooLarge(t *testing.T) {
	r := set(1, 1)
	for _, k := range []Kind{Signal, Identity, Statement, Message} {
		_, err := Seal(io.Discard, k, r, &endless{left: k.Capacity()})
		if err != nil {
			t.Errorf("%s: %v", k, err)
		}
		_, err = Seal(io.Discard, k, r, &endless{left: k.Capacity() + 1})
		refused(t, err, ErrTooLarge, fmt.Sprintf("a part of kind %s holds %d bytes at most", k, k.Capacity()))
	}
}

// TestAFailingReaderOrWriterIsItselfTheError: a failing reader or writer is itself the error, and never looks like a part that does not verify.
func TestAFailingReaderOrWriterIsItselfTheError(t *testing.T) {
	broken := errors.New("the disk is gone")
	r := set(1, 1)
	content := bytes.Repeat([]byte{7}, 300_000)
	file, s := sealed(t, Attachment, r, content)
	small, ss := sealed(t, Statement, r, content[:100])
	me := people()[0]

	check := func(name string, err error) {
		t.Helper()
		if !errors.Is(err, broken) || errors.Is(err, ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, after := range []int{0, 10, 2000, 70_000, 200_000} {
		_, err := Seal(io.Discard, Attachment, r, io.MultiReader(bytes.NewReader(content[:after]), failing{broken}))
		check("seal, reading", err)
		_, err = Seal(&failingWriter{broken, after}, Attachment, r, bytes.NewReader(content))
		check("seal, writing", err)
		_, err = Open(io.Discard, Attachment, &failingSeeker{bytes.NewReader(file), after, broken}, s.Ciphertext, me)
		check("open, reading", err)
		_, err = Open(io.Discard, Attachment, &failingSeeker{bytes.NewReader(file), after + len(file), broken}, s.Ciphertext, me)
		check("open, reading again", err)
		_, err = Open(&failingWriter{broken, after}, Attachment, bytes.NewReader(file), s.Ciphertext, me)
		check("open, writing", err)
	}
	_, err := Open(io.Discard, Statement, &failingSeeker{bytes.NewReader(small), 1000, broken}, ss.Ciphertext, me)
	check("open a statement, reading", err)
	_, err = Open(&failingWriter{broken, 0}, Statement, bytes.NewReader(small), ss.Ciphertext, me)
	check("open a statement, writing", err)
	_, err = Header(io.MultiReader(bytes.NewReader(file[:100]), failing{broken}))
	check("header", err)
	check("digest", CheckDigest(failing{broken}, s.Ciphertext))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type failingWriter struct {
	err  error
	left int
}

func (f *failingWriter) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, f.err
	}
	return len(p), nil
}

// failingSeeker fails once so many bytes have been read, seeks not counted.
type failingSeeker struct {
	*bytes.Reader
	left int
	err  error
}

func (f *failingSeeker) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if f.left -= n; f.left < 0 {
		return 0, f.err
	}
	return n, err
}

func (f *failingSeeker) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{f})
}

func TestReseal(t *testing.T) {
	one, two := set(1, 3), set(2, 3)
	for _, size := range []int{0, 9, 65528, 200_000} {
		content := bytes.Repeat([]byte{0, 1, 0}, size/3+1)[:size]
		var before, after bytes.Buffer
		s, key, err := SealWithKey(&before, Attachment, one, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		s2, err := Reseal(&after, Attachment, two, bytes.NewReader(before.Bytes()), key)
		if err != nil {
			t.Fatal(err)
		}
		if s2.Content != s.Content || s2.Ciphertext != DigestOf(after.Bytes()) {
			t.Errorf("resealed to %v, was %v", s2, s)
		}
		if err := CheckPart(bytes.NewReader(after.Bytes()), Attachment, two, s2.Ciphertext.Size); err != nil {
			t.Error(err)
		}
		_, _, err = open(Attachment, after.Bytes(), s2.Ciphertext, people()[0])
		refused(t, err, ErrQuorum, "opens with the shares of 2 of 3 trustees")
		got, _, err := open(Attachment, after.Bytes(), s2.Ciphertext, reader(t, after.Bytes(), 2, 3))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
		}
		_, err = OpenWithFileKey(io.Discard, Attachment, bytes.NewReader(after.Bytes()), s2.Ciphertext, key)
		refused(t, err, ErrMismatch, "header's MAC does not fit")
		cut := before.Bytes()[:before.Len()-1]
		_, err = Reseal(io.Discard, Attachment, two, bytes.NewReader(cut), key)
		refused(t, err, ErrMismatch, "")
	}
}

// Content that ends exactly with a piece, where EOF comes with its last byte or after it.
func TestSealAtThePiecesEdge(t *testing.T) {
	r := set(1, 1)
	for _, size := range []int{pieceSize - lengthSize - 1, pieceSize - lengthSize, pieceSize - 1, pieceSize, pieceSize + 1, 2 * pieceSize} {
		content := make([]byte, size)
		rand.Read(content)
		for name, reader := range map[string]io.Reader{
			"after": bytes.NewReader(content), "with": iotest.DataErrReader(bytes.NewReader(content)),
		} {
			var out bytes.Buffer
			sealed, err := Seal(&out, Attachment, r, reader)
			if err != nil || sealed.Content != DigestOf(content) || sealed.Ciphertext != DigestOf(out.Bytes()) {
				t.Errorf("%d bytes, the end %s the last: %v", size, name, err)
			}
		}
	}
}
