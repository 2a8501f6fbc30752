package web

import (
	"bufio"
	"errors"
	"io"
	"net/http"
)

var errEscape = refusal{status: http.StatusBadRequest, code: "cut"}

// readURLEncoded reads application/x-www-form-urlencoded (WHATWG URL, section 5.1) as a stream.
func (f *fields) readURLEncoded(in *bufio.Reader) error {
	for {
		name := &urlValue{in: in, stop: '='}
		raw, err := io.ReadAll(io.LimitReader(name, maxFieldName+1))
		if err != nil {
			return err
		}
		if len(raw) > maxFieldName {
			return refusalTooLarge
		}
		value := &urlValue{in: in, ended: name.ended, last: name.last}
		if len(raw) > 0 || !name.ended {
			if err := f.add(string(raw), value); err != nil {
				return err
			}
		}
		if value.last {
			return nil
		}
	}
}

// urlValue decodes up to the next separator: '&', or stop where it is set.
type urlValue struct {
	in    *bufio.Reader
	stop  byte
	ended bool // the pair has ended: '&' or the end of the body
	last  bool // the body has ended
	done  bool
}

func (v *urlValue) Read(p []byte) (int, error) {
	if v.ended || v.done {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) {
		c, err := v.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			v.ended, v.last = true, true
			return n, io.EOF
		case err != nil:
			return n, err
		case c == '&':
			v.ended = true
			return n, io.EOF
		case v.stop != 0 && c == v.stop:
			v.done = true
			return n, io.EOF
		case c == '+':
			c = ' '
		case c == '%':
			if c, err = v.escaped(); err != nil {
				return n, err
			}
		}
		p[n] = c
		n++
	}
	return n, nil
}

func (v *urlValue) escaped() (byte, error) {
	high, err := v.digit()
	if err != nil {
		return 0, err
	}
	low, err := v.digit()
	return high<<4 | low, err
}

func (v *urlValue) digit() (byte, error) {
	c, err := v.in.ReadByte()
	switch {
	case errors.Is(err, io.EOF):
		return 0, errEscape
	case err != nil:
		return 0, err
	case '0' <= c && c <= '9':
		return c - '0', nil
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, nil
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, nil
	}
	return 0, errEscape
}
