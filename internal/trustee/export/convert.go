// Package export writes cases in formats of other programs: a CSV that no spreadsheet executes, a CSV that Uwazi
// imports, JSON in the manner of HURIDOCS' Events Standard Formats, and CASE/UCO JSON-LD of exhibits and custody.
//
// It is pure: plain data in, bytes out; the same cases and addressee yield the same bytes. The caller has checked the
// consent with internal/trustee/casefile; what an addressee may never get is left out here as well.
// docs/spec/convert.md specifies the formats.
package export

import (
	"slices"
	"strings"

	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
)

// Format is one of them.
type Format string

const (
	CSV     Format = "csv"
	Uwazi   Format = "uwazi"
	ESF     Format = "esf"
	CaseUCO Format = "case-uco"
)

// Formats lists them in the order of help texts.
func Formats() []Format { return []Format{CSV, Uwazi, ESF, CaseUCO} }

// Default returns the addressee of a format where none is named: a table is for counting, a graph of exhibits is for a
// lawyer, and an incident is for another organisation's database.
func (f Format) Default() string {
	switch f {
	case CSV:
		return "statistics"
	case CaseUCO:
		return "lawyer"
	}
	return "other"
}

// table reports whether the format has one row per case, so that rows may hold the codes alone.
func (f Format) table() bool { return f == CSV || f == Uwazi }

// Input is the input of Write.
type Input struct {
	To           casefile.Addressee
	WithIdentity bool // the answers of the identity part are included, and the files that show who the reporter is
	Cases        []casefile.Case
	Excel        bool // a table begins with a byte order mark
}

// Output is the result of Write.
type Output struct {
	Text  []byte
	Rows  int // how many cases are in it
	Alone int // of a table of codes: how many rows are the only ones of their year, countries and person
}

// Check refuses impossible combinations: a graph or an incident is never codes alone, and a graph is of one case.
func Check(f Format, to casefile.Addressee, cases int, withIdentity bool) error {
	switch {
	case !slices.Contains(Formats(), f):
		return exit.New(exit.Usage, "one of: csv, uwazi, esf, case-uco", "there is no format %q", string(f))
	case to.Codes && !f.table():
		return exit.Advise(exit.Usage, exit.TableOfCodes.With(), "%s gets codes alone, and %s holds more than these", to.English, f)
	case to.Codes && withIdentity:
		return exit.Advise(exit.Usage, exit.LeaveOutIdentity.With(), "%s never gets the identity", to.English)
	case f == CaseUCO && cases != 1:
		return exit.New(exit.Usage, "write a file for each", "%s holds one case, and %d were named", f, cases)
	}
	return nil
}

// Write writes the cases. Those of a table of codes are sorted by their content, so that their order shows nothing.
func Write(f Format, in Input) (Output, error) {
	if err := Check(f, in.To, len(in.Cases), in.WithIdentity); err != nil {
		return Output{}, err
	}
	switch f {
	case ESF:
		text, err := writeESF(in)
		return Output{Text: text, Rows: len(in.Cases)}, err
	case CaseUCO:
		text, err := writeCaseUCO(in)
		return Output{Text: text, Rows: 1}, err
	}
	columns := columnsFor(f, in)
	var rows [][]string
	for _, c := range in.Cases {
		row := make([]string, len(columns))
		for i, col := range columns {
			row[i] = col.text(c)
		}
		rows = append(rows, row)
	}
	out := Output{Rows: len(rows)}
	if in.To.Codes {
		slices.SortFunc(rows, slices.Compare[[]string])
		out.Alone = alone(columns, rows)
	}
	head := make([]string, len(columns))
	for i, col := range columns {
		head[i] = col.name
	}
	if in.Excel {
		out.Text = []byte(byteOrderMark)
	}
	out.Text = appendRow(out.Text, head)
	for _, row := range rows {
		out.Text = appendRow(out.Text, row)
	}
	return out, nil
}

// alone counts the rows that are unique in the columns by which a person could be recognised.
func alone(columns []column, rows [][]string) int {
	seen := make(map[string]int)
	for _, row := range rows {
		var key []string
		for i, col := range columns {
			if col.tells {
				key = append(key, row[i])
			}
		}
		seen[strings.Join(key, "\x00")]++
	}
	n := 0
	for _, count := range seen {
		if count == 1 {
			n++
		}
	}
	return n
}
