package main

import (
	"path/filepath"
	"time"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// confine denies the process, until it ends, every file outside the ledger's folder but the names of its sockets, which
// it removes at its end; and all new TCP listeners and connections but those to the ports of a database and of
// witnesses. A kernel without Landlock denies nothing; one with an older Landlock denies what that can.
func confine(dir string, ports []uint16, sockets ...address) error {
	// Go reads the file of the local time zone at its first use. After this it can't.
	_ = time.Now().Local().String()
	rules := []landlock.Rule{landlock.RWDirs(dir).WithRefer()} // refer: parts are renamed from one folder to another
	for _, at := range sockets {
		if at.network == "unix" {
			rules = append(rules, landlock.PathAccess(llsyscall.AccessFSRemoveFile, filepath.Dir(at.where)))
		}
	}
	for _, port := range ports {
		rules = append(rules, landlock.ConnectTCP(port))
	}
	if len(ports) > 0 { // a remote database: name resolution and root certificates
		rules = append(rules, landlock.ROFiles("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf").IgnoreIfMissing(),
			landlock.RODirs("/etc/ssl", "/usr/share/ca-certificates").IgnoreIfMissing())
	}
	return landlock.V5.BestEffort().Restrict(rules...)
}

// fileLimit returns how many files the process may have open. The Go runtime has raised it to its hard limit.
func fileLimit() int {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) != nil {
		return 1024
	}
	return int(min(r.Cur, 1<<30))
}
