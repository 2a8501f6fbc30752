// Package pythontest lets tests start Python without a detour. Only tests import it.
package pythontest

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Direct puts the folder of the interpreter itself in front of PATH, in this process and in those that it starts, where python3
// is a script that looks for an interpreter, as pyenv's is: the script takes 0.7 s of a processor at each start. Elsewhere
// nothing changes. A test that starts python3 several times calls it first.
var Direct = sync.OnceFunc(func() {
	if dir := behind("python3"); dir != "" {
		os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
})

// behind returns the folder that has a program of this name which the script of this name in PATH starts, or nothing where
// there is no such script.
func behind(name string) string {
	script, err := exec.LookPath(name)
	if err != nil || !isScript(script) {
		return ""
	}
	program, err := exec.Command(script, "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		return ""
	}
	dir := filepath.Dir(string(bytes.TrimSpace(program)))
	if direct := filepath.Join(dir, name); !filepath.IsAbs(direct) || isScript(direct) {
		return ""
	}
	return dir
}

// isScript reports whether a file names an interpreter in its first line, or can't be read.
func isScript(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return true
	}
	defer f.Close()
	begin := make([]byte, 2)
	_, err = io.ReadFull(f, begin)
	return err != nil || string(begin) == "#!"
}
