package cli

import (
	"fmt"
	"strings"
	"time"
)

// Progress is one line on a terminal that says how far a long verb has come. Where Err is no
// terminal it says nothing. It belongs to one goroutine.
type Progress struct {
	s     *Streams
	label string
	total int64 // of whatever is counted; 0 where unknown
	done  int64
	drawn time.Time
	shown bool
}

// redraw is how often the line changes at most.
const redraw = 100 * time.Millisecond

// Progress begins a line. The label and the unit are ours, never somebody else's text.
func (s *Streams) Progress(label string, total int64) *Progress {
	p := &Progress{label: label, total: total}
	if takesEscapes(s.Err) {
		p.s = s
	}
	return p
}

// Add counts n more.
func (p *Progress) Add(n int64) { p.At(p.done + n) }

// At reports that n are done.
func (p *Progress) At(n int64) {
	p.done = n
	if p.s == nil || time.Since(p.drawn) < redraw {
		return
	}
	p.drawn, p.shown = time.Now(), true
	fmt.Fprint(p.s.Err, "\r", p.line(width(p.s.Err)), "\x1b[K")
}

// Done takes the line away.
func (p *Progress) Done() {
	if p.shown {
		fmt.Fprint(p.s.Err, "\r\x1b[K")
		p.shown = false
	}
}

// line fits into the columns given, so that it never wraps and piles up.
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
