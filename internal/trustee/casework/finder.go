package casework

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"zapis/crypto/seal"
	"zapis/internal/atomicfile"
	"zapis/internal/evidence/custody"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/search"
	"zapis/internal/trustee/vault"
)

// Finder finds the cases of a vault by words and by codes. It holds what people wrote, as words, and belongs to the
// goroutine of its Trustee.
type Finder struct {
	v     *Trustee
	words *search.Index
	codes *search.Table
	begin map[string]string // the first words of each case, by its id
	cases map[string]*Case
}

// wordsCache is the cache of what a Finder needs of statements, replies, notes and names of files: zapis/words/v1. The index
// stands in pieces, so that no line of the cache grows with the vault.
var wordsCache = vault.Cache{File: "words", Header: "zapis/words/v1 "}

const wordsPiece = 1 << 20 // bytes

type wordsLine struct {
	Index []byte `json:"index,omitempty"` // a piece of the index
	Case  string `json:"case,omitempty"`
	Begin string `json:"begin,omitempty"` // the case's first words
}

// UnmarshalText reads a line of JSON. encoding/json reads a piece of the index, a megabyte of base64, four times.
func (l *wordsLine) UnmarshalText(line []byte) error {
	if text, ok := bytes.CutPrefix(line, []byte(`{"index":"`)); ok {
		if text, ok = bytes.CutSuffix(text, []byte(`"}`)); ok {
			piece, err := base64.StdEncoding.AppendDecode(nil, text)
			l.Index = piece
			return err
		}
	}
	type plain wordsLine
	return json.Unmarshal(line, (*plain)(l))
}

// beginLength is how much of a case's own words a list shows, in letters.
const beginLength = 140

// Finder makes what finds cases. Statements and reviews that no Finder has read before are opened; that is recorded first.
// progress is told how many of how many were opened.
func (v *Trustee) Finder(ctx context.Context, cases *Cases, progress func(done, of int)) (*Finder, error) {
	log, err := v.Desk()
	if err != nil {
		return nil, err
	}
	f := &Finder{v: v, codes: search.NewTable(), cases: make(map[string]*Case, len(cases.List))}
	if err := f.load(); err != nil {
		return nil, err
	}
	for _, c := range cases.List {
		f.cases[c.ID] = c
	}
	read, err := f.read(ctx, cases, progress)
	if err != nil {
		return nil, err
	}
	if read {
		v.kept(f.save())
	}
	for _, id := range log.Cases() {
		if f.cases[id] != nil {
			f.notes(log.Case(id))
		}
	}
	row := newRow()
	for _, c := range cases.List {
		fillRow(&row, c, log)
		f.codes.Put(row)
	}
	return f, nil
}

// load reads the cache, or starts without one where it can't be read.
func (f *Finder) load() error {
	f.words, f.begin = search.NewIndex(), make(map[string]string)
	lines, err := vault.ReadCache[wordsLine](f.v.Vault, wordsCache)
	if err != nil {
		return err
	}
	size := 0
	for _, l := range lines {
		size += len(l.Index)
	}
	form := make([]byte, 0, size) // search.Load keeps it: one that grows is up to twice as large
	for _, l := range lines {
		form = append(form, l.Index...)
		if l.Case != "" {
			f.begin[l.Case] = l.Begin
		}
	}
	if len(form) == 0 {
		return nil
	}
	if f.words, err = search.Load(form); errors.Is(err, search.ErrDamaged) {
		f.words, f.begin, err = search.NewIndex(), make(map[string]string), nil
	}
	return err
}

func (f *Finder) save() error {
	var form bytes.Buffer
	if _, err := f.words.WriteTo(&form); err != nil {
		return err
	}
	var lines []wordsLine
	for piece := range slices.Chunk(form.Bytes(), wordsPiece) {
		lines = append(lines, wordsLine{Index: piece})
	}
	for _, id := range slices.Sorted(maps.Keys(f.begin)) {
		lines = append(lines, wordsLine{Case: id, Begin: f.begin[id]})
	}
	return vault.WriteCache(f.v.Vault, wordsCache, lines)
}

// unread is a submission whose words no Finder has read.
type unread struct {
	of   *Case
	sub  placedSubmission
	text string // the narrative, then the rest
	told int    // bytes of the narrative
	err  error
}

// read opens what is not in the index yet, and says whether there was any.
func (f *Finder) read(ctx context.Context, cases *Cases, progress func(done, of int)) (bool, error) {
	var list []unread
	var reviews []vault.PlacedStatement
	var of []*Case
	for _, c := range cases.List {
		for _, s := range c.subs {
			if s.entry.Fits && !f.words.Has(c.ID, submissionPart(s)) {
				list = append(list, unread{of: c, sub: s})
			}
		}
		for _, r := range c.reviews {
			if !f.words.Has(c.ID, reviewPart(r)) {
				reviews, of = append(reviews, r), append(of, c)
			}
		}
	}
	if len(list)+len(reviews) == 0 {
		return false, nil
	}
	if err := f.recordReading(list, reviews); err != nil {
		return false, err
	}
	// A few thousand at a time: the words of all of them together may be more than memory holds.
	done := 0
	for some := range slices.Chunk(list, 2048) {
		if err := f.open(ctx, some); err != nil {
			return false, err
		}
		for i := range some {
			f.take(&some[i])
		}
		done += len(some)
		progress(done, len(list))
	}
	for i, s := range reviews {
		r, err := f.v.openReview(s)
		if err != nil {
			continue
		}
		f.words.Add(of[i].ID, reviewPart(s), r.Text)
	}
	return true, nil
}

