package mediaproxy

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

// What is asked arrives, what is answered comes back, in the same order, until the input ends.
func TestRequestsAreAnsweredInOrder(t *testing.T) {
	var in, out bytes.Buffer
	asked := []Request{{Op: OpHash, Name: "a\n.jpg", Data: []byte("one\ntwo"), Size: 7}, {Op: OpRedact, Page: 2, Boxes: []Box{{1, 2, 3, 4}}, Reason: "why", Data: []byte{}}}
	for _, r := range asked {
		if err := write(&in, r, r.Data); err != nil {
			t.Fatal(err)
		}
	}
	answers := []Answer{{Hash: 1 << 63}, {Data: []byte("png")}}
	var got []Request
	err := Serve(&in, &out, func(r Request) Answer {
		r.Data = bytes.Clone(r.Data)
		got = append(got, r)
		return answers[len(got)-1]
	})
	if err != nil || !reflect.DeepEqual(got, asked) {
		t.Errorf("%v, got %+v", err, got)
	}
	r := bufio.NewReaderSize(&out, maxHeader)
	for i, want := range answers {
		var a Answer
		data, err := read(r, &a, func() int64 { return a.Size })
		if err != nil || a.Hash != want.Hash || string(data) != string(want.Data) {
			t.Errorf("answer %d: %+v %q %v", i, a, data, err)
		}
	}
}

// A message that is cut, too large or of another form is refused before its bytes are read.
func TestBadMessagesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "x\n", "another field": `{"op":"hash","path":"/etc/passwd"}` + "\n", "cut": `{"size":5}` + "\nabc", "negative": `{"size":-1}` + "\n",
		"too large": `{"size":268435457}` + "\n", "no end of line": `{"size":0}`, "a long header": `{"name":"` + strings.Repeat("x", maxHeader) + `"}` + "\n",
	} {
		err := Serve(strings.NewReader(text), io.Discard, func(Request) Answer { t.Errorf("%s: it was answered", name); return Answer{} })
		if !errors.Is(err, errAnswer) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := write(io.Discard, Request{Reason: strings.Repeat("x", maxHeader)}, nil); !errors.Is(err, errAnswer) {
		t.Errorf("a long reason: %v", err)
	}
	p := &Proxy{in: discard{io.Discard}, out: bufio.NewReader(strings.NewReader("hello\n"))}
	if _, err := p.Hash(t.Context(), "a", nil); err == nil || err.Error() != errAnswer.Error() {
		t.Errorf("a program that says hello: %v", err)
	}
	p.out = bufio.NewReader(strings.NewReader(`{"refused":"the file is damaged or cut","hash":0,"size":0}` + "\n"))
	if _, err := p.Redact("a", nil, 0, nil, ""); err == nil || err.Error() != "the file is damaged or cut" {
		t.Errorf("refused: %v", err)
	}
}

// discard takes everything, as the input of a process does.
type discard struct{ io.Writer }

func (discard) Close() error { return nil }
