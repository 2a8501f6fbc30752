package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/store/postgres/pgtest"
)

func init() {
	if os.Getenv(childVariable) == "full primary" {
		if err := childFillsPrimary(os.Args[1], os.Args[2]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("done")
		os.Exit(0)
	}
}

// TestFullPrimary runs a child with a primary on a file system of its own, in memory. The disk is full for tables, and
// then for the write-ahead log too; at last an older base backup takes the primary's place.
func TestFullPrimary(t *testing.T) {
	shorttest.Skip(t, "no primary's disk is full, and none is restored from a base backup")
	if cluster != nil {
		return // it starts a server of its own
	}
	t.Parallel()
	mount, err := os.MkdirTemp("", "zapis-full-") // t.TempDir() can't be entered by the user of the server
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(mount)
	c := child("full primary", mount, t.TempDir())
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 { // the server must not be root, not even of a namespace
		const sysAdmin = 21 // CAP_SYS_ADMIN, of capabilities(7)
		c.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
		c.SysProcAttr.AmbientCaps = []uintptr{sysAdmin}
	}
	out, err := c.CombinedOutput()
	if err != nil || string(out) != "done\n" {
		t.Errorf("%v: %s", err, out)
	}
}

// primary is a ledger in a cluster of one server, whose disk is mount.
type primary struct {
	mount, dir string
	cluster    *pgtest.Cluster
	clock      *clock
	s          *Store
	promised   []ledger.Hash
}

func childFillsPrimary(mount, folder string) (err error) {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount("none", mount, "tmpfs", 0, "size=300m"); err != nil {
		return err
	}
	p := &primary{mount: mount, dir: filepath.Join(folder, "ledger"), clock: newClock()}
	// An autovacuum of the catalogue, which comes after a minute, removes a file that the next connection has to write again.
	if p.cluster, err = pgtest.Start(mount, 0, "autovacuum = off"); err != nil {
		return err
	}
	defer p.cluster.Close()
	name, err := p.cluster.NewDatabase()
	if err != nil {
		return err
	}
	place := Place{Database: p.cluster.Nodes[0].DSN(name), NoStandby: true, Pieces: 2}
	if _, err := CreateIn(p.dir, place, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		return err
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"a first slot", p.slot}, {"a base backup", p.backUp}, {"tables on a full disk", p.fullTables}, {"a log on a full disk", p.fullLog},
		{"a second slot", p.slot}, {"an older base backup", p.restored},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w\n%s", step.name, err, p.cluster.Nodes[0].Log())
		}
	}
	return nil
}

func (p *primary) open() (err error) {
	if p.s == nil {
		p.s, err = openTest(p.dir, Config{Slot: day, Now: p.clock.now})
	}
	return err
}

func (p *primary) close() error {
	s := p.s
	p.s = nil
	return s.Close()
}

func (p *primary) submit() error {
	sub := wordsOf(p.s, 200_000)
	_, err := p.s.Submit(context.Background(), sub)
	if err == nil {
		p.promised = append(p.promised, sub.Body.Hash())
	}
	return err
}

// slot submits a report and has a slot, after which all that was promised are entries.
func (p *primary) slot() error {
	if err := exit.First(p.open(), p.submit()); err != nil {
		return err
	}
	p.clock.forward(day)
	if err := p.s.Sequence(context.Background()); err != nil {
		return err
	}
	for _, h := range p.promised {
		if _, err := p.s.Find(h); err != nil {
			return fmt.Errorf("promised: %w", err)
		}
	}
	return nil
}

func (p *primary) fill() (empty func() error, err error) {
	path := filepath.Join(p.mount, "ballast")
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for _, piece := range []int{1 << 20, 4 << 10} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, piece))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return nil, err
		}
	}
	return func() error { return os.Remove(path) }, nil
}

// fullTables fills the disk: a report and an attachment are refused, and what there is can be read. With room all goes on.
func (p *primary) fullTables() error {
	if err := p.open(); err != nil {
		return err
	}
	empty, err := p.fill()
	if err != nil {
		return err
	}
	err = p.submit()
	if !errors.Is(err, ErrFull) || errors.Is(err, ErrBroken) || cli.Hint(err) != "make room on the disk; nothing was lost, and nothing was half-stored" {
		return fmt.Errorf("a report: %v (hint %q)", err, cli.Hint(err))
	}
	w, err := p.s.NewPart()
	if err != nil {
		return err
	}
	content := random(3 << 20)
	if _, err := w.Write(content); err != nil {
		return err
	}
	if _, err := w.Keep(ledger.Sum(content)); !errors.Is(err, ErrFull) || errors.Is(err, ErrBroken) {
		return fmt.Errorf("an attachment: %v", err)
	}
	w.Discard()
	if _, err := p.s.Find(p.promised[0]); err != nil {
		return fmt.Errorf("a reader: %w", err)
	}
	return exit.First(empty(), p.submit())
}

// fullLog has the server end, since it can't make a file of its log. A submission waits until it runs again.
func (p *primary) fullLog() error {
	empty, err := p.fill()
	if err != nil {
		return err
	}
	node := p.cluster.Nodes[0]
	if err := node.Exec("SELECT pg_switch_wal()"); err == nil {
		_ = node.Exec("SELECT txid_current(), pg_switch_wal()")
	}
	submitted := make(chan error, 1)
	go func() { submitted <- p.submit() }()
	for end := time.Now().Add(time.Minute); !strings.Contains(node.Log(), "PANIC:"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("the server goes on")
		}
	}
	if err := exit.First(empty(), node.Revive()); err != nil {
		return err
	}
	if err := <-submitted; err != nil && !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrFull) {
		return err
	}
	return p.submit()
}

// copyData replaces a folder by a copy of another. The server does not run.
func copyData(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func (p *primary) backUp() error {
	node := p.cluster.Nodes[0]
	if err := p.close(); err != nil {
		return err
	}
	node.Shutdown()
	return exit.First(copyData(node.Dir, node.Dir+".old"), node.Start())
}

// restored puts the base backup in the primary's place. This host's guard refuses it, and a witness where the host is new.
func (p *primary) restored() error {
	signed := p.s.Size()
	node := p.cluster.Nodes[0]
	if err := p.close(); err != nil {
		return err
	}
	node.Shutdown()
	if err := exit.First(copyData(node.Dir+".old", node.Dir), node.Start()); err != nil {
		return err
	}
	want := fmt.Sprintf("the database is older than its guard: it ends at 33 entries, and %d were signed: ", signed)
	if err := p.open(); !errors.Is(err, ErrBehindGuard) || !strings.Contains(err.Error(), want) || exit.StatusOf(err) != exit.Mismatch {
		return fmt.Errorf("this host: %v", err)
	}
	witness, _ := registers.Load(p.dir)
	place, err := readPlace(p.dir)
	if err != nil {
		return err
	}
	dir := p.dir + ".new"
	if _, err := Join(dir, place, ledgertest.Key(1)); err != nil {
		return err
	}
	_, err = openTest(dir, Config{Slot: day, Now: p.clock.now, Register: witness.(*memoryRegister)})
	if !errors.Is(err, ErrBehindGuard) || !errors.Is(err, ErrBroken) {
		return fmt.Errorf("a new host: %v", err)
	}
	return nil
}
