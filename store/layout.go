package store

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"zapis/crypto/ledger"
	"zapis/store/blob/file"
	"zapis/store/kv"
)

// Names in a ledger's folder.
const (
	dbName       = "ledger.db"
	guardName    = "guard"
	keyName      = "log.key"
	lockName     = "lock"
	partsName    = "parts"
	incomingName = file.Incoming // under parts
	creatingName = "creating"    // a ledger that Create has not finished
	asideSuffix  = ".new"        // a file that is not yet renamed to its name
	format       = "zapis/store/v1"
	formatMoved  = "zapis/store/v1 moved" // earlier programs refuse it
)

// Tables of the database. Numbers in keys and values are 8 bytes, big endian.
const (
	tableMeta        = "meta"        // format, indexed, compact
	tableEntries     = "entries"     // index -> the tree's hashes that this entry completes, its own first; then its text
	tableCheckpoints = "checkpoints" // size -> signed note
	tableBodies      = "bodies"      // first half of a body's hash -> index, for the entries below meta's indexed
	tableGoverning   = "governing"   // index of a genesis, trustees, key or tombstone entry -> nothing
	tableWaiting     = "waiting"     // body hash -> promise file
	tableSmall       = "small"       // part hash -> its bytes
	tableFiles       = "files"       // part hash -> size of the attachment
	tableLocators    = "locators"    // name -> box
	tableTags        = "tags"        // reply's tag -> body hash
	tableErased      = "erased"      // part hash -> index of the tombstone
	tableSignals     = "signals"     // batches of signals, what waits for one, marks of what is urgent: signals.go

	tablePending = "pending" // part hash -> host that keeps it, and no body names it yet; or erasedMark

	// Where several hosts share a database only.
	tableCosigned = "cosigned" // size -> checkpoint with lines of witnesses
)

// The most bytes of a value that is read from another machine. Values are at most a quarter of it, and parts half of it: what is a
// little too large is a fault that a check names.
const (
	mostOfRow   = 64 << 10 // numbers, hashes, entries and locators; a promise file is a note and a body
	mostOfNote  = 4 * ledger.MaxNote
	mostOfSmall = 2 * ledger.MaxSmall
)

var specs = []kv.Spec{{Name: tableMeta, Most: mostOfRow}, {Name: tableEntries, Ascending: true, Most: mostOfRow}, {Name: tableCheckpoints, Most: mostOfNote},
	{Name: tableBodies, Most: mostOfRow}, {Name: tableGoverning, Most: mostOfRow}, {Name: tableWaiting, Most: mostOfRow},
	{Name: tableSmall, Large: true, Most: mostOfSmall}, {Name: tableFiles, Most: mostOfRow}, {Name: tableLocators, Most: mostOfRow},
	{Name: tableTags, Most: mostOfRow}, {Name: tableErased, Most: mostOfRow}, {Name: tableSignals, Added: true, Most: mostOfNote}}

// Of a place: what is pending belongs to the place, and does not move.
var (
	folderSpecs = append(slices.Clone(specs), kv.Spec{Name: tablePending, Added: true, Most: mostOfRow})
	sharedSpecs = append(slices.Clone(specs), kv.Spec{Name: tablePending, Most: mostOfRow}, kv.Spec{Name: tableCosigned, Most: mostOfNote})
)

// Keys of the table meta.
var (
	metaFormat  = []byte("format")
	metaIndexed = []byte("indexed")
	metaSwept   = []byte("swept")   // all attachments that no body names are pending: earlier programs did not record them
	metaMoved   = []byte("moved")   // where the ledger was moved to
	metaCompact = []byte("compact") // a tombstone whose parts may still be in what the engine keeps of deleted values
	metaArrival = []byte("arrival") // the size of a slot's checkpoint: where its parts lie may tell their order of arrival
)

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func readNumber(b []byte) (uint64, bool) {
	if len(b) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(b), true
}

// hashesIn returns how many of the tree's hashes precede entry index's text:
// its own, and one for each subtree that it completes.
func hashesIn(index uint64) int { return 1 + bits.TrailingZeros64(index+1) }

// textOf returns the entry's text from its value in the database.
func textOf(index uint64, value []byte) ([]byte, bool) {
	n := 32 * hashesIn(index)
	if len(value) < n {
		return nil, false
	}
	return value[n:], true
}
