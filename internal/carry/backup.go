package carry

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

const (
	backupHeader = "zapis/backup/v1"
	backupName   = "backup.txt"

	maxLocators = 1 << 32
	maxKept     = 1 << 20
	maxKeptFile = ledger.MaxSmall + 16<<10
	maxBox      = 4 << 10
)

// BackupHeader is the first member of a backup's ledger.tar, backup.txt:
//
//	zapis/backup/v1
//	origin example.org/ledger
//	genesis <leaf hash of entry 0>
//	size 96
//	waiting 2                         promise files
//	locators 77
//	kept 3                            files beside the database
type BackupHeader struct {
	Origin   string
	Genesis  ledger.Hash
	Size     uint64
	Waiting  uint64
	Locators uint64
	Kept     uint64
}

// Card names the ledger.
func (h BackupHeader) Card() card.LedgerCard {
	return card.LedgerCard{Origin: h.Origin, Genesis: h.Genesis}
}

// Marshal writes backup.txt.
func (h BackupHeader) Marshal() []byte {
	u := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return []byte(backupHeader + "\norigin " + h.Origin + "\ngenesis " + h.Genesis.String() + "\nsize " + u(h.Size) +
		"\nwaiting " + u(h.Waiting) + "\nlocators " + u(h.Locators) + "\nkept " + u(h.Kept) + "\n")
}

// ParseBackupHeader reads backup.txt.
func ParseBackupHeader(text []byte) (BackupHeader, error) {
	r := canonical.Begin(text, maxHeaderTxt, backupHeader)
	var h BackupHeader
	h.Origin = r.Word("origin")
	r.Check(card.CheckOrigin(h.Origin))
	h.Genesis = r.Hash(r.Word("genesis"))
	if h.Size = r.Decimal(r.Word("size"), ledger.MaxIndex); h.Size == 0 {
		r.Fail("the size is at least 1")
	}
	h.Waiting = r.Decimal(r.Word("waiting"), maxWaiting)
	h.Locators = r.Decimal(r.Word("locators"), maxLocators)
	h.Kept = r.Decimal(r.Word("kept"), maxKept)
	return h, r.End()
}

// BackupKind is the kind of a member of a backup.
type BackupKind int

const (
	BackupCheckpoint BackupKind = iota + 1 // Size
	BackupEntry                            // Index
	BackupWaiting                          // Hash of the body; Text is the promise file
	BackupLocator                          // Hash is its name; Text is the box
	BackupKept                             // Name is kept/…
)

// BackupItem is one member.
type BackupItem struct {
	Kind  BackupKind
	Name  string
	Size  uint64
	Index uint64
	Hash  ledger.Hash
	Text  []byte
}

// Path returns the path of a kept file in the ledger's folder.
func (it BackupItem) Path() string { return strings.TrimPrefix(it.Name, "kept/") }

// KeptFolders are the folders beside the database whose files a backup keeps.
var KeptFolders = []string{"cosigned", "heard", "proposals"}

// keptPath reports whether a file of the ledger's folder is kept.
func keptPath(path string) bool {
	folder, rest, ok := strings.Cut(path, "/")
	return ok && rest != "" && plainName("kept/"+path) && slices.Contains(KeptFolders, folder)
}

// backupCourse checks the order of the members of a backup.
type backupCourse struct {
	h          BackupHeader
	kind       BackupKind // of the last member
	checkpoint uint64
	entries    uint64
	count      [BackupKept + 1]uint64
	last       string // name of the last member
}

func (c *backupCourse) take(it BackupItem) error {
	if it.Kind < c.kind {
		return fmt.Errorf("checkpoints, entries, what waits, locators and kept files stand in this order")
	}
	if it.Kind > BackupCheckpoint && c.checkpoint != c.h.Size {
		return fmt.Errorf("the checkpoint of %d entries is missing before it", c.h.Size)
	}
	if it.Kind > BackupEntry && c.entries != c.h.Size {
		return fmt.Errorf("entry %d is missing before it", c.entries)
	}
	first := it.Kind != c.kind
	c.kind = it.Kind
	c.count[it.Kind]++
	switch it.Kind {
	case BackupCheckpoint:
		if it.Size <= c.checkpoint || it.Size > c.h.Size {
			return fmt.Errorf("checkpoints stand in the order of their sizes, and none is of more entries than there are")
		}
		c.checkpoint = it.Size
	case BackupEntry:
		if it.Index != c.entries || it.Index >= c.h.Size {
			return fmt.Errorf("it stands where entry %d must", c.entries)
		}
		c.entries++
	default:
		if !first && it.Name <= c.last {
			return fmt.Errorf("it does not stand in the order of names")
		}
		c.last = it.Name
	}
	return nil
}

