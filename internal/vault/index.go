package vault

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// The index is a cache, so that list does not open every statement again: the gists, one line of JSON each,
// sealed to the owner and signed by them, since anybody can seal to them. Where it can't be read, for any
// reason, it is made anew.
const (
	indexHeader    = "zapis/index/v1 "
	namespaceIndex = "zapis-index"
	armorEnd       = "-----END SSH SIGNATURE-----\n"
)

// readIndex gives what the index holds; nothing where it is missing, damaged, or not the owner's.
func (v *Vault) readIndex() (map[ledger.Hash]gist, error) {
	known := make(map[ledger.Hash]gist)
	f, err := os.Open(filepath.Join(v.dir, indexFile))
	if errors.Is(err, os.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, err := age.Decrypt(bufio.NewReader(f), v.key.Age)
	if err != nil {
		return known, nil
	}
	content, err := io.ReadAll(plain)
	if err != nil {
		return known, nil
	}
	signature, text, found := bytes.Cut(content, []byte(armorEnd))
	if !found || card.Verify(namespaceIndex, text, append(signature[:len(signature):len(signature)], armorEnd...), v.key.Card.SSH) != nil {
		return known, nil
	}
	head, lines, _ := bytes.Cut(text, []byte("\n"))
	if string(head) != indexHeader+v.Ledger().String() {
		return known, nil
	}
	for dec := json.NewDecoder(bytes.NewReader(lines)); ; {
		var g gist
		if err := dec.Decode(&g); err == io.EOF {
			return known, nil
		} else if err != nil {
			return make(map[ledger.Hash]gist), nil
		}
		known[g.Body] = g
	}
}

func (v *Vault) writeIndex(list []gist) error {
	text := bytes.NewBufferString(indexHeader + v.Ledger().String() + "\n")
	enc := json.NewEncoder(text)
	for _, g := range list {
		if err := enc.Encode(g); err != nil {
			return err
		}
	}
	signature, err := v.key.Signer.Sign(namespaceIndex, text.Bytes())
	if err != nil {
		return err
	}
	to, err := age.ParseRecipients(bytes.NewReader([]byte(v.key.Card.Age + "\n")))
	if err != nil {
		return err
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to...)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(signature, text.Bytes()...)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return writeAside(filepath.Join(v.dir, indexFile), sealed.Bytes())
}
