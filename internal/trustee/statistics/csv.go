package statistics

import (
	"bytes"
	"encoding/csv"
	"strconv"
)

// Separator selects the CSV dialect by the program that reads it.
type Separator struct {
	BOM   bool // a byte order mark first: Excel reads the file as UTF-8 only with it
	Comma rune // ',' where 0; Excel wants ';' in most languages of the continent
}

// CSV writes all figures of all releases, one per line, in one language:
//
//	half-year,table,row,column,count,table_code,row_code,column_code,note
//
// A hidden figure is a colon. The caption is in each line's last column, so that no figure is copied without it.
func CSV(releases []Release, w *Words, s Separator) ([]byte, error) {
	var b bytes.Buffer
	if s.BOM {
		b.WriteString("\ufeff")
	}
	out := csv.NewWriter(&b)
	if s.Comma != 0 {
		out.Comma = s.Comma
	}
	head := []string{w.text["column.period"], w.text["column.table"], w.text["column.row"], w.text["column.column"], w.text["column.count"],
		"table_code", "row_code", "column_code", w.text["caption"]}
	if err := out.Write(head); err != nil {
		return nil, err
	}
	for _, r := range releases {
		for _, c := range r.Counts {
			for _, cell := range c.Cells {
				figure := hiddenMark
				if !cell.Hidden {
					figure = strconv.Itoa(cell.Count)
				}
				if err := out.Write([]string{string(c.Period), w.Table(cell.Table), w.Row(cell.Table, cell.Row), w.Column(cell.Table, cell.Column), figure,
					cell.Table, cell.Row, cell.Column, w.text["caption"]}); err != nil {
					return nil, err
				}
			}
		}
	}
	out.Flush()
	return b.Bytes(), out.Error()
}
