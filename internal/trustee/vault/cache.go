package vault

import (
	"bufio"
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/internal/atomicfile"
)

// Caches hold what list and show need, so that they do not open everything again: one line of JSON per item, sealed to
// the owner and signed by them, since anyone can seal to them. A cache that can't be read for any reason is rebuilt.
const (
	namespaceIndex = "zapis-index"
	armorEnd       = "-----END SSH SIGNATURE-----\n"
)

// An item that appends and reads text of its own (encoding.TextAppender and encoding.TextUnmarshaler) is a line of that
// text, without a line feed in it: JSON takes five times as long to read, and a list of ten thousand cases is mostly that.

// Cache is a file of the vault that can be rebuilt, and its first line.
type Cache struct{ File, Header string }

// ReadCache returns the content of a cache; nothing where it is missing, damaged, or not the owner's.
func ReadCache[T any](v *Vault, c Cache) ([]T, error) {
	f, err := os.Open(filepath.Join(v.dir, c.File))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, err := age.Decrypt(bufio.NewReader(f), v.key.Age)
	if err != nil {
		return nil, nil
	}
	var whole bytes.Buffer
	if info, err := f.Stat(); err == nil {
		whole.Grow(int(info.Size()) + bytes.MinRead)
	}
	if _, err := whole.ReadFrom(plain); err != nil {
		return nil, nil
	}
	content := whole.Bytes()
	signature, text, found := bytes.Cut(content, []byte(armorEnd))
	if !found || card.Verify(namespaceIndex, text, append(signature[:len(signature):len(signature)], armorEnd...), v.key.Card.SSH) != nil {
		return nil, nil
	}
	head, lines, _ := bytes.Cut(text, []byte("\n"))
	if string(head) != c.Header+v.Ledger().String() {
		return nil, nil
	}
	list, err := decodeLines[T](lines)
	if err != nil {
		return nil, nil
	}
	return list, nil
}

// decodeLines is the inverse of encodeLines, and uses all cores: to list ten thousand cases is mostly this.
func decodeLines[T any](lines []byte) ([]T, error) {
	share := 1 + len(lines)/runtime.GOMAXPROCS(0)
	type piece struct {
		lines []byte
		first int // the number of its first line
	}
	var pieces []piece
	count := 0
	for len(lines) > 0 {
		at := min(share, len(lines))
		if end := bytes.IndexByte(lines[at-1:], '\n'); end >= 0 {
			at += end
		} else {
			at = len(lines)
		}
		pieces = append(pieces, piece{lines[:at], count})
		count += bytes.Count(lines[:at], []byte("\n"))
		lines = lines[at:]
	}
	var workers sync.WaitGroup
	list, errs := make([]T, count), make([]error, len(pieces))
	for i, p := range pieces {
		workers.Go(func() { errs[i] = decodePiece(p.lines, list[p.first:]) })
	}
	workers.Wait()
	return list, errors.Join(errs...)
}

// decodePiece decodes whole lines into list, which has room for them.
func decodePiece[T any](lines []byte, list []T) error {
	for i := 0; len(lines) > 0; i++ {
		line, rest, whole := bytes.Cut(lines, []byte("\n"))
		if !whole {
			return io.ErrUnexpectedEOF
		}
		var err error
		if text, is := any(&list[i]).(encoding.TextUnmarshaler); is {
			err = text.UnmarshalText(line)
		} else {
			err = json.Unmarshal(line, &list[i])
		}
		if err != nil {
			return err
		}
		lines = rest
	}
	return nil
}

// WriteCache replaces the content of a cache.
func WriteCache[T any](v *Vault, c Cache, list []T) error {
	text, err := encodeLines(c.Header+v.Ledger().String()+"\n", list)
	if err != nil {
		return err
	}
	signature, err := v.key.Signer.Sign(namespaceIndex, text)
	if err != nil {
		return err
	}
	return v.writeCacheFile(c, signature, text)
}

// What age adds to a text: a header, and a tag for each chunk, in bytes.
const (
	sealedMore  = 8 << 10
	sealedChunk = 64 << 10
	sealedTag   = 16
)

// writeCacheFile replaces the file of a cache, sealed to the owner.
func (v *Vault) writeCacheFile(c Cache, pieces ...[]byte) error {
	to, err := age.ParseRecipients(bytes.NewReader([]byte(v.key.Card.Age + "\n")))
	if err != nil {
		return err
	}
	size := sealedMore
	for _, piece := range pieces {
		size += len(piece) + len(piece)/sealedChunk*sealedTag
	}
	sealed := bytes.NewBuffer(make([]byte, 0, size)) // one that grows would touch three times the memory
	w, err := age.Encrypt(sealed, to...)
	if err != nil {
		return err
	}
	for _, piece := range pieces {
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return atomicfile.WriteFile(filepath.Join(v.dir, c.File), sealed.Bytes(), 0o600)
}

// encodeLines returns the first line, and each item as a line of JSON. It uses all cores, since it is the last step after thousands of
// statements were opened.
func encodeLines[T any](first string, list []T) ([]byte, error) {
	share := 1 + len(list)/runtime.GOMAXPROCS(0)
	pieces := slices.Collect(slices.Chunk(list, share))
	done, errs := make([]bytes.Buffer, len(pieces)), make([]error, len(pieces))
	var workers sync.WaitGroup
	for i, piece := range pieces {
		workers.Go(func() {
			enc := json.NewEncoder(&done[i])
			for _, one := range piece {
				if text, own := any(one).(encoding.TextAppender); own {
					line, err := text.AppendText(done[i].AvailableBuffer())
					errs[i] = errors.Join(errs[i], err)
					done[i].Write(append(line, '\n'))
					continue
				}
				errs[i] = errors.Join(errs[i], enc.Encode(one))
			}
		})
	}
	workers.Wait()
	size := len(first)
	for i := range done {
		size += done[i].Len()
	}
	all := append(make([]byte, 0, size), first...)
	for i := range done {
		all = append(all, done[i].Bytes()...)
	}
	return all, errors.Join(errs...)
}
