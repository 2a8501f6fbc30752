// Command page writes verify.html: all that zapis-verify checks, as one
// self-contained page for those who may not run programs. It works from a stick, offline, in
// any current browser:
//
//	go run ./cmd/zapis-verify/page verify.html
//
// Its Content-Security-Policy allows no connection to anywhere.
package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed page.html
var pageHTML string

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./cmd/zapis-verify/page FILE.html")
		os.Exit(2)
	}
	page, err := build()
	if err == nil {
		err = os.WriteFile(os.Args[1], page, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
}

// build compiles the checker to WebAssembly and puts it into the page.
func build() ([]byte, error) {
	code, err := compile()
	if err != nil {
		return nil, err
	}
	return pack(code, gzip.BestCompression)
}

func compile() ([]byte, error) {
	dir, err := os.MkdirTemp("", "zapis-page-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "verify.wasm")
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, "zapis/cmd/zapis-verify/page/wasm")
	c.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return os.ReadFile(binary)
}

// pack puts the compiled checker into the page, compressed at this level of gzip.
func pack(code []byte, level int) ([]byte, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	glue, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, level)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(code); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	t, err := template.New("verify.html").Parse(pageHTML)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = t.Execute(&page, struct {
		Glue template.JS // Go's own, from the toolchain
		Code string
	}{template.JS(glue), base64.StdEncoding.EncodeToString(packed.Bytes())})
	return page.Bytes(), err
}
