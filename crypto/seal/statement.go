package seal

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"zapis/crypto/card"
)

const (
	statementVersion  = "zapis/statement/v1"
	statementVersion2 = "zapis/statement/v2"

	actReport  = "report"
	actExhibit = "exhibit"

	timeLayout = "2006-01-02T15:04:05Z"
	noMailbox  = "-"
)

// Acts returns the acts of a submission, as the statement and the signal name
// them. stop and delete withdraw; exhibit is what a trustee obtained later.
func Acts() []string {
	return []string{actReport, "follow-up", "consent", "stop", "delete", actExhibit}
}

// identityFields always stand in the identity part, and the statement holds only
// their hashes. Beside them, attachment slots may stand there.
var identityFields = []string{"contact", "contact_when", "name"}

// StatementPart is the content of a statement part. Version 2, where the
// vocabulary's fields begin with HeadFields:
//
//	zapis/statement/v2
//	form 5f0c0a…
//	mailbox age1pq1…
//	tags 91ab3c…
//	["kS3x…=","act","report"]
//	["9mQ2…=","case",null]
//	["b7Wd…=","number","1"]
//	["Xf1k…=","received","2026-11-21T20:47:45Z"]
//	["0aZs…=","reporter_key","7d2f…"]
//	["Pq8u…=","reporter_signature",null]
//	["kS3x…=","danger_now","yes"]
//	…
//	3b1c9d…  contact.json
//
// Version 1 has act, case and received as lines after the first, and no number
// and no key; docs/spec/commitments.md has both.
type StatementPart struct {
	Head
	Form    [16]byte // the form's random hidden field; zero if the client sent none
	Mailbox string   // the reporter's recipient; "-" in an exhibit
	Tags    [32]byte // from which reply tags are computed; zero in an exhibit
	Items   []Item   // every field once, in the vocabulary's order
}

// Item is one field in a statement: its line, or only its commitment where the
// line stands in the identity part.
type Item struct {
	Commitment       // of a line that is held, only the field: the line determines the hash
	Line       *Line // nil where withheld
}

// Split divides the lines into a statement's items and an identity part. Apart
// from identityFields, which always go there, the attachment slots that
// identify selects go into the identity part.
func Split(lines []Line, identify func(field string) bool) ([]Item, *IdentityPart) {
	items, part := make([]Item, len(lines)), &IdentityPart{}
	for i, l := range lines {
		items[i] = Item{Commitment{Field: l.Field}, &lines[i]}
		slot := attachmentSlot(l.Field)
		if slices.Contains(identityFields, l.Field) || slot && identify != nil && identify(l.Field) {
			items[i] = Item{Commitment{l.Hash(), l.Field}, nil}
			part.Lines = append(part.Lines, l)
		}
	}
	return items, part
}

// Committed reports whether the statement is of version 2: its head is
// committed line by line.
func (s *StatementPart) Committed() bool { return len(s.Items) > 0 && s.Items[0].Field == fieldAct }

// Listing returns the commitments as the statement has them: from the lines
// where it holds them, else the hashes.
func (s *StatementPart) Listing() Listing {
	out := make(Listing, len(s.Items))
	for i, it := range s.Items {
		out[i] = it.Commitment
		if it.Line != nil {
			out[i] = Commitment{it.Line.Hash(), it.Line.Field}
		}
	}
	return out
}

// Line returns a field's line, or false where the statement holds none.
func (s *StatementPart) Line(field string) (Line, bool) {
	for _, it := range s.Items {
		if it.Field == field && it.Line != nil {
			return *it.Line, true
		}
	}
	return Line{}, false
}

// The content of a statement is never printed, logged or put into JSON by
// accident.
func (StatementPart) String() string               { return "[statement]" }
func (StatementPart) Format(s fmt.State, _ rune)   { io.WriteString(s, "[statement]") }
func (StatementPart) LogValue() slog.Value         { return slog.StringValue("[statement]") }
func (StatementPart) MarshalText() ([]byte, error) { return []byte("[statement]"), nil }

