package seal

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"

	"filippo.io/age"
)

// Open reads the part in src from its beginning, compares the SHA-256 of the whole file with the digest that the
// ledger names, and only then decrypts it and writes its content to dst. It returns the content's digest.
//
// The content of dst may be used, shown or renamed only when Open returned nil: a large file's plaintext streams, and
// its end is verified last. After an error the caller discards it. An attachment is hashed a second time while it is
// decrypted, so that a file changed between the two readings is refused. Smaller parts are read into memory once, and
// nothing is written to dst before all of them has verified.
//
// Errors wrap ErrMismatch where the bytes are not the ones recorded or not a
// part of this kind, ErrNoKey where no identity opens it, ErrQuorum where it is
// under a quorum and no QuorumIdentity with enough shares was given. An error
// of src or dst comes back as it is.
func Open(dst io.Writer, k Kind, src io.ReadSeeker, want Digest, ids ...age.Identity) (Digest, error) {
	if err := k.known(); err != nil {
		return Digest{}, err
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return Digest{}, err
	}
	if k != Attachment {
		content, err := OpenBytes(k, src, want, ids...)
		if err != nil {
			return Digest{}, err
		}
		defer wipe(content)
		if _, err := dst.Write(content); err != nil {
			return Digest{}, err
		}
		return DigestOf(content), nil
	}
	if err := CheckDigest(src, want); err != nil {
		return Digest{}, err
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return Digest{}, err
	}
	again := newDigester(nil)
	out := newDigester(dst)
	if err := decryptInto(out, k, io.TeeReader(src, again), ids...); err != nil {
		return Digest{}, err
	}
	if again.digest() != want {
		return Digest{}, mismatch("the file changed while it was read")
	}
	return out.digest(), nil
}

// OpenBytes is Open for the kinds that fit into memory: all but attachments. The
// content comes back only when all of it has verified; the caller wipes it. The file
// key that an identity returns is wiped here.
func OpenBytes(k Kind, src io.Reader, want Digest, ids ...age.Identity) ([]byte, error) {
	plain, ok := k.fixed()
	if !ok {
		return nil, fmt.Errorf("seal: a part of kind %q is not opened in memory", string(k))
	}
	if most := ciphertextSize(maxHeaderBytes, plain); want.Size > most {
		return nil, mismatch("the ledger names %d bytes, and a part of kind %s has %d at most", want.Size, k, most)
	}
	// One byte more than named, so that a longer file is seen to be longer.
	held := ciphertexts.Get().(*[]byte)
	defer ciphertexts.Put(held)
	if need := max(0, want.Size) + 1; int64(cap(*held)) < need {
		*held = make([]byte, need)
	}
	file := (*held)[:max(0, want.Size)+1]
	n, err := fill(src, file)
	if err != nil && err != io.EOF {
		return nil, err
	}
	file = file[:n]
	if err := compare(DigestOf(file), want); err != nil {
		return nil, err
	}
	room := plaintexts.Get().(*[largestFixed]byte)
	defer plaintexts.Put(room)
	defer wipe(room[:])
	return openChunk(k, plain, file, room[:0], ids)
}

// Room for parts that are opened one after the other, by the thousand. What held plaintext is wiped before it
// goes back.
var (
	ciphertexts = sync.Pool{New: func() any { return new([]byte) }}
	plaintexts  = sync.Pool{New: func() any { return new([largestFixed]byte) }}
)

// OpenWithFileKey is Open with one part's file key in place of an identity. The header's MAC is verified with it.
func OpenWithFileKey(dst io.Writer, k Kind, src io.ReadSeeker, want Digest, key FileKey) (Digest, error) {
	defer key.Wipe()
	return Open(dst, k, src, want, key.identity())
}

// CheckDigest reads src to its end and compares: ErrMismatch where it differs.
func CheckDigest(src io.Reader, want Digest) error {
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(src, want.Size+1))
	if err != nil {
		return err
	}
	return compare(Digest{[32]byte(h.Sum(nil)), n}, want)
}

func compare(got, want Digest) error {
	switch {
	case got.Size > want.Size:
		return mismatch("the file is longer than the %d bytes that the ledger names", want.Size)
	case got.Size < want.Size:
		return mismatch("the file has %d bytes, and the ledger names %d", got.Size, want.Size)
	case got.Hash != want.Hash:
		return mismatch("the file's SHA-256 is %x, and the ledger names %x", got.Hash, want.Hash)
	}
	return nil
}

// decryptInto writes a part's content to dst. The caller has verified the file's
// digest, or knows where it comes from.
func decryptInto(dst io.Writer, k Kind, src io.Reader, ids ...age.Identity) error {
	in, out := &source{src: src}, &sink{dst: dst}
	r, err := unwrap(ids, func(ids ...age.Identity) (io.Reader, error) { return age.Decrypt(in, ids...) })
	if in.err != nil {
		return in.err
	}
	if err != nil {
		return err
	}
	u := newUnpadder(out, k)
	err = copyWiped(u, r)
	switch {
	case in.err != nil:
		return in.err
	case out.err != nil:
		return out.err
	case err != nil && errors.Is(err, ErrMismatch):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return mismatch("the file was cut short")
	case err != nil:
		return mismatch("%v", err)
	}
	if err := u.finish(); out.err == nil {
		return err
	}
	return out.err
}

// unwrap calls a function of age's with the identities, and classifies its error.
func unwrap[T any](ids []age.Identity, open func(...age.Identity) (T, error)) (T, error) {
	var none T
	if len(ids) == 0 {
		return none, refuse(ErrNoKey, "no key was given")
	}
	seen := &stanzaCatcher{}
	watched, fatal := watch(ids)
	opened, err := open(append(watched, seen)...)
	if err != nil {
		return none, classify(err, *fatal, seen.stanzas)
	}
	return opened, nil
}

// classify returns the class of a failure to unwrap the file key.
func classify(err, fatal error, stanzas []*age.Stanza) error {
	if fatal != nil {
		return fmt.Errorf("the key that was given could not be used: %w", fatal)
	}
	for _, class := range []error{ErrMismatch, ErrQuorum, ErrNoKey} {
		if errors.Is(err, class) {
			return err
		}
	}
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		if stanzas, _ = unpadded(stanzas); len(stanzas) == 1 && stanzas[0].Type == quorumType {
			q, err := parseQuorum(stanzas[0])
			if err != nil {
				return err
			}
			return refuse(ErrQuorum, "this part is under a quorum and opens with the shares of %d of %d trustees", q.k, q.n())
		}
		return refuse(ErrNoKey, "it is sealed to %d keys, and none of them was given", len(stanzas))
	}
	if err.Error() == "bad header MAC" {
		return mismatch("the header's MAC does not fit the key that a stanza gave: the header was altered, or its stanzas wrap different keys")
	}
	return mismatch("%v", err)
}
