// Package pgtest starts PostgreSQL servers for tests: a primary, and synchronous
// standbys, each in a folder of its own on loopback, as an unprivileged user.
// They end with the process that started them.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is a primary and its standbys.
type Cluster struct {
	dir       string
	Nodes     []*Node // the primary first, as started
	databases atomic.Int64
}

// Node is one server.
type Node struct {
	Name string
	Dir  string // its data folder
	Port int
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
}

// bin returns the folder of the programs of the newest installed PostgreSQL.
func bin() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		if path, err := exec.LookPath("initdb"); err == nil {
			return filepath.Dir(path), nil
		}
		return "", errors.New("PostgreSQL is not installed: make test-tools installs it")
	}
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	return found[len(found)-1], nil
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
	return n
}

// memory returns a folder in memory where there is one, which is faster than the disk.
func memory() string {
	if _, err := os.Stat("/dev/shm"); err == nil {
		return "/dev/shm"
	}
	return ""
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
	return c.waitForStandbys(primary, standbys)
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

const configuration = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = %d
max_connections = 200
shared_buffers = 32MB
wal_level = replica
wal_log_hints = on
wal_recycle = off
min_wal_size = 32MB
max_wal_size = 256MB
wal_keep_size = 0
hot_standby = on
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 100ms
wal_receiver_timeout = 5s
wal_sender_timeout = 5s
cluster_name = '%s'
synchronous_standby_names = '%s'
synchronous_commit = on
log_statement = none
log_min_error_statement = panic
log_parameter_max_length_on_error = 0
track_commit_timestamp = off
logging_collector = off
timezone = UTC
`

func (n *Node) configure(standbys string, more []string) error {
	f, err := os.OpenFile(filepath.Join(n.Dir, "postgresql.conf"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(f, configuration, n.Port, n.Name, standbys) // the last value of a repeated setting counts
	for _, line := range more {
		fmt.Fprintln(f, line)
	}
	if err := f.Close(); err != nil {
		return err
	}
	hba, err := os.OpenFile(filepath.Join(n.Dir, "pg_hba.conf"), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	fmt.Fprint(hba, "host all locked 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n")
	return hba.Close()
}

// Set changes a setting of a running node, and has it read its configuration.
func (n *Node) Set(name, value string) error {
	if err := n.Exec("ALTER SYSTEM SET " + name + " = '" + strings.ReplaceAll(value, "'", "''") + "'"); err != nil {
		return err
	}
	return n.Exec("SELECT pg_reload_conf()")
}

// Follow starts the node as a standby of another.
func (n *Node) Follow(primary *Node) error {
	auto := fmt.Sprintf("primary_conninfo = 'host=127.0.0.1 port=%d user=postgres application_name=%s connect_timeout=2'\n", primary.Port, n.Name)
	if err := n.write("postgresql.auto.conf", auto); err != nil {
		return err
	}
	if err := n.write("standby.signal", ""); err != nil {
		return err
	}
	return n.Start()
}

func (n *Node) write(name, text string) error {
	path := filepath.Join(n.Dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return own(path)
}

// Start starts the server, and waits until it answers.
func (n *Node) Start() error {
	programs, err := bin()
	if err != nil {
		return err
	}
	if n.log, err = os.OpenFile(n.Dir+".log", os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600); err != nil {
		return err
	}
	n.cmd = exec.Command(filepath.Join(programs, "postgres"), "-D", n.Dir)
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	n.cmd.Dir = n.Dir
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: unprivileged(), Setpgid: true}
	setDeathSignal(n.cmd.SysProcAttr)
	if err := n.cmd.Start(); err != nil {
		return err
	}
	n.done = make(chan struct{})
	go func() {
		_ = n.cmd.Wait()
		n.log.Close()
		close(n.done)
	}()
	for end := time.Now().Add(time.Minute); ; {
		err := n.Exec("SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-n.done:
			text, _ := os.ReadFile(n.Dir + ".log")
			return fmt.Errorf("the server %s has ended: %s", n.Name, text[max(0, len(text)-2000):])
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			return fmt.Errorf("the server %s does not answer: %w", n.Name, err)
		}
	}
}

// Kill ends the server and all of its processes by SIGKILL, as a loss of power would.
func (n *Node) Kill() {
	n.signal(syscall.SIGKILL)
	if n.done != nil {
		<-n.done
	}
}

// Stop ends the server at once (SIGQUIT), without a last checkpoint.
func (n *Node) Stop() {
	if n.cmd != nil {
		_ = n.cmd.Process.Signal(syscall.SIGQUIT)
		<-n.done
	}
}

// Shutdown ends the server in order (SIGINT).
func (n *Node) Shutdown() {
	_ = n.cmd.Process.Signal(syscall.SIGINT)
	<-n.done
}

// Pause stops all processes of the server (SIGSTOP), and Continue resumes them.
func (n *Node) Pause()    { n.signal(syscall.SIGSTOP) }
func (n *Node) Continue() { n.signal(syscall.SIGCONT) }

func (n *Node) signal(s syscall.Signal) {
	if n.cmd == nil {
		return
	}
	// PostgreSQL's own processes are in sessions of their own, so each is signalled by its number.
	children, _ := filepath.Glob("/proc/[0-9]*/stat")
	var pids []int
	for _, path := range children {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if len(fields) > 1 && fields[1] == strconv.Itoa(n.cmd.Process.Pid) {
			pids = append(pids, pid)
		}
	}
	_ = n.cmd.Process.Signal(s)
	for _, pid := range pids {
		_ = syscall.Kill(pid, s)
	}
}

// Promote makes a standby a primary, and waits until it is one.
func (n *Node) Promote() error {
	if err := n.answers(); err != nil {
		return err
	}
	if err := n.Exec("SELECT pg_promote(true, 30)"); err != nil {
		return err
	}
	for range 500 {
		var recovery bool
		if err := n.Query("SELECT pg_is_in_recovery()", &recovery); err == nil && !recovery {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("it is still a standby")
}

// DSN returns the address of a database on this node.
func (n *Node) DSN(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable&connect_timeout=2", n.Port, database)
}

// Rebuild makes the node a standby of another, out of a fresh base backup.
func (n *Node) Rebuild(primary *Node) error {
	if err := os.RemoveAll(n.Dir); err != nil {
		return err
	}
	err := run("pg_basebackup", "-D", n.Dir, "-h", "127.0.0.1", "-p", strconv.Itoa(primary.Port), "-U", "postgres", "-c", "fast", "--no-sync")
	if err != nil {
		return err
	}
	if err := n.configure("FIRST 1 ("+primary.Name+")", nil); err != nil {
		return err
	}
	return n.Follow(primary)
}

// Exec runs a statement in the database postgres, and Query one that gives a row.
func (n *Node) Exec(sql string) error { return n.in("postgres", sql) }

func (n *Node) in(database, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, n.DSN(database))
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(ctx, sql)
	return err
}

// answers waits until the server accepts connections.
func (n *Node) answers() error {
	var err error
	for range 100 {
		if err = n.Exec("SELECT 1"); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// Query reads one row.
func (n *Node) Query(sql string, into ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, n.DSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	return conn.QueryRow(ctx, sql).Scan(into...)
}

// Log returns the server's log.
func (n *Node) Log() string {
	text, _ := os.ReadFile(n.Dir + ".log")
	return string(text)
}

// NewDatabase makes an empty database on the primary, and returns its name.
func (c *Cluster) NewDatabase() (string, error) {
	name := fmt.Sprintf("ledger%d_%d", os.Getpid(), c.databases.Add(1))
	return name, c.Nodes[0].Exec("CREATE DATABASE " + name)
}

// DSNOf names all nodes; the client selects the one that accepts writes.
func (c *Cluster) DSNOf(database string) string {
	var hosts []string
	for _, n := range c.Nodes {
		hosts = append(hosts, "127.0.0.1:"+strconv.Itoa(n.Port))
	}
	return "postgres://postgres@" + strings.Join(hosts, ",") + "/" + database + "?sslmode=disable&connect_timeout=2&target_session_attrs=read-write"
}

func (c *Cluster) waitForStandbys(primary *Node, want int) error {
	for range 1500 {
		var have int
		if err := primary.Query("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", &have); err == nil && have >= want {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("the standbys do not follow")
}

// WaitForStandbys waits until so many standbys follow a node.
func (c *Cluster) WaitForStandbys(primary *Node, want int) error {
	return c.waitForStandbys(primary, want)
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

func run(name string, args ...string) error {
	programs, err := bin()
	if err != nil {
		return err
	}
	c := exec.Command(filepath.Join(programs, name), args...)
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: unprivileged()}
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// unprivileged returns the user postgres where this process is root: a server refuses to run as root.
func unprivileged() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(u.Uid, 10, 32)
			gid, _ := strconv.ParseUint(u.Gid, 10, 32)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	return nil
}

func own(path string) error {
	if c := unprivileged(); c != nil {
		return os.Chown(path, int(c.Uid), int(c.Gid))
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Proxy is a TCP proxy before a node, which can be cut.
type Proxy struct {
	listener net.Listener
	to       atomic.Value // string
	cut      atomic.Bool
	conns    chan net.Conn
}

// NewProxy listens on loopback and forwards to a node.
func NewProxy(n *Node) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, conns: make(chan net.Conn, 1<<10)}
	p.To(n)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.forward(c)
		}
	}()
	return p, nil
}

// DSN returns the address of a database through the proxy.
func (p *Proxy) DSN(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable&connect_timeout=2", p.listener.Addr(), database)
}

func (p *Proxy) forward(c net.Conn) {
	if p.cut.Load() {
		c.Close()
		return
	}
	to, err := net.Dial("tcp", p.to.Load().(string))
	if err != nil {
		c.Close()
		return
	}
	p.conns <- c
	p.conns <- to
	go func() { _, _ = io.Copy(to, c); to.Close() }()
	_, _ = io.Copy(c, to)
	c.Close()
}

// To sends further connections to another node, and closes those that there are.
func (p *Proxy) To(n *Node) {
	p.to.Store("127.0.0.1:" + strconv.Itoa(n.Port))
	p.Cut()
	p.Mend()
}

// Cut closes all connections and accepts no more; Mend accepts them again.
func (p *Proxy) Cut() {
	p.cut.Store(true)
	for {
		select {
		case c := <-p.conns:
			c.Close()
		default:
			return
		}
	}
}

// Mend ends a Cut.
func (p *Proxy) Mend() { p.cut.Store(false) }

// Close ends the proxy.
func (p *Proxy) Close() { p.listener.Close(); p.Cut() }
