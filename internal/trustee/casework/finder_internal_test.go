package casework

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// A line of the cache of words is JSON, whichever way it is read.
func TestWordsLineIsJSON(t *testing.T) {
	for _, want := range []wordsLine{
		{Index: []byte("zapis/search/v1\n\x00\xff\xfe<>&")}, {Index: []byte(strings.Repeat("long ", 1000))}, {Case: "c00aa", Begin: "Яны \"прыйшлі\" <раніцай> & пайшлі"}, {Case: "c00bb"}, {},
	} {
		line, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got wordsLine
		if err := got.UnmarshalText(line); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", line, got, err)
		}
	}
	for _, wrong := range []string{"", "{", `{"index":"`, `{"index":"AA=!"}`, `{"index":"A\u0041=="}`, `{"index":"QQ==","case":"c1"}`, `{"case":1}`} {
		if err := new(wordsLine).UnmarshalText([]byte(wrong)); err == nil {
			t.Errorf("%s is read", wrong)
		}
	}
}
