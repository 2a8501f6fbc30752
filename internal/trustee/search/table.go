package search

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Row is one case in a Table. The caller names the columns.
type Row struct {
	Key     string
	Codes   map[string][]string // state, owner, methods, countries, tags …: any number of values in each
	Numbers map[string]int64    // times, counts: at most one value in each
}

// Table holds rows in columns: for each value of a code the set of rows that have it. A filter is a few operations on
// bit sets.
type Table struct {
	keys    []string
	number  map[string]uint32
	present bitset
	codes   map[string]map[string]*coded
	numbers map[string]*numberColumn
	rows    [][]*coded // what each row has; the values of one column in the order in which the row had them
}

// coded is a value of a code column, and the rows that have it.
type coded struct {
	column, value string
	rows          bitset
}

type numberColumn struct {
	values []int64
	has    bitset
}

// NewTable returns an empty table.
func NewTable() *Table {
	return &Table{number: map[string]uint32{}, codes: map[string]map[string]*coded{}, numbers: map[string]*numberColumn{}}
}

// Put adds a row, or replaces the one of the same key. The row's maps and slices may be used again.
func (t *Table) Put(r Row) {
	n, known := t.number[r.Key]
	if known {
		t.take(n)
	} else {
		n = uint32(len(t.keys))
		t.keys = append(t.keys, r.Key)
		t.rows = append(t.rows, nil)
		t.number[r.Key] = n
	}
	t.present.set(n)
	size := 0
	for _, values := range r.Codes {
		size += len(values)
	}
	has := make([]*coded, 0, size)
	for column, values := range r.Codes {
		for _, v := range values {
			c := t.coded(column, v)
			c.rows.set(n)
			has = append(has, c)
		}
	}
	t.rows[n] = has
	for column, v := range r.Numbers {
		c := t.numbers[column]
		if c == nil {
			c = new(numberColumn)
			t.numbers[column] = c
		}
		for int(n) >= len(c.values) {
			c.values = append(c.values, 0)
		}
		c.values[n] = v
		c.has.set(n)
	}
}

// coded returns a value of a code column, which it adds where no row has it.
func (t *Table) coded(column, value string) *coded {
	of := t.codes[column]
	if of == nil {
		of = map[string]*coded{}
		t.codes[column] = of
	}
	if of[value] == nil {
		of[value] = &coded{column: column, value: value}
	}
	return of[value]
}

// take clears a row's bits, and drops values without a row.
func (t *Table) take(n uint32) {
	for _, c := range t.rows[n] {
		c.rows.clear(n)
		if c.rows.count() == 0 {
			delete(t.codes[c.column], c.value)
		}
	}
	for _, column := range t.numbers {
		if column.has.has(n) {
			column.values[n] = 0
			column.has.clear(n)
		}
	}
}

// Condition is one part of a filter. A code column matches where the row has one of AnyOf; a number column where the
// row has a number from From to To, both included; Empty where the column has no value in the row. Not negates the
// condition.
type Condition struct {
	Column   string
	AnyOf    []string
	From, To *int64 // nil: no bound
	Empty    bool
	Not      bool
}

// View is a query of a table: the rows that match all conditions, in an order, and a page of them.
type View struct {
	Where      []Condition
	Among      []string // only these keys, as from Index.Search; nil: all
	Sort       string   // a column; rows without a value in it come last; empty: by key
	Descending bool
	Offset     int
	Limit      int // 0: all
}

// Select returns the keys of a page, and how many rows the whole view has. Rows that are equal in the order are sorted
// by key.
func (t *Table) Select(v View) (keys []string, total int) {
	set := t.filter(v)
	list := make([]uint32, 0, set.count())
	set.each(func(n uint32) { list = append(list, n) })
	t.sort(list, v)
	total = len(list)
	list = list[min(max(v.Offset, 0), total):]
	if v.Limit > 0 {
		list = list[:min(v.Limit, len(list))]
	}
	keys = make([]string, len(list))
	for i, n := range list {
		keys[i] = t.keys[n]
	}
	return keys, total
}

// Counts returns, for each value of a code column, how many rows of a view have it.
func (t *Table) Counts(column string, v View) map[string]int {
	set := t.filter(v)
	out := make(map[string]int)
	for value, c := range t.codes[column] {
		both := slices.Clone(set)
		both.and(c.rows)
		if n := both.count(); n > 0 {
			out[value] = n
		}
	}
	return out
}

// Values returns the values that a code column has in any row, in ascending order.
func (t *Table) Values(column string) []string { return slices.Sorted(maps.Keys(t.codes[column])) }

func (t *Table) filter(v View) bitset {
	set := slices.Clone(t.present)
	if v.Among != nil {
		var among bitset
		for _, key := range v.Among {
			if n, ok := t.number[key]; ok {
				among.set(n)
			}
		}
		set.and(among)
	}
	for _, c := range v.Where {
		if met := t.meeting(c); c.Not {
			set.without(met)
		} else {
			set.and(met)
		}
	}
	return set
}

func (t *Table) meeting(c Condition) bitset {
	var met bitset
	column := t.numbers[c.Column]
	if c.Empty {
		met = slices.Clone(t.present)
		for _, of := range t.codes[c.Column] {
			met.without(of.rows)
		}
		if column != nil {
			met.without(column.has)
		}
		return met
	}
	for _, value := range c.AnyOf {
		if of := t.codes[c.Column][value]; of != nil {
			met.or(of.rows)
		}
	}
	if column != nil && (c.From != nil || c.To != nil) {
		column.has.each(func(n uint32) {
			if v := column.values[n]; (c.From == nil || v >= *c.From) && (c.To == nil || v <= *c.To) {
				met.set(n)
			}
		})
	}
	return met
}

// place is a row with its sort value.
type place struct {
	first int64 // -1 for a row with a value, 1 for one without
	value int64 // the number, or the rank of the code among all values
	row   uint32
}

func (t *Table) sort(list []uint32, v View) {
	column := t.numbers[v.Sort]
	ranks := map[string]int64{}
	for i, value := range t.Values(v.Sort) {
		ranks[value] = int64(i)
	}
	places := make([]place, len(list))
	for i, n := range list {
		p := place{first: 1, row: n}
		first := slices.IndexFunc(t.rows[n], func(c *coded) bool { return c.column == v.Sort })
		switch {
		case column != nil && column.has.has(n):
			p.first, p.value = -1, column.values[n]
		case first >= 0:
			p.first, p.value = -1, ranks[t.rows[n][first].value]
		}
		if v.Descending {
			p.value = -p.value
		}
		places[i] = p
	}
	slices.SortFunc(places, func(a, b place) int {
		if c := cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.value, b.value)); c != 0 {
			return c
		}
		return strings.Compare(t.keys[a.row], t.keys[b.row])
	})
	for i, p := range places {
		list[i] = p.row
	}
	if v.Sort == "" && v.Descending {
		slices.Reverse(list)
	}
}
