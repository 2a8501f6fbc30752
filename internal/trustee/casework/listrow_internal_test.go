package casework

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"zapis/internal/trustee/casefile"
)

// fill gives each field of a struct, and of what it holds, a value that is not zero.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%d \"quoted\" fits \\ \u202e\n", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(*n))
	case reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 29, 14, *n, 0, *n, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic(v.Kind())
	}
}

// Every field of a summary comes back from its row, alone and with all others, and an empty one stays empty.
func TestRows(t *testing.T) {
	r := newRowReader()
	back := func(name string, want casefile.Summary) {
		t.Helper()
		row, err := appendRow(nil, &want)
		if err != nil || strings.Contains(string(row), "\n") {
			t.Fatalf("%s: %q, %v", name, row, err)
		}
		var got casefile.Summary
		if err := r.read(row, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%s\ngot  %+v\nwant %+v", name, err, row, got, want)
		}
	}
	var full casefile.Summary
	n := 0
	fill(reflect.ValueOf(&full).Elem(), &n)
	full.Case, full.Target, full.PersonAgrees, full.Consent = "c0123456789", "me", "yes", full.ConsentGiven
	back("all", full)
	plain := casefile.Summary{Case: "c0123456789", Received: time.Date(1969, 1, 2, 3, 4, 5, 6, time.UTC)}
	back("none", plain)
	for i := range reflect.TypeFor[casefile.Summary]().NumField() {
		field := reflect.TypeFor[casefile.Summary]().Field(i).Name
		if field == "Consent" { // it follows from others
			continue
		}
		one := plain
		reflect.ValueOf(&one).Elem().Field(i).Set(reflect.ValueOf(full).Field(i))
		if field == "ConsentGiven" {
			one.Target, one.Consent = "me", one.ConsentGiven
		}
		back(field, one)
	}
}

// What is no row is refused, wherever it is cut.
func TestWrongRows(t *testing.T) {
	var full, got casefile.Summary
	n := 0
	fill(reflect.ValueOf(&full).Elem(), &n)
	full.Case = "c0123456789"
	row, err := appendRow(nil, &full)
	if err != nil {
		t.Fatal(err)
	}
	r := newRowReader()
	for _, wrong := range []string{
		"", "c0123456789", "c0123456789 yesterday", `c0123456789 2026-11-29T14:00:00Z fits danger "yes"`, `c0123456789 2026-11-29T14:00:00Z danger yes`,
		`c0123456789 2026-11-29T14:00:00Z danger`, `c0123456789 2026-11-29T14:00:00Z danger "yes" danger "no"`, `c0123456789 2026-11-29T14:00:00Z danger "yes"fits`,
		`c0123456789 2026-11-29T14:00:00Z index "-7"`, `c0123456789 2026-11-29T14:00:00Z files "x"`, `c0123456789 2026-11-29T14:00:00Z holds "{"`,
		`c0123456789 2026-11-29T14:00:00Z given "\x"`, `c0123456789 2026-11-29T14:00:00Z  fits`, `c0123456789 2026-11-29T14:00:00Z fitsx`,
	} {
		if r.read([]byte(wrong), &got) == nil {
			t.Errorf("%q was read: %+v", wrong, got)
		}
	}
	for i := range row { // no cut may be read outside the row
		_ = r.read(row[:i], &got)
	}
}
