package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"zapis/internal/exit"
)

// address is where the intake listens: HOST:PORT, or unix:PATH for a proxy or tor on the same machine.
type address struct {
	network, where string
}

// parseAddress parses an address. Its errors begin with name, which says where it was set: "--listen 8080".
func parseAddress(name, text string) (address, error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if path == "" {
			return address{}, exit.New(exit.Usage, "", "%s names no path", name)
		}
		return address{"unix", path}, nil
	}
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return address{}, exit.New(exit.Usage, "give HOST:PORT, or unix:PATH", "%s: %w", name, err)
	}
	return address{"tcp", text}, nil
}

// public reports whether people on other machines can reach the address directly. A name other than localhost counts
// as public, since DNS decides what it means.
func (a address) public() bool {
	if a.network == "unix" {
		return false
	}
	host, _, _ := net.SplitHostPort(a.where)
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.Unmap().IsLoopback()
	}
	return host != "localhost"
}

// listen opens the address.
func (a address) listen() (net.Listener, error) {
	if a.network == "unix" {
		return listenUnix(a.where, 0o660)
	}
	l, err := net.Listen("tcp", a.where)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, exit.New(exit.Failed, "stop what listens there, or give another port: with --listen 127.0.0.1:0 one that is free is found", "%w", err)
	}
	return l, err
}

// shown returns a listener's address for people: with the actual port where port 0 was requested.
func shown(l net.Listener) string {
	if l.Addr().Network() == "unix" {
		return "unix:" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}

// listenUnix creates a socket with exactly this mode. It replaces a socket that a dead process left behind, and
// refuses one that is still answered.
func listenUnix(path string, mode fs.FileMode) (net.Listener, error) {
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return nil, fmt.Errorf("%s: another process answers there", path)
	}
	info, err := os.Lstat(path)
	switch {
	case err == nil && info.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("%s is there and is no socket", path)
	case err == nil:
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}

	// With this umask no other user can connect between bind and chmod.
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, mode); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// maxSocketPath is the longest path in bytes that fits into a sockaddr_un on every system.
const maxSocketPath = 100

// socketIn returns a path of a socket in a folder. Where the path is too long for a socket, it opens the folder and
// returns a path through /proc; release closes it.
func socketIn(dir, name string) (path string, release func(), err error) {
	path = filepath.Join(dir, name)
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	folder, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), name), func() { folder.Close() }, nil
}
