package postgres_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"zapis/internal/cli"
	"zapis/store/kv"
	"zapis/store/kv/kvtest"
	"zapis/store/postgres"
	"zapis/store/postgres/pgtest"
)

// newCluster starts servers for a test that does them harm.
func newCluster(t *testing.T, standbys int) *pgtest.Cluster {
	t.Helper()
	c, err := pgtest.Start("", standbys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func create(t *testing.T, dsn string, o postgres.Options) *postgres.DB {
	t.Helper()
	db, err := postgres.Create(t.Context(), dsn, kvtest.Specs, 2, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func open(t *testing.T, dsn string, o postgres.Options) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, kvtest.Specs, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func put(k, v string) func(kv.Tx) error {
	return func(tx kv.Tx) error { return tx.Table("plain").Put([]byte(k), []byte(v)) }
}

func get(t *testing.T, db kv.DB, k string) (v string) {
	t.Helper()
	err := kv.View(db, func(tx kv.Tx) error {
		v = string(tx.Table("plain").Get([]byte(k)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// While the standby is away nothing is acknowledged, and readers go on. The wait
// that is cancelled ends with COMMIT and a warning, which is no acknowledgement.
func TestStandbyAway(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	name, err := c.NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	db := create(t, c.Nodes[0].DSN(name), postgres.Options{Host: "one", Patience: 3 * time.Second})
	if err := kv.Update(db, put("a", "1")); err != nil {
		t.Fatal(err)
	}
	upload := func() error {
		content, h := someBytes(100_000)
		_, spool := spooled(t, content)
		return db.Parts().Put(t.Context(), h, spool)
	}
	if err := upload(); err != nil {
		t.Fatal(err)
	}
	c.Nodes[1].Pause()
	done, uploaded := make(chan error, 1), make(chan error, 1)
	go func() { done <- kv.Update(db, put("a", "2")) }()
	go func() { uploaded <- upload() }()
	time.Sleep(500 * time.Millisecond)
	if v := get(t, db, "a"); v != "1" {
		t.Errorf("a reader sees %q, which the standby does not have", v)
	}
	// An operator who cancels the waiting makes the server say COMMIT.
	for range 3 {
		if err := c.Nodes[0].Exec("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	if err := <-done; !errors.Is(err, kv.ErrUncertain) {
		t.Errorf("a commit without the standby: %v", err)
	}
	if err := <-uploaded; err == nil || !strings.HasSuffix(err.Error(), "the standby has not acknowledged the commit") {
		t.Errorf("an attachment without the standby: %v", err)
	}
	c.Nodes[1].Continue()
	if err := c.WaitForStandbys(c.Nodes[0], 1); err != nil {
		t.Fatal(err)
	}
	if err := kv.Update(db, put("b", "3")); err != nil || get(t, db, "b") != "3" {
		t.Errorf("after its return: %v", err)
	}
	if err := upload(); err != nil {
		t.Errorf("after its return: %v", err)
	}
	if err := c.Nodes[0].Set("synchronous_standby_names", ""); err != nil {
		t.Fatal(err)
	}
	var refused error
	for end := time.Now().Add(10 * time.Second); refused == nil && time.Now().Before(end); { // until the session reads its settings
		refused = upload()
	}
	if !errors.Is(refused, postgres.ErrSettings) || !errors.Is(refused, kv.ErrUnavailable) {
		t.Errorf("an attachment where no standby is needed: %v", refused)
	}
}

// A promoted standby that lacks what was seen of the primary is an older copy; so is the old primary that comes back.
func TestOldPrimaryReturns(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	name, err := c.NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	a, b := c.Nodes[0], c.Nodes[1]
	db := create(t, c.DSNOf(name), postgres.Options{Host: "one", Patience: 30 * time.Second})
	if err := kv.Update(db, put("a", "1")); err != nil {
		t.Fatal(err)
	}
	a.Kill()
	if err := b.Promote(); err != nil {
		t.Fatal(err)
	}
	if err := b.Set("synchronous_standby_names", ""); err != nil { // until there is another: named, and never by itself
		t.Fatal(err)
	}
	other := open(t, b.DSN(name), postgres.Options{Host: "one", NoStandby: true, Patience: 5 * time.Second})
	for i := range 3 {
		if err := kv.Update(other, put("b", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	other.Close()
	b.Kill()
	// A host that has seen the new primary meets the old one again.
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	proxy, err := pgtest.NewProxy(b)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	host := open(t, proxy.DSN(name), postgres.Options{Host: "two", NoStandby: true, Patience: 5 * time.Second})
	if err := kv.Update(host, put("c", "1")); err != nil {
		t.Fatal(err)
	}
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	proxy.To(a)
	content, h := someBytes(100_000)
	_, spool := spooled(t, content)
	if err := host.Parts().Put(t.Context(), h, spool); !errors.Is(err, postgres.ErrBehind) {
		t.Errorf("the old primary takes an attachment: %v", err)
	}
	err = kv.Update(host, put("c", "2"))
	if !errors.Is(err, postgres.ErrBehind) || errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("the old primary is written to: %v", err)
	}
}

// A writer that stands still is thrown out, others go on, and its late commit fails.
func TestWriterStandsStill(t *testing.T) {
	t.Parallel()
	dsn := newDSN(t)
	still := create(t, dsn, postgres.Options{Host: "one", Hold: time.Second, Patience: 20 * time.Second})
	other := open(t, dsn, postgres.Options{Host: "two", Patience: 20 * time.Second})
	tx, err := still.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if err := tx.Table("plain").Put([]byte("a"), []byte("late")); err != nil {
		t.Fatal(err)
	}
	if err := kv.Update(other, put("a", "other")); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("the late commit: %v", err)
	}
	if v := get(t, other, "a"); v != "other" {
		t.Errorf("the value is %q", v)
	}
	if err := kv.Update(still, put("a", "again")); err != nil {
		t.Errorf("after that: %v", err)
	}
}

// The network is cut at any moment: what was acknowledged is there, what was
// refused is not, and no outcome is left unknown once the network is back.
func TestNetworkIsCut(t *testing.T) {
	t.Parallel()
	name, proxy, err := cluster.NewProxied()
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	db := create(t, proxy.DSN(name), postgres.Options{Host: "one", Patience: 30 * time.Second})
	quit := make(chan struct{})
	var cutter sync.WaitGroup
	cutter.Go(func() {
		for {
			select {
			case <-quit:
				return
			case <-time.After(time.Duration(200+rand.IntN(800)) * time.Millisecond):
				proxy.Cut()
				time.Sleep(5 * time.Millisecond)
				proxy.Mend()
			}
		}
	})
	refused := 0
	outcome := make(map[string]bool)
	for i := range orFull(60) {
		key := fmt.Sprint("k", i)
		err := kv.Update(db, put(key, "v"))
		if errors.Is(err, kv.ErrUncertain) {
			t.Errorf("%s: %v", key, err)
		}
		outcome[key] = err == nil
		if err != nil {
			refused++
		}
	}
	close(quit)
	cutter.Wait()
	proxy.Mend()
	for key, committed := range outcome {
		if got := get(t, db, key) == "v"; got != committed {
			t.Errorf("%s: acknowledged %v, there %v", key, committed, got)
		}
	}
	t.Logf("%d of %d refused", refused, len(outcome))
}

// Word of a commit that was lost on its way back is found out before anything is answered.
func TestUnknownOutcomeIsResolved(t *testing.T) {
	t.Parallel()
	dsn := newDSN(t)
	db := create(t, dsn, postgres.Options{Host: "one", Patience: 20 * time.Second})
	for name, committed := range map[string]bool{"committed": true, "not committed": false} {
		err := postgres.ResolveAfter(db, committed, func() {})
		if (err == nil) != committed || err != nil && !errors.Is(err, kv.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A host that meets an older copy while it resolves an outcome releases the lock of all hosts at once.
func TestOutcomeOnAnOlderCopyReleasesTheLock(t *testing.T) {
	t.Parallel()
	dsn := newDSN(t)
	db := create(t, dsn, postgres.Options{Host: "one", Hold: time.Minute, Patience: 20 * time.Second})
	other := open(t, dsn, postgres.Options{Host: "two", Patience: 20 * time.Second})
	if err := postgres.ResolveAfter(db, true, func() { postgres.SeeMore(db) }); !errors.Is(err, postgres.ErrBehind) {
		t.Errorf("the outcome on an older copy: %v", err)
	}
	if err := kv.Update(other, put("a", "other")); err != nil {
		t.Errorf("another host after that: %v", err)
	}
}

// A host whose clock is ten years off writes nothing.
func TestClockTenYearsOff(t *testing.T) {
	t.Parallel()
	dsn := newDSN(t)
	create(t, dsn, options())
	for _, years := range []int{-10, 10} {
		o := options()
		o.MaxSkew, o.Now = 10*time.Minute, func() time.Time { return time.Now().AddDate(years, 0, 0) }
		db := open(t, dsn, o)
		err := kv.Update(db, put("a", "1"))
		if !errors.Is(err, postgres.ErrClock) || !errors.Is(err, kv.ErrUnavailable) || !strings.Contains(err.Error(), "this host's clock differs from the database's by 87") {
			t.Errorf("%d years: %v", years, err)
		}
		if cli.Hint(err) != "set the clocks of both hosts by NTP" {
			t.Errorf("hint %q", cli.Hint(err))
		}
	}
}
