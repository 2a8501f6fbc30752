package carry

import (
	"fmt"
	"hash"
	"strconv"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

const (
	carryHeader  = "zapis/carry/v1"
	carryName    = "carry.txt"
	maxHeaderTxt = 1 << 10
	maxPromise   = 16 << 10
	maxWaiting   = 1 << 20
)

// Header is the first member of a carry file, carry.txt:
//
//	zapis/carry/v1
//	origin example.org/ledger
//	genesis <leaf hash of entry 0>
//	since 0                           the first entry in the file
//	size 96                           of the ledger: entries since…size-1 are here
//	waiting 2                         submissions that have no place yet
type Header struct {
	Origin  string
	Genesis ledger.Hash
	Since   uint64
	Size    uint64
	Waiting uint64
}

// Card returns the card of the ledger that the file claims to hold.
func (h Header) Card() card.LedgerCard {
	return card.LedgerCard{Origin: h.Origin, Genesis: h.Genesis}
}

// Marshal writes carry.txt.
func (h Header) Marshal() []byte {
	u := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return []byte(carryHeader + "\norigin " + h.Origin + "\ngenesis " + h.Genesis.String() +
		"\nsince " + u(h.Since) + "\nsize " + u(h.Size) + "\nwaiting " + u(h.Waiting) + "\n")
}

// ParseHeader reads carry.txt.
func ParseHeader(text []byte) (Header, error) {
	r := canonical.Begin(text, maxHeaderTxt, carryHeader)
	var h Header
	h.Origin = r.Word("origin")
	r.Check(card.CheckOrigin(h.Origin))
	h.Genesis = r.Hash(r.Word("genesis"))
	h.Since = r.Decimal(r.Word("since"), ledger.MaxIndex)
	h.Size = r.Decimal(r.Word("size"), ledger.MaxIndex)
	if h.Size == 0 || h.Since > h.Size {
		r.Fail("the size is at least 1, and not less than since")
	}
	h.Waiting = r.Decimal(r.Word("waiting"), maxWaiting)
	return h, r.End()
}

// expected is a part that an entry named.
type expected struct {
	part  ledger.Part
	index uint64 // of the first entry that names it
}

// course checks the order of the members of a carry file. Writer and Reader
// share it, so that nothing is written that would not be read.
type course struct {
	h          Header
	stage      stage
	checkpoint uint64 // size of the last
	entries    uint64 // index of the next
	parts      []expected
	known      map[ledger.Hash]int64 // size of every part named
	again      hash.Hash             // of the entries' leaf hashes, in place of parts and known: NewStream; nil else
	part       int                   // number of parts gone by
	missing    []expected
	tombstones map[ledger.Hash]bool   // bodies of tombstone entries
	erased     map[ledger.Erased]bool // parts that those name, and of which entries

	waiting     uint64 // submissions begun
	body        ledger.Hash
	bodyText    []byte
	promised    bool
	waitingPart []ledger.Part // still to come of this submission
}

type stage int

const (
	atCheckpoints stage = iota
	atEntries
	atParts
	atWaiting
	atEnd
)

func newCourse(h Header) *course {
	return &course{h: h, entries: h.Since, known: map[ledger.Hash]int64{},
		tombstones: map[ledger.Hash]bool{}, erased: map[ledger.Erased]bool{}}
}

func checkpointName(size uint64) string { return "checkpoints/" + strconv.FormatUint(size, 10) }
func entryName(index uint64) string     { return "entries/" + strconv.FormatUint(index, 10) }
func partName(h ledger.Hash) string     { return "parts/" + h.String() }
func waitingName(body ledger.Hash, rest string) string {
	return "waiting/" + body.String() + "/" + rest
}

func (c *course) takeCheckpoint(note []byte) (ledger.Checkpoint, error) {
	if c.stage != atCheckpoints {
		return ledger.Checkpoint{}, fmt.Errorf("checkpoints come before the entries")
	}
	cp, err := ledger.ParseNote(note)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	switch {
	case cp.Origin != c.h.Origin:
		err = fmt.Errorf("it is of %s, and the file of %s", cp.Origin, c.h.Origin)
	case cp.Size <= c.checkpoint:
		err = fmt.Errorf("checkpoints stand in the order of their sizes, each once")
	case cp.Size > c.h.Size:
		err = fmt.Errorf("it is of more entries than the file says there are")
	case cp.Size <= c.h.Since && cp.Size != c.h.Size:
		err = fmt.Errorf("it is of entries that the file does not bring")
	}
	c.checkpoint = cp.Size
	return cp, err
}

func (c *course) takeEntry(text []byte) (ledger.Entry, error) {
	if c.stage == atCheckpoints {
		if c.checkpoint != c.h.Size {
			return ledger.Entry{}, fmt.Errorf("the checkpoint of %d entries is missing before it", c.h.Size)
		}
		c.stage = atEntries
	}
	if c.stage != atEntries || c.entries == c.h.Size {
		return ledger.Entry{}, fmt.Errorf("an entry that has no place here")
	}
	e, err := ledger.ParseEntry(text)
	if err != nil {
		return ledger.Entry{}, err
	}
	if e.Origin != c.h.Origin {
		return ledger.Entry{}, fmt.Errorf("it is of %s, and the file of %s", e.Origin, c.h.Origin)
	}
	if e.Index != c.entries {
		return ledger.Entry{}, fmt.Errorf("entry %d stands where entry %d must", e.Index, c.entries)
	}
	if e.Index == 0 && ledger.LeafHash(text) != c.h.Genesis {
		return ledger.Entry{}, fmt.Errorf("it is not the genesis that %s names", carryName)
	}
	if err := c.note(e, text); err != nil {
		return ledger.Entry{}, err
	}
	if e.Body.Kind == ledger.KindTombstone {
		c.tombstones[e.Body.Parts[0].Hash] = true
	}
	c.entries++
	return e, nil
}

// note remembers which parts an entry names, or, of a stream, the entry's hash.
func (c *course) note(e ledger.Entry, text []byte) error {
	if c.again != nil {
		leaf := ledger.LeafHash(text)
		c.again.Write(leaf[:])
		return nil
	}
	for _, p := range e.Body.Parts {
		size, again := c.known[p.Hash]
		if again && size != p.Size {
			return fmt.Errorf("it names the part %s with %d bytes, and an earlier entry with %d", p.Hash, p.Size, size)
		}
		if !again {
			c.known[p.Hash] = p.Size
			c.parts = append(c.parts, expected{p, e.Index})
		}
	}
	return nil
}

// entriesDone begins the section of the parts.
func (c *course) entriesDone() error {
	if c.stage > atEntries {
		return nil
	}
	if c.checkpoint != c.h.Size {
		return fmt.Errorf("the checkpoint of %d entries is missing before it", c.h.Size)
	}
	if c.entries != c.h.Size {
		return fmt.Errorf("entry %d is missing before it", c.entries)
	}
	c.stage, c.known = atParts, nil
	return nil
}

// takePart finds a part among the expected ones. Those that are skipped must
// be erased, which partsDone checks.
func (c *course) takePart(h ledger.Hash) (expected, error) {
	if err := c.entriesDone(); err != nil {
		return expected{}, err
	}
	if c.stage != atParts {
		return expected{}, fmt.Errorf("parts of entries come before what waits")
	}
	for i := c.part; i < len(c.parts); i++ {
		if c.parts[i].part.Hash == h {
			c.missing = append(c.missing, c.parts[c.part:i]...)
			c.part = i + 1
			return c.parts[i], nil
		}
	}
	for _, p := range c.parts[:c.part] {
		if p.part.Hash == h {
			return expected{}, fmt.Errorf("it stands after the place where the entries name it, or twice")
		}
	}
	return expected{}, fmt.Errorf("no entry in the file names it")
}

// sawTombstone records the body of a tombstone.
func (c *course) sawTombstone(body []byte) error {
	a, err := ledger.ParseApproved(body)
	if err != nil {
		return err
	}
	parts, err := ledger.ErasedBy(a.Text)
	for _, p := range parts {
		c.erased[p] = true
	}
	return err
}

// partsDone begins the section of the waiting submissions.
func (c *course) partsDone() error {
	if err := c.entriesDone(); err != nil {
		return err
	}
	if c.stage > atParts {
		return nil
	}
	c.missing = append(c.missing, c.parts[c.part:]...)
	c.stage, c.part, c.parts = atWaiting, 0, nil
	for _, p := range c.missing {
		if !c.erased[ledger.Erased{Index: p.index, Hash: p.part.Hash}] {
			return fmt.Errorf("the part %s of entry %d (%s) is missing, and no tombstone says that it was erased",
				p.part.Hash, p.index, p.part.Kind)
		}
	}
	return nil
}

func (c *course) waitingComplete() error {
	switch {
	case c.waiting == 0:
	case !c.promised:
		return fmt.Errorf("the promise of the waiting body %s is missing before it", c.body)
	case len(c.waitingPart) > 0:
		return fmt.Errorf("the part %s of the waiting body %s is missing before it", c.waitingPart[0].Hash, c.body)
	}
	return nil
}

func (c *course) takeWaitingBody(text []byte) (ledger.Body, error) {
	if err := c.partsDone(); err != nil {
		return ledger.Body{}, err
	}
	if err := c.waitingComplete(); err != nil {
		return ledger.Body{}, err
	}
	if c.waiting == c.h.Waiting {
		return ledger.Body{}, fmt.Errorf("more is waiting than %s says", carryName)
	}
	b, err := ledger.ParseBody(text)
	if err != nil {
		return ledger.Body{}, err
	}
	h := ledger.BodyHash(text)
	if c.waiting > 0 && strings.Compare(string(h[:]), string(c.body[:])) <= 0 {
		return ledger.Body{}, fmt.Errorf("what waits stands in the order of its body hashes, each once")
	}
	c.waiting++
	c.body, c.bodyText, c.promised = h, text, false
	c.waitingPart = append([]ledger.Part{}, b.Parts...)
	return b, nil
}

func (c *course) takePromise(file []byte) error {
	if c.stage != atWaiting || c.waiting == 0 || c.promised {
		return fmt.Errorf("a promise stands after its body, once")
	}
	_, body, err := ledger.SplitPromise(file)
	if err != nil {
		return err
	}
	if string(body) != string(c.bodyText) {
		return fmt.Errorf("it promises another body than the one beside it")
	}
	c.promised = true
	return nil
}

func (c *course) takeWaitingPart(h ledger.Hash) (ledger.Part, error) {
	if c.stage != atWaiting || !c.promised || len(c.waitingPart) == 0 || c.waitingPart[0].Hash != h {
		return ledger.Part{}, fmt.Errorf("it is not the part that comes next of a waiting body")
	}
	p := c.waitingPart[0]
	c.waitingPart = c.waitingPart[1:]
	return p, nil
}

// end checks that nothing is missing at the end.
func (c *course) end() error {
	if err := c.partsDone(); err != nil {
		return err
	}
	if err := c.waitingComplete(); err != nil {
		return err
	}
	if c.waiting != c.h.Waiting {
		return fmt.Errorf("%d bodies wait in it, and %s says %d", c.waiting, carryName, c.h.Waiting)
	}
	c.stage = atEnd
	return nil
}
