//go:build js && wasm

// Command wasm is the checker inside verify.html: the same Go code as
// zapis-verify's, given one file at a time by the page around it.
package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"strings"
	"syscall/js"

	"zapis/crypto/card"
	"zapis/crypto/cosign"
	"zapis/internal/bundle"
)

func main() {
	js.Global().Set("zapisCheck", js.FuncOf(func(_ js.Value, args []js.Value) any {
		file, known := args[0], args[1].String()
		return js.Global().Get("Promise").New(js.FuncOf(func(_ js.Value, done []js.Value) any {
			go func() {
				text, err := check(file, known)
				if err != nil {
					done[1].Invoke(err.Error())
					return
				}
				done[0].Invoke(text)
			}()
			return nil
		}))
	}))
	js.Global().Get("zapisReady").Invoke()
	select {}
}

// check gives the report as JSON. known has a ledger card or a witness's key on
// each line, and root certificates of time-stamping authorities (PEM), or
// nothing.
func check(file js.Value, known string) (string, error) {
	var o bundle.Options
	rest := []byte(known)
	for {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return "", err
		}
		if o.Times.Roots == nil {
			o.Times.Roots = x509.NewCertPool()
		}
		o.Times.Roots.AddCert(root)
		// What stood before the block is kept for the lines below.
		before, _, _ := strings.Cut(string(rest), "-----BEGIN")
		rest = append([]byte(before), after...)
	}
	for _, line := range strings.Fields(string(rest)) {
		if w, err := cosign.NewVerifier(line); err == nil {
			o.Times.Witnesses = append(o.Times.Witnesses, w)
			continue
		}
		c, err := card.ParseLedgerCard(line)
		if err != nil {
			return "", err
		}
		o.Ledgers = append(o.Ledgers, c)
	}
	r, err := bundle.Check(&blob{file: file}, int64(file.Get("size").Float()), o)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(r)
	return string(text), err
}

// A blob reads a file that the page was given, a piece at a time.
type blob struct {
	file  js.Value
	at    int64
	piece []byte
}

const pieceSize = 4 << 20

func (b *blob) ReadAt(p []byte, offset int64) (int, error) {
	read := 0
	for read < len(p) {
		at := offset + int64(read)
		if at < b.at || at >= b.at+int64(len(b.piece)) {
			if err := b.load(at); err != nil {
				return read, err
			}
			if len(b.piece) == 0 {
				return read, io.EOF
			}
		}
		read += copy(p[read:], b.piece[at-b.at:])
	}
	return read, nil
}

func (b *blob) load(at int64) error {
	type result struct {
		bytes js.Value
		err   error
	}
	got := make(chan result, 1)
	then := js.FuncOf(func(_ js.Value, args []js.Value) any { got <- result{bytes: args[0]}; return nil })
	failed := js.FuncOf(func(_ js.Value, args []js.Value) any {
		got <- result{err: fmt.Errorf("the browser can't read the file: %s", args[0].Call("toString").String())}
		return nil
	})
	defer then.Release()
	defer failed.Release()
	b.file.Call("slice", float64(at), float64(at+pieceSize)).Call("arrayBuffer").Call("then", then, failed)
	r := <-got
	if r.err != nil {
		return r.err
	}
	array := js.Global().Get("Uint8Array").New(r.bytes)
	b.at, b.piece = at, make([]byte, array.Length())
	js.CopyBytesToGo(b.piece, array)
	return nil
}
