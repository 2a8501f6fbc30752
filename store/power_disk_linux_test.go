package store

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A disk whose power fails. It is fed with what strace recorded of a process,
// and gives what may be on the disk after a loss of power at any moment: what
// was synced is there; of the rest any sectors, lengths and names may be there
// or not. Names in one folder reach the disk in order, those of different
// folders in any. Syncing a file says nothing of its name.

type happening int

const (
	wrote happening = iota
	cut
	made
	madeDir
	removed
	renamed
	told
)

const never = math.MaxInt

// step is one thing that was done, and from which step on it is durable.
type step struct {
	what    happening
	file    int // the inode, of wrote, cut, made and renamed
	at      int64
	data    []byte
	dir     string // whose sync makes a name durable
	path    string
	from    string
	text    string // of told
	durable int
}

type disk struct {
	world string // only what is below is looked at
	steps []step
	files int
	sizes map[int]int64  // the largest that each file ever is, in bytes
	names map[string]int // as the process sees them
	open  map[string]handle

	barriers []barrier
}

// barrier is one sync of a file or folder, and how many steps had been done when it returned.
type barrier struct {
	path  string
	after int
}

type handle struct {
	path string
	file int // -1: a folder, or nothing of ours
}

// syscalls are those that readTrace knows; another one that changes a file must
// be added to both.
const syscalls = "openat,open,creat,close,write,pwrite64,pwritev,pwritev2,writev,ftruncate,truncate,fallocate,fsync,fdatasync,sync,syncfs," +
	"rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,dup,dup2,dup3,copy_file_range,sendfile,splice"

// readTrace reads strace -f -xx -e trace=syscalls. Where heeds is false, no sync
// counts: a control.
func readTrace(path, world string, heeds bool) (*disk, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := &disk{world: world, names: make(map[string]int), open: make(map[string]handle)}
	type begun struct {
		text string
		at   int
	}
	unfinished := make(map[string]begun)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		pid, text, _ := strings.Cut(lines.Text(), " ")
		text = strings.TrimSpace(text)
		at := len(d.steps)
		if strings.HasPrefix(text, "+++") || strings.HasPrefix(text, "---") {
			continue
		}
		if start, ok := strings.CutSuffix(text, " <unfinished ...>"); ok {
			d.begins(start)
			unfinished[pid] = begun{start, at}
			continue
		}
		if rest, ok := strings.CutPrefix(text, "<... "); ok {
			_, rest, _ = strings.Cut(rest, " resumed>")
			text, at = unfinished[pid].text+rest, unfinished[pid].at
		} else {
			d.begins(text)
		}
		if err := d.ends(text, at, heeds); err != nil {
			return nil, fmt.Errorf("%.200s: %w", text, err)
		}
	}
	d.sizes = make(map[int]int64)
	for _, s := range d.steps {
		if s.what == wrote || s.what == cut {
			d.sizes[s.file] = max(d.sizes[s.file], s.at+int64(len(s.data)))
		}
	}
	return d, lines.Err()
}

// begins is for what counts from its beginning: what leaves the process, and
// numbers of files that are free again.
func (d *disk) begins(text string) {
	name, args := call(text)
	switch {
	case name == "close" && len(args) > 0:
		delete(d.open, args[0])
	case name == "write" && len(args) > 1 && args[0] == "1":
		for line := range strings.Lines(string(unquote(args[1]))) {
			if text, ok := strings.CutPrefix(line, "power: "); ok {
				d.steps = append(d.steps, step{what: told, text: strings.TrimSpace(text), durable: never})
			}
		}
	}
}

// call takes a line of strace apart. Strings hold no comma, since all of their
// bytes are in hex.
func call(text string) (name string, args []string) {
	name, rest, _ := strings.Cut(text, "(")
	if end := strings.LastIndex(rest, ") "); end >= 0 {
		rest = rest[:end]
	}
	return name, strings.Split(rest, ", ")
}

