package cli

import (
	"bytes"
	"testing"
)

func TestProgressIsSilentWithoutATerminal(t *testing.T) {
	var talk bytes.Buffer
	p := (&Streams{Err: &talk}).Progress("reading", 100)
	p.Add(50)
	p.At(100)
	p.Done()
	if talk.Len() != 0 {
		t.Errorf("%q was written to what is no terminal", talk.String())
	}
}

func TestProgressLineFits(t *testing.T) {
	for _, tt := range []struct {
		total, done int64
		columns     int
		want        string
	}{
		{200, 50, 80, "reading [##########..............................]  25%"},
		{200, 900, 30, "reading [##############] 100%"},
		{200, 50, 12, "reading  25"},
		{200, 50, 0, "reading  25%"},
		{0, 1234, 80, "reading 1234"},
		{0, 1234, 10, "reading 1"},
	} {
		p := Progress{label: "reading", total: tt.total, done: tt.done}
		if got := p.line(tt.columns); got != tt.want {
			t.Errorf("%d of %d in %d columns: %q, want %q", tt.done, tt.total, tt.columns, got, tt.want)
		}
	}
}
