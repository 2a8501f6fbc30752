package seal

import (
	"bytes"
	"cmp"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"io"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

// openChunk returns the content of a file of a kind that has one size, plain. room has that much capacity; the caller wipes it.
//
// age unwraps the file key and verifies the header's MAC. The payload of these kinds is one chunk, which decryptChunk opens in
// room: age.Decrypt opens a full chunk twice, since it tries it as one that others follow, and leaves its plaintext in two buffers of
// its own. All that can't be opened so is given to age.Decrypt, whose error says why.
func openChunk(k Kind, plain int64, file, room []byte, ids []age.Identity) ([]byte, error) {
	header, whole := headerIn(file)
	if payload := file[len(header):]; whole && int64(len(file)) == ciphertextSize(int64(len(header)), plain) {
		key, err := unwrap(ids, func(ids ...age.Identity) ([]byte, error) { return age.DecryptHeader(header, ids...) })
		if err != nil {
			return nil, err
		}
		defer wipe(key)
		if chunk, err := decryptChunk(room, key, payload); err == nil {
			return unpad(k, chunk)
		}
		ids = []age.Identity{age.NewInjectedFileKeyIdentity(key)} // a key in hardware is asked once
	}
	return nil, cmp.Or(decryptInto(io.Discard, k, bytes.NewReader(file), ids...), mismatch("it is not one chunk of a kind's size"))
}

// decryptChunk appends the plaintext of a payload of one chunk to room. The payload's key is HKDF-SHA-256 of the file key, with the
// payload's nonce as salt; the chunk is sealed with ChaCha20-Poly1305 under the number 0 and the flag of the last chunk
// (https://age-encryption.org/v1, "Payload").
func decryptChunk(room, fileKey, payload []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, fileKey, payload[:payloadNonce], "payload", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	defer wipe(key)
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, err
	}
	last := [chacha20poly1305.NonceSize]byte{chacha20poly1305.NonceSize - 1: 1}
	return aead.Open(room, last[:], payload[payloadNonce:], nil)
}

// unpad returns a copy of the content of a whole plaintext.
func unpad(k Kind, plain []byte) ([]byte, error) {
	length := binary.BigEndian.Uint64(plain[len(plain)-lengthSize:])
	content := bytes.NewBuffer(make([]byte, 0, min(length, uint64(len(plain)))))
	u := newUnpadder(content, k)
	_, err := u.Write(plain)
	if err = cmp.Or(err, u.finish()); err != nil {
		wipe(content.Bytes())
		return nil, err
	}
	return content.Bytes(), nil
}
