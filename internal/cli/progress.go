package cli

import (
	"fmt"
	"strings"
	"time"
)

// Progress is one line on a terminal with the progress of a long verb. Where Err is no terminal it prints nothing. It
// belongs to one goroutine.
type Progress struct {
	s     *Streams
	label string
	total int64 // of whatever is counted; 0 where unknown
	done  int64
	drawn time.Time
	shown bool
}

// redraw is the shortest time between two changes of the line.
const redraw = 100 * time.Millisecond

// Progress begins a line. The label and the unit are our own texts, never foreign ones.
func (s *Streams) Progress(label string, total int64) *Progress {
	p := &Progress{label: label, total: total}
	if takesEscapes(s.Err) {
		p.s = s
	}
	return p
}

// Add adds n to the count.
func (p *Progress) Add(n int64) { p.At(p.done + n) }

// At sets the count to n.
func (p *Progress) At(n int64) {
	p.done = n
	if p.s == nil || time.Since(p.drawn) < redraw {
		return
	}
	p.drawn, p.shown = time.Now(), true
	fmt.Fprint(p.s.Err, "\r", p.line(width(p.s.Err)), "\x1b[K")
}

// Done removes the line.
func (p *Progress) Done() {
	if p.shown {
		fmt.Fprint(p.s.Err, "\r\x1b[K")
		p.shown = false
	}
}

// line returns the text, cut to the given columns, so that it never wraps.
func (p *Progress) line(columns int) string {
	if p.total <= 0 {
		return cut(fmt.Sprintf("%s %d", p.label, p.done), columns)
	}
	done := min(p.done, p.total)
	tail := fmt.Sprintf(" %3d%%", done*100/p.total)
	room := min(columns-len(p.label)-len(tail)-4, 40)
	if room < 4 {
		return cut(p.label+tail, columns)
	}
	full := int(int64(room) * done / p.total)
	return p.label + " [" + strings.Repeat("#", full) + strings.Repeat(".", room-full) + "]" + tail
}

func cut(line string, columns int) string {
	if columns > 1 && len(line) >= columns {
		return line[:columns-1]
	}
	return line
}
