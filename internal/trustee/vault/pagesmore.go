package vault

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A paged cache may have a supplement beside it: lines that were added since, so that an import of a hundred cases need not write
// ten thousand again. It is a paged cache in a file of its own, and names the one that it goes with:
//
//	<header><ledger card>
//	on <SHA-256 of the head of the other file>
//	about …
//
// A line of the supplement takes the place of the other's with the same key; one without a text takes it away. A supplement that
// names another head is as none.

// More returns the cache's supplement.
func (c Cache) More() Cache { return Cache{c.File + ".more", c.Header} }

// fullFrom is the share of a cache that its supplement may reach, as a divisor: from then on the cache is to be written again, so
// that an added line is written a few times at most.
const fullFrom = 4

// Full reports whether the supplement is so large that the cache is to be written again.
func (p *Pages) Full() bool { return p.more != nil && p.more.bytes() > p.bytes()/fullFrom }

func (p *Pages) bytes() (n int) {
	for _, page := range p.pages {
		n += page.size
	}
	return n
}

// AddLines adds lines to a cache that is open, in any order; one without a text takes the line of its key away. about replaces
// that of the cache. p stays as it was.
func (p *Pages) AddLines(v *Vault, c Cache, about string, lines []Line) error {
	all := make(map[string][]byte)
	if p.more != nil {
		if old, ok := p.more.Find("", -1); ok {
			for _, line := range old {
				all[line.Key] = line.Text
			}
		} else {
			return errPages
		}
	}
	for _, line := range lines {
		all[line.Key] = line.Text
	}
	merged := make([]Line, 0, len(all))
	for key, text := range all {
		merged = append(merged, Line{key, text})
	}
	slices.SortFunc(merged, func(a, b Line) int { return strings.Compare(a.Key, b.Key) })
	return writePages(v, c.More(), onHead+p.head.String()+"\n", about, merged)
}

// onHead begins the line of a supplement that names the cache.
const onHead = "on "

// openMore opens the supplement; nil where it is missing, damaged, not the owner's, or that of another cache.
func openMore(v *Vault, c Cache, base *Pages) *Pages {
	return openPages(v, c.More(), onHead+base.head.String()+"\n")
}

// withoutMore removes the supplement of a cache that was written again.
func withoutMore(v *Vault, c Cache) error {
	err := os.Remove(filepath.Join(v.dir, c.More().File))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Each calls visit with each line whose key begins with prefix, in order, until visit returns false. Key and text are valid until
// visit returns. ok is false where a page is damaged: what was visited before counts for nothing then.
func (p *Pages) Each(prefix string, visit func(key, text []byte) bool) (ok bool) {
	if p.more == nil {
		return p.each(prefix, visit)
	}
	added, ok := p.more.Find(prefix, -1)
	if !ok {
		return false
	}
	wanted := true
	next := func() {
		if one := added[0]; len(one.Text) > 0 {
			wanted = visit([]byte(one.Key), one.Text)
		}
		added = added[1:]
	}
	ok = p.each(prefix, func(key, text []byte) bool {
		for wanted && len(added) > 0 && added[0].Key < string(key) {
			next()
		}
		switch {
		case !wanted:
		case len(added) > 0 && added[0].Key == string(key):
			next()
		default:
			wanted = visit(key, text)
		}
		return wanted
	})
	for ok && wanted && len(added) > 0 {
		next()
	}
	return ok
}
