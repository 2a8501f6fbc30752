package store

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/shorttest"
	"zapis/store/kv"
	"zapis/store/postgres/pgtest"
)

// The tests of this package are the conformance suite of engines: run alone they
// try bbolt and files, and TestConformance runs them once more on PostgreSQL.
var engine = flag.String("store.engine", "bolt", "which engine the tests try: bolt or postgres")

// What TestConformance runs takes minutes, most of it in commits that wait for the standby. Without the flag it runs the
// tests of guards, restored copies, wrong databases and holds, which are those whose loss would be worst, and counts round trips; make conformance runs all.
var conformance = flag.String("store.conformance", "^(TestRestoredCopyIsRefused|TestGuardCatchesUpAfterACrash|TestMissingGuard|TestForkedDatabaseIsRefused|TestHold|TestWrongDatabase|TestRoundTrips|TestRoundTripsOfWalks|TestCheckBeforeRelease|TestEraseBesideSubmissions)$",
	"which of the tests TestConformance runs on PostgreSQL, as -test.run has it")

// boltOnly are the tests of what only bbolt, its file, and files of attachments have. store/postgres
// has its own of what only PostgreSQL has.
var boltOnly = []string{
	"TestAnyBit", "TestFullDisk", "TestPowerLoss", "TestPowerLossIsNoticed", "TestWorkload", // a file, and the disk under it
	"TestErase", "TestAnnouncedErase", "TestEraseCutOff", // bytes in the file's free pages
	"TestUsedIsCounted", "TestOpeningLooksAtWhatIsPending", // files beside the database
	"TestPagesSayNothingOfTheOrderOfArrival", "TestCompactionCutOff", // where parts stand in the file
	"TestCreateMakesThisFolder", "TestCreateRefuses", "TestCreateAfterACrash", "TestFileTimesSayNothing", // names of files
	"TestHostileClock", "TestNothingIsLoggedOfTheSubmission", // no engine is in it
	"TestStopIsLiftedByTheNewestDatabase", // the witness's word is asked for at opening
}

// cluster is a primary with a synchronous standby, where they are what is tried.
var cluster *pgtest.Cluster

func runOn(m *testing.M) int {
	if *engine != "postgres" {
		return m.Run()
	}
	var err error
	folder := ""
	if *attachmentSize > 1<<30 {
		folder = os.TempDir() // memory has no room for it
	}
	if cluster, err = pgtest.Start(folder, 1); err != nil {
		fmt.Println(err)
		return 1
	}
	defer cluster.Close()
	return m.Run()
}

// TestConformance runs this package's tests on PostgreSQL.
func TestConformance(t *testing.T) {
	shorttest.Skip(t, "not tested: the store on PostgreSQL")
	if *engine != "bolt" {
		return
	}
	t.Parallel()
	args := []string{"-test.timeout=" + flag.Lookup("test.timeout").Value.String(), "-test.run=" + *conformance, "-store.engine=postgres", "-store.faults=16", "-test.skip=^(TestConformance|" + strings.Join(boltOnly, "|") + ")$"}
	out, err := exec.Command(os.Args[0], args...).CombinedOutput()
	if err != nil {
		t.Errorf("on PostgreSQL: %v\n%s", err, out)
	}
}

// createTest is Create on the engine that is tried.
func createTest(dir string, g ledger.Genesis, k *ledger.SigningKey, now time.Time) (card.LedgerCard, error) {
	if cluster == nil {
		return Create(dir, g, k, now)
	}
	name, err := cluster.NewDatabase()
	if err != nil {
		return card.LedgerCard{}, err
	}
	return CreateIn(dir, Place{Database: cluster.Nodes[0].DSN(name), Pieces: 2}, g, k, now)
}

// saveDB puts a copy of a ledger's database aside, and restoreDB brings it back: by a backup's hand, of which
// nothing else of the folder knows.
func saveDB(t testing.TB, dir, to string) string {
	t.Helper()
	if cluster == nil {
		copyFile(t, filepath.Join(dir, dbName), to)
		return to
	}
	saved := make(map[string]map[string][]byte)
	edit(t, dir, func(tx kv.Tx) error {
		for _, s := range sharedSpecs {
			values := make(map[string][]byte)
			eachRow(tx.Table(s.Name), func(k, _ []byte) { values[string(k)] = bytes.Clone(tx.Table(s.Name).Get(k)) })
			saved[s.Name] = values
		}
		return nil
	})
	savedDBs.Store(to, saved)
	return to
}

var savedDBs sync.Map // of the name that a file would have -> table -> key -> value

func restoreDB(t testing.TB, from, dir string) {
	t.Helper()
	if cluster == nil {
		copyFile(t, from, filepath.Join(dir, dbName))
		return
	}
	saved, ok := savedDBs.Load(from)
	if !ok {
		t.Fatalf("nothing was saved as %s", from)
	}
	edit(t, dir, func(tx kv.Tx) error {
		for name, values := range saved.(map[string]map[string][]byte) {
			table := tx.Table(name)
			if err := table.Clear(); err != nil {
				return err
			}
			for k, v := range values {
				if err := table.Put([]byte(k), v); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// openTest is Open on the engine that is tried, with a witness of the folder's own.
func openTest(dir string, c Config) (*Store, error) {
	if c.Register == nil {
		r, _ := registers.LoadOrStore(dir, new(memoryRegister))
		c.Register = r.(*memoryRegister)
	}
	return Open(dir, c)
}

var registers sync.Map // of folder -> *memoryRegister

// memoryRegister is a witness without a network: it advances by compare-and-swap,
// and verifies the proof as one on another machine does.
type memoryRegister struct {
	mu    sync.Mutex
	last  ledger.Checkpoint
	down  error // what it answers while it can't be reached
	asked int
}

func (r *memoryRegister) Advance(_ context.Context, _ *ledger.Verifier, next ledger.Checkpoint, _ []byte, prove func(uint64) ([]ledger.Hash, error)) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	switch {
	case r.down != nil:
		return nil, r.down
	case next.Size < r.last.Size:
		return nil, fmt.Errorf("%w: the witness has %d entries, and this is of %d", ErrBehindGuard, r.last.Size, next.Size)
	case next.Size == r.last.Size && next.Root != r.last.Root:
		return nil, fmt.Errorf("%w: the witness has another root at %d entries", ErrForked, next.Size)
	case r.last.Size > 0:
		path, err := prove(r.last.Size)
		if err != nil {
			return nil, err
		}
		if err := ledger.CheckConsistency(next, r.last, path); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrForked, err)
		}
	}
	r.last = next
	return nil, nil
}
