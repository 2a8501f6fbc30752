package cli

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"
)

// Building the grammar of all verbs by reflection took longer than anything else that a program does at its start, and
// most command lines use one verb. So the grammar is built first with those verbs alone that occur among the arguments.
// Kong takes a verb by its whole name only, and its flags from the verb and from the program. So what that grammar accepts,
// the whole one accepts with the same meaning. It is built for everything else: help, a wrong usage, whose message may name
// any verb, a generated page, and a verb that need not be named.

// errWhole is the answer to --help of a grammar that is not whole.
var errWhole = errors.New("the help of all verbs is asked for")

// runNamed parses with the grammar without other verbs (a pattern of otherVerbs), and runs the verb or answers --version.
// Done is false where the whole grammar is needed: nothing was run or written then.
func (p Program) runNamed(ctx context.Context, args []string, s *Streams, others string) (done bool, err error) {
	var version bytes.Buffer // kept until it is known that no help follows
	parser, answered, err := p.parser(ctx, s, kong.IgnoreFields(others), kong.Writers(&version, &version),
		kong.Help(func(kong.HelpOptions, *kong.Context) error { return errWhole }))
	if err != nil {
		return false, err
	}
	parsed, err := parser.Parse(args)
	switch {
	case errors.Is(err, errWhole):
		return false, err
	case *answered:
		_, _ = version.WriteTo(s.Out) // kong ignores it as well
		return true, nil
	case err != nil || parsed.Selected() == nil:
		return false, err
	}
	return true, alone(parsed.Run())
}

// otherVerbs returns a pattern for kong.IgnoreFields: the fields of a grammar (a pointer to a struct) whose verbs are not
// among the arguments. It is empty where there is none, and where that is no grammar.
func otherVerbs(grammar any, args []string) string {
	t := reflect.TypeOf(grammar)
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return ""
	}
	var fields []string
	collect(t.Elem(), args, &fields)
	if len(fields) == 0 {
		return ""
	}
	return "^" + regexp.QuoteMeta(t.Elem().Name()) + `\.(?:` + strings.Join(fields, "|") + ")$"
}

func collect(t reflect.Type, args []string, fields *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			collect(f.Type, args, fields)
		} else if _, verb := f.Tag.Lookup("cmd"); verb && !slices.Contains(args, verbName(f.Name)) {
			*fields = append(*fields, f.Name)
		}
	}
}

// verbName returns what kong calls the verb of a field: HandOver is hand-over. A verb with another name in its tag is
// found in the whole grammar.
func verbName(field string) string {
	var b strings.Builder
	for i, r := range field {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
