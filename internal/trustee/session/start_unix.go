//go:build unix

package session

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"zapis/internal/exit"
)

// readyLine is what an agent's process writes to its standard output once it answers; what is locked follows.
const readyLine = "ready "

// Start starts this program once more as an agent, with args, in a session of its own (setsid(2)), so that it outlives
// the terminal. text is the identity's, which goes through a pipe and is wiped here. Start returns once the agent answers.
func Start(text []byte, args ...string) (Locking, error) {
	defer clear(text)
	self, err := os.Executable()
	if err != nil {
		return NotLocked, err
	}
	child := exec.Command(self, args...)
	child.Args[0] = os.Args[0]
	child.Dir = "/"
	child.Env = append(os.Environ(), "GOTRACEBACK=none")
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := child.StdinPipe()
	if err != nil {
		return NotLocked, err
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return NotLocked, err
	}
	stderr, err := child.StderrPipe()
	if err != nil {
		return NotLocked, err
	}
	if err := child.Start(); err != nil {
		return NotLocked, err
	}
	_, err = in.Write(text)
	if err := errors.Join(err, in.Close()); err != nil {
		child.Process.Kill()
		return NotLocked, err
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if locking, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), readyLine); ok {
		return Locking(locking), child.Process.Release()
	}
	why, _ := io.ReadAll(io.LimitReader(stderr, 4<<10))
	child.Wait()
	return NotLocked, exit.New(exit.Failed, "", "the session could not be started: %s", cmp.Or(strings.TrimSpace(string(why)), "its process ended"))
}

// WriteReady writes what Start waits for.
func WriteReady(w io.Writer, l Locking) error {
	_, err := io.WriteString(w, readyLine+string(l)+"\n")
	return err
}