// Marshal returns the content. It refuses what ParseStatement would refuse,
// and wraps ErrTooLarge where the content does not fit a statement part.
func (s *StatementPart) Marshal() ([]byte, error) {
	fields := make([]string, len(s.Items))
	for i, it := range s.Items {
		fields[i] = it.Field
	}
	b := s.marshal()
	if n := int64(len(b)); n > Statement.Capacity() {
		return nil, refuse(ErrTooLarge, "the statement has %d bytes, and %d fit", n, Statement.Capacity())
	}
	read, err := ParseStatement(b, fields)
	if err != nil {
		return nil, fmt.Errorf("the statement: %w", err)
	}
	for _, it := range read.Items {
		if it.Line != nil {
			wipe(it.Line.Value)
		}
	}
	if again := read.marshalHead(); again != s.marshalHead() {
		return nil, mismatch("the statement: its lines say something else about it than it does")
	}
	return b, nil
}

// marshalHead returns a statement's head as one text, to compare.
func (s *StatementPart) marshalHead() string {
	return fmt.Sprintf("%s %x %d %s %x %x", s.Act, s.Case, s.Number, s.Received.UTC().Format(timeLayout), s.Key, s.Signature)
}

func (s *StatementPart) marshal() []byte {
	size := len(s.Mailbox) + 512
	for _, it := range s.Items {
		if size += 128; it.Line != nil {
			size += it.Line.size()
		}
	}
	b := bytes.NewBuffer(make([]byte, 0, size)) // one that grows leaves copies behind
	if s.Committed() {
		fmt.Fprintf(b, "%s\n", statementVersion2)
	} else {
		first := "first"
		if !s.First() {
			first = hex.EncodeToString(s.Case[:])
		}
		fmt.Fprintf(b, "%s\nact %s\ncase %s\nreceived %s\n", statementVersion, s.Act, first, s.Received.UTC().Format(timeLayout))
	}
	fmt.Fprintf(b, "form %x\nmailbox %s\ntags %x\n", s.Form, s.Mailbox, s.Tags)
	for _, it := range s.Items {
		if it.Line != nil {
			b.Write(it.Line.append(b.AvailableBuffer()))
		} else {
			b.Write(it.Commitment.append(b.AvailableBuffer()))
		}
	}
	return b.Bytes()
}

// ParseStatement reads a statement that has each of the fields once, in their
// order. The fields decide the version: where they begin with HeadFields it
// must be 2, else 1. Errors wrap ErrMismatch and name the line, never its
// content.
func ParseStatement(b []byte, fields []string) (*StatementPart, error) {
	lines, err := textLines(b)
	if err != nil {
		return nil, err
	}
	s := &StatementPart{}
	parse := s.headLines(committed(fields))
	head := 1 + len(parse)
	if len(lines) != head+len(fields) {
		return nil, mismatch("%d lines, and a statement has %d", len(lines), head+len(fields))
	}
	want := statementVersion
	if committed(fields) {
		want = statementVersion2
	}
	if string(lines[0]) != want {
		return nil, mismatch("line 1: not %s", want)
	}
	// The lines' own rules depend on the act, which in version 2 is a field.
	read := func() error { return readHead(lines[:head], parse) }
	if !committed(fields) {
		if err := read(); err != nil {
			return nil, err
		}
	}
	s.Items = make([]Item, len(fields))
	held := make([]Line, len(fields))
	for i, field := range fields {
		if err := s.Items[i].parse(lines[head+i], field, &held[i]); err != nil {
			return nil, fmt.Errorf("line %d: %w", head+i+1, err)
		}
	}
	if committed(fields) {
		if s.Head, err = ParseHead(s.Line); err != nil {
			return nil, err
		}
		if err := read(); err != nil {
			return nil, err
		}
	}
	// Each line was read in its one encoding, so that nothing is left to
	// compare: FuzzParseStatement writes back what was accepted.
	return s, nil
}