// take puts an opened statement into the index, and forgets its words. Sort names what does not open and should.
func (f *Finder) take(u *unread) {
	if u.err != nil {
		return
	}
	f.words.Add(u.of.ID, submissionPart(u.sub), u.text)
	if u.sub.entry.Act == string(incident.ActReport) {
		f.begin[u.of.ID] = begin(u.text[:u.told])
	}
	u.text = ""
}

func submissionPart(s placedSubmission) string { return "s-" + s.Hash.String()[:16] }

func reviewPart(s vault.PlacedStatement) string { return "r-" + custody.Hex(s.Statement.Subject)[:16] }

func (f *Finder) recordReading(list []unread, reviews []vault.PlacedStatement) error {
	if len(list) > 0 {
		subs := make([]ledgercopy.Submission, len(list))
		for i, u := range list {
			subs[i] = u.sub.Submission
		}
		sortSubmissions(subs)
		if err := f.v.recordBatch(subs); err != nil {
			return err
		}
	}
	if len(reviews) == 0 {
		return nil
	}
	_, err := f.v.Custody.Record(custody.Record{By: f.v.By(), Act: custody.Opened, Subject: reviewsSubject(reviews)})
	return err
}

// open opens statements on all cores.
func (f *Finder) open(ctx context.Context, list []unread) error {
	f.v.onAllCores(ctx, len(list), func(i int, from *ledgercopy.PartReader) {
		u := &list[i]
		st, fits, err := f.v.openStatementFrom(from, u.sub.Submission)
		if u.err = errors.Join(err, fits); u.err == nil {
			u.text, u.told = wordsOf(st)
		}
	})
	return ctx.Err()
}

// wordsOf gives what the reporter wrote and the names of files, and how many bytes of it are the narrative, which comes first.
func wordsOf(st *seal.StatementPart) (text string, narrative int) {
	var texts []string
	if l, ok := st.Line("narrative"); ok {
		texts = []string{strings.Join(casefile.Texts(l), "\n")}
		narrative = len(texts[0])
	}
	for _, it := range st.Items {
		if it.Line == nil || it.Field == "narrative" {
			continue
		}
		if a, err := seal.ParseAttachment(it.Line.Value); err == nil && strings.HasPrefix(it.Field, "attachment-") {
			texts = append(texts, a.Name)
		} else if field, ok := incident.FieldByName(it.Field); ok && field.Kind == incident.KindText {
			texts = append(texts, casefile.Texts(*it.Line)...)
		}
	}
	return strings.Join(texts, "\n"), narrative
}

// begin gives the first letters of a text on one line.
func begin(text string) string {
	line := strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	n := 0
	for i := range line {
		if n == beginLength {
			return line[:i] + "…"
		}
		n++
	}
	return line
}

// notes takes in the notes of one case, in place of those that it had.
func (f *Finder) notes(c deskstate.Case) {
	texts := make([]string, len(c.Notes))
	for i, n := range c.Notes {
		texts[i] = n.Text
	}
	switch {
	case len(texts) > 0:
		f.words.Add(c.Key, "notes", strings.Join(texts, "\n"))
	case f.words.Has(c.Key, "notes"):
		f.words.Remove(c.Key, "notes")
	}
}

// Changed tells the Finder that the desk decided something about a case.
func (f *Finder) Changed(id string) error {
	c := f.cases[id]
	if c == nil {
		return nil
	}
	log, err := f.v.Desk()
	if err != nil {
		return err
	}
	f.notes(log.Case(id))
	row := newRow()
	fillRow(&row, c, log)
	f.codes.Put(row)
	return nil
}

// Begin gives the first words of a case's report, on one line.
func (f *Finder) Begin(id string) string { return f.begin[id] }

// Sought is what a queue asks for.
type Sought struct {
	Words  string // a query (search.ParseQuery); empty: any
	Where  []search.Condition
	Sort   string // a number column; empty: by rank
	Down   bool
	Offset int
	Limit  int
}

// Find gives the ids of a page of cases, and how many there are in all.
func (f *Finder) Find(s Sought) (ids []string, total int) {
	view := search.View{Where: s.Where, Sort: cmp.Or(s.Sort, "rank"), Descending: s.Down, Offset: s.Offset, Limit: s.Limit}
	if q := search.ParseQuery(s.Words); !q.Empty() {
		view.Among = f.words.Search(q)
		if view.Among == nil {
			return nil, 0
		}
	}
	return f.codes.Select(view)
}

// Count says how many cases meet all conditions.
func (f *Finder) Count(where []search.Condition) int {
	_, n := f.codes.Select(search.View{Where: where, Limit: 1})
	return n
}

// Values gives the codes that a column has, in ascending order.
func (f *Finder) Values(column string) []string { return f.codes.Values(column) }

// forgetCache removes a cache of what was opened: a case was erased. What is left is opened again when it is asked for.
func (v *Trustee) forgetCache(c vault.Cache) error {
	err := atomicfile.Erase(filepath.Join(v.Dir(), c.File))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