func unquote(s string) []byte {
	b, _ := hex.DecodeString(strings.ReplaceAll(strings.Trim(s, `"`), `\x`, ""))
	return b
}

// below returns the whole path of a name, or nothing where it is none of ours.
func (d *disk) below(folder, name string) string {
	path := string(unquote(name))
	if !filepath.IsAbs(path) {
		path = filepath.Join(d.open[folder].path, path)
	}
	if path != d.world && !strings.HasPrefix(path, d.world+"/") {
		return ""
	}
	return filepath.Clean(path)
}

func (d *disk) ends(text string, begun int, heeds bool) error {
	_, result, _ := strings.Cut(text[max(strings.LastIndex(text, ") "), 0):], "= ")
	result, _, _ = strings.Cut(result, " ")
	n, err := strconv.ParseInt(result, 0, 64)
	if err != nil || n < 0 {
		return nil // refused, or to be started again
	}
	name, args := call(text)
	switch name {
	case "open", "creat", "rename", "unlink", "mkdir", "rmdir":
		// The older calls are the newer ones in the current folder.
		args = slices.Insert(args, 0, "")
		if name == "rename" {
			args = slices.Insert(args, 2, "")
		}
	}
	switch name {
	case "close", "dup", "dup2", "dup3":
		return nil
	case "openat", "open":
		return d.opened(result, d.below(args[0], args[1]), args[2])
	case "fsync", "fdatasync":
		if h := d.open[args[0]]; heeds && h.path != "" {
			d.synced(h, begun)
			d.barriers = append(d.barriers, barrier{h.path, len(d.steps)})
		}
	case "mkdirat", "mkdir":
		d.name(step{what: madeDir, path: d.below(args[0], args[1])})
	case "unlinkat", "unlink", "rmdir":
		d.name(step{what: removed, path: d.below(args[0], args[1])})
	case "renameat", "renameat2", "rename":
		d.name(step{what: renamed, path: d.below(args[2], args[3]), from: d.below(args[0], args[1])})
	case "truncate":
		if path := d.below("", args[0]); path != "" {
			return d.cut(d.names[path], args[1])
		}
	default:
		h, ok := d.open[args[0]]
		switch {
		case !ok || h.file < 0:
		case name == "ftruncate":
			return d.cut(h.file, args[1])
		case name == "pwrite64":
			at, err := strconv.ParseInt(args[3], 0, 64)
			return d.wrote(h.file, args[1], at, n, err)
		case name == "write":
			// No writer here seeks: what is written without an offset is
			// appended.
			return d.wrote(h.file, args[1], d.length(h.file), n, nil)
		default:
			return fmt.Errorf("readTrace does not know %s", name)
		}
	}
	return nil
}

func (d *disk) opened(number, path, flags string) error {
	if path == "" {
		delete(d.open, number)
		return nil
	}
	file, known := d.names[path]
	switch {
	case known && strings.Contains(flags, "O_TRUNC"):
		if err := d.cut(file, "0"); err != nil {
			return err
		}
	case !known && strings.Contains(flags, "O_CREAT"):
		file = d.files
		d.files++
		d.name(step{what: made, file: file, path: path})
	case !known:
		file = -1
	}
	d.open[number] = handle{path, file}
	return nil
}

func (d *disk) name(s step) {
	if s.path == "" {
		return
	}
	s.dir, s.durable = filepath.Dir(s.path), never
	if s.what == renamed {
		s.file = d.names[s.from]
	}
	apply(d.names, s)
	d.steps = append(d.steps, s)
}

// apply changes names as s does; a folder's number is -1.
func apply(names map[string]int, s step) {
	switch s.what {
	case made:
		names[s.path] = s.file
	case madeDir:
		names[s.path] = -1
	case removed:
		delete(names, s.path)
	case renamed:
		names[s.path] = s.file
		if names[s.from] == s.file {
			delete(names, s.from)
		}
	}
}

