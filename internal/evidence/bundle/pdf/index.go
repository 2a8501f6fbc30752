package pdf

import (
	"fmt"
	"strings"

	"zapis/internal/evidence/filekind"
)

// index renders the list of exhibits.
func index(f Facts) ([]byte, error) {
	s := newSheet("Index of exhibits", "en", f)
	s.row("Case", f.Case, false)
	s.row("Ledger", f.Ledger, true)
	s.row("Bundle", fmt.Sprintf("made %s by %s", f.Made.Format(timeLayout), f.Signer), false)
	s.paragraph("In the order in which they were received. Original bytes, under names of ours; what the sender's device called a file stands beside it and is not to be relied on.")
	number := 0
	for _, sub := range f.Submission {
		s.heading(fmt.Sprintf("%s, received %s", sub.Title, sub.Received))
		s.row("Place", sub.place(), false)
		number++
		s.exhibit(number, "The account", "data/report/report.json", "report.pdf and report.txt are renderings of it")
		for _, e := range sub.Exhibits {
			number++
			s.exhibit(number, e.Number, e.File, string(filekind.Describe(e.MediaType))+fmt.Sprintf(", %s, %d bytes", e.MediaType, e.Size))
			s.row("", "SHA-256 "+e.SHA256, true)
			s.row("", "called “"+e.Name+"” where it came from", false)
		}
		for _, w := range runs(sub.Withheld) {
			if n, ok := strings.CutPrefix(w.Field, slotPrefix); ok {
				s.row("Withheld", fmt.Sprintf("file %s of this submission: %s", n, w.Reason), false)
			}
		}
	}
	if len(f.Derived) > 0 {
		s.heading("Working copies, made by " + f.Signer)
		s.paragraph("In data/derived. They are no originals, and prove nothing by themselves.")
	}
	for _, d := range f.Derived {
		s.row("Of "+d.Of, string(filekind.Describe(d.MediaType))+", "+d.MediaType+": "+d.Note, false)
	}
	return s.bytes()
}

const slotPrefix = "attachment-"

// runs merges consecutive file slots that are withheld for one reason into one line: where the identity part is closed
// there are sixteen of them, most of them empty.
func runs(list []Withheld) (out []Withheld) {
	for i := 0; i < len(list); i++ {
		first := list[i]
		last := i
		for strings.HasPrefix(first.Field, slotPrefix) && last+1 < len(list) && list[last+1].Reason == first.Reason && strings.HasPrefix(list[last+1].Field, slotPrefix) {
			last++
		}
		if last > i {
			first.Label = "files " + strings.TrimPrefix(first.Field, slotPrefix) + " to " + strings.TrimPrefix(list[last].Field, slotPrefix)
			first.Field += " to " + strings.TrimPrefix(list[last].Field, slotPrefix)
		}
		out, i = append(out, first), last
	}
	return out
}

func (s *sheet) exhibit(number int, name, file, line string) {
	s.reserve(mm(200))
	s.row(fmt.Sprintf("%d.  %s", number, name), file, true)
	s.row("", line, false)
}

func (sub Submission) place() string {
	if sub.Entry == nil {
		return "not yet in the ledger; promised for " + sub.Promised
	}
	return fmt.Sprintf("entry %d of the ledger", *sub.Entry)
}

const timeLayout = "2006-01-02T15:04:05Z"
