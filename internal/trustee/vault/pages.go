package vault

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// A paged cache is one of which a line can be found without reading the others. It is an age file for the owner, with this
// plaintext:
//
//	0000012345                          bytes of what follows up to the pages
//	-----BEGIN SSH SIGNATURE----- …     by the owner, over the lines up to the pages
//	<header><ledger card>
//	about <text of the caller>
//	page <first key> <bytes> <SHA-256>  one for each page, in order
//	                                    then the pages
//
// A page is lines of a key, a space and a text, in the order of the keys. age encrypts pieces of 64 KiB, each of which can be
// decrypted alone; the hash of a page says that the owner has written it.
const (
	pageSize       = 16 << 10 // bytes, from which a page takes no more lines
	pagesLength    = len("0000012345\n")
	maxPagesHead   = 64 << 20 // bytes
	namespacePages = "zapis-pages"
)

// Line is a line of a paged cache. Neither key nor text contains a line feed, and the key no space.
type Line struct {
	Key  string
	Text []byte
}

// WritePages replaces the content of a paged cache. The lines are in the order of their keys. about is one line, which Pages
// returns as it is.
func WritePages(v *Vault, c Cache, about string, lines []Line) error {
	if err := writePages(v, c, "", about, lines); err != nil {
		return err
	}
	return withoutMore(v, c)
}

// writePages writes a file of pages. on is the line that names another, or empty.
func writePages(v *Vault, c Cache, on, about string, lines []Line) error {
	head := fmt.Appendf(nil, "%s%s\n%sabout %s\n", c.Header, v.Ledger(), on, about)
	size := 0
	for _, line := range lines {
		size += len(line.Key) + len(line.Text) + len(" \n")
	}
	all, page := make([]byte, 0, size), make([]byte, 0, 2*pageSize)
	first := ""
	end := func() {
		if len(page) > 0 {
			head = fmt.Appendf(head, "page %s %d %s\n", first, len(page), ledger.Sum(page))
			all, page = append(all, page...), page[:0]
		}
	}
	for _, line := range lines {
		if len(page) == 0 {
			first = line.Key
		}
		page = append(append(append(append(page, line.Key...), ' '), line.Text...), '\n')
		if len(page) >= pageSize {
			end()
		}
	}
	end()
	signature, err := v.key.Signer.Sign(namespacePages, head)
	if err != nil {
		return err
	}
	length := fmt.Appendf(nil, "%010d\n", len(signature)+len(head))
	return v.writeCacheFile(c, length, signature, head, all)
}

// Pages is an open paged cache. It belongs to one goroutine.
type Pages struct {
	About string

	file  *os.File
	plain io.ReaderAt
	head  ledger.Hash // SHA-256 of its signed lines
	pages []page
	more  *Pages // its supplement, or nil
}

// page is where a page is in the plaintext.
type page struct {
	first  string // key
	offset int64
	size   int
	hash   ledger.Hash
}

// OpenPages opens a paged cache; nil where it is missing, damaged, or not the owner's. The caller closes it.
func OpenPages(v *Vault, c Cache) *Pages {
	p := openPages(v, c, "")
	if p == nil {
		return nil
	}
	if p.more = openMore(v, c, p); p.more != nil {
		p.About = p.more.About
	}
	return p
}

func openPages(v *Vault, c Cache, on string) *Pages {
	f, err := os.Open(filepath.Join(v.dir, c.File))
	if err != nil {
		return nil
	}
	p := &Pages{file: f}
	if err := p.readHead(v, c, on); err != nil {
		f.Close()
		return nil
	}
	return p
}

// Close closes the file, and that of the supplement.
func (p *Pages) Close() error {
	if p.more != nil {
		return errors.Join(p.more.Close(), p.file.Close())
	}
	return p.file.Close()
}

