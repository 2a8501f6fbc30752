package store

import (
	"encoding/binary"
	"math/bits"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"zapis/crypto/ledger"
)

// Names in a ledger's folder.
const (
	dbName       = "ledger.db"
	guardName    = "guard"
	keyName      = "log.key"
	lockName     = "lock"
	partsName    = "parts"
	incomingName = "incoming" // under parts
	creatingName = "creating" // a ledger that Create has not finished
	asideSuffix  = ".new"     // a file that is not yet renamed to its name
	format       = "zapis/store/v1"
)

// Buckets of ledger.db. Numbers in keys and values are 8 bytes, big endian.
var (
	bucketMeta        = []byte("meta")        // format, indexed, compact
	bucketEntries     = []byte("entries")     // index -> the tree's hashes that this entry completes, its own first; then its text
	bucketCheckpoints = []byte("checkpoints") // size -> signed note
	bucketBodies      = []byte("bodies")      // first half of a body's hash -> index, for the entries below meta's indexed
	bucketGoverning   = []byte("governing")   // index of a genesis, trustees, key or tombstone entry -> nothing
	bucketWaiting     = []byte("waiting")     // body hash -> promise file
	bucketSmall       = []byte("small")       // part hash -> a bucket of its own, with the bytes under smallKey
	bucketFiles       = []byte("files")       // part hash -> size of the file under parts/
	bucketLocators    = []byte("locators")    // name -> box
	bucketTags        = []byte("tags")        // reply's tag -> body hash
	bucketErased      = []byte("erased")      // part hash -> index of the tombstone

	buckets = [][]byte{bucketMeta, bucketEntries, bucketCheckpoints, bucketBodies, bucketGoverning, bucketWaiting,
		bucketSmall, bucketFiles, bucketLocators, bucketTags, bucketErased}

	metaFormat  = []byte("format")
	metaIndexed = []byte("indexed")
	metaCompact = []byte("compact") // a tombstone whose parts may still be in free pages
	smallKey    = []byte("part")
)

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func readNumber(b []byte) (uint64, bool) {
	if len(b) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(b), true
}

// hashesIn is how many of the tree's hashes stand in front of entry index's
// text: its own, and one for each subtree that it completes.
func hashesIn(index uint64) int { return 1 + bits.TrailingZeros64(index+1) }

// textOf gives the entry's text out of its value in the database.
func textOf(index uint64, value []byte) ([]byte, bool) {
	n := 32 * hashesIn(index)
	if len(value) < n {
		return nil, false
	}
	return value[n:], true
}

// partPath is where an attachment lies: 256 folders, by the hash's first byte.
func partPath(dir string, h ledger.Hash) string {
	name := h.String()
	return filepath.Join(dir, partsName, name[:2], name)
}

// dbOptions are how every ledger.db of ours is opened for writing. Pages have
// 16 KiB: entries of 2 KiB would leave half of one of 4 KiB empty. The map is reserved far
// beyond the file, so that growing never waits for a reader: bbolt must remap
// to grow, and a remap waits for every open snapshot, an export's for instance.
func dbOptions() *bolt.Options {
	return &bolt.Options{
		Timeout:         lockTimeout,
		PageSize:        16 << 10,
		FreelistType:    bolt.FreelistMapType,
		InitialMmapSize: mapReserve,
		NoStatistics:    true,
	}
}

const mapReserve = 1 << 37 // 128 GiB of addresses, not of memory
