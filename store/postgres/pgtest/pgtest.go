// Package pgtest starts PostgreSQL servers for tests: a primary, and synchronous
// standbys, each in a folder of its own on loopback, as an unprivileged user.
// They end with the process that started them.
package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Cluster is a primary and its standbys.
type Cluster struct {
	dir       string
	Nodes     []*Node // the primary first, as started
	databases atomic.Int64
}

// Start makes a cluster in a fresh folder under dir ("" for one in memory), with so many synchronous standbys.
// more is added to every server's configuration.
func Start(dir string, standbys int, more ...string) (*Cluster, error) {
	if dir == "" {
		dir = memory()
	}
	folder, err := os.MkdirTemp(dir, "zapis-pg-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: folder}
	if err := c.start(standbys, more); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) start(standbys int, more []string) (err error) {
	if err := own(c.dir); err != nil {
		return err
	}
	primary := &Node{Name: "a", Dir: filepath.Join(c.dir, "a")}
	if err := run("initdb", "-D", primary.Dir, "-U", "postgres", "-A", "trust", "-k", "--no-sync", "-E", "UTF8", "--locale=C"); err != nil {
		return err
	}
	c.Nodes = []*Node{primary}
	for i := range standbys {
		n := &Node{Name: string(rune('b' + i))}
		n.Dir = filepath.Join(c.dir, n.Name)
		c.Nodes = append(c.Nodes, n)
		// The primary has not run yet, so a copy of its folder is a base backup.
		if out, err := exec.Command("cp", "-a", primary.Dir, n.Dir).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	for _, n := range c.Nodes {
		if n.Port, err = freePort(); err != nil {
			return err
		}
		if err := n.configure(c.standbyNames(n), more); err != nil {
			return err
		}
	}
	if err := primary.Start(); err != nil {
		return err
	}
	for _, n := range c.Nodes[1:] {
		if err := n.Follow(primary); err != nil {
			return err
		}
	}
	if err := c.WaitForStandbys(primary, standbys); err != nil {
		return err
	}
	return c.makeRole()
}

// Role owns each database, and has the rights that docs/guides/cluster.md lists. Administrator is the superuser.
const (
	Role          = "zapis"
	Administrator = "postgres"
)

func (c *Cluster) makeRole() error {
	primary := c.Nodes[0]
	var version int
	err := errors.Join(primary.Query("SELECT current_setting('server_version_num')::int", &version), primary.Exec("CREATE ROLE "+Role+" LOGIN"))
	if err == nil && version >= 150000 {
		err = primary.Exec("GRANT pg_checkpoint TO " + Role)
	}
	if err == nil {
		err = primary.in("template1", "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO "+Role) // each database that is made has it then
	}
	return err
}

// AsAdministrator makes an address of the role one of the superuser.
func AsAdministrator(dsn string) string {
	return strings.Replace(dsn, "//"+Role+"@", "//"+Administrator+"@", 1)
}

// standbyNames returns the setting of a node: the standbys that it may have.
func (c *Cluster) standbyNames(n *Node) string {
	var names []string
	for _, other := range c.Nodes {
		if other != n {
			names = append(names, other.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "FIRST 1 (" + strings.Join(names, ", ") + ")"
}

// NewDatabase makes an empty database of the role on the primary, and returns its name.
func (c *Cluster) NewDatabase() (string, error) {
	name := fmt.Sprintf("ledger%d_%d", os.Getpid(), c.databases.Add(1))
	return name, c.Nodes[0].Exec("CREATE DATABASE " + name + " OWNER " + Role)
}

// DSNOf names all nodes; the client selects the one that accepts writes.
func (c *Cluster) DSNOf(database string) string {
	var hosts []string
	for _, n := range c.Nodes {
		hosts = append(hosts, "127.0.0.1:"+strconv.Itoa(n.Port))
	}
	return "postgres://" + Role + "@" + strings.Join(hosts, ",") + "/" + database + "?sslmode=disable&connect_timeout=2&target_session_attrs=read-write"
}

// WaitForStandbys waits until so many standbys follow a node.
func (c *Cluster) WaitForStandbys(primary *Node, want int) error {
	for range 1500 {
		var have int
		if err := primary.Query("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", &have); err == nil && have >= want {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("the standbys do not follow")
}

// CPU returns the processor time of all servers so far, user and system.
func (c *Cluster) CPU() (sum time.Duration) {
	for _, n := range c.Nodes {
		sum += n.CPU()
	}
	return sum
}

// Close ends all servers, and removes their folders.
func (c *Cluster) Close() {
	for _, n := range c.Nodes {
		if n.cmd != nil && n.cmd.Process != nil {
			n.Continue()
			n.Kill()
		}
	}
	_ = os.RemoveAll(c.dir)
}