func (p *Pages) readHead(v *Vault, c Cache, on string) error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	var size int64
	if p.plain, size, err = age.DecryptReaderAt(p.file, info.Size(), v.key.Age); err != nil {
		return err
	}
	in := bufio.NewReaderSize(io.NewSectionReader(p.plain, 0, size), pageSize)
	length, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(length, "\n"), 10, 32)
	if err != nil || len(length) != pagesLength || int64(n) > min(size, maxPagesHead) {
		return errPages
	}
	content := make([]byte, n)
	if _, err := io.ReadFull(in, content); err != nil {
		return err
	}
	signature, text, found := bytes.Cut(content, []byte(armorEnd))
	if !found || card.Verify(namespacePages, text, append(signature[:len(signature):len(signature)], armorEnd...), v.key.Card.SSH) != nil {
		return errPages
	}
	p.head = sha256.Sum256(text)
	return p.parseHead(string(text), c.Header+v.Ledger().String()+"\n"+on, int64(pagesLength)+int64(n))
}

// errPages is the error for a file that is no paged cache. It stays in this file: the cache is then rebuilt.
var errPages = errors.New("it is no paged cache")

func (p *Pages) parseHead(text, header string, offset int64) error {
	rest, ok := strings.CutPrefix(text, header+"about ")
	if !ok {
		return errPages
	}
	var list string
	p.About, list, _ = strings.Cut(rest, "\n")
	for line := range strings.Lines(list) {
		words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(words) != 4 || words[0] != "page" {
			return errPages
		}
		size, err := strconv.ParseUint(words[2], 10, 31)
		hash, err2 := ledger.ParseHash(words[3])
		if err != nil || err2 != nil {
			return errPages
		}
		p.pages = append(p.pages, page{words[1], offset, int(size), hash})
		offset += int64(size)
	}
	return nil
}

// each is Each without the supplement.
func (p *Pages) each(prefix string, visit func(key, text []byte) bool) (ok bool) {
	pages := p.pages[p.before(prefix):]
	last := sort.Search(len(pages), func(i int) bool { return pages[i].first > prefix && !strings.HasPrefix(pages[i].first, prefix) })
	var buf []byte
	for pages = pages[:last]; len(pages) > 0; {
		n, size := together(pages)
		buf = slices.Grow(buf[:0], size)[:size]
		if _, err := p.plain.ReadAt(buf, pages[0].offset); err != nil && err != io.EOF {
			return false
		}
		for text := buf; n > 0; n-- {
			if sha256.Sum256(text[:pages[0].size]) != pages[0].hash {
				return false
			}
			if !eachLine(text[:pages[0].size], prefix, visit) {
				return true
			}
			text, pages = text[pages[0].size:], pages[1:]
		}
	}
	return true
}

// readAtOnce is how many bytes of pages are read in one piece: age takes 64 KiB of memory for each piece.
const readAtOnce = 256 << 10

// together returns how many of the first pages are read in one piece, at least one, and their bytes.
func together(pages []page) (n, size int) {
	for n < len(pages) && (n == 0 || size+pages[n].size <= readAtOnce) {
		size += pages[n].size
		n++
	}
	return n, size
}

// eachLine visits the lines of a page whose keys begin with prefix; false where visit has returned it.
func eachLine(page []byte, prefix string, visit func(key, text []byte) bool) bool {
	for line := range bytes.Lines(page) {
		if !bytes.HasPrefix(line, []byte(prefix)) {
			continue
		}
		if key, text, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" ")); !visit(key, text) {
			return false
		}
	}
	return true
}

// before returns the number of the last page that begins before a key or at it, or 0.
func (p *Pages) before(key string) int {
	return max(sort.Search(len(p.pages), func(i int) bool { return p.pages[i].first > key })-1, 0)
}

// Find returns the lines whose keys begin with prefix, in order, and at most so many, or all where most is negative; false where a
// page is damaged.
func (p *Pages) Find(prefix string, most int) (list []Line, ok bool) {
	ok = p.Each(prefix, func(key, text []byte) bool {
		list = append(list, Line{string(key), bytes.Clone(text)})
		return len(list) != most
	})
	if !ok {
		return nil, false
	}
	return list, true
}