func (d *disk) wrote(file int, data string, at, n int64, err error) error {
	b := unquote(data)
	if err == nil && int64(len(b)) < n {
		err = fmt.Errorf("%d bytes of %d are in the record", len(b), n)
	}
	if err == nil {
		d.steps = append(d.steps, step{what: wrote, file: file, at: at, data: b[:n], durable: never})
	}
	return err
}

func (d *disk) cut(file int, size string) error {
	at, err := strconv.ParseInt(size, 0, 64)
	d.steps = append(d.steps, step{what: cut, file: file, at: at, durable: never})
	return err
}

func (d *disk) length(file int) (n int64) {
	for _, s := range d.steps {
		switch {
		case s.what == cut && s.file == file:
			n = s.at
		case s.what == wrote && s.file == file:
			n = max(n, s.at+int64(len(s.data)))
		}
	}
	return n
}

// synced makes durable what was done before the sync began.
func (d *disk) synced(h handle, begun int) {
	for i := range d.steps[:begun] {
		s := &d.steps[i]
		named := s.what == made || s.what == madeDir || s.what == removed || s.what == renamed
		if s.durable == never && (named && s.dir == h.path || (s.what == wrote || s.what == cut) && h.file >= 0 && s.file == h.file) {
			s.durable = len(d.steps)
		}
	}
}

// loss is how much of what was not synced is there after all: chances between 0
// and 1.
type loss struct{ names, sectors, lengths float64 }

const sector = 512

// after returns the folders and the files of the disk when the power fails
// after the first n steps.
func (d *disk) after(n int, l loss, r *rand.Rand) (folders []string, files map[string][]byte) {
	names := map[string]int{d.world: -1}
	contents := make(map[int][]byte)
	over := make(map[string]bool) // folders of which one name was lost, and so all later ones
	for _, s := range d.steps[:n] {
		sure := s.durable <= n
		switch s.what {
		case told:
		case wrote:
			contents[s.file] = torn(contents[s.file], s, d.sizes[s.file], sure, l, r)
		case cut:
			if sure || r.Float64() < l.lengths {
				contents[s.file] = resize(contents[s.file], s.at, d.sizes[s.file])
			}
		default:
			over[s.dir] = over[s.dir] || !sure && r.Float64() >= l.names
			if !over[s.dir] {
				apply(names, s)
			}
		}
	}
	files = make(map[string][]byte)
	for _, path := range slices.Sorted(maps.Keys(names)) {
		up := filepath.Dir(path)
		if path == d.world || !slices.Contains(folders, up) && up != d.world {
			continue // its folder is not there
		}
		if file := names[path]; file < 0 {
			folders = append(folders, path)
		} else {
			files[path] = contents[file]
		}
	}
	return folders, files
}

// torn writes sector by sector, and of what was not synced only some.
func torn(b []byte, s step, most int64, sure bool, l loss, r *rand.Rand) []byte {
	end := s.at + int64(len(s.data))
	if end > int64(len(b)) && (sure || r.Float64() < l.lengths) {
		b = resize(b, end, most)
	}
	for at := s.at; at < end; {
		next := min(at/sector*sector+sector, end)
		if sure || r.Float64() < l.sectors {
			if next > int64(len(b)) {
				b = resize(b, next, most)
			}
			copy(b[at:next], s.data[at-s.at:])
		}
		at = next
	}
	return b
}

// resize cuts b to n bytes, or follows it by zeros. Memory for most bytes is taken once, and is zero behind the end of b.
func resize(b []byte, n, most int64) []byte {
	if b == nil {
		return make([]byte, n, max(n, most))
	}
	if n < int64(len(b)) {
		clear(b[n:])
	}
	return b[:n]
}

// printed returns what the process had printed before.
func (d *disk) printed(n int) (lines []string) {
	for _, s := range d.steps[:n] {
		if s.what == told {
			lines = append(lines, s.text)
		}
	}
	return lines
}
