package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
)

// listCmd shows the cases of a vault.
type listCmd struct {
	vaultFlag
	filterFlags
	JSON bool `name:"json" help:"Write an array of objects."`
}

// listed is a case in list --json.
type listed struct {
	Case         string    `json:"case"`
	Index        *uint64   `json:"index"`
	ReceivedAt   time.Time `json:"received_at"`
	DangerNow    *string   `json:"danger_now"`
	Methods      []string  `json:"methods"`
	CountryEvent *string   `json:"country_event"`
	Consent      []string  `json:"consent"` // in force
	Attachments  int       `json:"attachments"`
	Deadline     *string   `json:"deadline"`
	Language     *string   `json:"language"`
	Basis        *string   `json:"basis"`
	PersonAgrees *string   `json:"person_agrees"`
	ConsentGiven []string  `json:"consent_given"`
	Withdrawn    *string   `json:"withdrawn"`
	FollowUps    int       `json:"follow_ups"`
	Collected    int       `json:"collected"`
	Waiting      int       `json:"waiting"`
	Fits         bool      `json:"commitments_ok"`
	Holds        []held    `json:"holds"`
	Duty         []seen    `json:"duty"`
	SamePage     *string   `json:"same_page"` // another case, sent from the same page of the form
}

func (l *listCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if err := l.check(); err != nil {
		return err
	}
	if l.JSON {
		l.Sort = cmp.Or(l.Sort, "received")
	}
	return l.with(ctx, s, g, func(v *casework.Trustee) error {
		to := l.to(time.Now())
		cases, err := told(s, v, func(progress func(done, of int)) (*casework.Cases, error) { return v.List(ctx, progress, to) })
		if err != nil {
			return err
		}
		if err := v.RecordListing(to.count()); err != nil {
			return err
		}
		if err := to.write(s.Out); err != nil {
			return err
		}
		if n := len(cases.Problems); n > 0 {
			return exit.New(exit.Mismatch, "say so to the other trustees", "%s not verify, as said above", casework.Many(n, "statement does", "statements do"))
		}
		return nil
	})
}

// caseList is what list writes, once it is recorded how many cases that are.
type caseList interface {
	casework.Listing
	count() int
	write(w io.Writer) error
}

// to returns a list of the cases that fit, in the order that was asked for.
func (l *listCmd) to(now time.Time) caseList {
	lines := textList{filter: &l.filterFlags, now: now}
	if l.Sort == "" {
		return &lines
	}
	return &sortedList{textList: lines, json: l.JSON}
}

// textList is a list for people, in the order in which the cases come. Nothing of it is written before all cases have come: a
// damaged cache may be noticed at its end, and what is shown is recorded first.
type textList struct {
	filter   *filterFlags
	now      time.Time
	all, fit int
	full     [][]byte // pieces of the text; one buffer that grows would touch twice the memory
	text     []byte   // the last piece
}

// sizes of a piece, and the room in it from which a case is begun in the next one, in bytes.
const (
	pieceSize = 128 << 10
	pieceLeft = 1 << 10
)

// Begin implements casework.Listing.
func (t *textList) Begin(cases int) { *t = textList{filter: t.filter, now: t.now, all: cases} }

// Case implements casework.Listing.
func (t *textList) Case(_ uint64, s *casefile.Summary) {
	if t.filter.fits(s, t.now) {
		t.add(s)
	}
}

func (t *textList) add(s *casefile.Summary) {
	if cap(t.text)-len(t.text) < pieceLeft {
		t.full, t.text = append(t.full, t.text), make([]byte, 0, pieceSize)
	}
	t.fit++
	t.text = appendListed(t.text, s)
}

func (t *textList) count() int { return t.fit }

