//go:build js && wasm

package main

import (
	"fmt"
	"io"
	"syscall/js"
)

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
