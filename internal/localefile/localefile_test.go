package localefile

import (
	"maps"
	"testing"
)

func TestParse(t *testing.T) {
	got, err := Parse("en", "# English\n\na.b = one = two\nc#few = {n}\n")
	if err != nil || !maps.Equal(got, map[string]string{"a.b": "one = two", "c#few": "{n}"}) {
		t.Errorf("%v %v", got, err)
	}
	for text, want := range map[string]string{
		"a = b\nc":         "locale en, line 2: not `key = text`",
		" = b":             "locale en, line 1: not `key = text`",
		"a = ":             "locale en, line 1: not `key = text`",
		"a =  b":           "locale en, line 1: not `key = text`",
		"a = b\n\na = c\n": "locale en, line 3: a stands twice",
	} {
		if _, err := Parse("en", text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