func (t *textList) write(w io.Writer) error {
	switch many := casework.Many(t.all, "case", "cases"); {
	case t.all == 0:
		t.text = fmt.Appendln(t.text, "There is no case in this vault that you can open.")
	case t.fit == 0:
		t.text = fmt.Appendf(t.text, "None of %s fits.\n", many)
	case t.fit < t.all:
		t.text = fmt.Appendf(t.text, "%d of %s\n", t.fit, many)
	default:
		t.text = fmt.Appendln(t.text, many)
	}
	for _, piece := range append(t.full, t.text) {
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// sortedList is a list in another order than that in which the cases come, or as JSON.
type sortedList struct {
	textList
	json bool
	list []placedSummary
}

// placedSummary is a case with its place in the order of the first reports.
type placedSummary struct {
	at uint64
	s  casefile.Summary
}

// Begin implements casework.Listing.
func (l *sortedList) Begin(cases int) {
	l.all, l.list = cases, make([]placedSummary, 0, cases)
}

// Case implements casework.Listing.
func (l *sortedList) Case(at uint64, s *casefile.Summary) {
	if l.filter.fits(s, l.now) {
		l.list = append(l.list, placedSummary{at, *s})
	}
}

func (l *sortedList) count() int { return len(l.list) }

func (l *sortedList) write(w io.Writer) error {
	slices.SortFunc(l.list, func(a, b placedSummary) int { return cmp.Or(l.filter.compare(&a.s, &b.s), cmp.Compare(a.at, b.at)) })
	if l.json {
		list := []listed{}
		for i := range l.list {
			list = append(list, listedOf(&l.list[i].s))
		}
		return escape.JSON(w, list)
	}
	for i := range l.list {
		l.add(&l.list[i].s)
	}
	return l.textList.write(w)
}

func listedOf(c *casefile.Summary) listed {
	return listed{
		Case: c.Case, Index: c.Index, ReceivedAt: c.Received, DangerNow: orNull(c.Danger), Methods: notNull(c.Methods),
		CountryEvent: orNull(c.Country), Consent: notNull(c.Consent), Attachments: c.Attachments, Deadline: orNull(c.Deadline),
		Language: orNull(c.Language), Basis: orNull(c.Basis), PersonAgrees: orNull(c.PersonAgrees), ConsentGiven: notNull(c.ConsentGiven),
		Withdrawn: orNull(c.Withdrawn), FollowUps: c.FollowUps, Collected: c.Collected, Waiting: c.Waiting, Fits: c.Fits, Holds: holdsOf(c), Duty: seenOf(c), SamePage: orNull(c.SamePage),
	}
}

// held is a hold in list --json and show --json.
type held struct {
	Entry   uint64   `json:"entry"`   // the hold's own
	Reason  string   `json:"reason"`  // proceedings, order or asked
	Entries []uint64 `json:"entries"` // of the case, of which nothing can be erased
}

func holdsOf(c *casefile.Summary) []held {
	list := []held{}
	for _, h := range c.Holds {
		list = append(list, held{h.Index, h.Reason, h.Entries})
	}
	return list
}

// seen is an answer from somebody on duty in list --json.
type seen struct {
	By       string    `json:"by"`
	Sentence string    `json:"sentence"`
	Report   string    `json:"report"`
	Seen     time.Time `json:"seen"`
	Again    time.Time `json:"again"`
}

func seenOf(c *casefile.Summary) []seen {
	list := []seen{}
	for _, d := range c.Duty {
		list = append(list, seen{d.By, d.Sentence, d.Report, d.Seen, d.Again})
	}
	return list
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func notNull(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// under is the room before the second line of a case and the later ones.
const under = "             "

// appendListed takes two or three lines for a case, so that it can be read on a narrow terminal too. It makes few strings: a list
// of ten thousand is mostly memory.
func appendListed(b []byte, s *casefile.Summary) []byte {
	b = append(append(b, s.Case...), "  "...)
	b = append(s.Received.AppendFormat(b, "2006-01-02 15:04"), " UTC  "...)
	b = append(appendPadded(b, place(s), 9), "  "...)
	b = append(appendPadded(b, country(s.Country), 7), "  "...)
	b = append(append(b, danger(s)...), "\n"+under...)
	b = append(append(b, methods(s.Methods)...), "\n"+under...)
	b = append(append(append(b, amount(s)...), notesText(s)...), "; "...)
	b = append(append(b, consentText(s)...), '\n')
	for _, d := range s.Duty {
		b = fmt.Appendf(b, under+"%s\n", escape.Text(d.English()))
	}
	for _, h := range s.Holds {
		b = fmt.Appendf(b, under+"%s\n", onHold(h))
	}
	if s.SamePage != "" {
		b = fmt.Appendf(b, under+"%s\n", sentTwice(s))
	}
	return b
}

// appendPadded appends a text and spaces up to a width, in characters.
func appendPadded(b []byte, text string, wide int) []byte {
	b = append(b, text...)
	for n := utf8.RuneCountInString(text); n < wide; n++ {
		b = append(b, ' ')
	}
	return b
}

func onHold(h casefile.Hold) string {
	what := "it"
	if !h.Whole {
		var entries []string
		for _, index := range h.Entries {
			entries = append(entries, fmt.Sprintf("entry %d", index))
		}
		what = strings.Join(entries, ", ")
	}
	return fmt.Sprintf("ON HOLD by entry %d (%s): nothing of %s can be erased", h.Index, h.Reason, what)
}

// sentTwice returns a question, not a statement: going back to the page may also lead to another report.
func sentTwice(s *casefile.Summary) string {
	return fmt.Sprintf("SENT TWICE? %s came from the same page of the form", s.SamePage)
}

func place(s *casefile.Summary) string {
	switch {
	case s.Missing:
		return "orphan"
	case s.Index == nil:
		return "waiting"
	}
	return "entry " + strconv.FormatUint(*s.Index, 10)
}

func country(code string) string {
	if code == "" {
		return "-"
	}
	return escape.Text(code)
}

func danger(s *casefile.Summary) string {
	var text string
	switch s.Danger {
	case "yes":
		text = "DANGER NOW"
	case "unsure":
		text = "perhaps in danger"
	case "no":
		text = "no danger now"
	}
	if s.Deadline != "" {
		text += ", by " + escape.Text(s.Deadline)
	}
	return strings.TrimPrefix(text, ", ")
}

func methods(codes []string) string {
	if len(codes) == 0 {
		return "(nothing ticked)"
	}
	var words []string
	for _, code := range codes {
		word := escape.Text(code)
		if m, ok := incident.MethodByCode(code); ok {
			word = m.English
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}

func amount(s *casefile.Summary) string {
	text := casework.Many(s.Attachments, "file", "files")
	if s.FollowUps > 0 {
		text += ", " + casework.Many(s.FollowUps, "follow-up", "follow-ups")
	}
	if s.Collected > 0 {
		text += ", " + casework.Many(s.Collected, "exhibit collected by trustees", "exhibits collected by trustees")
	}
	return text
}

// notesText is the language of the report, and how the reporter knows.
func notesText(s *casefile.Summary) string {
	var text string
	if s.Language != "" {
		text += "; in " + escape.Text(s.Language)
	}
	if s.Basis != "" {
		text += "; " + escape.Text(incident.AnswerWords("basis", s.Basis))
	}
	return text
}

func consentText(s *casefile.Summary) string {
	switch s.Withdrawn {
	case string(incident.ActStop):
		return "WITHDRAWN: must not be used any more"
	case string(incident.ActDelete):
		return "WITHDRAWN: must not be used, and is to be erased"
	}
	var to []string
	for _, c := range s.Consent {
		if word, ok := incident.ConsentWords[c]; ok {
			to = append(to, word)
		} else {
			to = append(to, escape.Text(c))
		}
	}
	text := "nothing is allowed"
	if len(to) > 0 {
		text = "allowed: " + strings.Join(to, ", ")
	}
	if len(s.Consent) < len(s.ConsentGiven) {
		text += " (more was ticked, and the person did not agree)"
	}
	if s.NotSigned > 0 {
		text += fmt.Sprintf("; %d NOT SIGNED with the reporter's key, and counted for nothing", s.NotSigned)
	}
	if len(s.Numbering.Missing) > 0 {
		text += fmt.Sprintf("; %d MISSING by their numbers", len(s.Numbering.Missing))
	}
	if !s.Fits {
		text += "; DOES NOT FIT ITS COMMITMENTS"
	}
	return text
}