func (c *backupCourse) end() error {
	for _, part := range []struct {
		what      string
		got, want uint64
	}{
		{"entries", c.entries, c.h.Size}, {"waiting submissions", c.count[BackupWaiting], c.h.Waiting},
		{"locators", c.count[BackupLocator], c.h.Locators}, {"kept files", c.count[BackupKept], c.h.Kept},
	} {
		if part.got != part.want {
			return fmt.Errorf("it has %d %s, and %s says %d", part.got, part.what, backupName, part.want)
		}
	}
	return nil
}

// BackupWriter writes a backup's ledger.tar: checkpoints by size, entries by
// index, promise files by body hash, locators by name, kept files by path.
type BackupWriter struct {
	t tarWriter
	c *backupCourse
}

// NewBackupWriter writes backup.txt.
func NewBackupWriter(w io.Writer, h BackupHeader) (*BackupWriter, error) {
	t, err := backupFormat.create(w, h)
	return &BackupWriter{t, &backupCourse{h: h}}, err
}

// Put writes one member; its name is derived from the other fields.
func (w *BackupWriter) Put(it BackupItem) error {
	switch it.Kind {
	case BackupCheckpoint:
		it.Name = checkpointName(it.Size)
	case BackupEntry:
		it.Name = entryName(it.Index)
	case BackupWaiting:
		it.Name = "waiting/" + it.Hash.String()
	case BackupLocator:
		it.Name = "locators/" + it.Hash.String()
	case BackupKept:
		if !keptPath(it.Name) {
			return w.t.misuse(fmt.Errorf("%q is not kept", it.Name))
		}
		it.Name = "kept/" + it.Name
	}
	if err := w.c.take(it); err != nil {
		return w.t.misuse(fmt.Errorf("%s: %w", it.Name, err))
	}
	return w.t.bytes(it.Name, it.Text)
}

// Close ends the archive. It fails if a member is missing.
func (w *BackupWriter) Close() error {
	return w.t.close(w.c.end)
}

// BackupReader reads a backup's ledger.tar, and verifies its form. The caller
// verifies chain, signatures and promises.
type BackupReader struct {
	t *tarReader
	c *backupCourse
}

// NewBackupReader reads backup.txt.
func NewBackupReader(r io.Reader) (*BackupReader, error) {
	t, h, err := backupFormat.open(r)
	if err != nil {
		return nil, err
	}
	return &BackupReader{t, &backupCourse{h: h}}, nil
}

// Header returns the content of backup.txt.
func (r *BackupReader) Header() BackupHeader { return r.c.h }

// Next returns the next member, or io.EOF after the last.
func (r *BackupReader) Next() (BackupItem, error) {
	name, _, err := r.t.member(r.c.end)
	if err != nil {
		return BackupItem{}, err
	}
	it := BackupItem{Name: name}
	max, err := it.read(name)
	if err == nil {
		err = r.c.take(it)
	}
	if err != nil {
		return BackupItem{}, r.t.refuse(name, "%w", err)
	}
	it.Text, err = r.t.bytes(max)
	return it, err
}

// read parses a member's name, and returns the most bytes that it may have.
func (it *BackupItem) read(name string) (max int, err error) {
	folder, rest, _ := strings.Cut(name, "/")
	number := func() (uint64, error) { return canonical.ParseDecimal(rest) }
	switch folder {
	case "checkpoints":
		it.Kind = BackupCheckpoint
		it.Size, err = number()
		return ledger.MaxNote, err
	case "entries":
		it.Kind = BackupEntry
		it.Index, err = number()
		return ledger.MaxEntry, err
	case "waiting":
		it.Kind = BackupWaiting
		it.Hash, err = ledger.ParseHash(rest)
		return maxPromise, err
	case "locators":
		it.Kind = BackupLocator
		it.Hash, err = ledger.ParseHash(rest)
		return maxBox, err
	case "kept":
		it.Kind = BackupKept
		if !keptPath(rest) {
			err = fmt.Errorf("no such file is kept")
		}
		return maxKeptFile, err
	}
	return 0, fmt.Errorf("no such member belongs in a backup")
}
