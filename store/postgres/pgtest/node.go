package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Node is one server.
type Node struct {
	Name string
	Dir  string // its data folder
	Port int
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
}

const configuration = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = %d
max_connections = 200
dynamic_shared_memory_type = mmap
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

// WithoutChecksums disables the checksums of the pages of a node that was shut down.
func (n *Node) WithoutChecksums() error { return run("pg_checksums", "--disable", "-D", n.Dir) }

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

// Revive waits until a server that has lost its processes answers, and starts it where it has ended.
func (n *Node) Revive() error {
	for {
		select {
		case <-n.done:
			return n.Start()
		default:
		}
		if n.Exec("SELECT 1") == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Kill ends the server and all of its processes by SIGKILL, as a loss of power would.
func (n *Node) Kill() {
	n.signal(syscall.SIGKILL)
	if n.done != nil {
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
	children := n.children() // PostgreSQL's own processes are in sessions of their own, so each is signalled by its number
	_ = n.cmd.Process.Signal(s)
	for _, p := range children {
		_ = syscall.Kill(p.pid, s)
	}
}

// process is a line of /proc/PID/stat: its fields from the third on.
type process struct {
	pid    int
	fields []string
}

func readProcess(path string) (p process, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return p, false
	}
	p.pid, err = strconv.Atoi(filepath.Base(filepath.Dir(path)))
	p.fields = strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	return p, err == nil && len(p.fields) > 20
}

// children returns the processes that the server has started.
func (n *Node) children() (list []process) {
	paths, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range paths {
		if p, ok := readProcess(path); ok && p.fields[1] == strconv.Itoa(n.cmd.Process.Pid) {
			list = append(list, p)
		}
	}
	return list
}

// CPU returns the processor time of all processes of the server so far, user and system, in steps of 10 ms for each.
func (n *Node) CPU() time.Duration {
	own, ok := readProcess(fmt.Sprintf("/proc/%d/stat", n.cmd.Process.Pid))
	if !ok {
		return 0
	}
	ticks := own.ticks(11, 15) // with what its ended children took
	for _, p := range n.children() {
		ticks += p.ticks(11, 13)
	}
	return time.Duration(ticks) * (time.Second / userHertz)
}

// userHertz is the unit of the times in /proc, in ticks a second, on all of Linux's architectures that Go has.
const userHertz = 100

func (p process) ticks(from, to int) (sum int64) {
	for _, f := range p.fields[from:to] {
		n, _ := strconv.ParseInt(f, 10, 64)
		sum += n
	}
	return sum
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

// DSN returns the address of a database on this node, for the role.
func (n *Node) DSN(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable&connect_timeout=2", Role, n.Port, database)
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

// Exec runs a statement in the database postgres as the superuser, and Query one that gives a row.
func (n *Node) Exec(sql string) error { return n.in("postgres", sql) }

func (n *Node) in(database, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, AsAdministrator(n.DSN(database)))
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
	conn, err := pgx.Connect(ctx, AsAdministrator(n.DSN("postgres")))
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
