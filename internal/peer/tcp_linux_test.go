package peer

import (
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestSameUserTCPTellsUsersApart(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	accept := func() net.Conn {
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	own, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if conn := accept(); !SameUserTCP(conn.LocalAddr(), conn.RemoteAddr()) {
		t.Error("a connection of this user is refused")
	}
	if SameUserTCP(l.Addr(), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}) {
		t.Error("a connection that the kernel does not list is admitted")
	}

	// Another user needs root to start: CI and the development machines run as root.
	port := strings.TrimPrefix(l.Addr().String(), "127.0.0.1:")
	other := exec.Command("setpriv", "--reuid=65534", "--clear-groups", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/"+port+" && read -r _")
	stdin, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	conn := accept()
	if SameUserTCP(conn.LocalAddr(), conn.RemoteAddr()) {
		t.Error("a connection of another user is admitted")
	}
	stdin.Close()
	_ = other.Wait() // read ends with status 1 at the end of its input
}
