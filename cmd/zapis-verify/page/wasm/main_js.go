//go:build js && wasm

// Command wasm is the checker inside verify.html: the same Go code as
// zapis-verify's, given files and pasted text by the page around it.
package main

import (
	"encoding/json"
	"io"
	"io/fs"
	"syscall/js"

	"zapis/cmd/zapis-verify/check"
	"zapis/internal/escape"
	"zapis/internal/exit"
)

func main() {
	js.Global().Set("zapisCheck", js.FuncOf(func(_ js.Value, args []js.Value) any {
		file, pasted, known, tiles := args[0], args[1].String(), args[2], args[3]
		return js.Global().Get("Promise").New(js.FuncOf(func(_ js.Value, done []js.Value) any {
			go func() {
				text, err := json.Marshal(judge(file, pasted, known, tiles))
				if err != nil {
					done[1].Invoke(escape.Error(err))
					return
				}
				done[0].Invoke(string(text))
			}()
			return nil
		}))
	}))
	js.Global().Get("zapisReady").Invoke()
	select {}
}

// An answer is what the page shows. Class says how: trusted, consistent, bad, or
// none where nothing could be judged.
type answer struct {
	Class string       `json:"class"`
	First string       `json:"first"`
	Lists []check.List `json:"lists"`
}

// judge checks a File of the browser against pasted text and Files that are
// known from elsewhere. tiles is a Map from paths to Files, or null.
func judge(file js.Value, pasted string, known, tiles js.Value) answer {
	v, notUsed, err := verdict(file, pasted, known, tiles)
	a := answer{Class: "none", First: "not checked"}
	if err == nil {
		a.First, a.Lists = v.First(), v.Lists()
		switch err = v.Refusal(file.Get("name").String()); {
		case err != nil:
			a.Class = "bad"
		case v.Trusted():
			a.Class = "trusted"
		default:
			a.Class = "consistent"
		}
	} else {
		a.add("Why", escape.Error(err))
	}
	a.add("What to do", exit.HintOf(err))
	a.add("Of what you gave as known", notUsed...)
	return a
}

func (a *answer) add(title string, sentences ...string) {
	l := check.List{Title: title}
	for _, s := range sentences {
		if s != "" {
			l.Sentences = append(l.Sentences, escape.Text(s))
		}
	}
	if len(l.Sentences) > 0 {
		a.Lists = append(a.Lists, l)
	}
}

func verdict(file js.Value, pasted string, given, tiles js.Value) (v check.Verdict, notUsed []string, err error) {
	known := new(check.Known)
	if err := known.Paste(pasted); err != nil {
		return v, nil, err
	}
	for i := range given.Length() {
		f := given.Index(i)
		name := f.Get("name").String()
		used, err := known.Add(name, &blob{file: f}, size(f))
		if err != nil {
			return v, nil, err
		}
		if !used {
			notUsed = append(notUsed, name+": "+check.NotUsed)
		}
	}
	if pasted != "" || given.Length() > 0 {
		if err := known.Enough(); err != nil {
			return v, notUsed, err
		}
	}
	var folder fs.FS
	if !tiles.IsNull() {
		folder = files{tiles}
	}
	v, err = check.File(file.Get("name").String(), &blob{file: file}, size(file), known, folder)
	return v, notUsed, err
}

func size(file js.Value) int64 { return int64(file.Get("size").Float()) }

// files is a folder that the browser's user chose.
type files struct{ byPath js.Value }

func (f files) Open(path string) (fs.File, error) {
	file := f.byPath.Call("get", path)
	if file.IsUndefined() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return &opened{io.NewSectionReader(&blob{file: file}, 0, size(file)), path}, nil
}

// opened is a file that is read from its beginning, and of which no more is known.
type opened struct {
	*io.SectionReader
	path string
}

func (*opened) Close() error { return nil }

func (o *opened) Stat() (fs.FileInfo, error) {
	return nil, &fs.PathError{Op: "stat", Path: o.path, Err: fs.ErrInvalid}
}