// parse reads a field's line, into l, or its commitment.
func (it *Item) parse(line []byte, field string, l *Line) (err error) {
	if bytes.HasPrefix(line, []byte("[")) {
		if *l, err = parseLine(line, "]"); err != nil {
			return err
		}
		it.Field, it.Line = l.Field, l
	} else if it.Commitment, err = parseCommitment(line); err != nil {
		return err
	}
	if it.Field != field {
		return mismatch("%s where %s belongs", it.Field, field)
	}
	must := slices.Contains(identityFields, field)
	slot := attachmentSlot(field)
	switch {
	case it.Line != nil && must:
		return mismatch("%s stands in the statement, and belongs into the identity part", field)
	case it.Line == nil && !must && !slot:
		return mismatch("%s is withheld from the statement, and must not be", field)
	}
	return nil
}

// headLine is one line at the beginning of a statement: a word, a space, a value.
type headLine struct {
	word string
	read func(string) error
}

// headLines returns the lines between the version and the fields.
func (s *StatementPart) headLines(committed bool) []headLine {
	own := []headLine{
		{"form", func(v string) error { return readHex(s.Form[:], v) }},
		{"mailbox", s.readMailbox},
		{"tags", s.readTags},
	}
	if committed {
		return own
	}
	return append([]headLine{
		{"act", s.readAct},
		{"case", func(v string) error {
			switch v {
			case "":
				return mismatch("not the word first, nor a hash")
			case "first":
				v = ""
			}
			return s.readCase(v)
		}},
		{"received", s.readReceived},
	}, own...)
}

func readHead(lines [][]byte, parse []headLine) error {
	for i, p := range parse {
		v, ok := strings.CutPrefix(string(lines[i+1]), p.word+" ")
		if !ok {
			return mismatch("line %d: no %s", i+2, p.word)
		}
		if err := p.read(v); err != nil {
			return fmt.Errorf("line %d: %s: %w", i+2, p.word, err)
		}
	}
	return nil
}

func (h *Head) readAct(v string) error {
	if !slices.Contains(Acts(), v) {
		return mismatch("not one of %s", strings.Join(Acts(), ", "))
	}
	h.Act = v
	return nil
}

// readCase accepts the empty string for the first report of a case.
func (h *Head) readCase(v string) error {
	if (v == "") != (h.Act == actReport) {
		return mismatch("a report is the first of its case, and nothing else is")
	}
	if v == "" {
		return nil
	}
	if err := readHex(h.Case[:], v); err != nil {
		return err
	}
	if h.First() {
		return mismatch("no report has the hash zero")
	}
	return nil
}

func (h *Head) readReceived(v string) error {
	t, err := time.Parse(timeLayout, v)
	if err != nil || t.Format(timeLayout) != v {
		return mismatch("not a time like %s", timeLayout)
	}
	h.Received = t
	return nil
}

func (s *StatementPart) readMailbox(v string) error {
	s.Mailbox = v
	if s.Act == actExhibit {
		if v != noMailbox {
			return mismatch("an exhibit has none, written -")
		}
		return nil
	}
	// The form is checked, not the key in it: parsing a key takes a fifth of
	// the time of opening the statement, and only a reply needs it.
	if err := card.CheckRecipient(v); err != nil || !strings.HasPrefix(v, "age1pq1") {
		return mismatch("not an age1pq1 recipient")
	}
	return nil
}

func (s *StatementPart) readTags(v string) error {
	if err := readHex(s.Tags[:], v); err != nil {
		return err
	}
	if (s.Tags == [32]byte{}) != (s.Act == actExhibit) {
		return mismatch("zeros in an exhibit, and only there")
	}
	return nil
}

func readHex(dst []byte, v string) error {
	if !isHex(v, 2*len(dst)) {
		return mismatch("not %d lower-case hex digits", 2*len(dst))
	}
	_, err := hex.Decode(dst, []byte(v))
	return err
}

// firstDifference returns the number, from 1, of the first line that differs.
func firstDifference(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return 1 + bytes.Count(a[:n], []byte("\n"))
}
